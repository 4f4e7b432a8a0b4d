"""A contender's peak memory is its own, not that of who came before."""

from __future__ import annotations

import sys

import pytest
import torch

from laras.devices.memory import peak_memory_bytes, reset_peak_memory
from laras.evaluation.cost import Meter

CPU = torch.device("cpu")
MEGABYTE = 1 << 20


def hold(megabytes: int) -> None:
    """Hold so much for a moment; written to, so that it is resident."""
    assert torch.ones(megabytes * MEGABYTE // 4).sum() > 0


@pytest.fixture
def resets() -> None:
    """Skip where the system keeps no peak that can be reset."""
    if sys.platform != "linux":
        pytest.skip("only Linux resets the peak of a process")
    hold(64)
    before = peak_memory_bytes(CPU)
    reset_peak_memory(CPU)
    if peak_memory_bytes(CPU) > before - 32 * MEGABYTE:
        pytest.skip("this system forbids it")


def test_what_was_held_before_the_reset_does_not_count(resets: None) -> None:
    hold(256)
    held = peak_memory_bytes(CPU)
    reset_peak_memory(CPU)
    assert peak_memory_bytes(CPU) < held - 200 * MEGABYTE


def test_a_later_evaluation_does_not_inherit_an_earlier_peak(resets: None) -> None:
    first = Meter(CPU)
    hold(256)
    large = first.as_json()["peak_memory_bytes"]
    second = Meter(CPU)
    hold(32)
    assert second.as_json()["peak_memory_bytes"] < large - 150 * MEGABYTE


def test_the_peak_is_that_of_what_is_gone_again() -> None:
    reset_peak_memory(CPU)
    before = peak_memory_bytes(CPU)
    hold(256)
    assert peak_memory_bytes(CPU) >= before + 200 * MEGABYTE


def test_a_system_that_keeps_no_resettable_peak_gives_the_process_peak(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("laras.devices.memory._resident_peak_bytes", lambda: None)
    hold(64)
    assert peak_memory_bytes(CPU) > 64 * MEGABYTE
