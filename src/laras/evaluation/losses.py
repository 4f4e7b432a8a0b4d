"""Negative log-likelihood of each example, whatever shares its batch.

A beginning that several examples have in common, and that none of them is scored on, is read once
for all of them where our own decoder does the reading (``reader.py``).

Only sums over an example leave this file, in float64: nobody further down can average what has
to be added.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import torch

from laras.adapters.soft_prompt import begun_with
from laras.batches.pack import by_length
from laras.batches.token_batch import EncodedExample, collate
from laras.engine.cached import CachedDecoder
from laras.engine.forward import PackedForward
from laras.engine.loss import cross_entropy_each
from laras.errors import GuardStopped
from laras.evaluation.beginnings import Batch, ragged_batches, shared_beginnings
from laras.evaluation.cached_rows import CachedRows
from laras.evaluation.reader import Reader, opened
from laras.translation import _


def example_losses(
    model: torch.nn.Module,
    encoded: Sequence[EncodedExample],
    *,
    batch_tokens: int,
    advance: Callable[[int], None] | None = None,
    reader: Reader | None = None,
) -> np.ndarray:
    """Summed negative log-likelihood (nats) over the trained tokens of each example, (N,) float64.

    ``batch_tokens`` bounds a forward pass; an example longer than it goes alone. ``advance`` is
    told how many examples are done. ``reader`` of the model, where there is one already. An example
    whose loss is not finite is a GuardStopped error that names it.
    """
    with opened(model, reader) as reading:
        begun = [begun_with(reading.begins, example) for example in encoded]
        return losses_as_given(reading, begun, batch_tokens, advance)


def losses_as_given(
    reader: Reader,
    encoded: Sequence[EncodedExample],
    batch_tokens: int,
    advance: Callable[[int], None] | None = None,
) -> np.ndarray:
    """:func:`example_losses` of examples that begin with the model's virtual tokens already."""
    losses = np.zeros(len(encoded), dtype=np.float64)
    done = 0
    for batch in _batches(reader, encoded, batch_tokens):
        places = list(batch.rows)
        examples = [encoded[place] for place in places]
        if reader.cached is not None and any(batch.shared):
            losses[places] = _behind_beginnings(reader.cached, examples, batch.shared)
        else:
            losses[places] = _packed(reader.forward, examples)
        for place in places:
            if not np.isfinite(losses[place]):
                losses[place] = _loss_alone(reader.forward, encoded[place])
        done += len(places)
        if advance:
            advance(done)
    return losses


def _batches(reader: Reader, encoded: Sequence[EncodedExample], batch_tokens: int) -> list[Batch]:
    """Examples that are read together. What several of them begin with is shared as far as none of
    them is scored there."""
    if reader.cached is not None:
        wanted = [_scored(example) for example in encoded]
        read = [_as_read(*each) for each in zip(encoded, wanted, strict=True)]
        shared = shared_beginnings(read, [int(at[0]) if len(at) else 0 for at in wanted])
        if any(shared):
            return ragged_batches(read, shared, batch_tokens)
    groups = by_length([len(example) for example in encoded], batch_tokens)
    return [Batch(tuple(places), (0,) * len(places)) for places in groups]


def _scored(example: EncodedExample) -> np.ndarray:
    """The positions whose next token counts."""
    return np.flatnonzero(example.trained[1:])


def _as_read(example: EncodedExample, wanted: np.ndarray) -> np.ndarray:
    """Its tokens up to the last one that predicts another."""
    return example.input_ids[: wanted[-1] + 1 if len(wanted) else 1]


def _packed(forward: PackedForward, examples: Sequence[EncodedExample]) -> np.ndarray:
    """Losses (N,) of examples in one packed row."""
    batch = collate(examples, cut=True)
    by_token = forward.token_losses(batch.to(forward.causal.device)).cpu().double().numpy()
    sums: np.ndarray = np.add.reduceat(by_token, batch.cu_seqlens[:-1].numpy())
    return sums


def _behind_beginnings(
    decoder: CachedDecoder, examples: Sequence[EncodedExample], shared: Sequence[int]
) -> np.ndarray:
    """Losses (N,) of examples whose first ``shared`` tokens are read once."""
    wanted = [_scored(example) for example in examples]
    read = [_as_read(*each) for each in zip(examples, wanted, strict=True)]
    hidden = CachedRows.of(decoder, read, shared).hidden(wanted)
    labels = [each.input_ids[at + 1] for each, at in zip(examples, wanted, strict=True)]
    follows = torch.from_numpy(np.concatenate(labels).astype(np.int64))
    by_token = cross_entropy_each(hidden, decoder.head, follows, softcap=decoder.softcap)
    owners = np.repeat(np.arange(len(examples)), [len(at) for at in wanted])
    return np.bincount(owners, by_token.double().numpy(), minlength=len(examples))


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


def _loss_alone(forward: PackedForward, example: EncodedExample) -> float:
    """The loss of an example whose batch had a NaN, which may have come from a neighbour."""
    loss = float(_packed(forward, [example])[0])
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
