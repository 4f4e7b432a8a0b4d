"""What a section of the report is made of: plain values that the template lays out.

Words live in the sections, layout in the template: nothing here knows about HTML.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text; ``tone`` "note" sets it apart, "warning" more so."""

    text: str
    tone: str = "plain"


@dataclass(frozen=True, slots=True)
class Heading:
    """What the blocks after it are about, within a section."""

    text: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table: a main text, a smaller one below it, and what it stands for."""

    text: str
    detail: str = ""
    best: bool = False
    numeric: bool = True


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells under a header; the first cell names the row.

    A row of one cell names the group of rows below it. ``folded``: behind a summary of these words.
    """

    header: Sequence[Cell]
    rows: Sequence[Sequence[Cell]]
    caption: str = ""
    footnotes: Sequence[str] = ()
    marked_column: int | None = None  # drawn apart: the recommended contender
    folded: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """A finished SVG, and what it shows in words."""

    svg: str
    caption: str


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures side by side where the page is wide enough."""

    figures: Sequence[Figure]


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and values, one a line."""

    pairs: Sequence[tuple[str, str]]
    title: str = ""


@dataclass(frozen=True, slots=True)
class Code:
    """Text kept as it is, line by line, behind a summary that opens it."""

    summary: str
    lines: Sequence[tuple[str, str]]  # the line, and the comment at its end


@dataclass(frozen=True, slots=True)
class Messages:
    """What is said to a model, behind a summary that opens it."""

    summary: str
    messages: Sequence[tuple[str, str]]  # who says it, in words; text


@dataclass(frozen=True, slots=True)
class Word:
    """A piece of an answer, and whether the reference has it too, in the same order."""

    text: str
    shared: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What one contender said."""

    contender: str
    words: Sequence[Word]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Sample:
    """A test example, with everyone's answer to it."""

    heading: str
    prompt: Sequence[tuple[str, str]]  # role in words, text
    reference: str
    answers: Sequence[Answer]


@dataclass(frozen=True, slots=True)
class Samples:
    """Examples side by side, and the words around them."""

    samples: Sequence[Sample]
    reference_title: str
    empty_answer: str


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of text as the model sees it; ``control``: written by the chat template."""

    text: str
    trained: bool
    control: bool


@dataclass(frozen=True, slots=True)
class RowStory:
    """One row of data: as read, what changed, as tokens."""

    heading: str
    detail: str
    before: str
    changes: Sequence[str]
    tokens: Sequence[Token]


@dataclass(frozen=True, slots=True)
class RowStories:
    """Rows of data, and the words around them."""

    rows: Sequence[RowStory]
    before_title: str
    changes_title: str
    tokens_title: str


Block = Paragraph | Heading | Table | Figures | Facts | Code | Messages | Samples | RowStories


@dataclass(frozen=True, slots=True)
class Section:
    """A titled part of the report; ``anchor`` is its place in the address of the page."""

    anchor: str
    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True, slots=True)
class Tile:
    """A number that belongs at the top."""

    title: str
    value: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Headline:
    """The verdict in a sentence, and the main numbers."""

    sentence: str
    tiles: Sequence[Tile] = field(default_factory=tuple)
