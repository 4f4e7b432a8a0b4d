"""Python's search for unreachable cycles, while a process of ours loads and works.

torch and transformers make some million objects that stay. By default Python looks through the
young ones after every 700, and through all again whenever they are a quarter more: nothing is ever
found, and the time from start to first step grows by it (benchmarks/training/campaign.py, ``--kinds
start``, measures that time). A process that a library merely lives in keeps its own setting.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# Objects that may be made, beyond those dropped, before the young ones are looked through. All are
# then looked through after a hundred times as many. What our own cycles could hold is little:
# tensors are dropped by counting.
_YOUNG = 20_000


@contextmanager
def seldom_sought() -> Iterator[None]:
    """Within it, cycles are looked for after :data:`_YOUNG` objects, or later if that is set."""
    young, *older = gc.get_threshold()
    if young == 0:  # switched off
        yield
        return
    gc.set_threshold(max(young, _YOUNG), *older)
    try:
        yield
    finally:
        gc.set_threshold(young, *older)
