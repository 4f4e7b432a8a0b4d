"""Shapes, optimizers and schedules of the starter, each trained at equal compute.

    python benchmarks/starter_shapes.py --texts TEXTS --novels NOVELS --heldout HELDOUT --work WORK

The arguments are those of scripts/pretrain_starter.py, whose texts and tokens are used. Every trial
changes one thing of the shape or the settings of ``base``, and has the same number of
floating-point operations for forward and backward passes: four fifths at a steady rate, a fifth
while the rate falls. Compared is the mean of bits per byte of texts that watch the training
(English, Indonesian, novels): not of the held-out sets, which choose nothing. ``base`` is trained
with three seeds: what differs by less than they do is no difference.

What is done stands in the file of results; the same command goes on where it was stopped.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from starter_results import RESULTS, write

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))

from laras.batches.token_batch import TokenBatch
from laras.engine.forward import PackedForward
from laras.objectives.objective import objectives
from laras.objectives.supervised import NextToken
from laras.runs.folder import Run
from laras.runs.machine import describe_machine
from starter.judging import bits_per_byte
from starter.shape import Shape
from starter.steps import Places, material_of
from starter.training import Settings, train_decay, train_stable

OPERATIONS = 3e13
STEADY_SHARE = 0.8
Z_LOSS = 1e-4


class WithZLoss(NextToken):
    """Plus :data:`Z_LOSS` times the square of the log of the softmax's denominator (Chowdhery et
    al. 2022, "PaLM", section 5)."""

    def loss(self, forward: PackedForward, batch: TokenBatch) -> torch.Tensor:
        """The sum over this batch."""
        hidden = forward.hidden_states(batch, batch.selected)
        logits = F.linear(hidden, forward.model.get_output_embeddings().weight).float()
        weights = batch.weights[batch.selected]
        each = F.cross_entropy(logits, batch.labels[batch.selected], reduction="none")
        return ((each + Z_LOSS * logits.logsumexp(-1) ** 2) * weights).sum()


@dataclass(frozen=True)
class Trial:
    """One change of ``base``."""

    about: str
    name: str
    shape: Shape
    settings: Settings
    times: int = 1  # as much compute

    @property
    def tokens(self) -> int:
        """As many as :data:`OPERATIONS` are enough for: six for each weight and token, twelve for
        each pair of positions and hidden unit, of which half the context is seen on average."""
        shape = self.shape
        attention = 12 * shape.layers * shape.hidden * shape.context // 2
        return int(self.times * OPERATIONS / (6 * shape.parameters + attention))


# No step is longer than another within a trial, so that the trials of batches compare.
SHAPE = replace(Shape(), layers=6)
SETTINGS = replace(Settings(), warmup_steps=20, ramp=((0, 1),))


def trials() -> Iterator[Trial]:
    """All of them; ``base`` first."""

    def shaped(about: str, name: str, **changes: int) -> Trial:
        return Trial(about, name, replace(SHAPE, **changes), SETTINGS)

    def trained(about: str, name: str, **changes: Any) -> Trial:
        return Trial(about, name, SHAPE, replace(SETTINGS, **changes))

    yield Trial("base", "base", SHAPE, SETTINGS)
    yield trained("optimizer", "AdamW at 0.001", optimizer="adamw", learning_rate=1e-3)
    yield trained("optimizer", "AdamW at 0.002", optimizer="adamw", learning_rate=2e-3)
    yield trained("optimizer", "AdamW at 0.004", optimizer="adamw", learning_rate=4e-3)
    yield trained("optimizer", "Muon at 0.002", learning_rate=2e-3)
    yield trained("optimizer", "Muon at 0.008", learning_rate=8e-3)
    yield shaped("depth and width", "12 blocks x 192", layers=12, hidden=192, intermediate=528,
                 heads=3, key_value_heads=1)  # fmt: skip
    yield shaped("depth and width", "4 blocks x 320", layers=4, hidden=320, intermediate=880,
                 heads=5, key_value_heads=5)  # fmt: skip
    yield shaped("size", "8 blocks x 320", layers=8, hidden=320, intermediate=880,
                 heads=5, key_value_heads=5)  # fmt: skip
    small = shaped("size", "5 blocks x 192", layers=5, hidden=192, intermediate=528,
                   heads=3, key_value_heads=1)  # fmt: skip
    yield small
    # What is best for a short training may be too small for a long one.
    middle = shaped("size", "4 blocks x 256", layers=4)
    for times in (2, 4):
        for trial in (Trial("base", "base", SHAPE, SETTINGS), middle, small):
            name = f"{trial.name}, {times} times as long"
            yield replace(trial, about="size", name=name, times=times)
    yield trained("batch", "2,048 tokens a step", batch_tokens=2048)
    yield trained("batch", "8,192 tokens a step", batch_tokens=8192)
    yield shaped("heads", "4 heads of keys and values", key_value_heads=4)
    yield shaped("heads", "8 heads of 32", heads=8, key_value_heads=4)
    yield trained("regularisation", "no weight decay", weight_decay=0.0)
    yield trained("regularisation", "z-loss", objective="next_token_with_z_loss")
    yield trained("averaging", "weights averaged at 0.98", averaging_decay=0.98)
    yield trained("base", "base, seed 1", seed=1)
    yield trained("base", "base, seed 2", seed=2)
    yield shaped("context", "512", context=512)
    yield shaped("vocabulary", "4,096", vocabulary=4096)
    yield shaped("vocabulary", "16,384", vocabulary=16384)


def run_trial(trial: Trial, places: Places, folder: Path) -> dict[str, Any]:
    """Train it; its facts and figures."""
    # The mix stays that of seed 0: a trial's own seed is of its weights and its order.
    material = material_of(places, trial.shape, SETTINGS.seed)
    steady = int(STEADY_SHARE * trial.tokens)
    shutil.rmtree(folder, ignore_errors=True)
    began = time.monotonic()
    with Run.open(folder) as run:
        train_stable(
            material, trial.shape, trial.settings, run, most_tokens=2 * trial.tokens,
            validate_every=100_000, minutes=None, tokens=steady,
        )  # fmt: skip
        _name, result, model = train_decay(
            material, trial.shape, trial.settings, run, falling=None,
            decay_tokens=trial.tokens - steady, validate_every=100_000,
        )  # fmt: skip
    seconds = time.monotonic() - began
    figures = bits_per_byte(model, material.validation)
    shutil.rmtree(folder)
    return {
        "about": trial.about,
        "name": trial.name,
        "operations": trial.times * OPERATIONS,
        "shape": asdict(trial.shape) | {"parameters": trial.shape.parameters},
        "settings": asdict(trial.settings),
        "tokens": result.tokens,
        "seconds": round(seconds),
        "bits_per_byte": dict(figures),
    }


def main() -> None:
    """Those that are not done."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--texts", type=Path, required=True)
    parser.add_argument("--novels", type=Path)
    parser.add_argument("--heldout", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--only", help="trials whose names or subjects hold this")
    parser.add_argument("--results", type=Path, default=RESULTS / "starter-shapes.json")
    options = parser.parse_args()
    objectives.register("next_token_with_z_loss", WithZLoss(frozenset({"text", "chat"})))
    places = Places(options.texts, options.novels, options.heldout, options.work)
    facts: dict[str, Any] = {
        "command": "python benchmarks/starter_shapes.py --texts TEXTS --novels NOVELS "
        "--heldout HELDOUT --work WORK",
        "machine": describe_machine(),
        "operations": OPERATIONS,
        "trials": [],
    }
    if options.results.exists():
        facts["trials"] = json.loads(options.results.read_text("utf-8"))["trials"]
    done = {row["name"] for row in facts["trials"]}
    for trial in trials():
        wanted = options.only is None or options.only in f"{trial.about} {trial.name}"
        if trial.name in done or not wanted:
            continue
        facts["trials"].append(run_trial(trial, places, options.work / "trial"))
        write(options.results, facts)
        row = facts["trials"][-1]
        print(f"{trial.name}: {row['bits_per_byte']['mean']:.4f} {row['seconds']} s", flush=True)


if __name__ == "__main__":
    main()
