"""The one metric that a verdict turns on, and why it is that one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from laras.evaluation.catalogue import ORDER
from laras.evaluation.metric import METRICS
from laras.evaluation.result import Score
from laras.translation import _


@dataclass(frozen=True, slots=True)
class Primary:
    """A metric's name, its direction, and the reason for the choice in a sentence."""

    name: str
    higher_is_better: bool
    reason: str


def choose_primary(
    wish: str, predictions: Sequence[pa.Table], scores: Sequence[Mapping[str, Score]]
) -> Primary:
    """``wish`` where it was measured for all; ``auto`` goes by the tasks of the test rows.

    Macro-F1 for labels, ROUGE-L for answers, perplexity for texts; where contenders split the
    same text into different tokens, bits per byte stands in for perplexity.
    """
    measured = [name for name in ORDER if all(name in score for score in scores)]
    if not measured:
        raise ValueError("no metric was measured for all contenders")
    tasks = set(predictions[0]["task"].to_pylist())
    reasons: list[str] = []
    if not tokens_agree(predictions) and "perplexity" in measured:
        # Per-token perplexities of unlike tokenizers are figures of unlike things.
        measured.remove("perplexity")
        reasons.append(_("The contenders split the text into different tokens."))
    if wish != "auto":
        if wish in measured:
            return _primary(wish, _("The recipe names it."))
        if wish == "perplexity" and "bits_per_byte" in measured:
            return _primary("bits_per_byte", *reasons)
        reasons.append(
            _("The recipe names {metric}, which this test set can't measure.").format(metric=wish)
        )
    if "chat" in tasks and "rougeL" in measured:
        reasons.append(_("The test has answers in free text."))
        return _primary("rougeL", *reasons)
    if "classification" in tasks and "chat" not in tasks and "macro_f1" in measured:
        reasons.append(_("The test rows have labels."))
        return _primary("macro_f1", *reasons)
    if "perplexity" in measured:
        reasons.append(_("It is what the test rows of all tasks have."))
        return _primary("perplexity", *reasons)
    if "bits_per_byte" in measured:
        return _primary("bits_per_byte", *reasons)
    reasons.append(_("It is the first of the metrics that were measured."))
    return _primary(measured[0], *reasons)


def tokens_agree(predictions: Sequence[pa.Table]) -> bool:
    """Whether rows that tables share have the same number of tokens in all of them."""
    counts: dict[str, int] = {}
    return all(
        counts.setdefault(name, tokens) == tokens
        for table in predictions
        for name, tokens in zip(
            table["example_id"].to_pylist(), table["tokens"].to_pylist(), strict=True
        )
    )


def _primary(name: str, *reasons: str) -> Primary:
    return Primary(name, METRICS.get(name).higher_is_better, " ".join(reasons))
