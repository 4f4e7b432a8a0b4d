"""Products have rows in numbers that kernels like, and in few numbers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM

from laras.batches.token_batch import collate
from laras.engine import decoder
from laras.engine.decoder import whole_rows
from laras.engine.forward import PackedForward
from packed_examples import examples


def test_numbers_of_rows_are_multiples_of_16_little_above_what_is_needed() -> None:
    for count in range(1, 5000):
        rows = whole_rows(count)
        assert rows >= count
        assert rows % 16 == 0
        assert rows - count < 16 or rows - count < count / 32
        assert whole_rows(rows) == rows


def test_there_are_few_numbers() -> None:
    assert len({whole_rows(count) for count in range(1025, 4097)}) == 64
    assert len({whole_rows(count) for count in range(1, 513)}) == 32


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_rows_that_nobody_reads_change_no_loss_and_no_gradient(
    dtype: torch.dtype, tiny: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = collate(examples([23, 40, 7]), cut=True)
    found = []
    for rows in (whole_rows, lambda count: count):
        monkeypatch.setattr(decoder, "whole_rows", rows)
        monkeypatch.setattr("laras.engine.forward.whole_rows", rows)
        model = AutoModelForCausalLM.from_pretrained(tiny("llama"), dtype=torch.float32)
        loss = PackedForward(model, dtype).loss_sum(batch)
        loss.backward()
        found.append([loss.detach(), *(p.grad for p in model.parameters() if p.grad is not None)])
    bound = 1e-5 if dtype == torch.float32 else 1e-2
    for one, other in zip(*found, strict=True):
        assert float((one - other).norm()) <= bound * float(other.norm())
