"""A head goes through the training loop like any other weight: learnt, watched, saved, resumed."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from laras.adapters.prepare import prepare_for, trainable
from laras.batches.encoded import EncodedExample
from laras.errors import Interrupted
from laras.models.classifier import HEAD
from laras.models.load import load_model
from laras.objectives.classification import Classification, add_head
from laras.planning.hyperparameters import resolve
from laras.recipe.schema import Contender, ModelSection, TuningSection
from laras.runs.folder import Run
from laras.runs.progress import Silent
from laras.tuning.loop import Training
from laras.tuning.training_data import TrainingData

CLASSES = 3


def rows(count: int, *, first: int = 0) -> list[EncodedExample]:
    """Prompts whose class is told by a token in their middle."""
    made = []
    for number in range(first, first + count):
        generator = np.random.default_rng(number)
        ids = generator.integers(20, 200, int(generator.integers(6, 30)))
        ids[len(ids) // 2], ids[-1] = 10 + number % CLASSES, number % CLASSES
        trained = np.arange(len(ids)) == len(ids) - 1
        made.append(EncodedExample(f"e{number}", ids.astype(np.int32), trained))
    return made


def training(folder: Path, run: Run, kind: str) -> Training:
    contender = Contender.model_validate({"kind": kind, "name": "tuned"})
    chosen, _ = resolve(TuningSection(objective="classification"), contender, 0)
    chosen = replace(
        chosen, epochs=6.0, learning_rate=3e-3, batch_tokens=256, micro_batch_tokens=128,
        patience=100, checkpoint_every_steps=5, checkpoint_every_s=1e9,
    )  # fmt: skip
    loaded = load_model(ModelSection(base=str(folder)), folder.parent, trainable=True)
    model = prepare_for(loaded.model, chosen)
    add_head(loaded.model, CLASSES)
    train = rows(60)
    return Training(
        model=model,
        data=TrainingData(train, [len(row) for row in train], rows(9, first=1000)),
        chosen=chosen,
        objective=Classification(),
        run=run,
        contender="tuned",
        precision=torch.float32,
        key="key",
        progress=Silent(),
    )


@pytest.mark.parametrize("kind", ["full", "lora", "freeze"])
def test_a_head_that_was_stopped_and_continued_equals_the_unbroken_one_to_the_bit(
    tiny: Callable[[str], Path], kind: str, tmp_path: Path
) -> None:
    with Run.open(tmp_path / "unbroken") as run:
        unbroken = training(tiny("llama"), run, kind)
        unbroken.run()
        losses = [event["loss"] for event in run.events() if event["kind"] == "step_done"]
    with Run.open(tmp_path / "broken") as run:
        broken = training(tiny("llama"), run, kind)
        original = broken._step

        def stopped(now: object) -> None:
            original(now)  # type: ignore[arg-type]
            if broken.state.step == 7:
                os.kill(os.getpid(), signal.SIGTERM)

        broken._step = stopped  # type: ignore[method-assign]
        with pytest.raises(Interrupted):
            broken.run()
        continued = training(tiny("llama"), run, kind)
        continued.run()
    assert losses[0] == pytest.approx(np.log(CLASSES), rel=1e-6)
    assert np.mean(losses[-5:]) < 0.9 * losses[0]
    parts, others = trainable(unbroken.model), trainable(continued.model)
    assert any(name.endswith(f"{HEAD}.weight") for name in parts)
    for name, part in parts.items():
        assert torch.equal(part, others[name]), name
