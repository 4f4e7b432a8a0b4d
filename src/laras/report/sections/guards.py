"""The guards: which of them the recipe weakens, and what they did in this run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from laras.report.blocks import Block, Cell, Paragraph, Section, Table
from laras.report.facts import Json, RunFacts
from laras.report.guard_settings import weakened
from laras.report.wording import whole
from laras.translation import _

_MOST_NAMED = 5


def guards(facts: RunFacts) -> Section | None:
    """None where the run has left no recipe, so that nothing can be said of its guards."""
    if not facts.settings:
        return None
    blocks = [*_settings(facts), *_happened(facts)]
    return Section("guards", _("Guards"), blocks)


def _settings(facts: RunFacts) -> Iterator[Block]:
    found = weakened(facts.settings)
    if not found:
        yield Paragraph(_("Every guard is as strict as it is by default, or stricter."))
        return
    text = _("{count} settings of the recipe weaken a guard.").format(count=whole(len(found)))
    yield Paragraph(text, "warning")
    header = [
        Cell(_("Setting"), numeric=False),
        Cell(_("Here")),
        Cell(_("By default")),
        Cell(_("What is guarded less"), numeric=False),
    ]
    rows = [
        [
            Cell(each.field, numeric=False),
            Cell(_written(each.value)),
            Cell(_written(each.usual)),
            Cell(each.guard, numeric=False),
        ]
        for each in found
    ]
    yield Table(header, rows)


def _happened(facts: RunFacts) -> Iterator[Block]:
    rows = [
        [Cell(what, numeric=False), Cell(whom, numeric=False), Cell(told, numeric=False)]
        for what, whom, told in _told(facts)
    ]
    if not rows:
        yield Paragraph(_("No guard had to do anything in this run."))
        return
    header = [
        Cell(_("What happened"), numeric=False),
        Cell(_("Where"), numeric=False),
        Cell(_("In detail"), numeric=False),
    ]
    yield Table(header, rows, caption=_("What the guards did, over all attempts at this run."))


def _told(facts: RunFacts) -> Iterator[tuple[str, str, str]]:
    """What, where, details; one line for each kind of event and contender."""
    for name, events in _by_contender(facts, "step_skipped"):
        steps = _listed([str(event.get("step")) for event in events])
        rows = events[0].get("rows")
        named = _listed([str(row) for row in rows] if isinstance(rows, list) else [])
        told = _("steps {steps}; the rows of the first: {rows}").format(steps=steps, rows=named)
        yield _("Steps not applied: {reason}").format(reason=events[0].get("reason")), name, told
    for name, events in _by_contender(facts, "training_diverged"):
        yield _("The loss diverged"), name, _at_steps(events)
    for name, planned, finished in _stopped_early(facts):
        told = _("after {steps} of {planned} steps; the best was at step {best}").format(
            steps=finished.get("steps"), planned=planned, best=finished.get("best_step")
        )
        yield _("Stopped early: no better validation loss"), name, told
    for name, events in _by_contender(facts, "memory_exhausted"):
        sizes = _listed([str(event.get("next")) for event in events])
        told = _("went on with micro-batches of {sizes} tokens").format(sizes=sizes)
        yield _("Out of memory"), name, told
    for name, events in _by_contender(facts, "checkpoint_skipped"):
        reasons = _listed([f"{event.get('name')}: {event.get('reason')}" for event in events])
        yield _("Checkpoints not used"), name, reasons
    for name, events in _by_contender(facts, "training_resumed"):
        yield _("Went on from a checkpoint"), name, _at_steps(events)
    for name, events in _by_contender(facts, "training_changed"):
        fields = [str(f) for event in events for f in event.get("fields") or ()]
        yield _("Settings changed on the way"), name, _listed(fields)
    for event in facts.events_of("stage_repeated"):
        yield _("Done again"), str(event.get("stage")), str(event.get("reason"))
    for event in facts.events_of("events_lost"):
        told = _("{count} events").format(count=event.get("count"))
        yield _("The disk was full"), "events.jsonl", told


def _by_contender(facts: RunFacts, kind: str) -> Iterator[tuple[str, list[Json]]]:
    events = facts.events_of(kind)
    for name in dict.fromkeys(str(event.get("contender")) for event in events):
        yield name, [event for event in events if str(event.get("contender")) == name]


def _stopped_early(facts: RunFacts) -> Iterator[tuple[str, int, Json]]:
    planned = {str(e.get("contender")): e.get("steps") for e in facts.events_of("training_planned")}
    finished = {str(e.get("contender")): e for e in facts.events_of("contender_finished")}
    for name, event in finished.items():
        wanted, done = planned.get(name), event.get("steps")
        if isinstance(wanted, int) and isinstance(done, int) and done < wanted:
            yield name, wanted, event


def _at_steps(events: Sequence[Json]) -> str:
    return _("at step {steps}").format(steps=_listed([str(event.get("step")) for event in events]))


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_MOST_NAMED])
    left_out = len(names) - _MOST_NAMED
    if left_out <= 0:
        return shown
    return f"{shown}, " + _("and {count} more").format(count=left_out)


def _written(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return "–" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
