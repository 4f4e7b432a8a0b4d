"""Where in a file a message stands, in the words of the ledger."""

from __future__ import annotations


def within(locator: str, *parts: tuple[str, int | str]) -> str:
    """``locator``, which may be empty, and what is further inside: ("message", 3)."""
    inner = (f"{what} {number}" for what, number in parts)
    return ", ".join([locator, *inner] if locator else inner)
