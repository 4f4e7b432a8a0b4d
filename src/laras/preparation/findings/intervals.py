"""Shares with their intervals, and where a few of the counted rows stand."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

_Z = 1.959963984540054  # of the normal distribution at 95%
PLACES_SHOWN = 5


def share(count: int, of: int) -> dict[str, Any]:
    """``count`` of ``of`` with Wilson's score interval at 95% (Wilson 1927), which holds for small
    counts and for none."""
    if not of:
        return {"count": count, "of": of, "share": 0.0, "low": 0.0, "high": 0.0}
    p = count / of
    centre = p + _Z**2 / (2 * of)
    spread = _Z * math.sqrt(p * (1 - p) / of + _Z**2 / (4 * of**2))
    scale = 1 + _Z**2 / of
    low, high = (centre - spread) / scale, (centre + spread) / scale
    low, high = max(0.0, min(low, p)), min(1.0, max(high, p))  # rounding may put them past p
    return {"count": count, "of": of, "share": p, "low": low, "high": high}


def first(places: Iterable[str]) -> list[str]:
    """The first few different places."""
    return list(dict.fromkeys(places))[:PLACES_SHOWN]
