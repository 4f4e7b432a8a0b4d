"""Heading and section: what a document says under each of its headings."""

from __future__ import annotations

from collections.abc import Iterator

from laras.preparation.pairs.abstracts import is_abstract
from laras.preparation.pairs.outline import without_number
from laras.preparation.pairs.pair import Pair, Read

_LEAST_WORDS = 12  # below it, a section is a label with a value


def section_pairs(read: Read) -> Iterator[Pair]:
    """One pair for each section with text of its own; questions and abstracts have their own
    rules."""
    for section in read.sections:
        answer = read.text[section.start : section.end]
        heading = without_number(section.heading)
        asks = heading.endswith("?") or is_abstract(heading)
        if asks or not heading or len(answer.split()) < _LEAST_WORDS or not read.fits(answer):
            continue
        about = read.about(section)
        if about:
            question = read.asks(
                f"What does “{about}” say about “{heading}”?",
                f"Apa yang dijelaskan “{about}” tentang “{heading}”?",
            )
        else:
            question = read.asks(f"Explain “{heading}”.", f"Jelaskan “{heading}”.")
        yield Pair(question, answer, section.start, section.end)
