"""What a check is: measured in every contender alike, then held against the reference.

A check measures one thing beside the metrics (what is repeated by heart, what was forgotten, who
is treated differently) in a single candidate and knows neither how it was obtained nor the
others. What it measured is plain JSON with a figure for each row, kept in the run's folder; only
the comparison of two such measurements says what a contender is told of.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from laras.evaluation.candidate import Candidate
from laras.recipe.schema import EvaluationSection
from laras.records import Example
from laras.registry import Registry
from laras.runs.progress import Progress

Measured = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Grounds:
    """What checks may look at: examples of the splits, the labels, and the data's languages by
    how many training examples (of a sample) are in them (ISO 639 code, or "unknown")."""

    train: Sequence[Example]
    test: Sequence[Example]
    labels: Sequence[str]
    languages: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Finding:
    """What is told of a contender.

    ``noticed``: whether it is more than chance and large enough to be told as a fault.
    ``note``: one sentence with its evidence, in the language in use. ``details``: plain JSON for
    the verdict and the report.
    """

    noticed: bool
    note: str
    details: Mapping[str, Any]


Measure = Callable[[Candidate, Grounds, EvaluationSection, Progress], Measured | None]
Compare = Callable[[str, Measured, Measured | None, EvaluationSection], Finding | None]


@dataclass(frozen=True, slots=True)
class Check:
    """``measure``: of one candidate, None where there is nothing to measure it on.

    ``compare(name, own, reference, section)``: the finding on the contender ``name`` from its own
    measurement and the reference's (None: the run has no base model, or it was not measured).
    Both are pure functions of their arguments; equal inputs give equal results.
    """

    name: str
    measure: Measure
    compare: Compare


checks: Registry[Check] = Registry("check")
