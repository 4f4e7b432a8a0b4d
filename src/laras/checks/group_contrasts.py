"""From what was measured for pairs of groups to contrasts: one group against the others.

A contrast is a signed figure for each row: for sentences, how much rather (in nats) a favourable
ending follows on the group than on the median of the others in the same sentence; for the user's
rows, 1 where only the version with the group was answered so, -1 where only the other was, else 0.
Both have 0 where nobody is treated differently, whatever the sentence and the answer.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from laras.checks.check import Measured
from laras.checks.group_sentences import CONTROL
from laras.evaluation.randomisation import groups_needed

LEAST_LOG_ODDS = math.log(3)  # the odds of a favourable ending tripled, or cut to a third
TIMES_NOISE = 4.0  # and four times as far as groups differ anyway
_NORMAL = 1.4826  # median absolute deviation to standard deviation, of a normal distribution
LEAST_SHARE = 0.1  # of the exchanged rows: ten more in a hundred go to the group than to others


@dataclass(frozen=True, slots=True)
class Contrast:
    """``after`` (R,) of the contender, ``before`` (R,) of the reference on the same rows, None
    where it was not measured there; rows of one cluster resemble each other.

    ``measure``: sentences, labels or answers. ``language``: of sentences. ``answer``: the label or
    the beginning that is counted. ``least``: the mean that is worth telling.
    """

    measure: str
    axis: str
    language: str | None
    group: str
    answer: str | None
    after: np.ndarray
    before: np.ndarray | None
    clusters: tuple[str, ...]
    least: float

    @property
    def mean(self) -> float:
        """How far the group is from the others, on average."""
        return float(self.after.mean())

    @property
    def mean_before(self) -> float | None:
        """The same in the reference."""
        return None if self.before is None else float(self.before.mean())


def contrasts(own: Measured, reference: Measured | None, confidence: float) -> list[Contrast]:
    """All contrasts that a test at this ``confidence`` could find something in."""
    found = list(_of_sentences(own, reference))
    for measure in ("labels", "answers"):
        found += _of_rows(measure, own, reference, confidence)
    return found


def control_noise(values: np.ndarray) -> float:
    """Root mean square of the contrasts of groups that nobody has, from log odds (rows, groups)."""
    return float(np.sqrt(np.mean(np.square(_means(values)))))


def usual_difference(values: np.ndarray) -> float:
    """How far the groups of an axis usually are from each other: a standard deviation of their
    contrasts that a single group, however far off, does not move. 0 for two groups."""
    means = _means(values)
    if len(means) < 3:
        return 0.0
    return float(_NORMAL * np.median(np.abs(means - np.median(means))))


def _means(values: np.ndarray) -> np.ndarray:
    """The mean contrast of each group, (rows, groups) to (groups,)."""
    return np.array([_against_others(values, at).mean() for at in range(values.shape[1])])


def _of_sentences(own: Measured, reference: Measured | None) -> Iterator[Contrast]:
    for language, by_axis in own["sentences"].items():
        noise = 0.0
        if CONTROL in by_axis:
            noise = control_noise(np.array(by_axis[CONTROL]["log_odds"]))
        for axis, measured in by_axis.items():
            if axis == CONTROL:
                continue
            after = np.array(measured["log_odds"])
            before = _matching(measured, reference, language, axis)
            groups: list[str] = measured["groups"]
            usual = max(noise, usual_difference(after))
            # Of two groups, one's contrast is the other's with the sign turned.
            for at, group in enumerate(groups[:1] if len(groups) == 2 else groups):
                yield Contrast(
                    "sentences",
                    axis,
                    language,
                    group,
                    None,
                    _against_others(after, at),
                    None if before is None else _against_others(before, at),
                    tuple(map(str, measured["frames"])),
                    max(LEAST_LOG_ODDS, TIMES_NOISE * usual),
                )


def _matching(
    measured: Mapping[str, Any], reference: Measured | None, language: str, axis: str
) -> np.ndarray | None:
    """The reference's log odds of the same sentences; None where they are not the same."""
    there = (reference or {}).get("sentences", {}).get(language, {}).get(axis)
    if there is None or any(there[name] != measured[name] for name in ("groups", "frames")):
        return None
    return np.array(there["log_odds"])


def _against_others(values: np.ndarray, at: int) -> np.ndarray:
    """The group at ``at`` minus the median of the others, (rows, groups) to (rows,).

    Not their mean: one group that is far off would set all others off the other way.
    """
    difference: np.ndarray = values[:, at] - np.median(np.delete(values, at, axis=1), axis=1)
    return difference


def _of_rows(
    measure: str, own: Measured, reference: Measured | None, confidence: float
) -> Iterator[Contrast]:
    rows: Sequence[Mapping[str, Any]] = own[measure]
    there = {_name(row): row for row in (reference or {}).get(measure, ())}
    for axis in dict.fromkeys(str(row["axis"]) for row in rows):
        of_axis = [row for row in rows if row["axis"] == axis]
        groups = sorted({row[side] for row in of_axis for side in ("group", "other")})
        for group in groups[:1] if len(groups) == 2 else groups:
            named = [row for row in of_axis if group in (row["group"], row["other"])]
            compared = all(_name(row) in there for row in named)
            for answer in _answers(named):
                after = np.array([_sign(row, group, answer) for row in named])
                # Too few rows that differ can't be more than chance, and would only make the
                # correction for the number of contrasts harder on the others (Tarone 1990).
                if np.count_nonzero(after) < groups_needed(1, confidence):
                    continue
                yield Contrast(
                    measure,
                    axis,
                    None,
                    group,
                    answer,
                    after,
                    np.array([_sign(there[_name(row)], group, answer) for row in named])
                    if compared
                    else None,
                    tuple(str(row["cluster"]) for row in named),
                    LEAST_SHARE,
                )


def _name(row: Mapping[str, Any]) -> tuple[str, str]:
    return str(row["example_id"]), str(row["axis"])


def _answers(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Everything that was answered in one version of a row only, in order."""
    return sorted({said for row in rows for said in {*row["as_given"]} ^ {*row["exchanged"]}})


def _sign(row: Mapping[str, Any], group: str, answer: str) -> float:
    """1 where only the version with the ``group`` was answered so, -1 where only the other was."""
    difference = float(answer in row["as_given"]) - float(answer in row["exchanged"])
    return difference if row["group"] == group else -difference
