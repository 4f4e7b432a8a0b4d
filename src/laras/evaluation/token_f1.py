"""Token F1 of answers: how many words answer and reference share, as in SQuAD, in any script.

F1 of the two bags of words, averaged over the rows (Rajpurkar et al. 2016,
https://aclanthology.org/D16-1264, and its evaluate-v1.1.py). Two things differ from that script.
Words are those of :mod:`laras.evaluation.words`, so that Arabic is no empty string, and Chinese
or Thai, which have no spaces between words, count by character. And an empty answer scores 0
even where nothing is left of the reference without its articles.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial

from laras.evaluation.exact_match import normalised
from laras.evaluation.metric import METRICS, ROW_SCORES, Metric, mean_of
from laras.evaluation.words import UnicodeWords

ARTICLES = frozenset({"a", "an", "the"})  # those that SQuAD sets aside


def token_f1(predictions: Sequence[str], references: Sequence[str]) -> list[float]:
    """F1 of each row's words, 0 to 1."""
    return [_f1(*pair) for pair in zip(predictions, references, strict=True)]


def _f1(prediction: str, reference: str) -> float:
    wanted, said = _bag(reference), _bag(prediction)
    if not wanted or not said:
        # Nothing but signs on one side: they are all there is to compare.
        return float(
            bool(normalised(prediction)) and normalised(prediction) == normalised(reference)
        )
    shared = sum((wanted & said).values())
    return 2 * shared / (sum(wanted.values()) + sum(said.values()))


def _bag(text: str) -> Counter[str]:
    words = UnicodeWords().tokenize(text)
    # "A" may be the whole answer to a question of choice.
    return Counter([word for word in words if word not in ARTICLES] or words)


def _row_scores(predictions: Sequence[str], references: Sequence[str]) -> dict[str, list[float]]:
    return {"token_f1": token_f1(predictions, references)}


ROW_SCORES.register("token_f1", _row_scores)
METRICS.register(
    "token_f1",
    Metric(
        name="token_f1",
        family="token_f1",
        task="chat",
        unit="share",
        higher_is_better=True,
        statistics=partial(mean_of, column="token_f1", task="chat"),
    ),
)
