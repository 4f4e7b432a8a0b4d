"""The loop itself: one division by the global weight, resumption to the bit, guards that speak."""

from __future__ import annotations

import itertools
import os
import signal
import threading
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import PreTrainedModel

from laras.adapters.prepare import prepare_for, trainable
from laras.batches.token_batch import EncodedExample, TokenBatch, collate
from laras.engine.forward import PackedForward
from laras.errors import GuardStopped, Interrupted
from laras.objectives.objective import Objective
from laras.objectives.supervised import NextToken
from laras.planning.hyperparameters import Hyperparameters, resolve
from laras.recipe.schema import Contender, TuningSection
from laras.runs.folder import Run
from laras.runs.progress import Silent
from laras.tuning.loop import Training
from laras.tuning.training_data import TrainingData
from packed_examples import examples

Fresh = Callable[[str], PreTrainedModel]
LENGTHS = [int(n) for n in np.random.default_rng(5).integers(4, 60, 40)]

DEFAULTS, _ = resolve(TuningSection(), Contender(kind="full", name="tuned"), 0)
BASIC = replace(
    DEFAULTS, epochs=2.0, learning_rate=1e-3, batch_tokens=256, micro_batch_tokens=256,
    warmup_share=0.1, patience=100, checkpoint_every_s=1e9, checkpoint_every_steps=3,
    rank=4, alpha=8.0, dropout=0.1, trained_layers=1,
)  # fmt: skip


def training(
    model: PreTrainedModel,
    chosen: Hyperparameters,
    run: Run,
    rows: list[EncodedExample],
    precision: torch.dtype = torch.float32,
    objective: Objective | None = None,
) -> Training:
    prepared = prepare_for(model, chosen)
    return Training(
        model=prepared,
        data=TrainingData(rows, [len(row) for row in rows], examples([20, 9], seed=9)),
        chosen=chosen,
        objective=objective or NextToken(),
        run=run,
        contender="tuned",
        precision=precision,
        key="key",
        progress=Silent(),
    )


made_training = training


def weights(made: Training) -> dict[str, torch.Tensor]:
    return {name: part.detach().clone() for name, part in trainable(made.model).items()}


class RecordedGradients(Training):
    """Keeps the gradient of each step before it is applied."""

    def _step(self, step: object) -> None:
        kept: list[torch.Tensor] = []
        original = self.stepper.optimizers.step

        def recorded(factor: float, clip: float) -> None:
            kept.append(torch.cat([p.grad.flatten() for p in self.parameters.values()]))  # type: ignore[union-attr]
            original(factor, clip)

        self.stepper.optimizers.step = recorded  # type: ignore[method-assign]
        super()._step(step)  # type: ignore[arg-type]
        self.stepper.optimizers.step = original  # type: ignore[method-assign]
        self.gradients = [*getattr(self, "gradients", []), *kept]


@pytest.mark.parametrize("family", ["llama", "falcon"])
def test_accumulation_equals_one_large_batch_also_in_the_last_partial_step(
    fresh: Fresh, tmp_path: Path, family: str
) -> None:  # traps 5 and 6
    rows = examples(LENGTHS)
    gradients = []
    for name, micro in (("whole", 256), ("pieces", 64)):
        chosen = replace(BASIC, micro_batch_tokens=micro, epochs=1.0, max_gradient_norm=1e9)
        with Run.open(tmp_path / name) as run:
            made = training(fresh(family), chosen, run, rows)
            made.__class__ = RecordedGradients
            made.run()
            gradients.append(made.gradients)  # type: ignore[attr-defined]
    last = made.steps[-1]
    assert sum(LENGTHS[i] for i in last.examples) < 230, "the last step must be a partial one"
    assert len(gradients[0]) == len(gradients[1]) == len(made.steps)
    first, final = (0, -1)
    for step in (first, final):
        whole, pieces = gradients[0][step], gradients[1][step]
        assert float((whole - pieces).norm() / whole.norm()) < 1e-5


