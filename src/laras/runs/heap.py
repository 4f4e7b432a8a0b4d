"""glibc's allocator while a model computes: what was freed is used again instead of given back.

By default every large tensor is mapped from the system and unmapped when it is dropped, and the
system has to clear each of its pages again for the next one (1 us for 4 KiB; benchmarks/machine.py
has the gain). And where Linux gives pages of 2 MiB to those who ask, they are asked for: the page
table is read 512 times less often, and a page cleared in one go. The settings are for as long as
the work lasts, and for this process alone; but glibc does not go back to adapting by itself which
blocks it maps (mallopt(3)), the threshold stays at its 128 KiB.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from laras.runs.machine import huge_pages
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
_HUGE_PAGE, _ADVICE_HUGE = 2 * 2**20, 14  # bytes; MADV_HUGEPAGE in mman.h


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
    _ask_for_huge_pages(library)
    try:
        yield
    finally:
        for parameter, value in _AFTER.items():
            library.mallopt(parameter, value)
        library.malloc_trim(0)


def _ask_for_huge_pages(library: ctypes.CDLL) -> None:
    """For all that the heap can become: it is grown to that once, which takes addresses and no
    memory, advised of, and left to the allocator. (glibc asks by itself when GLIBC_TUNABLES says
    so, but reads that when the process starts.) Where anything is refused, pages stay small."""
    if huge_pages() != "madvise":
        return
    size = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 8 * 7
    library.malloc.restype = ctypes.c_void_p
    library.malloc.argtypes = [ctypes.c_size_t]
    library.free.argtypes = [ctypes.c_void_p]
    library.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    block = library.malloc(size)
    if block is None:
        return
    start = -(-block // _HUGE_PAGE) * _HUGE_PAGE
    library.madvise(start, (block + size - start) // _HUGE_PAGE * _HUGE_PAGE, _ADVICE_HUGE)
    library.free(block)
