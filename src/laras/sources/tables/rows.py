"""One row of a table or of a JSON file to a record: a document, a dialogue or a labelled text."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from laras.records import Turn
from laras.sources.characters import clean_label
from laras.sources.context import FileContext, Record
from laras.sources.conversations.turns import merged, text_of, turns_from
from laras.sources.extraction import RefusedError
from laras.sources.tables.shapes import Shape, missing_columns, shape_of

_MAX_KEYS_NAMED = 12


def read_row(row: Mapping[str, Any], locator: str, context: FileContext) -> Iterator[Record]:
    """The record of one JSON row, or the ledger row that says why there is none."""
    columns = context.source.columns
    shape = shape_of(row, columns)
    missing = [name for name in missing_columns(row, columns) if name != columns.group]
    if missing:
        yield context.rejection("missing-value", locator, ", ".join(missing))
    elif not shape.is_known:
        keys = ", ".join(sorted(row)[:_MAX_KEYS_NAMED])
        yield context.rejection("unknown-shape", locator, keys)
    else:
        yield from shaped_row(row, shape, locator, context)


def shaped_row(
    row: Mapping[str, Any], shape: Shape, locator: str, context: FileContext
) -> Iterator[Record]:
    """The record of a row whose shape is known."""
    try:
        if shape.text:
            yield from _text_row(row, shape, locator, context)
        else:
            yield from _dialogue_row(row, shape, locator, context)
    except RefusedError as error:
        yield context.rejection(error.reason, locator, error.fact)


def _text_row(
    row: Mapping[str, Any], shape: Shape, locator: str, context: FileContext
) -> Iterator[Record]:
    """A text with its label, or a text alone.

    Under documents and articles a column that merely looks like a label (a category) does not
    make a classification of what are texts to read; one that the recipe names does. Elsewhere a
    text alone is not what was asked for.
    """
    assert shape.text
    text = _required(row, shape.text)
    group = group_of(row, shape)
    if shape.label and not (context.reads_texts and shape.label_is_guessed):
        label = clean_label(_required(row, shape.label))
        if not label:
            raise RefusedError("missing-value", shape.label)
        turns: tuple[Turn, ...] = (Turn("user", text.strip()),)
        if shape.system and text_of(row.get(shape.system)).strip():
            turns = (Turn("system", text_of(row[shape.system]).strip()), *turns)
        weight = _weight(row, shape)
        yield context.dialogue(turns, locator=locator, label=label, group=group, weight=weight)
        return
    if not context.reads_texts:
        raise RefusedError("text-alone", shape.text)
    title = text_of(row.get(shape.title)) if shape.title else ""
    metadata = {}
    if shape.label and text_of(row.get(shape.label)):
        metadata[shape.label] = text_of(row[shape.label])
    yield context.document(
        text.strip("\n"), title=title, locator=locator, group=group, metadata=metadata
    )


def _dialogue_row(
    row: Mapping[str, Any], shape: Shape, locator: str, context: FileContext
) -> Iterator[Record]:
    names = context.source.assistant
    turns = _messages(row, shape, names) if shape.messages else _pair(row, shape, names)
    if not any(turn.role == "system" for turn in turns):
        turns = _system(row, shape) + turns
    joined, left_out = merged(turns)
    if not any(turn.role == "assistant" for turn in joined):
        raise RefusedError("no-assistant-turn")
    if left_out:
        yield context.note("empty-turn", locator, str(left_out))
    yield context.dialogue(
        joined, locator=locator, group=group_of(row, shape), weight=_weight(row, shape)
    )


def _messages(row: Mapping[str, Any], shape: Shape, names: list[str]) -> list[Turn]:
    assert shape.messages
    return turns_from(row.get(shape.messages), names)


def _pair(row: Mapping[str, Any], shape: Shape, names: list[str]) -> list[Turn]:
    """A question and its answer; either may itself be a list of messages."""
    assert shape.question
    assert shape.answer
    question, answer = row.get(shape.question), row.get(shape.answer)
    turns: list[Turn] = []
    if shape.history and row.get(shape.history):
        turns += turns_from(row[shape.history], names)
    if _is_messages(question) and _is_messages(answer):
        return turns + turns_from(question, names) + turns_from(answer, names)
    text = _required(row, shape.question)
    extra = text_of(row.get(shape.extra)).strip() if shape.extra else ""
    if extra:
        text = f"{text.strip()}\n\n{extra}"
    return [*turns, Turn("user", text), Turn("assistant", _required(row, shape.answer))]


def _is_messages(value: object) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], Mapping)


def _system(row: Mapping[str, Any], shape: Shape) -> list[Turn]:
    """What the row says about who the assistant is: a system message, or a persona."""
    if shape.system and text_of(row.get(shape.system)).strip():
        return [Turn("system", text_of(row[shape.system]))]
    if shape.persona and shape.messages:
        persona = row.get(shape.persona)
        lines = persona if isinstance(persona, list) else [persona]
        text = " ".join(filter(None, (text_of(line).strip() for line in lines)))
        return [Turn("system", text)] if text else []
    return []


def _required(row: Mapping[str, Any], key: str) -> str:
    text = text_of(row.get(key))
    if not text.strip():
        raise RefusedError("missing-value", key)
    return text


def group_of(row: Mapping[str, Any], shape: Shape) -> str | None:
    """The customer, ticket or conversation that the row belongs to."""
    value = row.get(shape.group) if shape.group else None
    if isinstance(value, Mapping):
        value = value.get("id")
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        return None
    return str(value).strip() or None


def _weight(row: Mapping[str, Any], shape: Shape) -> float:
    value = row.get(shape.weight) if shape.weight else None
    if value is None:
        return 1.0
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RefusedError("bad-weight", str(value)[:40])
    if not (value > 0 and math.isfinite(value)):
        raise RefusedError("bad-weight", str(value))
    return float(value)