def test_a_steps_loss_is_the_token_weighted_mean(fresh: Fresh, tmp_path: Path) -> None:
    rows = examples(LENGTHS)
    model = fresh("llama")
    with Run.open(tmp_path / "run") as run:
        made = training(model, replace(BASIC, max_steps=1), run, rows)
        chosen = [rows[index] for index in made.steps[0].examples]
        batch = collate(chosen)
        expected = PackedForward(model).loss_sum(batch).item() / batch.trained_tokens
        made.run()
        told = next(event for event in run.events() if event["kind"] == "step_done")
    assert told["loss"] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize(
    "settings",
    [
        {"method": "full"},
        {"method": "full", "optimizer": "muon"},
        {"method": "full", "optimizer": "adamw8bit"},
        {"method": "lora"},
        {"method": "freeze"},
        {"method": "lora", "layer_decay": 0.8, "embedding_noise": 5.0, "averaging_decay": 0.9},
    ],
    ids=lambda settings: "-".join(map(str, settings.values())),
)
def test_stopped_and_continued_equals_unbroken_to_the_bit(
    fresh: Fresh, tmp_path: Path, settings: dict[str, Any], precision: torch.dtype
) -> None:
    if settings.get("optimizer") == "adamw8bit":
        pytest.importorskip("bitsandbytes")
    chosen = replace(BASIC, **settings)

    def training(*arguments: Any) -> Training:
        return made_training(*arguments, precision=precision)

    rows = examples(LENGTHS)
    with Run.open(tmp_path / "unbroken") as run:
        unbroken = training(fresh("llama"), chosen, run, rows)
        unbroken.run()
        losses = [e["loss"] for e in run.events() if e["kind"] == "step_done"]
    with Run.open(tmp_path / "broken") as run:
        broken = training(fresh("llama"), chosen, run, rows)
        stop_after(broken, step=7)
        with pytest.raises(Interrupted) as stopped:
            broken.run()
        assert stopped.value.exit_code == 5
        torch.rand(100)  # the world moves on
        continued = training(fresh("llama"), chosen, run, rows)
        result = continued.run()
        told = {e["step"]: e["loss"] for e in run.events() if e["kind"] == "step_done"}
    assert result.steps == len(unbroken.steps)
    assert [told[step] for step in sorted(told)] == losses
    for name, part in weights(unbroken).items():
        assert torch.equal(part, weights(continued)[name]), name


def stop_after(made: Training, step: int) -> None:
    """A SIGTERM that arrives during step ``step``."""
    original = made._step

    def counted(planned: object) -> None:
        original(planned)  # type: ignore[arg-type]
        if made.state.step == step:
            os.kill(os.getpid(), signal.SIGTERM)

    made._step = counted  # type: ignore[method-assign]


def test_examples_are_seen_in_the_same_order_after_a_stop(fresh: Fresh, tmp_path: Path) -> None:
    rows = examples(LENGTHS)
    with Run.open(tmp_path / "run") as run:
        made = training(fresh("llama"), BASIC, run, rows)
        again = training(fresh("llama"), BASIC, run, rows)
    assert made.steps == again.steps
    per_epoch = [
        sorted(itertools.chain.from_iterable(s.examples for s in made.steps if s.epoch == epoch))
        for epoch in (0, 1)
    ]
    assert per_epoch == [list(range(len(rows)))] * 2


class NotFinite:
    """Gives NaN in the calls of these numbers: a loss, or only gradients."""

    tasks = NextToken().tasks
    has_head = False

    def __init__(self, calls: set[int], what: str = "the loss") -> None:
        self.calls = calls
        self.what = what
        self.count = 0

    def weight(self, batch: TokenBatch) -> float:
        return NextToken().weight(batch)

    def loss(self, forward: PackedForward, batch: TokenBatch) -> torch.Tensor:
        total = NextToken().loss(forward, batch)
        self.count += 1
        spoilt = self.count in self.calls and torch.is_grad_enabled()
        if spoilt and self.what == "the gradient":
            total.register_hook(lambda gradient: gradient * float("nan"))
        return total * float("nan") if spoilt and self.what == "the loss" else total


@pytest.mark.parametrize("what", ["the loss", "the gradient"])
def test_a_step_that_is_not_finite_is_skipped_and_named(
    fresh: Fresh, tmp_path: Path, what: str
) -> None:  # trap 29
    rows = examples(LENGTHS)
    with Run.open(tmp_path / "run") as run:
        chosen, spoilt = replace(BASIC, max_steps=2), NotFinite({1}, what)
        made = training(fresh("llama"), chosen, run, rows, objective=spoilt)
        before = weights(made)
        made._step(made.feed().batches_of(made.steps[0]))
        assert all(torch.equal(part, before[name]) for name, part in weights(made).items())
        made._step(made.feed().batches_of(made.steps[1]))
        events = run.events()
    assert not all(torch.equal(part, before[name]) for name, part in weights(made).items())
    skipped = next(event for event in events if event["kind"] == "step_skipped")
    assert set(skipped["rows"]) == {f"example-{index}" for index in made.steps[0].examples}
    assert skipped["reason"] == what
    # NaN is told as such, not hidden behind an earlier mean.
    assert events[1]["gradient_norm"] is None
    assert (events[1]["loss"] is None) == (what == "the loss")


