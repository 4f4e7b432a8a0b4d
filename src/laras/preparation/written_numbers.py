"""Numbers in the account of the data, as the language in use writes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from laras.translation import language

_POINTS_AND_COMMAS = str.maketrans(",.", ".,")


def whole(value: int) -> str:
    """A count: ``12,345``, in Indonesian ``12.345``."""
    return _localised(f"{value:,}")


def percent(share: float, digits: int = 1) -> str:
    """A share of one as a percentage: ``12.5 %``."""
    return f"{_localised(f'{100 * share:.{digits}f}')} %"


def share_with_interval(measured: Mapping[str, Any]) -> str:
    """``12.5 % (10.1 % – 15.2 %)``."""
    low, high = percent(measured["low"]), percent(measured["high"])
    return f"{percent(measured['share'])} ({low} – {high})"


def _localised(written: str) -> str:
    return written.translate(_POINTS_AND_COMMAS) if language() == "id" else written
