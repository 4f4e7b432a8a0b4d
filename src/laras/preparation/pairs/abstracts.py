"""Title and abstract of an article."""

from __future__ import annotations

from collections.abc import Iterator

from laras.preparation.pairs.outline import without_number
from laras.preparation.pairs.pair import Pair, Read

_NAMES = frozenset(("abstract", "abstrak", "intisari", "summary", "ringkasan"))


def is_abstract(heading: str) -> bool:
    """Whether a section of this name is an abstract."""
    return without_number(heading).casefold().rstrip(":. ") in _NAMES


def abstract_pairs(read: Read) -> Iterator[Pair]:
    """The abstract of a document with a title: its section of that name, or, in an entry of a
    bibliography, all that stands under the title."""
    if not read.title:
        return
    named = [section for section in read.sections if is_abstract(section.heading)]
    alone = read.is_article and len(read.sections) == 1
    for section in named[:1] or (read.sections if alone else []):
        answer = read.text[section.start : section.end]
        if read.fits(answer):
            question = read.asks(
                f"Write the abstract of the article “{read.title}”.",
                f"Tulislah abstrak artikel “{read.title}”.",
            )
            yield Pair(question, answer, section.start, section.end)
