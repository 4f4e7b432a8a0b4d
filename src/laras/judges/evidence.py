"""What judgements prove: how often each contender wins, how sure that is, and by what test.

Ties prove nothing about which is better, and an inconsistent judgement is one: the judge went by
the place of an answer, not by the answer. The test is the exact sign test. Rows of one group
resemble each other, so that a group is one toss of the coin: for whichever side won more of its
rows, none where it is even. Intervals are of the second contender's share of all rows that could be
used, ties counted half, by the bootstrap over groups that all figures have.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import bdtr

from laras.evaluation.bootstrap import holm, interval
from laras.evaluation.metric import Statistics, ratio
from laras.judges.judgement import Judgement
from laras.recipe.schema import EvaluationSection


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two contenders by what the judge said.

    The counts add up to ``rows``; ``identical`` of the ties had the same answer twice. ``win_rate``
    is the second one's, with its limits; a half means that neither is better. ``p`` is two-sided,
    ``p_adjusted`` for the number of comparisons; ``better`` is None where these can't tell.
    """

    first: str
    second: str
    rows: int
    groups: int
    wins_first: int
    wins_second: int
    ties: int
    identical: int
    inconsistent: int
    unusable: int
    win_rate: float | None
    low: float | None
    high: float | None
    p: float | None
    p_adjusted: float | None
    better: str | None


def comparisons(judgements: Sequence[Judgement], section: EvaluationSection) -> list[Comparison]:
    """One for each pair of contenders, adjusted for their number (Holm)."""
    by_pair: dict[tuple[str, str], list[Judgement]] = defaultdict(list)
    for judgement in judgements:
        by_pair[judgement.first, judgement.second].append(judgement)
    found = [_comparison(rows, section) for rows in by_pair.values()]
    adjusted = holm([1.0 if each.p is None else each.p for each in found])
    return [_decided(each, p, section) for each, p in zip(found, adjusted, strict=True)]


def sign_test(fewer: int, more: int) -> float:
    """Two-sided p of so many tosses of a fair coin on one side, and so many on the other."""
    return min(1.0, 2 * float(bdtr(min(fewer, more), fewer + more, 0.5)))


def _comparison(rows: Sequence[Judgement], section: EvaluationSection) -> Comparison:
    counts = Counter(row.outcome for row in rows)
    usable = [row for row in rows if row.outcome != "unusable"]
    groups = [row.group for row in usable]
    rate: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    if usable:
        shares = np.array([row.share for row in usable])
        rate = float(shares.mean())
        low, high = _limits(shares, groups, section)
        p = sign_test(*_tosses(usable))
    return Comparison(
        first=rows[0].first,
        second=rows[0].second,
        rows=len(rows),
        groups=len(set(groups)),
        wins_first=counts["first"],
        wins_second=counts["second"],
        ties=counts["tie"],
        identical=sum(not row.asked for row in rows),
        inconsistent=counts["inconsistent"],
        unusable=counts["unusable"],
        win_rate=rate,
        low=low,
        high=high,
        p=p,
        p_adjusted=None,
        better=None,
    )


def _tosses(rows: Sequence[Judgement]) -> tuple[int, int]:
    """How many groups the first contender won more rows of, and how many the second."""
    balance: dict[str, float] = defaultdict(float)
    for row in rows:
        balance[row.group] += row.share - 0.5
    return sum(value < 0 for value in balance.values()), sum(
        value > 0 for value in balance.values()
    )


def _limits(
    shares: np.ndarray, groups: Sequence[str], section: EvaluationSection
) -> tuple[float | None, float | None]:
    statistics = Statistics(
        np.stack([shares, np.ones(len(shares))], axis=1), np.arange(len(shares)), ratio
    )
    found = interval(
        statistics,
        groups,
        samples=section.bootstrap_samples,
        confidence=section.confidence,
        seed=section.seed,
        within=(0.0, 1.0),  # a contender may win them all
    )
    return found.low, found.high


def _decided(found: Comparison, p_adjusted: float, section: EvaluationSection) -> Comparison:
    if found.p is None:
        return found
    beyond = (
        found.low is not None
        and found.high is not None
        and not found.low <= 0.5 <= found.high
        and p_adjusted <= 1 - section.confidence
    )
    side = found.second if (found.win_rate or 0.0) > 0.5 else found.first
    return replace(found, p_adjusted=p_adjusted, better=side if beyond else None)
