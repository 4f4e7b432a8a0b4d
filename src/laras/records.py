"""The plain, typed things that rooms hand to each other, and their Arrow schemas.

Nothing else crosses from one room to the next. All are frozen: a step makes a new one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import pyarrow as pa

Task = Literal["text", "chat", "classification"]
Split = Literal["train", "validation", "test"]


@dataclass(frozen=True, slots=True)
class Document:
    """A text with an origin: one file, or one part of it.

    ``path`` is relative to the recipe's folder where it lies below it; ``locator`` says where in
    the file ("page 3", "line 12", ""). ``text`` keeps paragraphs apart by a blank line and
    headings as Markdown ``#`` lines, whatever the file was.
    """

    document_id: str
    path: str
    text: str
    title: str = ""
    locator: str = ""
    kind: Literal["document", "article"] = "document"
    source: str = ""  # name of the recipe's source entry
    group: str | None = None  # rows that may never straddle a split; None: the document itself
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a dialogue. ``role`` is system, user, assistant or tool.

    ``weight``: what its tokens count in the loss, beside the weight of the dialogue; one that is
    not to count at all is not ``trained``.
    """

    role: str
    content: str
    trained: bool | None = None  # None: decided by the role (assistant turns are)
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A conversation, a question with its answer, or a text with its label.

    ``label`` is set for classification rows: then the turns hold the user's text alone.
    """

    dialogue_id: str
    path: str
    turns: tuple[Turn, ...]
    locator: str = ""
    label: str | None = None
    source: str = ""
    group: str | None = None
    weight: float = 1.0
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rejection:
    """One row of the ledger: what left the data, where it came from, and why.

    ``reason`` is a stable code ("exact-duplicate"); ``detail`` is for people. ``action`` is
    "dropped", or "cut" where the row stayed in a shortened form. ``rows`` counts what the entry
    stands for in the balance of its stage (0 for a cut, a file that could not be read counts 1).
    """

    stage: str
    reason: str
    path: str
    locator: str = ""
    record_id: str = ""
    detail: str = ""
    action: Literal["dropped", "cut"] = "dropped"
    rows: int = 1


@dataclass(frozen=True, slots=True)
class Message:
    """A message of an example, with whether its tokens are trained on, and what they count in the
    loss beside the weight of the example."""

    role: str
    content: str
    trained: bool
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Span:
    """Characters ``start`` to ``end`` of the record ``record_id``, found in file ``path``."""

    record_id: str
    path: str
    start: int
    end: int
    locator: str = ""


@dataclass(frozen=True, slots=True)
class Example:
    """What the model is trained or tested on.

    ``task`` "text": one message of role "text", all of it trained (continued pretraining).
    "chat": messages in turn, assistant messages trained. "classification": like chat, the last
    assistant message is the ``label`` itself. ``group`` may never straddle a split.
    """

    example_id: str
    task: Task
    messages: tuple[Message, ...]
    group: str
    spans: tuple[Span, ...] = ()
    label: str | None = None
    source: str = ""
    weight: float = 1.0


# The column that names a record, by the kind of records.
IDENTIFIERS = {"documents": "document_id", "dialogues": "dialogue_id"}


def identifier_of(columns: Iterable[str]) -> str:
    """Which of the ``columns`` of a table of records names them."""
    return next(name for name in columns if name in IDENTIFIERS.values())


def place_of(path: str, locator: str) -> str:
    """Where something comes from, for people: ``file: where in it``."""
    return f"{path}: {locator}" if locator else path


_message = pa.struct(
    [
        ("role", pa.string()),
        ("content", pa.large_string()),
        ("trained", pa.bool_()),
        ("weight", pa.float64()),
    ]
)
_turn = _message  # where ``trained`` may be null
_span = pa.struct(
    [
        ("record_id", pa.string()),
        ("path", pa.string()),
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("locator", pa.string()),
    ]
)
_metadata = pa.map_(pa.string(), pa.string())

DOCUMENT_SCHEMA = pa.schema(
    [
        ("document_id", pa.string()),
        ("path", pa.string()),
        ("text", pa.large_string()),
        ("title", pa.string()),
        ("locator", pa.string()),
        ("kind", pa.string()),
        ("source", pa.string()),
        ("group", pa.string()),
        ("metadata", _metadata),
    ]
)
DIALOGUE_SCHEMA = pa.schema(
    [
        ("dialogue_id", pa.string()),
        ("path", pa.string()),
        ("turns", pa.list_(_turn)),
        ("locator", pa.string()),
        ("label", pa.string()),
        ("source", pa.string()),
        ("group", pa.string()),
        ("weight", pa.float64()),
        ("metadata", _metadata),
    ]
)
EXAMPLE_SCHEMA = pa.schema(
    [
        ("example_id", pa.string()),
        ("task", pa.string()),
        ("messages", pa.list_(_message)),
        ("group", pa.string()),
        ("spans", pa.list_(_span)),
        ("label", pa.string()),
        ("source", pa.string()),
        ("weight", pa.float64()),
    ]
)
REJECTION_SCHEMA = pa.schema(
    [
        ("stage", pa.string()),
        ("reason", pa.string()),
        ("path", pa.string()),
        ("locator", pa.string()),
        ("record_id", pa.string()),
        ("detail", pa.string()),
        ("action", pa.string()),
        ("rows", pa.int64()),
    ]
)


def to_table(records: Iterable[Any], schema: pa.Schema) -> pa.Table:
    """Records of one kind as an Arrow table of their schema."""
    rows = list(records)
    columns = [
        pa.array([_as_arrow_takes(getattr(row, field.name)) for row in rows], field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def _as_arrow_takes(value: Any) -> Any:
    """Parts of a record as mappings, a mapping as pairs; no deeper, which would be slow."""
    if isinstance(value, tuple):
        return [{name: getattr(part, name) for name in part.__slots__} for part in value]
    return list(value.items()) if isinstance(value, dict) else value


def documents_from(table: pa.Table) -> Iterator[Document]:
    """The documents of a table of DOCUMENT_SCHEMA; other columns are passed over."""
    for row in table.select(DOCUMENT_SCHEMA.names).to_pylist():
        yield Document(**{**row, "metadata": dict(row["metadata"] or [])})


def dialogues_from(table: pa.Table) -> Iterator[Dialogue]:
    """The dialogues of a table of DIALOGUE_SCHEMA; other columns are passed over."""
    for row in table.select(DIALOGUE_SCHEMA.names).to_pylist():
        turns = tuple(Turn(**turn) for turn in row["turns"])
        yield Dialogue(**{**row, "turns": turns, "metadata": dict(row["metadata"] or [])})


def examples_from(table: pa.Table) -> Iterator[Example]:
    """The examples of a table of EXAMPLE_SCHEMA."""
    for row in table.to_pylist():
        messages = tuple(Message(**message) for message in row["messages"])
        spans = tuple(Span(**span) for span in row["spans"])
        yield Example(**{**row, "messages": messages, "spans": spans})


def rejections_from(table: pa.Table) -> Iterator[Rejection]:
    """The ledger rows of a table of REJECTION_SCHEMA."""
    for row in table.to_pylist():
        yield Rejection(**row)
