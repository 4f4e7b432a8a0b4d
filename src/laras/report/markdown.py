"""The verdict as a short page of Markdown, for a wiki, a ticket or a pull request.

It says what ``verdict.json`` says, in the language in use; the report has the charts and examples.
What is missing there is left out here.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from laras.report.certainty import what_would_change
from laras.report.checked import check_titles, is_noticed
from laras.report.facts import ContenderFacts, Json, entries_of, mapping_of
from laras.report.judge_section import judge_text
from laras.report.left_out import left_out
from laras.report.markdown_text import bullets, difference, escaped, table
from laras.report.measures import chosen_charts, measure, metric_keys, value_of
from laras.report.paired import paired
from laras.report.retraining_text import curve_text, seeds_text
from laras.report.wording import duration, energy, money, percent, significant, size, whole
from laras.runs.atomic import write_text_atomic
from laras.runs.redaction import redacted
from laras.translation import _, language

if TYPE_CHECKING:
    from laras.runs.folder import Run

_MOST_METRICS = 5


def write_verdict_text(run: Run, confidence: float) -> Path:
    """Write ``verdict.md`` from the ``verdict.json`` beside it, whose intervals have this
    ``confidence``; StorageFailed where that is damaged."""
    verdict = redacted(run.read_json("verdict.json"))
    path = Path(run.folder) / "verdict.md"
    write_text_atomic(path, verdict_text(mapping_of(verdict), confidence))
    return path


def verdict_text(verdict: Json, confidence: float) -> str:
    """The page, of the content of ``verdict.json``."""
    sections = [
        (_("Contenders"), _contenders(verdict, confidence)),
        (_("Left out"), bullets(escaped(line, 1200) for line in left_out(verdict))),
        (
            _("Differences from {name}").format(name=_name(verdict.get("reference"))),
            _pairs(verdict),
        ),
        (_("A language model as judge"), judge_text(verdict, confidence)),
        (_("Seeds"), seeds_text(verdict)),
        (_("Checks"), _checks(verdict)),
        (_("Gates"), _gates(verdict)),
        (_("What it cost"), _costs(verdict)),
        (_("What would change the verdict"), bullets(what_would_change(verdict, escaped))),
        (_("Would more training data help?"), curve_text(verdict)),
    ]
    parts = ["# " + _("Verdict"), f"**{escaped(_sentence(verdict), 2000)}**"]
    parts += [f"## {title}\n\n{text}" for title, text in sections if text]
    return "\n\n".join(parts) + "\n"


def _sentence(verdict: Json) -> str:
    sentences = mapping_of(verdict.get("sentences"))
    said = sentences.get(language()) or verdict.get("sentence")
    return str(said or _("This run has no verdict yet: it has not come to the comparison."))


def _contenders(verdict: Json, confidence: float) -> str:
    entries = entries_of(verdict.get("contenders"))
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


def _score(key: str, score: Json | None) -> str:
    value = value_of(score)
    if score is None or value is None:
        return "–"
    metric = measure(key, score)
    low, high = value_of(score, "low"), value_of(score, "high")
    written = metric.written(value)
    if low is None or high is None:
        return written
    return f"{written} ({metric.written(low)} – {metric.written(high)})"


def _pairs(verdict: Json) -> str:
    """Of every contender with the reference, on the metrics that the table shows."""
    reference = verdict.get("reference")
    pairs = [pair for pair in entries_of(verdict.get("pairs")) if reference in _sides(pair)]
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


def _pair(pair: Json, reference: object, key: str) -> list[str]:
    """One row of the table, the contender minus the reference."""
    found, metric = paired(pair, reference), measure(key)
    written = difference(found.difference, metric.digits)
    if found.low is not None and found.high is not None:
        bounds = (difference(bound, metric.digits) for bound in (found.low, found.high))
        written += f" ({' – '.join(bounds)})"
    return [
        escaped(found.of),
        f"{escaped(metric.title)} {metric.arrow}".strip(),
        written,
        significant(found.p),
        _("can't be told apart") if found.better is None else escaped(found.better),
    ]


def _sides(pair: Json) -> tuple[object, object]:
    return pair.get("a"), pair.get("b")


def _checks(verdict: Json) -> str:
    unknown = _("not measured")
    lines = []
    for check, title in check_titles().items():
        entries = entries_of(verdict.get(check))
        if not entries:
            lines.append(f"{title}: {unknown}")
        for entry in entries:
            mark = f"**{title}**" if is_noticed(entry) else title
            lines.append(f"{mark}: {escaped(entry.get('note') or '–', 1200)}")
    return bullets(lines) if verdict else ""


def _gates(verdict: Json) -> str:
    passed, failed = _("passed"), _("not passed")
    return bullets(
        f"{passed if entry.get('passed') is True else f'**{failed}**'}: "
        f"{escaped(entry.get('note') or entry.get('gate') or '–')}"
        for entry in entries_of(verdict.get("gates"))
    )


def _costs(verdict: Json) -> str:
    rows = [_cost(entry) for entry in entries_of(verdict.get("cost"))]
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
    note = mapping_of(verdict.get("break_even")).get("note")
    return f"{text}\n\n{escaped(note)}" if note else text


def _cost(entry: Json) -> list[str]:
    tuning, answers = mapping_of(entry.get("tuning")), mapping_of(entry.get("per_1000_answers"))
    return [
        escaped(entry.get("contender") or "–"),
        duration(value_of(tuning, "seconds")),
        size(value_of(tuning, "peak_memory_bytes")),
        duration(value_of(answers, "seconds")),
        whole(value_of(answers, "tokens_in")),
        energy(value_of(answers, "energy_wh")),
        escaped(money(value_of(answers, "money"), str(entry.get("currency") or ""))),
    ]


def _primary(verdict: Json) -> str | None:
    name = mapping_of(verdict.get("primary")).get("metric")
    return None if name is None else str(name)


def _name(value: object) -> str:
    return "–" if value is None else escaped(value)
