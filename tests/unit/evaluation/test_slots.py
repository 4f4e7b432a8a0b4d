"""Slots that were given back are free again, in one piece."""

from __future__ import annotations

import numpy as np

from laras.evaluation.slots import Slots


def test_what_is_given_back_can_be_taken_again() -> None:
    slots = Slots(10)
    first, second, third = (slots.take(length) for length in (4, 3, 3))
    assert (first, second, third) == (0, 4, 7)
    assert slots.take(1) is None
    slots.give(0, 4)
    slots.give(7, 3)
    assert slots.free == 7
    assert slots.take(5) is None  # seven, but not side by side
    slots.give(4, 3)
    assert slots.take(10) == 0


def test_no_slot_is_ever_taken_twice() -> None:
    generator = np.random.default_rng(0)
    slots, taken, owner = Slots(50), [], np.full(50, -1)
    for turn in range(500):
        if taken and generator.random() < 0.5:
            start, length = taken.pop(int(generator.integers(len(taken))))
            slots.give(start, length)
            owner[start : start + length] = -1
            continue
        length = int(generator.integers(1, 12))
        found = slots.take(length)
        if found is not None:
            assert (owner[found : found + length] == -1).all()
            owner[found : found + length] = turn
            taken.append((found, length))
        assert slots.free == int((owner == -1).sum())
