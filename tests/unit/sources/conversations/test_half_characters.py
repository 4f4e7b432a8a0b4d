"""Half a character anywhere in an export costs at most its own row, and never the run."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from laras.records import (
    DIALOGUE_SCHEMA,
    REJECTION_SCHEMA,
    Dialogue,
    Document,
    Rejection,
    Turn,
    to_table,
)
from laras.sources.whole_characters import with_whole_characters

GOLDEN = Path(__file__).resolve().parents[3] / "golden" / "conversations"
JSON_FILES = sorted(
    path.relative_to(GOLDEN).as_posix()
    for path in GOLDEN.glob("*/export/**/*.json*")
    if path.suffix in (".json", ".jsonl")
)
HALF = "\ud800"
MOST_PLACES = 40  # of a file: its first strings name every key


def places(value: Any) -> Iterator[Callable[[str], None]]:
    """What puts a text in the place of each string of ``value``, one after the other."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in list(items):
        if isinstance(item, str):
            yield lambda text, key=key: value.__setitem__(key, text)
        elif isinstance(item, dict | list):
            yield from places(item)


def parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:  # lines of JSON, or one of the broken lines among them
        return None


def can_be_stored(records: list[Any]) -> None:
    """Stores the records, as every run does."""
    dialogues = [record for record in records if isinstance(record, Dialogue)]
    to_table(dialogues, DIALOGUE_SCHEMA)
    to_table([r for r in records if isinstance(r, Rejection)], REJECTION_SCHEMA)


@pytest.mark.parametrize("file", JSON_FILES)
def test_half_a_character_in_any_string_is_stored(read, tmp_path, file):
    name = file.split("/")[0]
    recipe = json.loads((GOLDEN / name / "expected.json").read_text(encoding="utf-8"))["recipe"]
    folder = tmp_path / name
    shutil.copytree(GOLDEN / name, folder)
    text = (GOLDEN / file).read_text(encoding="utf-8")
    parts = [text] if parsed(text) is not None else text.splitlines()
    for part in range(len(parts)):
        for number in range(MOST_PLACES):
            value = parsed(parts[part]) or {}
            setters = list(places(value))
            if number >= len(setters):
                break
            setters[number](HALF)
            changed = [*parts[:part], json.dumps(value), *parts[part + 1 :]]
            (tmp_path / file).write_text("\n".join(changed), encoding="utf-8")
            can_be_stored(read("export", "conversations", folder=folder, **recipe))


def test_each_field_of_a_record_is_repaired_and_a_note_says_which() -> None:
    dialogue = Dialogue(
        f"d{HALF}",
        "a.json",
        (Turn("user", f"a{HALF}"), Turn("assistant", "b")),
        f"line {HALF}",
        label=HALF,
        group=f"{HALF}x",
        metadata={f"k{HALF}": f"v{HALF}"},
    )
    document = Document("d", "a.md", f"x{HALF}", title=HALF)
    refused = Rejection("read", "unknown-shape", "a.json", detail=HALF)
    found = list(with_whole_characters([dialogue, document, refused]))
    can_be_stored([found[1], found[0], found[2], found[4]])
    assert [r.reason for r in found if isinstance(r, Rejection)] == ["not-unicode"] * 2 + [
        "unknown-shape"
    ]
    assert isinstance(found[0], Rejection)
    assert found[0].rows == 0
    assert found[0].detail == "dialogue_id, turns, locator, label, group, metadata"
    assert isinstance(found[1], Dialogue)
    assert found[1].turns[0].content == "a\ufffd"
    assert found[1].metadata == {"k\ufffd": "v\ufffd"}
    assert list(with_whole_characters([found[1]])) == [found[1]]


def test_an_answer_that_another_day_of_slack_holds_is_repaired(read, write):
    root, later = "1700000000.000100", "1700090000.000100"
    first = {"type": "message", "user": "U1", "ts": root, "thread_ts": root, "text": "Halo?"}
    own = {**first, "user": "U2", "ts": "1700000060.000100", "text": "Ya?"}
    answer = {**first, "user": HALF, "ts": later, "text": "Baik."}
    replies = [{"user": "U2", "ts": own["ts"]}, {"user": "U3", "ts": later}]
    write("export/umum/2023-11-14.json", json.dumps([{**first, "replies": replies}, own]))
    write("export/umum/2023-11-15.json", json.dumps([answer]))
    records = read("export", "conversations", assistant=["U2"])
    can_be_stored(records)
    (dialogue,) = (record for record in records if isinstance(record, Dialogue))
    assert [turn.content for turn in dialogue.turns] == ["U1: Halo?", "Ya?", "\ufffd: Baik."]
    assert "not-unicode" in {r.reason for r in records if isinstance(r, Rejection)}
