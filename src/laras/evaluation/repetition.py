"""Repetition rate: share of answers in which the model was caught in a loop.

A loop is a stretch of an answer that consists of the same words over and over: at least three
times in a row, and at least LEAST_WORDS words in all. So "ha ha ha", a line sung twice, or a list
whose entries begin alike are none; "I don't know. I don't know. I don't know. I don't know." is.
Holtzman et al. 2020 (https://arxiv.org/abs/1904.09751) show that such loops are what greedy
decoding of an unfit model ends in. Words are those of :mod:`laras.evaluation.words`, characters in
scripts without spaces.

Rows whose reference loops, too (a refrain), are not counted. An empty answer repeats nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from laras.evaluation.metric import METRICS, ROW_SCORES, Metric, mean_of
from laras.evaluation.words import UnicodeWords

TIMES = 3
LEAST_WORDS = 12


def has_loop(words: Sequence[str]) -> bool:
    """Whether some of ``words`` come at least TIMES times in a row, LEAST_WORDS words in all."""
    if len(words) < LEAST_WORDS:
        return False
    number = {word: at for at, word in enumerate(dict.fromkeys(words))}
    ids = np.array([number[word] for word in words])
    if len(number) > len(ids) - LEAST_WORDS + LEAST_WORDS // TIMES:
        return False  # a loop has at most a third as many words as it has places
    for period in range(1, len(ids) // TIMES + 1):
        stretch = max(TIMES * period, LEAST_WORDS)
        same = ids[period:] == ids[:-period]
        if _longest_run(same) + period >= stretch:
            return True
    return False


def repetitions(predictions: Sequence[str], references: Sequence[str]) -> list[float | None]:
    """1.0 for each answer with a loop, else 0.0; None where the reference has one."""
    words = UnicodeWords()
    return [
        None if has_loop(words.tokenize(reference)) else float(has_loop(words.tokenize(prediction)))
        for prediction, reference in zip(predictions, references, strict=True)
    ]


def _longest_run(truths: np.ndarray) -> int:
    """The most places in a row that are true."""
    ends = np.flatnonzero(~np.concatenate([[False], truths, [False]]))
    return int(np.diff(ends).max()) - 1


def _row_scores(
    predictions: Sequence[str], references: Sequence[str]
) -> dict[str, list[float | None]]:
    return {"repetition": repetitions(predictions, references)}


ROW_SCORES.register("repetition", _row_scores)
METRICS.register(
    "repetition_rate",
    Metric(
        name="repetition_rate",
        family="repetition",
        task="chat",
        unit="share",
        higher_is_better=False,
        statistics=partial(mean_of, column="repetition", task="chat"),
    ),
)
