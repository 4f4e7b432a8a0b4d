"""Held-out loss of each adapter on the starter after a few steps, at several learning rates.

    python benchmarks/adapter_rates.py [--kinds lora,vera] [--times 0.25,1,4] [--steps 16]

What the rates in ``laras.planning.hyperparameters`` were chosen by. The texts are Laras's own
documentation, in pieces of 128 tokens; a rate is a multiple of the kind's default.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from laras.adapters.methods import learning_rate_scale
from laras.adapters.prepare import prepare_for, trainable
from laras.adapters.soft_prompt import begun_with
from laras.batches.token_batch import EncodedExample, collate
from laras.engine.forward import PackedForward
from laras.models.load import load_model
from laras.models.virtual_tokens import virtual_ids
from laras.optimizers.schedule import learning_rate_factor
from laras.planning.hyperparameters import resolve
from laras.recipe.schema import Contender, ModelSection, TuningSection
from laras.recipe.unread import ADAPTER_KINDS

ROOT = Path(__file__).resolve().parents[1]
STARTER = ModelSection(base="starter")
PIECE, STEP, HELD_OUT = 128, 6, 12


def pieces() -> list[EncodedExample]:
    """The documentation, cut and shuffled."""
    tokenizer = load_model(STARTER, ROOT).tokenizer
    texts = [
        path.read_text("utf-8") for path in (ROOT / "README.id.md", *ROOT.glob("docs/[a-q]*.md"))
    ]
    ids = np.array(tokenizer.encode("\n".join(texts)), dtype=np.int32)
    cut = [ids[start : start + PIECE] for start in range(0, len(ids) - PIECE, PIECE)]
    np.random.default_rng(0).shuffle(cut)
    return [EncodedExample(str(n), row, np.ones(PIECE, dtype=bool)) for n, row in enumerate(cut)]


def held_out_loss(kind: str, times: float, steps: int, rows: list[EncodedExample]) -> str:
    """One line: the rate, the weights trained, the loss in nats a token, the seconds."""
    model = load_model(STARTER, ROOT, trainable=True).model
    contender = Contender.model_validate({"kind": kind, "name": "tuned"})
    chosen, _reasons = resolve(TuningSection(), contender, model.num_parameters())
    rate = times * chosen.learning_rate
    prepared = prepare_for(model, replace(chosen, learning_rate=rate))
    forward = PackedForward(prepared, fastest="packed")
    groups = [
        {"params": [part], "lr": rate * learning_rate_scale(name, chosen)}
        for name, part in trainable(prepared).items()
    ]
    optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.95), weight_decay=0.01)
    peaks = [group["lr"] for group in optimizer.param_groups]
    started = time.monotonic()
    rows = [begun_with(virtual_ids(model), row) for row in rows]
    train = rows[HELD_OUT:]
    for step in range(steps):
        for group, peak in zip(optimizer.param_groups, peaks, strict=True):
            group["lr"] = peak * learning_rate_factor(step, steps, 0.1, "cosine")
        batch = collate([train[(step * STEP + n) % len(train)] for n in range(STEP)])
        (forward.loss_sum(batch) / batch.trained_tokens).backward()
        torch.nn.utils.clip_grad_norm_([p for g in groups for p in g["params"]], 1.0)
        optimizer.step()
        optimizer.zero_grad()
    seconds = time.monotonic() - started
    prepared.eval()
    batch = collate(rows[:HELD_OUT])
    with torch.no_grad():
        loss = float(forward.loss_sum(batch)) / batch.trained_tokens
    count = sum(part.numel() for part in trainable(prepared).values())
    return (
        f"{kind:9s} rate {rate:.1e} ({times:g}x) weights {count:7d} loss {loss:.3f} {seconds:.1f} s"
    )


def main() -> None:
    """Read the options, print a line for each kind and rate."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kinds", default=",".join(ADAPTER_KINDS))
    parser.add_argument("--times", default="0.25,1,4")
    parser.add_argument("--steps", type=int, default=16)
    given = parser.parse_args()
    rows = pieces()
    for kind in given.kinds.split(","):
        for times in map(float, given.times.split(",")):
            print(held_out_loss(kind, times, given.steps, rows), flush=True)


if __name__ == "__main__":
    main()
