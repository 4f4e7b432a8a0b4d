"""Fields of JSON that anybody may have written: the value where its type is right, else nothing.

Exports are not trusted to follow their own documentation: every field is read through here, so
that a list in the place of a name costs that name and not the file.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

_NOTHING: Mapping[str, Any] = {}
_MAX_NAME = 120
# The years 1 to 9999, which is what a date can be written for.
_EARLIEST, _LATEST = -62_135_596_800.0, 253_402_300_799.0
_NUMBER = re.compile(r"-?\d{1,20}(?:\.\d{1,20})?")
_MAX_TIME_CHARACTERS = 64
_MAX_KEYS_TOLD = 12
_KEY = re.compile(r"(?!.*\d{5})[\w .-]{1,40}")  # a column's name, rather than a value


def string(value: object) -> str:
    """The text, or "" for anything else."""
    return value if isinstance(value, str) else ""


def identifier(value: object) -> str:
    """An identifier, which some write as a number."""
    if isinstance(value, str):
        return value.strip()
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def mapping(value: object) -> Mapping[str, Any]:
    """The object, or an empty one."""
    return value if isinstance(value, Mapping) else _NOTHING


def mappings(value: object) -> list[Mapping[str, Any]]:
    """The objects of a list; what else is in it is left out."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def name(value: object) -> str:
    """A person's name on one line, without invisible, control and direction characters."""
    # Only the beginning is looked at: a name of megabytes is not one.
    return _visible(value[: 4 * _MAX_NAME]) if isinstance(value, str) else ""


@lru_cache(maxsize=4096)
def _visible(text: str) -> str:
    categories = ((character, unicodedata.category(character)) for character in text)
    visible = (
        " " if category in ("Zs", "Zl", "Zp", "Cc") else character
        for character, category in categories
        if category not in ("Cf", "Cs", "Co", "Cn")
    )
    return " ".join("".join(visible).split())[:_MAX_NAME].strip()


def seconds(value: object) -> float | None:
    """Seconds since 1970 of a number or a numeral of seconds, or of an ISO 8601 time.

    A time without a zone is taken as UTC. None for what is no time, or in no year from 1 to 9999.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return _within(value)
    if not isinstance(value, str) or len(value) > _MAX_TIME_CHARACTERS:
        return None
    text = value.strip()
    if _NUMBER.fullmatch(text):
        return _within(float(text))
    try:
        moment = datetime.fromisoformat(text)
        return _within((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        return None


def milliseconds(value: object) -> float | None:
    """Seconds since 1970 of a number, or numeral, of milliseconds."""
    if isinstance(value, str):
        value = float(value) if _NUMBER.fullmatch(value.strip()) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return _within(value / 1000)
    except OverflowError:
        return None


def keys_told(keys: Iterable[object]) -> str:
    """``keys`` of an object as the ledger may tell them, in order: who has values for keys
    (addresses, numbers) would find them there. "..." stands for what is left out."""
    written = sorted(map(str, keys))
    told = [key for key in written if _KEY.fullmatch(key)][:_MAX_KEYS_TOLD]
    return ", ".join(told if len(told) == len(written) else [*told, "..."])


def iso_time(time: float) -> str:
    """``time``, in seconds since 1970, as ISO 8601 in UTC."""
    return datetime.fromtimestamp(time, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _within(number: float) -> float | None:
    try:
        number = float(number)
    except OverflowError:
        return None
    return number if math.isfinite(number) and _EARLIEST <= number <= _LATEST else None
