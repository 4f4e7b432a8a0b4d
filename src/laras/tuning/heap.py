"""glibc's allocator while a model computes: what was freed is used again instead of given back.

By default every large tensor is mapped from the system and unmapped when it is dropped, and the
system has to clear each of its pages again for the next one (1 us for 4 KiB; benchmarks/machine.py
has the gain). The setting is for as long as the work lasts, and for this process alone.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from laras.threads import SWITCH

# Whoever sets one of these has chosen.
CHOICES = (
    *("MALLOC_MMAP_MAX_", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "MALLOC_TOP_PAD_"),
    *("GLIBC_TUNABLES", "LD_PRELOAD"),  # the latter brings an allocator of its own, as a rule
)
# Parameters of mallopt(3) by their numbers in malloc.h: values during the work, and after it, which
# are glibc's own defaults.
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX = -1, -2, -4
_DURING = {_MMAP_MAX: 0, _TRIM_THRESHOLD: -1, _TOP_PAD: 64 * 2**20}  # -1: never give back
_AFTER = {_MMAP_MAX: 65_536, _TRIM_THRESHOLD: 128 * 1024, _TOP_PAD: 128 * 1024}


def allocator() -> str:
    """``glibc``: it is set by :func:`reused_memory`; ``chosen`` by the user; ``other``."""
    if os.environ.get(SWITCH, "").lower() == "off" or set(CHOICES) & os.environ.keys():
        return "chosen"
    return "glibc" if sys.platform == "linux" and hasattr(ctypes.CDLL(None), "mallopt") else "other"


@contextmanager
def reused_memory() -> Iterator[None]:
    """Within it, memory that is freed stays with this process; afterwards it is given back."""
    if allocator() != "glibc":
        yield
        return
    library = ctypes.CDLL(None)
    for parameter, value in _DURING.items():
        library.mallopt(parameter, value)
    try:
        yield
    finally:
        for parameter, value in _AFTER.items():
            library.mallopt(parameter, value)
        library.malloc_trim(0)
