"""Training in float16, which finds its loss scale on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch
from transformers import PreTrainedModel

from laras.adapters.prepare import prepare_for, trainable
from laras.batches.token_batch import TokenBatch
from laras.engine.forward import PackedForward
from laras.errors import GuardStopped
from laras.objectives.objective import Objective
from laras.objectives.supervised import NextToken
from laras.planning.hyperparameters import resolve
from laras.recipe.schema import Contender, TuningSection
from laras.runs.folder import Run
from laras.runs.progress import Silent
from laras.tuning.loop import Training
from laras.tuning.training_data import TrainingData
from packed_examples import examples

Fresh = Callable[[str], PreTrainedModel]
USUAL, _ = resolve(TuningSection(), Contender(kind="full", name="tuned"), 0)
CHOSEN = replace(USUAL, max_steps=6, epochs=20.0, batch_tokens=128, learning_rate=1e-3)


def training(
    model: PreTrainedModel,
    run: Run,
    precision: torch.dtype,
    objective: Objective | None = None,
    steps: int = 6,
) -> Training:
    rows = examples([30, 20, 25, 40, 10, 35])
    chosen = replace(CHOSEN, max_steps=steps)
    return Training(
        model=prepare_for(model, chosen),
        data=TrainingData(rows, [len(row) for row in rows], []),
        chosen=chosen,
        objective=objective or NextToken(),
        run=run,
        contender="tuned",
        precision=precision,
        key="key",
        progress=Silent(),
    )


@dataclass(frozen=True)
class Steep(NextToken):
    """A loss of which float16 can't hold the gradients at a scale above ``limit``."""

    limit: float = 0.0

    def loss(self, forward: PackedForward, batch: TokenBatch) -> torch.Tensor:
        total = super().loss(forward, batch)
        total.register_hook(lambda scale: scale * float("inf") if scale > self.limit else scale)
        return total


def test_float16_learns_what_float32_learns(fresh: Fresh, tmp_path: Path) -> None:
    losses, scales = {}, {}
    for precision in (torch.float32, torch.float16):
        with Run.open(tmp_path / str(precision)) as run:
            made = training(fresh("llama"), run, precision)
            if precision == torch.float16:
                made.stepper.loss_scale.load_state((2.0**10, 0))
            made.run()
            events = run.events()
            losses[precision] = [e["loss"] for e in events if e["kind"] == "step_done"]
            scales[precision] = made.stepper.loss_scale.state()
            assert not [e for e in events if e["kind"] == "step_skipped"]
    assert losses[torch.float16] == pytest.approx(losses[torch.float32], rel=2e-3)
    assert scales == {torch.float32: (1.0, 6), torch.float16: (2.0**10, 6)}


def test_a_step_that_overflows_is_skipped_and_the_scale_halved(
    fresh: Fresh, tmp_path: Path
) -> None:
    model = fresh("llama")
    before = {name: part.detach().clone() for name, part in trainable(model).items()}
    with Run.open(tmp_path / "run") as run:
        made = training(model, run, torch.float16, Steep(limit=2.0**12), steps=4)
        made.run()  # more steps than non_finite_limit, and no guard stops it
        skipped = [e for e in run.events() if e["kind"] == "step_skipped"]
    assert [event["loss_scale"] for event in skipped] == [2.0**16, 2.0**15, 2.0**14, 2.0**13]
    assert made.stepper.loss_scale.value == 2.0**12
    assert all(torch.equal(part, before[name]) for name, part in trainable(model).items())


def test_the_guard_counts_once_the_scale_can_go_no_lower(fresh: Fresh, tmp_path: Path) -> None:
    with Run.open(tmp_path / "run") as run:
        made = training(fresh("llama"), run, torch.float16, Steep(limit=0.0), steps=40)
        with pytest.raises(GuardStopped, match="3 steps in a row"):
            made.run()
    assert made.stepper.loss_scale.value == 1.0
    assert made.state.step == 16 + 3
