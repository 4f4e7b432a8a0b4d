"""Exports that break their own documentation: wrong types in every field, cut files, odd names."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from laras.recipe.schema import Source
from laras.records import DIALOGUE_SCHEMA, Dialogue, Rejection, to_table
from laras.sources.context import FileContext
from laras.sources.conversations import signal, whatsapp
from laras.sources.conversations.fields import milliseconds, name, seconds
from laras.sources.conversations.formats import format_of, read_rows
from laras.sources.conversations.sessions import dialogues
from laras.sources.discovery import SourceFile
from laras.sources.parsing import ParserProcess

GOLDEN = Path(__file__).resolve().parents[3] / "golden" / "conversations"
NAMES = ["discord", "instagram", "messenger", "signal", "slack", "teams", "telegram"]
EXPORTS = [path for n in NAMES for path in sorted((GOLDEN / n / "export").rglob("*.json"))]
NASTY = (
    *(None, True, -1, 10**30, 1e308, "", "x", "\u202e\u2066\u0007\ud7ff", "9" * 400, "1e999"),
    *([], [[[]]], [None, 3, {"text": ["x"]}], {}, {"list": [{}]}, {"type": "message", "ts": {}}),
)


def id_of(path: Path) -> str:
    return str(path.relative_to(GOLDEN))


def value_of(path: Path) -> Any:
    text = path.read_text(encoding="utf-8")
    try:
        return json.loads(text)
    except ValueError:
        return [json.loads(line) for line in text.splitlines()]


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    keys: Any = value if isinstance(value, dict) else range(len(value))
    for key in keys:
        yield (*at, key)
        if isinstance(value[key], dict | list):
            yield from places(value[key], (*at, key))


def changed(value: Any, place: tuple[Any, ...], new: Any) -> Any:
    """A copy of ``value`` with ``new`` at ``place``; what did not change is shared."""
    if not place:
        return new
    copy = value.copy()
    copy[place[0]] = changed(value[place[0]], place[1:], new)
    return copy


def check(value: Any, context: Any) -> None:
    rows = value if isinstance(value, list) else [value]
    found = next(filter(None, (format_of("json", row, context) for row in rows[:1])), None)
    if found is None:
        return
    located = [(f"item {number}", row) for number, row in enumerate(rows, 1)]
    records = list(read_rows(found, located, context))
    assert records
    kept = [record for record in records if isinstance(record, Dialogue)]
    assert to_table(kept, DIALOGUE_SCHEMA).num_rows == len(kept)
    assert len({record.dialogue_id for record in kept}) == len(kept)
    for record in kept:
        assert math.isfinite(record.weight)
        assert all(turn.content.strip() for turn in record.turns)
        json.loads(record.metadata["names"])


@pytest.mark.parametrize("path", EXPORTS, ids=id_of)
def test_a_wrong_value_in_any_field_never_raises(context_of, path):
    value = value_of(path)
    context = context_of(path.relative_to(GOLDEN).as_posix())
    for number, place in enumerate(places(value)):
        for step in range(4):  # not all of them everywhere: neighbours are alike
            nasty = NASTY[(number + 5 * step) % len(NASTY)]
            check(changed(value, place, nasty), context)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=8,
)


@pytest.mark.parametrize("path", EXPORTS, ids=id_of)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_value_in_any_field_never_raises(context_of, path, data):
    value = value_of(path)
    context = context_of(path.relative_to(GOLDEN).as_posix())
    for _times in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.sampled_from(sorted(places(value), key=str)))
        value = changed(value, place, data.draw(json_values))
    check(value, context)


HEADS = st.sampled_from(
    [
        *(
            "05/01/24 14.05 - ",
            "[31/02/24 99.99.99] ",
            "[2026-01-05, 10:00] ",
            "\u200e[1/2/3 4:05 PM] ",
        ),
        *("Ani: ", "\n", "\u200e", "<Media", ">", " omitted", "(file attached)", "![a](./media/b)"),
    ]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(HEADS | st.text(max_size=6), max_size=40))
def test_any_text_is_a_chat_or_not_and_never_raises(parts):
    text = "05/01/24 14.05 - Ani: a\n" + "".join(parts)
    source = Source.model_validate({"conversations": "chat.txt"})
    file = SourceFile(Path("chat.txt"), "chat.txt", "chat.txt", 1)
    context = FileContext(file, source, ParserProcess(), 1 << 30)
    for read in (whatsapp.messages, signal.messages_of_text):
        assert list(dialogues(read(text, context), context))


@pytest.mark.parametrize("path", EXPORTS, ids=id_of)
def test_a_cut_export_is_in_the_ledger(read, write, path):
    data = path.read_bytes()
    chance = random.Random(path.name)
    for _cut in range(12):
        write(path.name, data[: chance.randrange(1, len(data) - 2)])
        records = read(path.name, kind="conversations")
        assert any(isinstance(record, Rejection) and record.rows for record in records)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1767589200", 1767589200.0),
        (1767589200.5, 1767589200.5),
        ("2026-01-05T10:00:00", 1767607200.0),
        ("2026-01-05T10:00:00+07:00", 1767582000.0),
        ("2026-01-05T10:00:00.123Z", 1767607200.123),
        (float("inf"), None),
        (float("nan"), None),
        (1e300, None),
        (10**400, None),
        ("1e999", None),
        ("9" * 4000, None),
        ("99999999999999999999", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("kemarin", None),
        (True, None),
        (None, None),
        ([1], None),
    ],
)
def test_times_are_seconds_or_nothing(value, expected):
    assert seconds(value) == expected
    assert milliseconds(value) is None or math.isfinite(milliseconds(value))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Ani", "Ani"),
        ("  Ani\n Budi\t", "Ani Budi"),
        ("\u202eAni\u202c\u200b \u0007x", "Ani x"),
        ("a\x00b\x1b[31mc", "a b [31mc"),
        ("👩\u200d🏫 Ibu", "👩🏫 Ibu"),
        ("x" * 10_000_000, "x" * 120),
        (3, ""),
        (None, ""),
    ],
)
def test_names_are_one_short_visible_line(value, expected):
    assert name(value) == expected


def test_names_that_hide_characters_are_the_same_person(read, write):
    rows = [
        {"type": "message", "date": "2026-01-05T10:00:00", "from": "\u202eAni", "text": "Halo"},
        {"type": "message", "date": "2026-01-05T10:01:00", "from": "bot", "text": "Halo juga"},
        {"type": "message", "date": "2026-01-05T10:02:00", "from": "Ani\u200b", "text": "Ada?"},
        {"type": "message", "date": "2026-01-05T10:03:00", "from": "bot", "text": "Ada"},
    ]
    write("result.json", json.dumps({"messages": rows}))
    (dialogue,) = read("result.json", kind="conversations")
    assert [turn.content for turn in dialogue.turns] == ["Halo", "Halo juga", "Ada?", "Ada"]
    assert dialogue.group == "Ani"


def test_a_message_of_ten_megabytes_is_read(read, write):
    text = "kata <@ & [" * 1_000_000
    rows = [
        {"type": "message", "ts": "1.0", "user": "U1", "text": text},
        {"type": "message", "ts": "2.0", "user": "bot", "text": "Ya"},
    ]
    write("umum/2026-01-05.json", json.dumps(rows))
    records = read("umum", kind="conversations")
    assert [len(r.turns[0].content) > 9_000_000 for r in records if isinstance(r, Dialogue)] == [
        True
    ]