def test_too_many_steps_that_are_not_finite_end_the_run(fresh: Fresh, tmp_path: Path) -> None:
    rows = examples(LENGTHS)
    with Run.open(tmp_path / "run") as run:
        spoilt = NotFinite(set(range(1, 100)))
        made = training(fresh("llama"), BASIC, run, rows, objective=spoilt)
        with pytest.raises(GuardStopped, match="3 steps in a row") as stopped:
            made.run()
    assert stopped.value.exit_code == 4
    assert "example-" in str(stopped.value.where)


def test_early_stopping_keeps_the_best_weights(fresh: Fresh, tmp_path: Path) -> None:
    rows = examples(LENGTHS[:4])
    chosen = replace(BASIC, epochs=60.0, patience=3, learning_rate=2e-2, schedule="constant")
    with Run.open(tmp_path / "run") as run:
        made = training(fresh("llama"), chosen, run, rows)
        result = made.run()
        validations = [e for e in run.events() if e["kind"] == "validation_done"]
    assert result.steps < len(made.steps), "random tokens can't be learned: it must stop early"
    best = min(validations, key=lambda event: event["loss"])
    assert result.best_step == best["step"]
    assert result.best_loss == best["loss"]
    batch = collate(made.data.validation)  # type: ignore[arg-type]
    made.model.eval()
    with torch.no_grad():
        now = PackedForward(made.model).loss_sum(batch).item() / batch.trained_tokens
    assert now == pytest.approx(best["loss"], rel=1e-5)


def test_small_learning_rates_move_weights_under_bfloat16(
    fresh: Fresh, tmp_path: Path
) -> None:  # trap 21
    """Weights held in bfloat16 would stand still at this rate: their steps are too coarse."""
    rows = examples(LENGTHS)
    chosen = replace(BASIC, learning_rate=1e-5, max_steps=100, epochs=30.0, schedule="constant")
    with Run.open(tmp_path / "run") as run:
        made = training(fresh("llama"), chosen, run, rows, torch.bfloat16)
        before = weights(made)
        for step in made.steps:
            made._step(made.feed().batches_of(step))
    assert len(made.steps) == 100
    norms = {name: part for name, part in weights(made).items() if "norm" in name}
    assert norms
    for part in norms.values():
        assert (part != 1.0).all()
        assert (part.bfloat16() == 1.0).all()  # where they would still be
    assert {part.dtype for part in weights(made).values()} == {torch.float32}
    moved = [
        float((weights(made)[name] != part).float().mean())
        for name, part in before.items()
        if "embed" not in name  # ids that never occur have no gradient, only decay
    ]
    assert min(moved) > 0.95


class Unreadable(list[EncodedExample]):
    """Rows of which one can't be read."""

    def __getitem__(self, index: Any) -> Any:
        if index == 7:
            raise OSError("row 7 can't be read")
        return super().__getitem__(index)


def test_a_row_that_cannot_be_read_ends_the_run_with_its_own_error(
    fresh: Fresh, tmp_path: Path
) -> None:
    rows = Unreadable(examples(LENGTHS))
    with Run.open(tmp_path / "run") as run:
        made = training(fresh("llama"), BASIC, run, rows)
        before = threading.active_count()
        with pytest.raises(OSError, match="row 7 can't be read") as raised:
            made.run()
    assert "__getitem__" in [
        frame.name for frame in traceback.extract_tb(raised.value.__traceback__)
    ]
    assert threading.active_count() == before


def test_useful_tokens_are_those_of_the_whole_examples(fresh: Fresh, tmp_path: Path) -> None:
    with Run.open(tmp_path / "run") as run:
        made = training(fresh("llama"), replace(BASIC, epochs=1.0), run, examples(LENGTHS))
        assert made.run().tokens == sum(LENGTHS)
