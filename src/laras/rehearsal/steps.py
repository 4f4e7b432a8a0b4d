"""A few real steps of a training, to know what all of it will cost; the weights are thrown away."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from laras.batches.pack import Step
from laras.devices.memory import peak_memory_bytes
from laras.planning.duration import Band, Besides, StepCost, step_cost, step_work, training_seconds
from laras.threads import placed
from laras.tuning.loop import Training
from laras.tuning.pace import block_width
from laras.tuning.validation import mean_loss

_LEAST_STEPS, MOST_STEPS = 4, 12
_ENOUGH_S = 15.0
_AGAIN = 3  # steps of a later epoch, where these are quicker
# A validation is timed on as many of its tokens as so many steps have.
_VALIDATION_STEPS = 2


@dataclass(slots=True)
class Timed:
    """Work and seconds of the steps that were taken; of some again, as in a later epoch; seconds of
    the ``first`` step; most bytes held before a checkpoint was copied."""

    first: tuple[float, float] = (0.0, 0.0)
    steps: list[tuple[float, float]] = field(default_factory=list)
    again: list[tuple[float, float]] = field(default_factory=list)
    besides: Besides = field(default_factory=Besides)
    peak_before_saving: int = 0


class Clock:
    """Seconds of a block."""

    seconds = 0.0

    def __enter__(self) -> Clock:
        self._started = time.monotonic()
        return self

    def __exit__(self, *exception: object) -> None:
        self.seconds = time.monotonic() - self._started


class Rehearsal(Training):
    """A training that takes a few of its steps, and does everything else that it would do once."""

    def rehearse(self) -> Timed:
        """Steps until they are enough, one validation on some rows, one checkpoint."""
        timed = Timed()
        self.frozen = self.open_frozen_cache()
        self.model.train()
        chosen = representative(self.steps, self._work(self.steps), self.data.train_lengths)
        with placed(self.device.type == "cpu") as look:
            for place, (work, seconds) in enumerate(self._timed(chosen)):
                look()
                if place == 0:
                    timed.first = (work, seconds)
                    continue
                timed.steps.append((work, seconds))
                enough = sum(took for _work, took in timed.steps) >= _ENOUGH_S
                if enough and len(timed.steps) >= _LEAST_STEPS - 1:
                    break
            if self.frozen is not None:
                seen = [replace(step, epoch=1) for step in chosen[1 : 1 + _AGAIN]]
                timed.again = list(self._timed(seen))
            with self.continuation.beside_training():
                timed.besides = self._time_the_rest(timed)
        return timed

    def _timed(self, steps: Sequence[Step]) -> Iterator[tuple[float, float]]:
        """Work and seconds of each of ``steps``, one after the other."""
        work = self._work(steps)
        with self.feed().prefetched(steps) as coming:
            for own in work.tolist():
                started = time.monotonic()
                self._step(next(coming))
                yield own, time.monotonic() - started

    def _time_the_rest(self, timed: Timed) -> Besides:
        validation = keeping = taking = 0.0
        if self.data.validation:
            lengths = [len(example) for example in self.data.validation]
            wanted = _VALIDATION_STEPS * self.chosen.batch_tokens
            share = max(1, math.floor(sum(lengths) / wanted))
            by_length = sorted(range(len(lengths)), key=lambda place: -lengths[place])
            some = [self.data.validation[place] for place in by_length[::share]]
            with Clock() as clock:
                mean_loss(
                    self.forward,
                    self.objective,
                    some,
                    self.chosen.micro_batch_tokens,
                    self.precision,
                )
            validation = clock.seconds * sum(lengths) / sum(len(example) for example in some)
            with Clock() as clock:
                self.continuation.keep_best(self.parameters)
            keeping = clock.seconds
            self.state.best_loss, self.state.best_step = 0.0, self.state.step
        timed.peak_before_saving = peak_memory_bytes(self.device)
        with Clock() as clock:
            self._save()
        checkpoint = clock.seconds
        self.continuation.wait()
        with Clock() as clock:
            self._take_best_weights()
        taking = clock.seconds
        if self.frozen is not None:
            self.frozen.clear()
        return Besides(validation, keeping, checkpoint, taking)

    def expected(self, timed: Timed) -> tuple[Band, StepCost]:
        """Seconds of the whole training, and what a step of it costs."""
        cost = step_cost(*zip(*timed.steps, strict=True))
        work_of_all = self._work(self.steps)
        seconds = cost.seconds(work_of_all)
        if timed.again:
            later = step_cost(*zip(*timed.again, strict=True))
            again = np.array([step.epoch > self.steps[0].epoch for step in self.steps])
            seconds[again] = later.seconds(work_of_all[again])
        work, took = timed.first
        start = max(0.0, took - cost.base_s - cost.rate * work)
        besides = replace(timed.besides, start=start)
        whole = training_seconds(seconds, besides, self.validate_every, self.chosen)
        return Band.around(whole, cost.uncertainty), cost

    def _work(self, steps: Sequence[Step]) -> np.ndarray:
        return step_work(steps, self.data.train_lengths, block_width(self.forward))


def representative(
    steps: Sequence[Step], work: np.ndarray, lengths: Sequence[int] | np.ndarray
) -> list[Step]:
    """Steps of the first epoch in an order of which every beginning stands for all of them.

    First the one with the longest example, which needs the most memory; then by quantiles of their
    work: the middle, the last partial one of an epoch if it is small, quarters, eighths. Where
    there are fewer than needed, they come again.
    """
    sizes = np.asarray(lengths)
    first = [place for place, step in enumerate(steps) if step.epoch == steps[0].epoch]
    longest = max(first, key=lambda place: (sizes[list(steps[place].examples)].max(), work[place]))
    rest = sorted((place for place in first if place != longest), key=lambda place: work[place])
    rest = rest or [longest]
    order = [_quantile(rest, share) for share in _shares(MOST_STEPS)]
    if work[rest[0]] < work[order[0]] / 2:
        order.insert(1, rest[0])
    distinct = list(dict.fromkeys(order))
    while len(distinct) < _LEAST_STEPS - 1:
        distinct += distinct
    return [steps[place] for place in [longest, *distinct]]


def _quantile(places: Sequence[int], share: float) -> int:
    return places[min(len(places) - 1, int(share * len(places)))]


def _shares(count: int) -> list[float]:
    """1/2, 1/4, 3/4, 1/8, 5/8, 3/8 ...: van der Corput's sequence, evenly spread at any length."""
    shares = []
    for number in range(1, count + 1):
        share, digit = 0.0, 0.5
        while number:
            share += digit * (number % 2)
            number, digit = number // 2, digit / 2
        shares.append(share)
    return shares
