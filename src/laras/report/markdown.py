"""The verdict as a short page of Markdown, for a wiki, a ticket or a pull request.

It says what ``verdict.json`` says, in the language in use; the report has the charts and examples.
What is missing there is left out here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from laras.report.facts import ContenderFacts
from laras.report.markdown_text import bullets, difference, escaped, table
from laras.report.measures import chosen_charts, measure, metric_keys, value_of
from laras.report.wording import duration, number, percent, significant, size, whole
from laras.runs.atomic import write_text_atomic
from laras.translation import _, language

if TYPE_CHECKING:
    from laras.runs.folder import Run

_MOST_METRICS = 5
Entry = Mapping[str, Any]


def write_verdict_text(run: Run, confidence: float) -> Path:
    """Write ``verdict.md`` from the ``verdict.json`` beside it, whose intervals have this
    ``confidence``; StorageFailed where that is damaged."""
    verdict = run.read_json("verdict.json")
    path = Path(run.folder) / "verdict.md"
    write_text_atomic(path, verdict_text(_mapping(verdict), confidence))
    return path


def verdict_text(verdict: Entry, confidence: float) -> str:
    """The page, of the content of ``verdict.json``."""
    sections = [
        (_("Contenders"), _contenders(verdict, confidence)),
        (
            _("Differences from {name}").format(name=_name(verdict.get("reference"))),
            _pairs(verdict),
        ),
        (_("Checks"), _checks(verdict)),
        (_("Gates"), _gates(verdict)),
        (_("What it cost"), _costs(verdict)),
        (_("What would change the verdict"), _changes(verdict)),
    ]
    parts = ["# " + _("Verdict"), f"**{escaped(_sentence(verdict), 2000)}**"]
    parts += [f"## {title}\n\n{text}" for title, text in sections if text]
    return "\n\n".join(parts) + "\n"


def _sentence(verdict: Entry) -> str:
    sentences = _mapping(verdict.get("sentences"))
    said = sentences.get(language()) or verdict.get("sentence")
    return str(said or _("This run has no verdict yet: it has not come to the comparison."))


def _contenders(verdict: Entry, confidence: float) -> str:
    entries = _entries(verdict.get("contenders"))
    contenders = [
        ContenderFacts(str(entry.get("name")), {"metrics": entry.get("metrics")})
        for entry in entries
    ]
    keys = chosen_charts(metric_keys(contenders), _primary(verdict), _MOST_METRICS)
    if not keys:
        return ""
    recommended = verdict.get("recommendation")
    rows = []
    for contender, entry in zip(contenders, entries, strict=True):
        name = escaped(contender.name)
        if contender.name == recommended:
            name = f"**{name}** ({_('recommended')})"
        cells = [_score(key, contender.metrics.get(key)) for key in keys]
        rows.append([name, escaped(entry.get("kind") or "–"), *cells])
    titles = [measure(key) for key in keys]
    head = [_("Contender"), _("Kind"), *(f"{escaped(m.title)} {m.arrow}".strip() for m in titles)]
    intervals = _(
        "With {level} intervals in brackets. ↓: lower is better, ↑: higher is better."
    ).format(level=percent(confidence, 0))
    return f"{table(head, rows, 2)}\n\n{intervals}"


def _score(key: str, score: Entry | None) -> str:
    value = value_of(score)
    if score is None or value is None:
        return "–"
    metric = measure(key, score)
    low, high = value_of(score, "low"), value_of(score, "high")
    written = metric.written(value)
    if low is None or high is None:
        return written
    return f"{written} ({metric.written(low)} – {metric.written(high)})"


def _pairs(verdict: Entry) -> str:
    """Of every contender with the reference, on the metrics that the table shows."""
    reference = verdict.get("reference")
    pairs = [pair for pair in _entries(verdict.get("pairs")) if reference in _sides(pair)]
    keys = chosen_charts([str(p.get("metric")) for p in pairs], _primary(verdict), _MOST_METRICS)
    rows = []
    for key in keys:
        for pair in pairs:
            if pair.get("metric") == key:
                rows.append(_pair(pair, reference, key))
    if not rows:
        return ""
    head = [_("Contender"), _("Metric"), _("Difference"), "p", _("Better")]
    said = _("On the same test rows; p is adjusted for the number of pairs (Holm).")
    return f"{table(head, rows, 2)}\n\n{said}"


def _pair(pair: Entry, reference: object, key: str) -> list[str]:
    """One row of the table, the contender minus the reference."""
    turned = pair.get("b") == reference
    other = pair.get("a") if turned else pair.get("b")
    bounds = [value_of(pair, name) for name in ("difference", "low", "high")]
    value, low, high = (-value if turned and value is not None else value for value in bounds)
    if turned:
        low, high = high, low
    metric = measure(key)
    written = difference(value, metric.digits)
    if low is not None and high is not None:
        written += f" ({difference(low, metric.digits)} – {difference(high, metric.digits)})"
    p = value_of(pair, "p_adjusted")
    better = pair.get("better")
    return [
        escaped(other),
        f"{escaped(metric.title)} {metric.arrow}".strip(),
        written,
        significant(value_of(pair, "p") if p is None else p),
        _("can't be told apart") if better is None else escaped(better),
    ]


def _sides(pair: Entry) -> tuple[object, object]:
    return pair.get("a"), pair.get("b")


def _checks(verdict: Entry) -> str:
    titles = {
        "overfitting": _("Overfitting"),
        "memorisation": _("Memorisation"),
        "wording": _("Wording"),
        "forgetting": _("Forgetting"),
        "bias": _("Bias"),
    }
    lines = []
    for check, title in titles.items():
        entries = _entries(verdict.get(check))
        if not entries:
            lines.append(f"{title}: {_('not measured')}")
        for entry in entries:
            noticed = entry.get("noticed", entry.get("overfitted"))
            mark = f"**{title}**" if noticed else title
            lines.append(f"{mark}: {escaped(entry.get('note') or '–', 1200)}")
    return bullets(lines) if verdict else ""


def _gates(verdict: Entry) -> str:
    return bullets(
        f"{_('passed') if entry.get('passed') else '**' + _('not passed') + '**'}: "
        f"{escaped(entry.get('note') or entry.get('gate') or '–')}"
        for entry in _entries(verdict.get("gates"))
    )


def _costs(verdict: Entry) -> str:
    rows = [_cost(entry) for entry in _entries(verdict.get("cost"))]
    if not rows:
        return ""
    head = [
        _("Contender"),
        _("Tuning"),
        _("Memory, most"),
        _("1,000 answers"),
        _("Tokens read"),
        _("Energy"),
        _("Money"),
    ]
    # A column in which nobody has anything says nothing.
    kept = [0, *(at for at in range(1, len(head)) if any(row[at] != "–" for row in rows))]
    text = table([head[at] for at in kept], [[row[at] for at in kept] for row in rows])
    note = _mapping(verdict.get("break_even")).get("note")
    return f"{text}\n\n{escaped(note)}" if note else text


def _cost(entry: Entry) -> list[str]:
    tuning, answers = _mapping(entry.get("tuning")), _mapping(entry.get("per_1000_answers"))
    energy = value_of(answers, "energy_wh")
    money = value_of(answers, "money")
    return [
        escaped(entry.get("contender") or "–"),
        duration(value_of(tuning, "seconds")),
        size(value_of(tuning, "peak_memory_bytes")),
        duration(value_of(answers, "seconds")),
        whole(value_of(answers, "tokens_in")),
        "–" if energy is None else f"{significant(energy)} Wh",
        "–" if money is None else number(money, 2),
    ]


def _changes(verdict: Entry) -> str:
    """What is known of how sure the verdict is, and what would make it surer."""
    lines = []
    needed = _mapping(verdict.get("rows_needed"))
    rows = value_of(needed, "rows")
    if rows is not None:
        said = _(
            "If the difference that was measured between {name} and {reference} is the true one, "
            "it takes about {rows} test rows to tell them apart."
        )
        lines.append(
            said.format(
                name=_name(needed.get("contender")),
                reference=_name(verdict.get("reference")),
                rows=whole(rows),
            )
        )
    effect = _mapping(verdict.get("minimal_detectable_effect"))
    value = value_of(effect)
    if value is not None:
        metric = measure(str(effect.get("metric")))
        lines.append(
            _(
                "A test of this size finds a true difference of {effect} in {metric} four times "
                "out of five; smaller ones are often missed."
            ).format(effect=significant(value), metric=escaped(metric.title))
        )
    ties = verdict.get("ties")
    if isinstance(ties, list) and ties:
        lines.append(
            _("More test rows could tell {names} apart from {recommended}.").format(
                names=", ".join(map(_name, ties)),
                recommended=_name(verdict.get("recommendation")),
            )
        )
    return bullets(lines)


def _primary(verdict: Entry) -> str | None:
    name = _mapping(verdict.get("primary")).get("metric")
    return None if name is None else str(name)


def _name(value: object) -> str:
    return "–" if value is None else escaped(value)


def _mapping(value: object) -> Entry:
    return value if isinstance(value, Mapping) else {}


def _entries(value: object) -> Sequence[Entry]:
    """The mappings of a list; none where there is no list."""
    return (
        [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list) else []
    )
