"""ROUGE-1, -2, -L and -Lsum F-measures by rouge-score, with words of all scripts.

The corpus figure is the mean over rows, as ROUGE defines it. https://aclanthology.org/W04-1013
ROUGE-Lsum is ROUGE-L of section 3.2 there, for summaries: each sentence of the reference is
matched with all sentences of the answer. As in rouge-score, a sentence is a line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import pyarrow as pa

from laras.evaluation.metric import METRICS, ROW_SCORES, Metric, Statistics, mean_of
from laras.evaluation.words import UnicodeWords

KINDS = ("rouge1", "rouge2", "rougeL", "rougeLsum")
SIGNATURE = "rouge-score {version}|F-measure|stem:no|words:unicode"


def rouge_scores(predictions: Sequence[str], references: Sequence[str]) -> dict[str, list[float]]:
    """F-measures of each row, 0 to 1, by kind. An empty prediction scores 0."""
    from rouge_score.rouge_scorer import RougeScorer

    of_lines = RougeScorer(list(KINDS), tokenizer=UnicodeWords())
    of_one_line = RougeScorer(list(KINDS[:-1]), tokenizer=UnicodeWords())
    scores: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for prediction, reference in zip(predictions, references, strict=True):
        # Of single lines, ROUGE-Lsum is ROUGE-L, which takes most of the time.
        scorer = of_lines if "\n" in prediction or "\n" in reference else of_one_line
        row = scorer.score(target=reference, prediction=prediction)
        for kind in KINDS:
            found = row[kind] if kind in row else row["rougeL"]
            scores[kind].append(float(found.fmeasure))
    return scores


def signature() -> str:
    """The package and options behind the figures."""
    from importlib.metadata import version

    return SIGNATURE.format(version=version("rouge-score"))


def _statistics(table: pa.Table, *, kind: str) -> Statistics | None:
    statistics = mean_of(table, kind, "chat")
    return replace(statistics, signature=signature()) if statistics else None


ROW_SCORES.register("rouge", rouge_scores)
for _kind in KINDS:
    METRICS.register(
        _kind,
        Metric(
            name=_kind,
            family="rouge",
            task="chat",
            unit="share",
            higher_is_better=True,
            statistics=partial(_statistics, kind=_kind),
        ),
    )
