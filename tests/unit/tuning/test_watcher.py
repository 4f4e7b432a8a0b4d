"""Somebody who watches a training may end it; stopped and continued, it ends the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import PreTrainedModel

from laras.adapters.prepare import prepare_for, trainable
from laras.batches.token_batch import EncodedExample
from laras.objectives.supervised import NextToken
from laras.planning.hyperparameters import resolve
from laras.recipe.schema import Contender, TuningSection
from laras.runs.folder import Run
from laras.runs.progress import Silent
from laras.tuning.loop import Training
from laras.tuning.training_data import TrainingData
from packed_examples import examples

Fresh = Callable[[str], PreTrainedModel]
LENGTHS = [int(n) for n in np.random.default_rng(5).integers(4, 60, 40)]
DEFAULTS, _ = resolve(TuningSection(), Contender(kind="full", name="tuned"), 0)
CHOSEN = replace(
    DEFAULTS, epochs=2.0, learning_rate=1e-3, batch_tokens=256, micro_batch_tokens=256,
    patience=100, validations_per_epoch=2, checkpoint_every_s=1e9, checkpoint_every_steps=1,
)  # fmt: skip


class EndsAt:
    """Ends a training at its second validation."""

    def __init__(self) -> None:
        self.told: list[tuple[int, int, float]] = []

    def begins(self, objective: str, validation: Sequence[EncodedExample]) -> None:
        raise AssertionError("the loop does not begin trainings")

    def validated(self, step: int, steps: int, losses: Sequence[float]) -> bool:
        self.told.append((step, steps, losses[-1]))
        return len(self.told) == 2


def training(model: PreTrainedModel, run: Run, watcher: EndsAt | None) -> Training:
    rows = examples(LENGTHS)
    made = Training(
        model=prepare_for(model, CHOSEN),
        data=TrainingData(rows, [len(row) for row in rows], examples([20, 9], seed=9)),
        chosen=CHOSEN,
        objective=NextToken(),
        run=run,
        contender="tuned",
        precision=torch.float32,
        key="key",
        progress=Silent(),
    )
    made.watcher = watcher
    return made


def test_a_watched_training_ends_where_it_is_told_to_with_the_best_weights_so_far(
    fresh: Fresh, tmp_path: Path
) -> None:
    watcher = EndsAt()
    with Run.open(tmp_path) as run:
        result = training(fresh("llama"), run, watcher).run()
    (first, steps, _loss), (second, _steps, loss) = watcher.told
    assert result.stopped
    assert (result.steps, second) == (second, 2 * first)
    assert second < steps
    assert result.best_loss == min(told[2] for told in watcher.told) == loss


def test_a_watcher_is_not_asked_at_the_end_and_without_one_nothing_is_stopped(
    fresh: Fresh, tmp_path: Path
) -> None:
    watcher = EndsAt()
    watcher.told.append((0, 0, 0.0))
    watcher.validated = lambda step, steps, losses: bool(  # type: ignore[method-assign]
        watcher.told.append((step, steps, losses[-1]))
    )
    results = []
    for name, own in (("watched", watcher), ("alone", None)):
        with Run.open(tmp_path / name) as run:
            results.append(training(fresh("llama"), run, own).run())
    assert replace(results[0], seconds=0.0) == replace(results[1], seconds=0.0)
    assert not results[0].stopped
    assert watcher.told[-1][0] < results[0].steps


@pytest.mark.parametrize("killed_after", [1, 0])
def test_killed_around_the_decision_and_continued_it_ends_at_the_same_step(
    fresh: Fresh, tmp_path: Path, killed_after: int
) -> None:
    """With a checkpoint of the very step (the decision is in it), and one of the step before."""

    class Killed(Training):
        def _save(self) -> None:
            if self.state.stopped and not killed_after:
                raise KeyboardInterrupt
            super()._save()
            if self.state.stopped:
                raise KeyboardInterrupt

    with Run.open(tmp_path / "unbroken") as run:
        unbroken = training(fresh("llama"), run, EndsAt())
        expected = unbroken.run()
    with Run.open(tmp_path / "broken") as run:
        first, watcher = training(fresh("llama"), run, EndsAt()), EndsAt()
        first.__class__ = Killed
        with pytest.raises(KeyboardInterrupt):
            first.run()
        watcher.told.append((0, 0, 0.0))  # what it was told before it was killed
        again = training(fresh("llama"), run, watcher)
        result = again.run()
    assert replace(result, seconds=0.0) == replace(expected, seconds=0.0)
    for name, part in trainable(again.model).items():
        assert torch.equal(part, dict(trainable(unbroken.model))[name])
