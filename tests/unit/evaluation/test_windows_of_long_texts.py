"""The loss of a long text does not hang on where it was cut into windows."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from transformers import PreTrainedModel

from laras.batches.token_batch import EncodedExample, collate
from laras.engine.forward import PackedForward
from laras.evaluation.losses import example_losses, overlapping, trained_tokens

CONTEXT = 32
LENGTH = 200  # of the texts; the tiny models read up to 256


def text(seed: int, length: int = LENGTH) -> np.ndarray:
    return np.random.default_rng(seed).integers(2, 96, size=length).astype(np.int32)


def cut(ids: np.ndarray, size: int) -> list[EncodedExample]:
    """Windows as they are made for training: each begins with the last token of the one before."""
    starts = range(0, max(1, len(ids) - 1), size - 1)
    windows = []
    for start in starts:
        part = ids[start : start + size]
        windows.append(EncodedExample("e0", part, np.arange(len(part)) > 0, text_bytes=len(part)))
    return windows


def by_token(model: PreTrainedModel, windows: list[EncodedExample]) -> np.ndarray:
    """The loss of each trained token, in the order of the text."""
    forward = PackedForward(model)
    with torch.no_grad():
        losses = [
            forward.token_losses(collate([window])).numpy()[:-1][window.trained[1:]]
            for window in windows
        ]
    return np.concatenate(losses)


def total(model: PreTrainedModel, windows: list[EncodedExample]) -> float:
    return float(example_losses(model, windows, batch_tokens=4096).sum())


@pytest.mark.parametrize("length", [2, 31, CONTEXT])
def test_a_text_that_fits_one_window_has_its_full_context_loss(
    model: PreTrainedModel, length: int
) -> None:
    whole = cut(text(0, length), LENGTH)
    windows = overlapping(cut(text(0, length), CONTEXT), CONTEXT)
    assert len(windows) == len(whole) == 1
    assert total(model, windows) == total(model, whole)


@pytest.mark.parametrize("length", [33, 64, LENGTH])
def test_every_token_is_counted_once_with_half_a_context_before_it(length: int) -> None:
    ids = text(1, length)
    windows = overlapping(cut(ids, CONTEXT), CONTEXT)
    assert sum(map(trained_tokens, windows)) == length - 1
    scored = np.concatenate([window.input_ids[window.trained] for window in windows])
    np.testing.assert_array_equal(scored, ids[1:])
    assert all(len(window) <= CONTEXT for window in windows)
    for before, window in pairwise(windows):
        first = int(np.flatnonzero(window.trained)[0])
        assert first >= CONTEXT // 2
        np.testing.assert_array_equal(window.input_ids[:first], before.input_ids[-first:])


def test_where_the_text_was_cut_does_not_change_its_loss(tiny_llama: PreTrainedModel) -> None:
    ids = text(2)
    losses = {total(tiny_llama, overlapping(cut(ids, size), CONTEXT)) for size in (5, 17, 32, 64)}
    assert len(losses) == 1
    as_cut = [total(tiny_llama, cut(ids, size)) for size in (5, 17, 32)]
    assert max(as_cut) - min(as_cut) > 1.0, "the cuts would matter without overlapping"


def test_overlapping_windows_come_nearer_to_the_full_context(model: PreTrainedModel) -> None:
    # The tokens that the cuts leave with next to nothing before them, but for the text's first.
    after_a_cut = np.array([at >= CONTEXT and at % (CONTEXT - 1) < 4 for at in range(LENGTH - 1)])
    errors = np.zeros(2)
    for seed in range(6):
        ids = text(seed)
        full = by_token(model, cut(ids, LENGTH))
        ways = cut(ids, CONTEXT), overlapping(cut(ids, CONTEXT), CONTEXT)
        errors += [np.abs(by_token(model, way) - full)[after_a_cut].mean() for way in ways]
    as_cut, as_overlapping = errors
    assert as_overlapping < 0.9 * as_cut
