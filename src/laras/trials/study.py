"""What to try next, and which training is not worth going on with: Optuna's judgement.

Both are pure functions of the trials that have ended (and, of the one under way, what was measured
so far): a study is made of them in memory whenever one is asked. So a search that was killed needs
no state of Optuna's, and goes on to try the very same. Values come from a tree-structured Parzen
estimator (Bergstra et al. 2011, "Algorithms for Hyper-Parameter Optimization", section 4); a
training ends early where its best loss so far is worse than the median of the others' after as many
validations (Golovin et al. 2017, "Google Vizier", section 3.2.2).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from laras.recipe.schema import Dimension
from laras.trials.record import Trial

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.study import Study
    from optuna.trial import FrozenTrial

_DRAWN = 4  # values that are drawn at random before an estimate is made of them
_UNPRUNED = 3  # trainings that go to their end before one is measured against them
_LEAST_SHARE = 1 / 3  # of its steps, before a training may be ended
_ATTEMPTS = 32  # at values that were not tried yet
_DIGITS = 3


def suggest(
    space: Mapping[str, Dimension], finished: Sequence[Trial], seed: int
) -> dict[str, Any] | None:
    """Values by path for the next trial after ``finished``; None where all there are were tried."""
    tried = [trial.values for trial in finished]
    if _count(space) <= sum(_within(space, values) for values in _distinct(tried)):
        return None
    values: dict[str, Any] = {}
    for attempt in range(_ATTEMPTS):
        with _quiet():
            study = _study(space, finished, _number(seed, len(finished), attempt))
            params = study.ask(_distributions(space)).params
        values = {path: _value(dimension, params[path]) for path, dimension in space.items()}
        if values not in tried:
            return values
    return _untried(space, tried) or values


def worth_ending(
    space: Mapping[str, Dimension],
    finished: Sequence[Trial],
    validations: Sequence[float],
    share: float,
) -> bool:
    """Whether a training with these losses so far, after ``share`` of its steps, should end."""
    if share < _LEAST_SHARE:
        return False
    if not math.isfinite(validations[-1]):
        return True
    with _quiet():
        trial = _study(space, finished, 0).ask()
        for place, loss in enumerate(validations):
            if math.isfinite(loss):
                trial.report(loss, place)
        return trial.should_prune()


def _study(space: Mapping[str, Dimension], finished: Sequence[Trial], seed: int) -> Study:
    from optuna import create_study
    from optuna.pruners import MedianPruner
    from optuna.samplers import TPESampler

    study = create_study(
        sampler=TPESampler(n_startup_trials=_DRAWN, seed=seed),
        pruner=MedianPruner(n_startup_trials=_UNPRUNED),
        direction="minimize",
    )
    for trial in finished:
        study.add_trial(_frozen(space, trial))
    return study


def _frozen(space: Mapping[str, Dimension], trial: Trial) -> FrozenTrial:
    """As Optuna knows it. One that failed counts as the worst; of one whose values lie outside the
    space (the recipe's own may) only the losses are told."""
    from optuna.trial import TrialState, create_trial

    known = _within(space, trial.values)
    complete = trial.state == "complete" and trial.loss is not None
    return create_trial(
        state=TrialState.COMPLETE if complete else TrialState.PRUNED,
        value=trial.loss if complete else None,
        params={path: _param(space[path], trial.values[path]) for path in space} if known else {},
        distributions=_distributions(space) if known else {},
        intermediate_values=dict(enumerate(trial.validations)),
    )


def _distributions(space: Mapping[str, Dimension]) -> dict[str, BaseDistribution]:
    return {path: _distribution(dimension) for path, dimension in space.items()}


def _distribution(dimension: Dimension) -> BaseDistribution:
    """Choices by their place; numbers that rise are steps of a scale: neighbours are alike."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if dimension.choices is not None:
        last = len(dimension.choices) - 1
        if _rises(dimension.choices):
            return IntDistribution(0, last)
        return CategoricalDistribution(list(range(last + 1)))
    low, high = dimension.low, dimension.high
    if isinstance(low, int) and isinstance(high, int):
        return IntDistribution(low, high, log=dimension.log)
    return FloatDistribution(float(low or 0.0), float(high or 0.0), log=dimension.log)


def _rises(choices: Sequence[Any]) -> bool:
    numbers = all(isinstance(c, int | float) and not isinstance(c, bool) for c in choices)
    return numbers and all(lower < higher for lower, higher in pairwise(choices))


def _value(dimension: Dimension, param: Any) -> Any:
    """What goes into the recipe: a number of a range with no more digits than mean something."""
    if dimension.choices is not None:
        return dimension.choices[param]
    if isinstance(param, int):
        return param
    rounded = float(f"{param:.{_DIGITS}g}")
    return min(max(rounded, float(dimension.low or 0.0)), float(dimension.high or 0.0))


def _param(dimension: Dimension, value: Any) -> Any:
    """The inverse of :func:`_value`."""
    if dimension.choices is not None:
        return dimension.choices.index(value)
    return (
        int(value) if isinstance(dimension.low, int) and isinstance(dimension.high, int) else value
    )


def _within(space: Mapping[str, Dimension], values: Mapping[str, Any]) -> bool:
    return all(path in values and _holds(space[path], values[path]) for path in space)


def _holds(dimension: Dimension, value: Any) -> bool:
    if dimension.choices is not None:
        return value in dimension.choices
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    low, high = dimension.low, dimension.high
    whole = isinstance(low, int) and isinstance(high, int)
    inside = low is not None and high is not None and low <= value <= high
    return inside and (not whole or float(value).is_integer())


def _count(space: Mapping[str, Dimension]) -> float:
    """How many different trials there can be."""
    count = 1.0
    for dimension in space.values():
        count *= len(every) if (every := _every(dimension)) is not None else math.inf
    return count


def _every(dimension: Dimension) -> Sequence[Any] | None:
    """All values of a dimension; None where they are a continuum."""
    if dimension.choices is not None:
        return dimension.choices
    if isinstance(dimension.low, int) and isinstance(dimension.high, int):
        return range(dimension.low, dimension.high + 1)
    return None


def _distinct(tried: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for values in tried:
        if values not in found:
            found.append(values)
    return found


def _untried(space: Mapping[str, Dimension], tried: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The first combination that was not tried, in the order of the space; none where there is a
    continuum of them."""
    combinations: Iterator[dict[str, Any]] = iter([{}])
    for path, dimension in space.items():
        every = _every(dimension)
        if every is None:
            return {}
        combinations = _crossed(combinations, path, every)
    return next((values for values in combinations if values not in tried), {})


def _crossed(
    combinations: Iterator[dict[str, Any]], path: str, values: Sequence[Any]
) -> Iterator[dict[str, Any]]:
    for combination in combinations:
        for value in values:
            yield {**combination, path: value}


def _number(*parts: int) -> int:
    """A seed of 32 bits; equal for equal ``parts``."""
    text = ":".join(map(str, parts)).encode()
    return int.from_bytes(hashlib.sha256(text).digest()[:4], "little")


@contextmanager
def _quiet() -> Iterator[None]:
    """Optuna tells of every study and trial on stderr."""
    from optuna import logging

    before = logging.get_verbosity()
    logging.set_verbosity(logging.ERROR)
    try:
        yield
    finally:
        logging.set_verbosity(before)
