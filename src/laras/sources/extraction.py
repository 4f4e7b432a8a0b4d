"""What a parser in the child process hands back: the text of one file, or why there is none.

Nothing of Laras's records is imported here, so that the child starts quickly.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Extracted:
    """The text of a file or of a part of it, with headings as ``#`` lines, tables as Markdown
    tables and a blank line between paragraphs.

    ``locator`` says which part ("message 3"), and must differ between the parts of a file.
    ``group``: what must not straddle a split with it ("doi:10.1/x"), where that is known.
    ``metadata`` of articles: ``doi``, ``title``, ``year``, ``authors``, ``journal`` where known.
    ``notes`` are (reason, locator, fact) of what could not be read although the rest could.
    """

    text: str
    title: str = ""
    locator: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    group: str | None = None
    notes: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Costs:
    """How many times the limits of one file a parser may use: of its time, and of memory."""

    time: float = 1.0
    memory: float = 1.0


# Parsers that run a neural network over pictures of pages.
COSTLY = {
    "pdf-recognised": Costs(time=30, memory=4),
    "article-pdf-recognised": Costs(time=30, memory=4),
    "docling": Costs(time=30, memory=16),
    "docling-recognised": Costs(time=60, memory=16),
    "article-docling": Costs(time=30, memory=16),
    "article-docling-recognised": Costs(time=60, memory=16),
}


def costs_of(kind: str) -> Costs:
    """What a parser of ``kind`` may use."""
    return COSTLY.get(kind, Costs())


class RefusedError(Exception):
    """The file can't be read; ``reason`` is a code of :mod:`laras.sources.reasons`."""

    def __init__(self, reason: str, fact: str = "") -> None:
        super().__init__(f"{reason}: {fact}")
        self.reason = reason
        self.fact = fact
