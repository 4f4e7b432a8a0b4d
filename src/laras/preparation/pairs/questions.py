"""Lists of questions: a heading, a bold line or a "Q:" that asks, and what follows it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from laras.preparation.pairs.outline import plain
from laras.preparation.pairs.pair import Pair, Read
from laras.sources.code_fences import with_code

_MARK = re.compile(
    r"^[*_]*(?:[QPT]|Question|QUESTION|Pertanyaan|PERTANYAAN|Tanya|TANYA)\s*\d*\s*[*_]*[:.)][*_]*\s+"
)
_ANSWER_MARK = re.compile(
    r"^[*_]*(?:[AJ]|Answer|ANSWER|Jawaban|JAWABAN|Jawab|JAWAB)\s*\d*\s*[*_]*[:.)][*_]*\s+"
)
_BOLD = re.compile(r"^(\*\*|__)(?P<inside>[^*_\n]+\?)\s*(\*\*|__)$")
_LONGEST_QUESTION = 300


def questions(read: Read) -> Iterator[Pair]:
    """Each question with the text up to the next question or heading."""
    for section in read.sections:
        if section.heading.endswith("?") and section.blocks:
            answer = read.text[section.start : section.end]
            mark = _ANSWER_MARK.match(answer)
            begin = section.start + (mark.end() if mark else 0)
            if read.fits(read.text[begin : section.end]):
                yield Pair(section.heading, read.text[begin : section.end], begin, section.end)
    yield from _marked(read)


def _marked(read: Read) -> Iterator[Pair]:
    """Lines that are marked as questions, or bold ones that end in a question mark."""
    question = ""
    start = end = 0
    position = 0
    for in_code, line in with_code([*read.text.splitlines(keepends=True), "# "]):
        bare = line.strip()
        asked = "" if in_code else _asked(bare)
        # A table after an answer is rather the document's than the answer's.
        if asked or (bare.startswith(("#", "|")) and not in_code):
            if question and read.fits(read.text[start:end]):
                yield Pair(question, read.text[start:end], start, end)
            question, start = asked, 0
        elif question and bare:
            indent = len(line) - len(line.lstrip())
            if not start:
                mark = _ANSWER_MARK.match(bare)
                start = position + indent + (mark.end() if mark else 0)
            end = position + len(line.rstrip())
        position += len(line)


def _asked(line: str) -> str:
    """The question that ``line`` asks, or ""."""
    if len(line) > _LONGEST_QUESTION:
        return ""
    if mark := _MARK.match(line):
        rest = plain(line[mark.end() :])
        return rest if rest.endswith("?") or len(rest.split()) > 2 else ""
    bold = _BOLD.match(line)
    return plain(bold["inside"]) if bold else ""
