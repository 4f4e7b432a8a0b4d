"""F1 of extracted spans, for answers that are lists: the fields of a form, names in a text.

Only measured where the references are lists, which their form tells, source by source:

- ``json``: the reference is a JSON list; its entries are the spans.
- ``lines``: one span a line; ``semicolons``: spans between semicolons. A reference shows such a
  form when it has at least two spans, none longer than LONGEST_SPAN characters, and none that
  ends like a sentence: a poem, a letter or two sentences are no lists.

A source has the first of these forms that at least half of its references show, and all its rows
are judged by it: a reference of one line is then a list of one span, an empty one a list of none.
Answers don't decide, so all contenders are judged on the same rows.

Spans are compared as sets, with case, outer punctuation and list markers set aside, and counted
over all rows before F1 is taken (micro average): a row with ten spans weighs ten times one with
one, and a span too many costs as much as one that is missing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa

from laras.evaluation.exact_match import normalised
from laras.evaluation.metric import METRICS, Metric, Statistics, answered_rows

LONGEST_SPAN = 60  # characters
_ENDS_LIKE_A_SENTENCE = (".", "!", "?", "…", ":", ",", "。", "！", "？", "؟", "।")  # fmt: skip
_MARKER = re.compile(r"^\s*(?:[-*•–—·]|\(?\d{1,3}[.)])\s+")
_SEMICOLONS = re.compile(r"[;；؛\n\r]")

Parse = Callable[[str], list[str] | None]


def json_spans(text: str) -> list[str] | None:
    """The entries of a JSON list; None where ``text`` is none."""
    if not text.lstrip().startswith("["):
        return None
    try:
        entries = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return [
        # Fields in another order are the same entry.
        entry if isinstance(entry, str) else json.dumps(entry, sort_keys=True, ensure_ascii=False)
        for entry in entries
    ]


def line_spans(text: str) -> list[str]:
    """The lines of ``text`` that say something, without list markers."""
    return _said(text.splitlines())


def semicolon_spans(text: str) -> list[str]:
    """What stands between semicolons (or line breaks) in ``text``."""
    return _said(_SEMICOLONS.split(text))


FORMS: dict[str, Parse] = {
    "json": json_spans,
    "lines": line_spans,
    "semicolons": semicolon_spans,
}


def form_of(references: Sequence[str]) -> str | None:
    """The form in which at least half of the ``references`` are lists; None where they are none."""
    for form in FORMS:
        if 2 * sum(_shows(reference, form) for reference in references) >= max(1, len(references)):
            return form
    return None


def span_counts(predictions: Sequence[str], references: Sequence[str], form: str) -> np.ndarray:
    """(R, 3): spans that both have, of the prediction, of the reference."""
    counts = np.zeros((len(predictions), 3))
    for row, (prediction, reference) in enumerate(zip(predictions, references, strict=True)):
        said, wanted = _set(prediction, form), _set(reference, form)
        counts[row] = [len(said & wanted), len(said), len(wanted)]
    return counts


def f1_of_sums(sums: np.ndarray) -> np.ndarray:
    """F1 of summed counts, (..., 3) to (...); 1 where there was nothing to find nor was found."""
    both = sums[..., 1] + sums[..., 2]
    value: np.ndarray = np.where(both > 0, 2 * sums[..., 0] / np.where(both > 0, both, 1.0), 1.0)
    return value


def _said(parts: Sequence[str]) -> list[str]:
    bare = [_MARKER.sub("", part).strip() for part in parts]
    return [part for part in bare if part]


def _shows(reference: str, form: str) -> bool:
    spans = FORMS[form](reference)
    if spans is None:
        return False
    if form == "json":
        return True
    return len(spans) > 1 and not any(
        len(span) > LONGEST_SPAN or span.endswith(_ENDS_LIKE_A_SENTENCE) for span in spans
    )


def _set(text: str, form: str) -> set[str]:
    # An answer that is not of the form has found nothing.
    spans = {normalised(span) or span.strip() for span in FORMS[form](text) or ()}
    return spans - {""}


def _statistics(table: pa.Table) -> Statistics | None:
    rows = answered_rows(table, "chat")
    answered = table.select(["source", "prediction", "reference"]).take(rows)
    sources, predictions, references = (column.to_pylist() for column in answered.columns)
    counts, judged, forms = [], [], set()
    for source in dict.fromkeys(sources):
        places = [place for place, name in enumerate(sources) if name == source]
        wanted = [references[place] for place in places]
        form = form_of(wanted)
        if form is not None:
            counts.append(span_counts([predictions[place] for place in places], wanted, form))
            judged.extend(places)
            forms.add(form)
    if not judged:
        return None
    order = np.argsort(judged)
    return Statistics(
        np.concatenate(counts)[order],
        rows[np.array(judged)[order]],
        f1_of_sums,
        signature=f"micro over sets of spans, lists by {', '.join(sorted(forms))}",
    )


METRICS.register(
    "span_f1",
    Metric(
        name="span_f1",
        family="span_f1",
        task="chat",
        unit="share",
        higher_is_better=True,
        statistics=_statistics,
    ),
)
