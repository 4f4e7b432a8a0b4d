"""The top of the report: the verdict in a sentence, and the numbers it rests on."""

from __future__ import annotations

from laras.report.blocks import Headline, Tile
from laras.report.facts import ContenderFacts, RunFacts, entries_of
from laras.report.measures import MAIN, measure, metric_keys, value_of
from laras.report.wording import duration, whole
from laras.translation import _, language

_MOST_TILES = 6  # one row of a wide page


def headline(facts: RunFacts) -> Headline:
    """The verdict's own sentence; without one, a sentence that says so."""
    sentences = facts.verdict.get("sentences")
    said = sentences if isinstance(sentences, dict) else {}
    sentence = str(said.get(language()) or facts.verdict.get("sentence") or "")
    if not sentence:
        sentence = _("This run has no verdict yet: it has not come to the comparison.")
    rest = _run_tiles(facts)
    return Headline(sentence, [*_metric_tiles(facts, _MOST_TILES - len(rest)), *rest])


def _metric_tiles(facts: RunFacts, most: int) -> list[Tile]:
    """The recommended contender against the base, for the main metrics."""
    shown = _contender(facts, facts.recommended) or _baseline(facts)
    base = _baseline(facts)
    if shown is None:
        return []
    if base is not None and base.name == shown.name:
        base = None  # the base itself is recommended: there is nothing to hold it against
    keys = metric_keys([shown])
    wanted = [facts.primary_metric, *MAIN] if facts.primary_metric else list(MAIN)
    tiles = []
    for key in [key for key in dict.fromkeys(wanted) if key in keys][:most]:
        metric = measure(key, shown.metrics[key])
        value = value_of(shown.metrics[key])
        before = value_of(base.metrics.get(key)) if base else None
        detail = shown.name
        if base is not None and before is not None:
            detail = _("{contender}; {base}: {before}").format(
                contender=shown.name, base=base.name, before=metric.written(before)
            )
        tiles.append(Tile(f"{metric.title} {metric.arrow}", metric.written(value), detail))
    return tiles


def _run_tiles(facts: RunFacts) -> list[Tile]:
    tiles = []
    rows = next(
        (
            contender.scores["test"]["rows"]
            for contender in facts.contenders
            if isinstance(contender.scores.get("test"), dict)
            and isinstance(contender.scores["test"].get("rows"), int)
        ),
        None,
    )
    if rows is not None:
        tiles.append(Tile(_("Test examples"), whole(rows), _("sealed until the end")))
    finished = facts.events_of("contender_finished")
    seconds = sum(
        float(event["seconds"])
        for event in {event.get("contender"): event for event in finished}.values()
        if isinstance(event.get("seconds"), (int, float))
    )
    if seconds:
        tiles.append(Tile(_("Tuning time"), duration(seconds), _("all contenders together")))
    gates = entries_of(facts.verdict.get("gates"))
    if gates:
        failed = [str(gate.get("gate")) for gate in gates if gate.get("passed") is not True]
        value = _("{passed} of {count}").format(
            passed=whole(len(gates) - len(failed)), count=whole(len(gates))
        )
        detail = _("not passed: {names}").format(names=", ".join(failed)) if failed else ""
        tiles.append(Tile(_("Gates passed"), value, detail))
    return tiles


def _contender(facts: RunFacts, name: str | None) -> ContenderFacts | None:
    return next((contender for contender in facts.contenders if contender.name == name), None)


def _baseline(facts: RunFacts) -> ContenderFacts | None:
    """The contender that the others had to beat, or the first."""
    return _contender(facts, facts.reference) or (facts.contenders[0] if facts.contenders else None)
