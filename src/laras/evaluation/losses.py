"""Negative log-likelihood of each example, whatever shares its batch.

Only sums over an example leave this file, in float64: nobody further down can average what has
to be added.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import torch

from laras.batches.pack import by_length
from laras.batches.token_batch import EncodedExample, collate
from laras.engine.forward import PackedForward
from laras.errors import GuardStopped
from laras.translation import _


def example_losses(
    model: torch.nn.Module,
    encoded: Sequence[EncodedExample],
    *,
    batch_tokens: int,
    advance: Callable[[int], None] | None = None,
) -> np.ndarray:
    """Summed negative log-likelihood (nats) over the trained tokens of each example, (N,) float64.

    ``batch_tokens`` bounds a forward pass; an example longer than it goes alone. ``advance`` is
    told how many examples are done. An example whose loss is not finite is a GuardStopped error
    that names it.
    """
    losses = np.zeros(len(encoded), dtype=np.float64)
    done = 0
    training = model.training
    model.eval()
    try:
        with torch.no_grad():
            forward = PackedForward(model)
            device = next(model.parameters()).device
            for places in by_length([len(example) for example in encoded], batch_tokens):
                batch = collate([encoded[place] for place in places], cut=True)
                by_token = forward.token_losses(batch.to(device)).cpu().double().numpy()
                losses[places] = np.add.reduceat(by_token, batch.cu_seqlens[:-1].numpy())
                for place in places:
                    if not np.isfinite(losses[place]):
                        losses[place] = _loss_alone(forward, encoded[place], device)
                done += len(places)
                if advance:
                    advance(done)
    finally:
        model.train(training)
    return losses


def overlapping(windows: Sequence[EncodedExample], context: int) -> list[EncodedExample]:
    """The windows of a long text, laid so that each predicted token has at least half a context
    before it (the first ones have what there is).

    Windows made for training only share a token, and those at the beginning of each are predicted
    from next to nothing: the perplexity would depend on where the cuts fell. Every token is still
    counted once.
    """
    if len(windows) < 2:
        return list(windows)
    input_ids = np.concatenate(
        [windows[0].input_ids, *(each.input_ids[1:] for each in windows[1:])]
    )
    wanted = np.concatenate([windows[0].trained, *(each.trained[1:] for each in windows[1:])])
    found: list[EncodedExample] = []
    scored = 0
    while scored < len(input_ids):
        start = max(0, scored - context // 2) if found else 0
        end = min(start + context, len(input_ids))
        trained = wanted[start:end].copy()
        trained[: scored - start] = False
        found.append(replace(windows[0], input_ids=input_ids[start:end], trained=trained))
        scored = end
    text_bytes = sum(each.text_bytes for each in windows)
    return [replace(each, text_bytes=0 if at else text_bytes) for at, each in enumerate(found)]


def _loss_alone(forward: PackedForward, example: EncodedExample, device: torch.device) -> float:
    """The loss of an example whose batch had a NaN, which may have come from a neighbour."""
    loss = float(forward.token_losses(collate([example], cut=True).to(device)).cpu().double().sum())
    if not math.isfinite(loss):
        raise not_finite(example.example_id, _("loss"))
    return loss


def trained_tokens(example: EncodedExample) -> int:
    """How many tokens of ``example`` are predicted; its first never is."""
    return int(example.trained[1:].sum())


def not_finite(example_id: str, what: str) -> GuardStopped:
    """The error for a row whose figures are NaN or infinite: averaging would hide it."""
    return GuardStopped(
        "evaluation.not-finite",
        _("The {what} of test example {example} is not a finite number.").format(
            what=what, example=example_id
        ),
        where=example_id,
        hint=_(
            "The model's weights are most likely broken: lower the learning rate and tune again."
        ),
    )
