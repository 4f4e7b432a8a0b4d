"""The moving average: its formula, and that it is what gets validated and saved."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn
from transformers import PreTrainedModel

from laras.adapters.prepare import prepare_for, trainable
from laras.batches.token_batch import EncodedExample, collate
from laras.engine.forward import PackedForward
from laras.objectives.supervised import NextToken
from laras.optimizers.averaging import WeightAverage
from laras.planning.hyperparameters import resolve
from laras.recipe.schema import Contender, TuningSection
from laras.runs.folder import Run
from laras.runs.progress import Silent
from laras.tuning.loop import Training
from laras.tuning.training_data import TrainingData
from packed_examples import examples

Fresh = Callable[[str], PreTrainedModel]
USUAL, _ = resolve(TuningSection(), Contender(kind="full", name="tuned"), 0)
CHOSEN = replace(USUAL, max_steps=6, epochs=9.0, batch_tokens=128, learning_rate=1e-2, patience=100)


def training(
    model: PreTrainedModel, run: Run, validation: list[EncodedExample], decay: float | None
) -> Training:
    rows = examples([30, 20, 25, 40, 10, 35])
    chosen = replace(CHOSEN, averaging_decay=decay)
    return Training(
        model=prepare_for(model, chosen),
        data=TrainingData(rows, [len(row) for row in rows], validation),
        chosen=chosen,
        objective=NextToken(),
        run=run,
        contender="tuned",
        precision=torch.float32,
        key="key",
        progress=Silent(),
    )


def weights(model: nn.Module) -> dict[str, torch.Tensor]:
    return {name: part.detach().clone() for name, part in trainable(model).items()}


def averaged(model: PreTrainedModel, folder: Path) -> dict[str, torch.Tensor]:
    """By hand, in float64, from the weights after each step of a training without averages."""
    with Run.open(folder) as run:
        made = training(model, run, [], None)
        average = {name: part.double() for name, part in weights(model).items()}
        update = made.stepper.optimizers.step

        def recorded(factor: float, clip: float) -> None:
            update(factor, clip)
            decay = min(0.7, (1 + made.state.step) / (10 + made.state.step))
            for name, part in weights(model).items():
                average[name] = decay * average[name] + (1 - decay) * part.double()

        made.stepper.optimizers.step = recorded  # type: ignore[method-assign]
        made.run()
    return average


@pytest.mark.parametrize("validated", [True, False])
def test_the_model_ends_as_the_average_of_its_way(
    fresh: Fresh, tmp_path: Path, validated: bool
) -> None:
    expected = averaged(fresh("llama"), tmp_path / "by-hand")
    model = fresh("llama")
    validation = examples([20, 9], seed=9) if validated else []
    with Run.open(tmp_path / "run") as run:
        made = training(model, run, validation, 0.7)
        made.validate_every = 100  # at the end alone: the last average is the best one
        result = made.run()
    for name, part in weights(model).items():
        torch.testing.assert_close(part.double(), expected[name], rtol=1e-5, atol=1e-7)
    if validated:
        batch = collate(validation)
        loss = PackedForward(model.eval()).loss_sum(batch).item() / batch.trained_tokens
        assert result.best_loss == pytest.approx(loss, rel=1e-5)


def test_training_goes_on_from_the_weights_and_not_from_the_average(
    fresh: Fresh, tmp_path: Path
) -> None:
    losses = []
    for decay in (None, 0.7):
        with Run.open(tmp_path / str(decay)) as run:
            training(fresh("llama"), run, examples([20, 9], seed=9), decay).run()
            losses.append([e["loss"] for e in run.events() if e["kind"] == "step_done"])
    assert losses[0] == losses[1]


def test_what_was_in_place_is_back_to_the_bit_also_after_an_error() -> None:
    parameter = nn.Parameter(torch.randn(3, 4))
    swaps: list[int] = []
    average = WeightAverage({"weight": parameter}, 0.9, lambda: swaps.append(1))
    with torch.no_grad():
        parameter.add_(1.0)
    average.update(1)
    before = parameter.detach().clone()
    within = []
    with contextlib.suppress(KeyError), average.in_place():
        within.append(parameter.detach().clone())
        raise KeyError
    assert not torch.equal(within[0], before)
    assert torch.equal(parameter, before)
    assert len(swaps) == 2, "copies of the weights are renewed after each swap"
