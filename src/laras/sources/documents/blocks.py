"""Paragraphs, items of lists and lines of code, put together into one text."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Literal

Kind = Literal["text", "item", "code"]
Block = tuple[str, Kind]
"""A text, and whether it is an item of a list or a line of code."""


def joined(blocks: Iterable[Block]) -> str:
    """Blocks apart by a blank line; items of one list follow each other directly, and lines of
    code stand between fences."""
    parts: list[str] = []
    for kind, group in itertools.groupby(blocks, key=lambda block: block[1]):
        texts = [text for text, _kind in group]
        if kind == "code":
            code = "\n".join(texts).strip("\n")
            parts.append(f"```\n{code}\n```")
        else:
            parts.append(("\n" if kind == "item" else "\n\n").join(texts))
    return "\n\n".join(parts)
