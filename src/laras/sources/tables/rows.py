"""One row of a table or of a JSON file to a record: a document, a dialogue or a labelled text."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from laras.recipe.schema import ColumnMap
from laras.records import Turn
from laras.sources.characters import clean_label
from laras.sources.context import FileContext, Record
from laras.sources.conversations.content import says_something, tools_text
from laras.sources.conversations.fields import keys_told
from laras.sources.conversations.sessions import weight_of
from laras.sources.conversations.turns import merged, people_in, text_of, turns_from, weight_in
from laras.sources.extraction import RefusedError
from laras.sources.journals.abstracts import holds_abstracts, read_abstract
from laras.sources.tables.json_values import parse
from laras.sources.tables.ratings import Scale
from laras.sources.tables.shapes import Shape, missing_columns, shape_of

# A row may lack them though they are named.
_OPTIONAL = ("group", "rating", "time", "thread", "weight")
Turns = Callable[[object], list[Turn]]
# Anthropic's transcripts of preferred answers.
_SPEECH = re.compile(r"(?:^|\n\n)(Human|Assistant): ?")


def read_row(
    row: Mapping[str, Any], locator: str, context: FileContext, scale: Scale | None = None
) -> Iterator[Record]:
    """The record of one JSON row, or the ledger row that says why there is none. ``scale``: of the
    ratings that the recipe's columns name."""
    if holds_abstracts(row, context):
        yield from read_abstract(row, locator, context)
        return
    columns = context.source.columns
    shape = shape_of(row, columns)
    if shape.messages and shape.messages != columns.messages:
        shape = without_plain_text(shape, row, columns)
    optional = [getattr(columns, name) for name in _OPTIONAL]
    missing = [name for name in missing_columns(row, columns) if name not in optional]
    if missing:
        yield context.rejection("missing-value", locator, ", ".join(missing))
    elif not shape.is_known:
        yield context.rejection("unknown-shape", locator, keys_told(row))
    else:
        yield from shaped_row(row, shape, locator, context, scale)


def without_plain_text(shape: Shape, row: Mapping[str, Any], columns: ColumnMap) -> Shape:
    """The shape of ``row``, in which what is called like a conversation may be a text instead."""
    value = row.get(shape.messages) if shape.messages else None
    if isinstance(value, str) and not value.lstrip().startswith("["):
        other = shape_of(row, columns, with_messages=False)
        return other if other.is_known else shape
    return shape


def shaped_row(
    row: Mapping[str, Any],
    shape: Shape,
    locator: str,
    context: FileContext,
    scale: Scale | None = None,
) -> Iterator[Record]:
    """The record of a row whose shape is known."""
    try:
        if shape.text:
            yield from _text_row(row, shape, locator, context)
        else:
            yield from _dialogue_row(row, shape, locator, context, scale)
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
        weight = _weight(row, shape, context)
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
    row: Mapping[str, Any],
    shape: Shape,
    locator: str,
    context: FileContext,
    scale: Scale | None,
) -> Iterator[Record]:
    media: Counter[str] = Counter()
    read = partial(
        turns_from,
        assistant_names=context.source.assistant,
        left_out=media,
        weight_key=context.source.columns.weight or "weight",
    )
    if shape.chosen:
        turns = _chosen(row, shape, read)
    elif shape.messages:
        turns = read(_messages(row, shape))
    else:
        turns = _pair(row, shape, read)
    joined, left_out = merged(_with_system(row, shape, turns))
    spoken = [turn for turn in joined if turn.role == "assistant"]
    if not spoken:
        raise RefusedError("no-assistant-turn")
    if media:
        asked = [turn for turn in joined if turn.role in ("user", "tool")]
        for said in (asked, spoken):
            if said and not any(says_something(turn.content) for turn in said):
                raise RefusedError("unsupported-content", _counts(media))
        yield context.note("media-content", locator, _counts(media))
    if left_out:
        yield context.note("empty-turn", locator, str(left_out))
    rating = scale.rating(row.get(shape.rating)) if scale and shape.rating else None
    metadata = {} if rating is None else {"rating": f"{rating:g}"}
    if people := _people(row, shape):
        metadata["names"] = json.dumps(people, ensure_ascii=False)
    yield context.dialogue(
        joined,
        locator=locator,
        group=group_of(row, shape),
        weight=_weight(row, shape, context) * weight_of(rating),
        metadata=metadata,
    )


def _people(row: Mapping[str, Any], shape: Shape) -> list[str]:
    """Whom the messages of a row name, each once."""
    keys = (shape.messages, shape.question, shape.answer, shape.history, shape.chosen)
    names: dict[str, None] = {}
    for key in keys:
        value = row.get(key) if key else None
        if key == shape.messages and value is not None:
            value = _messages(row, shape)
        if isinstance(value, Mapping):
            value = value.get("messages", [value])
        names.update(dict.fromkeys(people_in(value)))
    return list(names)


