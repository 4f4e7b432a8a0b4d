"""What all ways to make pairs share: the pair, the document they get, how questions are put."""

from __future__ import annotations

from dataclasses import dataclass

from laras.preparation.pairs.outline import Section

LEAST_ANSWER = 20
"""Characters; a shorter answer teaches little but to be short."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A question and its answer, which stands in ``text[start:end]`` of the document."""

    question: str
    answer: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Read:
    """A document as these rules see it. ``longest``: characters that an answer may have."""

    text: str
    title: str
    sections: list[Section]
    language: str
    longest: int
    is_article: bool = False

    def asks(self, english: str, indonesian: str) -> str:
        """The wording in the document's language: Indonesian for it and for Malay, else English.

        Not by the language of the messages: the same data gives the same examples everywhere.
        """
        return indonesian if self.language in ("id", "ms") else english

    def about(self, section: Section) -> str:
        """``title, parent heading``: what a heading alone does not say; "" at the top."""
        names = [self.title, *section.above]
        kept = [
            name
            for name in dict.fromkeys(names)
            if name and name != section.heading and not name.endswith("?")
        ]
        return ", ".join(kept[-2:])

    def fits(self, answer: str) -> bool:
        """Whether ``answer`` has a length to learn from."""
        return LEAST_ANSWER <= len(answer) <= self.longest
