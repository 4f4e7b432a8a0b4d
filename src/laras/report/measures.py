"""What each metric is called, which way is better, and how its figures are written."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from laras.report.facts import ContenderFacts
from laras.report.wording import number
from laras.translation import _

Key = TypeVar("Key")
_LOWER_IS_BETTER = (
    *("perplexity", "bits_per_byte", "loss", "seconds"),
    *("calibration_error", "ter", "refusal_rate", "repetition_rate"),
)
# They describe answers; no figure is better than another.
_DESCRIBE = ("length_ratio", "distinct1", "distinct2")
# Shown as charts, in this order, after the metric that decides.
MAIN = (
    *("perplexity", "macro_f1", "span_f1", "rougeL", "bleu", "micro_f1", "chrf", "token_f1"),
    "exact_match",
)


@dataclass(frozen=True, slots=True)
class Measure:
    """A metric as people read it. ``lower_is_better``: None where it only describes."""

    key: str
    title: str
    lower_is_better: bool | None
    digits: int

    @property
    def arrow(self) -> str:
        """Which way is better; nothing where none is."""
        return "" if self.lower_is_better is None else "↓" if self.lower_is_better else "↑"

    def best(self, values: Mapping[Key, float]) -> Key | None:
        """Whose value is the best; None where it is not alone, or has no rival."""
        if len(values) < 2 or self.lower_is_better is None:
            return None
        best = (min if self.lower_is_better else max)(values.values())
        names = [name for name, value in values.items() if value == best]
        return names[0] if len(names) == 1 else None

    def written(self, value: float | None) -> str:
        """``value`` with as many decimals as the metric deserves."""
        return number(value, self.digits)


def measure(key: str, score: Mapping[str, Any] | None = None) -> Measure:
    """The metric called ``key``; a metric unknown here is shown under its own name."""
    titles = {
        "perplexity": _("Perplexity"),
        "bits_per_byte": _("Bits per byte"),
        "macro_f1": _("F1, macro"),
        "micro_f1": _("F1, micro"),
        "accuracy": _("Accuracy"),
        "macro_f1_generated": _("F1, macro, generated"),
        "micro_f1_generated": _("F1, micro, generated"),
        "calibration_error": _("Calibration error"),
        "bleu": "BLEU",
        "chrf": "chrF",
        "ter": "TER",
        "rouge1": "ROUGE-1",
        "rouge2": "ROUGE-2",
        "rougeL": "ROUGE-L",
        "rougeLsum": "ROUGE-Lsum",
        "token_f1": _("F1, words"),
        "span_f1": _("F1, spans"),
        "exact_match": _("Exact match"),
        "refusal_rate": _("Refusal rate"),
        "repetition_rate": _("Repetition rate"),
        "length_ratio": _("Length ratio"),
        "distinct1": "Distinct-1",
        "distinct2": "Distinct-2",
        "loss": _("Loss"),
    }
    on_a_hundred = key in ("bleu", "chrf", "ter") or (score or {}).get("unit") == "points of 100"
    digits = 1 if on_a_hundred else 2 if key in ("perplexity", "length_ratio") else 3
    lower = any(key == name or key.startswith(f"{name}_") for name in _LOWER_IS_BETTER)
    direction = None if key in _DESCRIBE else lower
    return Measure(key, titles.get(key, key.replace("_", " ")), direction, digits)


def unit_in_words(unit: object) -> str:
    """The unit of a score in the language in use."""
    titles = {
        "per token": _("per token"),
        "bits per byte": "",  # the metric's own name says it
        "points of 100": _("0 to 100"),
        "edits per 100 words": _("edits per 100 words"),
        "ratio": _("1: as long as the references"),
        "share": _("0 to 1"),
    }
    return titles.get(str(unit), "" if unit is None else str(unit))


def metric_keys(contenders: Sequence[ContenderFacts]) -> list[str]:
    """All metrics that any contender has, in the order in which they first appear."""
    return list(dict.fromkeys(key for contender in contenders for key in contender.metrics))


def chosen_charts(keys: Sequence[str], primary: str | None, most: int = 4) -> list[str]:
    """The metrics worth a chart: the one that decides first."""
    wanted = [primary, *MAIN] if primary else list(MAIN)
    return [key for key in dict.fromkeys(wanted) if key in keys][:most]


def value_of(score: Mapping[str, Any] | None, key: str = "value") -> float | None:
    """A figure of a score, None where it was not measured."""
    value = (score or {}).get(key)
    return float(value) if isinstance(value, (int, float)) else None


def best_contender(contenders: Sequence[ContenderFacts], key: str) -> str | None:
    """Name of the contender with the best figure; None where it is not alone, or has no rival."""
    return measure(key).best(
        {
            contender.name: value
            for contender in contenders
            if (value := value_of(contender.metrics.get(key))) is not None and not math.isnan(value)
        }
    )