def _counts(media: Counter[str]) -> str:
    return ", ".join(f"{kind}: {count}" for kind, count in sorted(media.items()))


def _messages(row: Mapping[str, Any], shape: Shape) -> object:
    """The list of messages, which a cell of a table holds as JSON."""
    assert shape.messages
    value = row.get(shape.messages)
    if isinstance(value, str) and value.lstrip().startswith("["):
        parsed = parse(value, 1)
        if parsed.fact:
            raise RefusedError(parsed.reason, parsed.fact)
        return parsed.value
    return value


def _chosen(row: Mapping[str, Any], shape: Shape, read: Turns) -> list[Turn]:
    """A conversation that ends with the preferred answer.

    The answer may hold all of the conversation, or a last message that goes behind the prompt,
    or behind the messages of the row.
    """
    assert shape.chosen
    chosen = row.get(shape.chosen)
    if isinstance(chosen, Mapping):
        chosen = [chosen]
    if isinstance(chosen, str) and _SPEECH.match(chosen):
        chosen = _transcript(chosen)
    if isinstance(chosen, list):
        answer = read(chosen)
        if any(turn.role == "user" for turn in answer):
            return answer
    else:
        answer = [Turn("assistant", _required(row, shape.chosen))]
    asked = row.get(shape.messages) if shape.messages else None
    if asked is None and shape.question:
        asked = row.get(shape.question)
    if isinstance(asked, Mapping):  # OpenAI's rows of preferences wrap the messages
        asked = asked.get("messages")
    if isinstance(asked, list):
        return read(asked) + answer
    if not shape.question:
        raise RefusedError("missing-value", "prompt")
    return [Turn("user", _required(row, shape.question)), *answer]


def _transcript(text: str) -> list[dict[str, str]]:
    _before, *parts = _SPEECH.split(text)
    speakers = {"Human": "user", "Assistant": "assistant"}
    return [
        {"role": speakers[speaker], "content": said}
        for speaker, said in zip(parts[::2], parts[1::2], strict=True)
    ]


def _pair(row: Mapping[str, Any], shape: Shape, read: Turns) -> list[Turn]:
    """A question and its answer; either may itself be a list of messages."""
    assert shape.question
    assert shape.answer
    question, answer = row.get(shape.question), row.get(shape.answer)
    turns: list[Turn] = []
    if shape.history and row.get(shape.history):
        turns += read(row[shape.history])
    if _is_messages(question) and _is_messages(answer):
        return turns + read(question) + read(answer)
    before = text_of(row.get(shape.subject)).strip() if shape.subject else ""
    behind = text_of(row.get(shape.extra)).strip() if shape.extra else ""
    # A ticket may say all there is to say in its subject; any other question has to be there.
    text = text_of(question) if before else _required(row, shape.question)
    text = text.strip() if text.strip().startswith(before) or not before else f"{before}\n\n{text}"
    text = f"{text.strip()}\n\n{behind}" if behind else text or before
    return [*turns, Turn("user", text), Turn("assistant", _required(row, shape.answer))]


def _is_messages(value: object) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], Mapping)


def _with_system(row: Mapping[str, Any], shape: Shape, turns: list[Turn]) -> list[Turn]:
    """The turns with what else the row says about the assistant before them: a system message or
    a persona, where none is among them; and the tools that it may call, which end its text."""
    before, others = _parted(turns) if turns else ([], turns)
    text = "\n".join(turn.content for turn in before) or _system(row, shape)
    if shape.tools and (shape.messages or shape.question):
        text = f"{text}\n\n{tools_text(row.get(shape.tools))}".strip()
    return [Turn("system", text), *others] if text else others


def _parted(turns: list[Turn]) -> tuple[list[Turn], list[Turn]]:
    count = next((i for i, turn in enumerate(turns) if turn.role != "system"), len(turns))
    return turns[:count], turns[count:]


def _system(row: Mapping[str, Any], shape: Shape) -> str:
    """What the row says about who the assistant is: a system message, or a persona."""
    if shape.system and text_of(row.get(shape.system)).strip():
        return text_of(row[shape.system])
    if shape.persona and shape.messages:
        persona = row.get(shape.persona)
        lines = persona if isinstance(persona, list) else [persona]
        return " ".join(filter(None, (text_of(line).strip() for line in lines)))
    return ""


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


def _weight(row: Mapping[str, Any], shape: Shape, context: FileContext) -> float:
    named = context.source.columns.weight is not None
    weight = weight_in(row.get(shape.weight), named=named) if shape.weight else None
    if weight == 0:  # a row of which nothing is learnt is none
        raise RefusedError("bad-weight", "0")
    return 1.0 if weight is None else weight
