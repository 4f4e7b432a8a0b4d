"""What a test set can tell: the smallest difference it would find, and rows for a smaller one.

A difference is found at level 1 - confidence with probability POWER if it is (z of the level + z
of the power) times its standard error (Cohen 1988; for differences of language models, Card et al.
2020, https://aclanthology.org/2020.emnlp-main.745). After the run the standard error is measured,
by the paired bootstrap. Before it, it is assumed, carefully rather than boldly:

- labels and exact matches: DISCORDANCE of the rows are right for only one of the two contenders, so
  that a row's difference has variance DISCORDANCE - difference ** 2 (Connor 1987). Macro-F1 weighs
  classes alike: C classes with n_c rows count as C ** 2 / sum(1 / n_c) rows.
- figures with a score for each row, and BLEU, chrF and the like: SPREAD is the standard deviation
  of the difference between two contenders on one row; for perplexity, of log-perplexity.
- rows of one group resemble each other: with m rows a group on average, n rows count as
  n / (1 + (m - 1) * ALIKENESS) (Kish 1965).

The level is divided by the number of comparisons, as Holm's method does for the first of them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

from laras.contenders.primary import expected_primary
from laras.evaluation.metric import METRICS
from laras.evaluation.randomisation import groups_needed
from laras.recipe.schema import EvaluationSection

if TYPE_CHECKING:
    from laras.contenders.pairs import Pair

POWER = 0.8  # found in four of five such tests
DISCORDANCE = 0.2
ALIKENESS = 0.5
SPREAD = {"share": 0.25, "points of 100": 25.0, "bits per byte": 0.2, "per token": 0.5}
_OTHER_SPREAD = 0.5  # of units that are not named above, as a share of the figure
_OF_SHARES = frozenset({"f1", "exact_match"})  # families whose rows are right or wrong


@dataclass(frozen=True, slots=True)
class Expected:
    """The smallest difference that a test set of this size will find, as assumed before the run.

    ``value`` in the metric's unit, or as a share of the figure where ``relative``; ``rows`` and
    ``groups`` of the test that the metric judges.
    """

    metric: str
    value: float
    relative: bool
    rows: int
    groups: int
    comparisons: int
    confidence: float
    power: float = POWER

    def as_json(self) -> dict[str, Any]:
        """The fields."""
        return asdict(self)


def expected_effect(
    split: Mapping[str, Any], section: EvaluationSection, wish: str, contenders: int
) -> Expected | None:
    """What a run is going to be able to tell, from what the audit says of the test ``split``.

    ``wish``: the recipe's primary metric. None where nothing is compared, and where there are too
    few groups for any difference to be found.
    """
    comparisons = contenders * (contenders - 1) // 2
    tasks = {task: _sampled(int(rows), section) for task, rows in split["tasks"].items() if rows}
    primary = expected_primary(wish, section.metrics, tasks)
    if not comparisons or primary is None:
        return None
    metric = METRICS.get(primary.name)
    rows = sum(count for task, count in tasks.items() if metric.task in (None, task))
    groups = min(rows, math.ceil(int(split["groups"]) * rows / max(1, int(split["examples"]))))
    if groups < groups_needed(comparisons, section.confidence):
        return None
    counted = rows / (1 + (rows / groups - 1) * ALIKENESS)
    if primary.name.startswith("macro"):
        counted *= _balance([int(count) for count in split["labels"].values()])
    factor = _factor(section.confidence, comparisons)
    relative = False
    if metric.family in _OF_SHARES:
        value = _of_right_and_wrong(factor**2 / counted)
    elif metric.unit == "per token":
        value, relative = math.expm1(factor * SPREAD[metric.unit] / math.sqrt(counted)), True
    else:
        relative = metric.unit not in SPREAD
        value = factor * SPREAD.get(metric.unit, _OTHER_SPREAD) / math.sqrt(counted)
    return Expected(primary.name, value, relative, rows, groups, comparisons, section.confidence)


def measured_effect(
    pairs: Sequence[Pair], reference: str, metric: str, section: EvaluationSection
) -> dict[str, Any] | None:
    """The smallest true difference to the reference that a test of this size would mostly find.

    By the largest standard error of the comparisons with the reference. None where nothing varied,
    and where the groups are too few for any difference to be found.
    """
    on_metric = [pair for pair in pairs if pair.metric == metric]
    found = [pair for pair in on_metric if reference in (pair.a, pair.b) and pair.standard_error]
    needed = groups_needed(len(on_metric), section.confidence)
    if not found or min(pair.groups for pair in found) < needed:
        return None
    largest = max(pair.standard_error or 0.0 for pair in found)
    return {
        "metric": metric,
        "value": _factor(section.confidence, len(on_metric)) * largest,
        "confidence": section.confidence,
        "power": POWER,
        "comparisons": len(on_metric),
    }


def rows_needed(pair: Pair, comparisons: int, confidence: float) -> dict[str, Any] | None:
    """How many test rows it would take to find the difference of ``pair``, were it the true one.

    Groups as large as those that there are. None where there is no difference, or nothing varied.
    """
    if not pair.difference or not pair.standard_error:
        return None
    times = (_factor(confidence, comparisons) * pair.standard_error / pair.difference) ** 2
    groups = max(math.ceil(pair.groups * times), pair.groups + 1)
    groups = max(groups, groups_needed(comparisons, confidence))
    return {
        "contender": pair.b,
        "metric": pair.metric,
        "difference": pair.difference,
        "rows": math.ceil(groups * pair.rows / pair.groups),
        "groups": groups,
        "confidence": confidence,
        "power": POWER,
    }


def _factor(confidence: float, comparisons: int) -> float:
    """Standard errors that a difference has to be away from zero."""
    normal = NormalDist()
    level = (1 - confidence) / max(1, comparisons)
    return normal.inv_cdf(1 - level / 2) + normal.inv_cdf(POWER)


def _of_right_and_wrong(square: float) -> float:
    """d such that d ** 2 = ``square`` * (discordance - d ** 2), the discordance at least d: a
    difference of d takes that many rows that only one side got right."""
    value = math.sqrt(square * DISCORDANCE / (1 + square))
    return value if value <= DISCORDANCE else square / (1 + square)


def _balance(counts: Sequence[int]) -> float:
    """Rows that count in a mean over classes, as a share of all rows: 1 for classes alike."""
    counts = [count for count in counts if count]
    if not counts:
        return 1.0
    return len(counts) ** 2 / sum(1 / count for count in counts) / sum(counts)


def _sampled(rows: int, section: EvaluationSection) -> int:
    return rows if section.max_rows is None else min(rows, section.max_rows)
