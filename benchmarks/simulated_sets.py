"""Test sets drawn from populations whose true figures are known, for benchmarks/intervals.py.

Rows come in groups of one to five that resemble each other: how hard a group is decides how all of
its rows are answered. A second contender meets the same groups and rows, and answers them anew, as
two models of about the same ability do.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from laras.evaluation.classification import _macro, _stacked, confusion
from laras.evaluation.metric import Statistics, ratio
from laras.evaluation.perplexity import _exp_of_mean

Generator = np.random.Generator
FEW_TO_MANY = (6, 10, 15, 20, 30, 60, 120, 300)
LARGEST_GROUP = 5
ALIKENESS = 0.2  # intraclass correlation of whether rows of a group are answered rightly
LABEL_SHARES = np.array([0.4, 0.3, 0.2, 0.1])
SILENT = 0.15  # share of answers that have nothing of the reference


@dataclass(frozen=True)
class Draw:
    """One test set as two contenders answered it, ``groups`` of its rows, and the figures that the
    two would have on all rows that there could be."""

    first: Statistics
    second: Statistics
    groups: list[str]
    truths: tuple[float, float]


@dataclass(frozen=True)
class Population:
    """``draw(generator, groups, gain)``: a test set with so many groups; ``gain`` is how much of
    what the first contender gets wrong the second gets right. ``sizes``: numbers of groups at which
    its intervals are looked at."""

    name: str
    draw: Callable[[Generator, int, float], Draw]
    gain: float = 0.2
    sizes: tuple[int, ...] = FEW_TO_MANY


def _groups(generator: Generator, count: int, largest: int) -> tuple[np.ndarray, list[str]]:
    """The number of each row's group, and its name."""
    codes = np.repeat(np.arange(count), generator.integers(1, largest + 1, count))
    return codes, codes.astype(str).tolist()


def _eases(generator: Generator, count: int, mean: float) -> np.ndarray:
    """How probable a right answer is in each group; ``mean`` on average."""
    size = 1 / ALIKENESS - 1
    return generator.beta(mean * size, (1 - mean) * size, count)


def _mean(scores: np.ndarray) -> Statistics:
    pairs = np.stack([scores.astype(np.float64), np.ones(len(scores))], axis=1)
    return Statistics(pairs, np.arange(len(scores)), ratio)


def labels(largest: int) -> Population:
    """Accuracy: rows right or wrong. Alone, rows come in whole numbers that no interval suits at
    every truth alike; so each test set has a truth of its own, between 0.6 and 0.95."""

    def draw(generator: Generator, count: int, gain: float) -> Draw:
        codes, names = _groups(generator, count, largest)
        mean = generator.uniform(0.6, 0.95) if largest == 1 else 0.7
        ease = _eases(generator, count, mean)[codes]
        sides = [generator.random(len(codes)) < p for p in (ease, ease + gain * (1 - ease))]
        return Draw(_mean(sides[0]), _mean(sides[1]), names, (mean, mean + gain * (1 - mean)))

    return Population("accuracy, single rows" if largest == 1 else "accuracy", draw)


def classes(shares: np.ndarray, largest: int, sizes: tuple[int, ...]) -> Population:
    """Macro-F1 of classes with these ``shares``; a wrong answer is any of the others."""
    many = len(shares)

    def truth(right: float) -> float:
        predicted = right * shares + (1 - right) * (1 - shares) / (many - 1)
        return float((2 * right * shares / (shares + predicted)).mean())

    def answered(generator: Generator, references: np.ndarray, ease: np.ndarray) -> Statistics:
        other = (references + generator.integers(1, many, len(references))) % many
        predictions = np.where(generator.random(len(references)) < ease, references, other)
        counts = confusion([f"{x}" for x in references], [f"{x}" for x in predictions])
        return Statistics(_stacked(counts), np.arange(len(references)), _macro)

    def draw(generator: Generator, count: int, gain: float) -> Draw:
        codes, names = _groups(generator, count, largest)
        references = generator.choice(many, len(codes), p=shares)
        ease = _eases(generator, count, 0.75)[codes]
        sides = [answered(generator, references, p) for p in (ease, ease + gain * (1 - ease))]
        return Draw(sides[0], sides[1], names, (truth(0.75), truth(0.75 + gain * 0.25)))

    alone = ", single rows" if largest == 1 else ""
    return Population(f"macro-F1, {many} classes{alone}", draw, sizes=sizes)


def overlaps() -> Population:
    """A score of each row between 0 and 1, as ROUGE-L gives, with some at 0."""

    def scores(generator: Generator, ease: np.ndarray) -> Statistics:
        overlap = generator.beta(6 * ease, 6 * (1 - ease))
        return _mean(np.where(generator.random(len(ease)) < SILENT, 0.0, overlap))

    def draw(generator: Generator, count: int, gain: float) -> Draw:
        codes, names = _groups(generator, count, LARGEST_GROUP)
        # The cut moves the mean of Beta(2, 3), 0.4, by less than 0.00001.
        ease = np.clip(generator.beta(2.0, 3.0, count), 0.01, 0.99)[codes]
        sides = [scores(generator, p) for p in (ease, ease + gain * (1 - ease))]
        truths = [(1 - SILENT) * (0.4 + more * 0.6) for more in (0.0, gain)]
        return Draw(sides[0], sides[1], names, (truths[0], truths[1]))

    return Population("ROUGE-like", draw, gain=0.1)


def texts() -> Population:
    """Perplexity: rows of very unlike lengths, groups of unlike difficulty. ``gain``: nats."""

    def draw(generator: Generator, count: int, gain: float) -> Draw:
        codes, names = _groups(generator, count, LARGEST_GROUP)
        tokens = 1 + np.floor(generator.lognormal(3.0, 0.8, len(codes)))
        ease = generator.lognormal(-0.5 * 0.3**2, 0.3, count)[codes]
        sides = []
        for mean in (2.5, 2.5 - gain):
            noise = generator.gamma(tokens / 2, 2 / tokens)  # mean 1, the longer the steadier
            sums = np.stack([tokens * mean * ease * noise, tokens], axis=1)
            sides.append(Statistics(sums, np.arange(len(codes)), _exp_of_mean))
        return Draw(sides[0], sides[1], names, (math.exp(2.5), math.exp(2.5 - gain)))

    return Population("perplexity", draw, gain=0.1)


POPULATIONS = (
    labels(LARGEST_GROUP),
    labels(1),
    classes(LABEL_SHARES, LARGEST_GROUP, FEW_TO_MANY),
    overlaps(),
    texts(),
)
# Where classes have few test rows each, macro-F1 is biased, and its intervals lie beside the truth.
MANY_CLASSES = (
    classes(np.full(20, 0.05), 1, (100, 300)),
    classes(np.full(77, 1 / 77), 1, (300, 1000)),
)
