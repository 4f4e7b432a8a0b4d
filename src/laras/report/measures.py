"""What each metric is called, which way is better, and how its figures are written."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from laras.report.facts import ContenderFacts
from laras.report.wording import number
from laras.translation import _

_LOWER_IS_BETTER = ("perplexity", "bits_per_byte", "loss", "seconds")
# Shown as charts, in this order, after the metric that decides.
MAIN = ("perplexity", "macro_f1", "rougeL", "bleu", "micro_f1", "chrf", "exact_match")


@dataclass(frozen=True, slots=True)
class Measure:
    """A metric as people read it."""

    key: str
    title: str
    lower_is_better: bool
    digits: int

    @property
    def arrow(self) -> str:
        """Which way is better."""
        return "↓" if self.lower_is_better else "↑"

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
        "bleu": "BLEU",
        "chrf": "chrF",
        "rouge1": "ROUGE-1",
        "rouge2": "ROUGE-2",
        "rougeL": "ROUGE-L",
        "exact_match": _("Exact match"),
        "loss": _("Loss"),
    }
    on_a_hundred = key in ("bleu", "chrf") or (score or {}).get("unit") == "points of 100"
    digits = 1 if on_a_hundred else 2 if key == "perplexity" else 3
    lower = any(key == name or key.startswith(f"{name}_") for name in _LOWER_IS_BETTER)
    return Measure(key, titles.get(key, key.replace("_", " ")), lower, digits)


def unit_in_words(unit: object) -> str:
    """The unit of a score in the language in use."""
    titles = {
        "per token": _("per token"),
        "bits per byte": "",  # the metric's own name says it
        "points of 100": _("0 to 100"),
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
    metric = measure(key)
    values = {
        contender.name: value
        for contender in contenders
        if (value := value_of(contender.metrics.get(key))) is not None and not math.isnan(value)
    }
    if len(values) < 2:
        return None
    best = (min if metric.lower_is_better else max)(values.values())
    names = [name for name, value in values.items() if value == best]
    return names[0] if len(names) == 1 else None
