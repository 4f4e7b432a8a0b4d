"""The engine runs where nothing of Laras's dependencies is but the libraries for models."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

SOURCES = Path(__file__).resolve().parents[3] / "src"
ENOUGH = ("torch", "transformers", "peft", "numpy", "safetensors", "tokenizers")
STEP = """
from dataclasses import fields

import numpy as np
import torch
from transformers import LlamaConfig, LlamaForCausalLM

import laras.engine.attention, laras.kernels.attention_cuda, laras.engine.frozen_matrix
import laras.optimizers.schedule
from laras.batches.token_batch import EncodedExample, collate
from laras.planning.hyperparameters import Hyperparameters
from laras.adapters.prepare import prepare_for, trainable
from laras.distribution.gradients import norm_of
from laras.engine.forward import PackedForward
from laras.optimizers.optimizer import Optimizers
from laras.engine.precision import autocast

for method in ("full", "lora"):
    known = {
        "method": method, "optimizer": "adamw", "learning_rate": 0.1, "weight_decay": 0.0,
        "layer_decay": 1.0, "seed": 0, "rank": 4, "alpha": 8.0, "dropout": 0.0, "rate_ratio": 1.0,
    }
    names = [field.name for field in fields(Hyperparameters)]
    chosen = Hyperparameters(**{name: known.get(name) for name in names})
    torch.manual_seed(0)
    model = LlamaForCausalLM(LlamaConfig(
        vocab_size=64, hidden_size=32, intermediate_size=48, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2,
    ))
    model = prepare_for(model, chosen)
    forward = PackedForward(model, torch.float32)
    optimizers = Optimizers(model, chosen)
    rows = [np.arange(size, dtype=np.int32) % 64 for size in (9, 5)]
    batch = collate([EncodedExample(str(len(r)), r, np.ones(len(r), dtype=bool)) for r in rows])
    batch = batch.scaled(12.0)
    losses = []
    for _ in range(3):
        with autocast(torch.float32, torch.device("cpu")):
            loss = forward.loss_sum(batch)
        loss.backward()
        assert float(norm_of(trainable(model).values())) > 0
        optimizers.step(1.0)
        forward.refresh()
        losses.append(float(loss.detach()))
    assert losses[2] < losses[0], losses
    assert forward.route.way == "fast", forward.route
"""


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``ENOUGH`` and what these need themselves, and nothing else."""
    folder = tmp_path_factory.mktemp("libraries")
    wanted, seen = list(ENOUGH), set[str]()
    while wanted:
        name = wanted.pop()
        try:
            found = distribution(name)
        except PackageNotFoundError:  # needed on other systems only
            continue
        if found.name in seen:
            continue
        seen.add(found.name)
        for line in found.requires or []:
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                wanted.append(requirement.name)
        for part in {file.parts[0] for file in found.files or [] if file.parts[0] != ".."}:
            here, there = folder / part, Path(str(found.locate_file(part)))
            if not here.exists() and part != "__pycache__":
                here.symlink_to(there)
    return folder


@pytest.mark.slow
def test_a_step_is_trained_with_the_libraries_for_models_alone(libraries: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": f"{libraries}{os.pathsep}{SOURCES}"}
    # -S: no site-packages, so what was not linked is not there.
    child = subprocess.run(
        [sys.executable, "-S", "-c", STEP],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert child.returncode == 0, child.stderr
    absent = subprocess.run(
        [sys.executable, "-S", "-c", "import pyarrow"], env=environment, capture_output=True
    )
    assert absent.returncode != 0
