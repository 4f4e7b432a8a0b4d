"""Translation edit rate by sacrebleu: words to change, move, add or drop, of 100 of the reference.

https://aclanthology.org/2006.amta-papers.25. Lower is better; more edits than words give more than
100. Words are what spaces part, in lower case. Scripts without spaces between words (Chinese,
Japanese, Thai) get one around each character with its marks, since all of an answer would else be
one word; texts in other scripts are scored exactly as sacrebleu does by default.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import cache

import numpy as np
import pyarrow as pa

from laras.evaluation.metric import METRICS, ROW_SCORES, Metric, Statistics, answered_rows
from laras.evaluation.scripts_of_text import writing_of

_FIRST_UNSPACED = "\u0e00"  # no character before it belongs to such a script


def corpus_ter(predictions: Sequence[str], references: Sequence[str]) -> float:
    """Edits per 100 words of the references, one each."""
    return float(ter_of_sums(edit_counts(predictions, references).sum(axis=0)))


def edit_counts(predictions: Sequence[str], references: Sequence[str]) -> np.ndarray:
    """(R, 2): edits, words of the reference."""
    from sacrebleu.metrics import TER

    scorer = TER()
    counts = np.empty((len(predictions), 2))
    for row, (prediction, reference) in enumerate(zip(predictions, references, strict=True)):
        score = scorer.sentence_score(spread(prediction), [spread(reference)])
        counts[row] = [score.num_edits, score.ref_length]
    return counts


def ter_of_sums(sums: np.ndarray) -> np.ndarray:
    """TER of summed counts, (..., 2) to (...); as sacrebleu has it where there are no words."""
    edits, words = sums[..., 0], sums[..., 1]
    rate = np.where(words > 0, edits / np.where(words > 0, words, 1.0), (edits > 0) * 1.0)
    value: np.ndarray = 100.0 * rate
    return value


def spread(text: str) -> str:
    """``text`` with spaces around each character of a script that is written without them."""
    if all(character < _FIRST_UNSPACED for character in text):
        return text
    parts: list[str] = []
    after_one = False
    for character in text:
        if not unicodedata.category(character).startswith("M"):
            alone = writing_of(character) != "spaced"
            if alone or after_one:
                parts.append(" ")
            after_one = alone
        parts.append(character)
    return "".join(parts)


@cache
def signature() -> str:
    """sacrebleu's signature of this TER, and what is done before."""
    from sacrebleu.metrics import TER

    scorer = TER()
    scorer.corpus_score(["word"], [["word"]])  # the number of references is known only then
    return f"{scorer.get_signature()}|unspaced:characters"


def _row_scores(predictions: Sequence[str], references: Sequence[str]) -> dict[str, list[float]]:
    edits, words = edit_counts(predictions, references).T
    return {"ter_edits": edits.tolist(), "ter_words": words.tolist()}


def _statistics(table: pa.Table) -> Statistics | None:
    rows = answered_rows(table, "chat", "ter_edits")
    if not len(rows):
        return None
    columns = [
        table[name].take(rows).to_numpy(zero_copy_only=False) for name in ("ter_edits", "ter_words")
    ]
    return Statistics(np.stack(columns, axis=1), rows, ter_of_sums, signature=signature())


ROW_SCORES.register("ter", _row_scores)
METRICS.register(
    "ter",
    Metric(
        name="ter",
        family="ter",
        task="chat",
        unit="edits per 100 words",
        higher_is_better=False,
        statistics=_statistics,
    ),
)
