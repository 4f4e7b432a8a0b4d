"""Held-out loss on the starter by batch size, learning rate and epochs, for little and more data.

    python benchmarks/batch_size.py [--kinds full,lora] [--tokens 6000,24000] [--epochs 3]

What the batch size by amount of data in ``laras.planning.hyperparameters`` was chosen by. The texts
are Laras's own documentation, in pieces of 128 tokens; a rate is a multiple of the kind's default.
Each line is a training by the real loop, with the best held-out loss of its validations.
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import torch
from adapter_rates import PIECE, ROOT, STARTER, pieces

from laras.adapters.prepare import prepare_for
from laras.batches.token_batch import EncodedExample
from laras.models.load import load_model
from laras.objectives.supervised import NextToken
from laras.planning.hyperparameters import resolve
from laras.recipe.schema import Contender, TuningSection
from laras.runs.folder import Run
from laras.runs.progress import Silent
from laras.tuning.loop import Training
from laras.tuning.training_data import TrainingData

HELD_OUT = 48


def held_out_loss(
    kind: str, tokens: int, batch: int, times: float, epochs: float, rows: list[EncodedExample]
) -> str:
    """One line: settings, steps, the best held-out loss in nats a token, seconds."""
    model = load_model(STARTER, ROOT, trainable=True).model
    contender = Contender.model_validate({"kind": kind, "name": "tuned"})
    tuning = TuningSection(batch_tokens=batch, epochs=epochs, patience=100)
    chosen, _reasons = resolve(tuning, contender, model.num_parameters())
    chosen = replace(chosen, learning_rate=times * chosen.learning_rate)
    train = rows[HELD_OUT : HELD_OUT + tokens // PIECE]
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, Run.open(Path(folder) / "run") as run:
        training = Training(
            model=prepare_for(model, chosen),
            data=TrainingData(train, [len(row) for row in train], rows[:HELD_OUT]),
            chosen=chosen,
            objective=NextToken(),
            run=run,
            contender="tuned",
            precision=torch.bfloat16,
            key="key",
            progress=Silent(),
        )
        result = training.run()
    return (
        f"{kind:5s} {tokens:6d} tokens x {epochs:g}  batch {batch:5d}  rate {times:.2f}x  "
        f"steps {result.steps:4d}  loss {result.best_loss:.3f}  {time.monotonic() - started:.0f} s"
    )


def main() -> None:
    """Read the options, print a line for each setting."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kinds", default="full,lora")
    parser.add_argument("--tokens", default="6000,24000")
    parser.add_argument("--batches", default="512,1024,2048,4096")
    parser.add_argument("--times", default="0.5,1")
    parser.add_argument("--epochs", default="3")
    given = parser.parse_args()
    rows = pieces()
    lists = (given.kinds, given.tokens, given.batches, given.times, given.epochs)
    for kind, tokens, batch, times, epochs in itertools.product(*(x.split(",") for x in lists)):
        line = held_out_loss(kind, int(tokens), int(batch), float(times), float(epochs), rows)
        print(line, flush=True)


if __name__ == "__main__":
    main()
