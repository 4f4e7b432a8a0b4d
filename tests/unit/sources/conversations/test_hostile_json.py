"""Any JSON value anywhere in an export ends in records or in the ledger, and never raises."""

from __future__ import annotations

import copy
import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from laras.recipe.schema import DataSection, Source
from laras.records import DIALOGUE_SCHEMA, Dialogue, Rejection, to_table
from laras.sources.read import read_source

GOLDEN = Path(__file__).resolve().parents[3] / "golden" / "conversations"
NAMES = """
    botpress dialogflow freshdesk intercom multiwoz oasst openai rasa sgd sharegpt zendesk
"""
EXPORTS = [
    path for name in NAMES.split() for path in sorted((GOLDEN / name / "export").glob("*.json*"))
]

NUMBERS = st.one_of(
    st.integers(-(10**90), 10**90),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([0, -1, 1, 2**63, 10**14, 1e308, -0.0]),
)
TEXTS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["user", "assistant", "system", "", " ", "[", "{}", "2026-99-99", "1e999"]),
    st.sampled_from(["<p", "<!--", "&#xD800;", "=1+1", "[image]", "\u2028", "\x00", "1" * 400]),
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.one_of(TEXTS, st.sampled_from(["role", "content", "messages", "text", "id"])),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=6,
)


def read_all(folder: Path, name: str, kind: str = "conversations") -> list[Any]:
    source = Source.model_validate({kind: name})
    records = list(read_source(source, folder, DataSection(sources=[source])))
    assert records
    dialogues = [record for record in records if isinstance(record, Dialogue)]
    assert to_table(dialogues, DIALOGUE_SCHEMA).num_rows == len(dialogues)
    for record in dialogues:
        assert 0 < record.weight < math.inf
        assert all(turn.content.strip() for turn in record.turns)
    identifiers = [record.dialogue_id for record in dialogues]
    assert len(set(identifiers)) == len(identifiers)
    assert all(record.reason for record in records if isinstance(record, Rejection))
    return records


def values_of(path: Path) -> Any:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".json":
        return json.loads(text)
    rows = []
    for line in text.splitlines():
        try:
            rows.append(json.loads(line))
        except ValueError:
            continue
    return rows


def places_in(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value within ``value``."""
    keys: Any = value if isinstance(value, dict) else range(len(value))
    places = []
    for key in keys:
        places.append((*at, key))
        if isinstance(value[key], dict | list):
            places += places_in(value[key], (*at, key))
    return places


def write_rows(path: Path, value: Any) -> None:
    if path.suffix == ".json":
        path.write_text(json.dumps(value))
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in value))


@pytest.mark.parametrize("export", EXPORTS, ids=lambda path: f"{path.parts[-3]}-{path.name}")
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_value_in_any_place_of_an_export_is_read_or_told(tmp_path, export, data):
    value = copy.deepcopy(values_of(export))
    places = places_in(value)
    for _change in range(data.draw(st.integers(1, 3))):
        *outer, last = data.draw(st.sampled_from(places))
        holder = value
        for key in outer:
            inner = holder[key] if _has(holder, key) else None
            holder = inner
        if not _has(holder, last):
            continue
        if isinstance(holder, dict) and data.draw(st.booleans()):
            del holder[last]
        else:
            holder[last] = data.draw(VALUES)
    path = tmp_path / f"export{export.suffix}"
    write_rows(path, value)
    read_all(tmp_path, path.name)


def _has(holder: Any, key: Any) -> bool:
    if isinstance(holder, dict):
        return key in holder
    return isinstance(holder, list) and isinstance(key, int) and key < len(holder)


@pytest.mark.parametrize("kind", ["conversations", "examples"])
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=st.lists(VALUES, min_size=1, max_size=4), is_list=st.booleans())
def test_any_json_is_read_or_told(tmp_path, kind, rows, is_list):
    path = tmp_path / ("any.json" if is_list else "any.jsonl")
    write_rows(path, rows)
    read_all(tmp_path, path.name, kind)


LINES = [
    '{"messages": ' + "[" * 100_000 + "]" * 100_000 + "}",
    '{"sender_id": "a", "events": ' + '{"event":' * 5_000 + "1" + "}" * 5_000 + "}",
    '{"message_id": "m", "role": "prompter", "text": "t", "rank": 1e999}',
    '{"message_id": "m", "role": "prompter", "text": "t", "rank": ' + "9" * 4_000 + "}",
    '{"sender_id": "a", "sender_id": "b", "events": []}',
    '{"queryResult": {"queryText": NaN, "fulfillmentText": "x"}}',
    '{"messages": [{"role": "user", "content": "half \\ud83d"}]}',
    '{"id": 1, "requester_id": 2, "comments": [{"author_id": 2, "body": "a\\u0000b"}]}',
]


@pytest.mark.parametrize("line", LINES, ids=range(len(LINES)))
def test_a_line_that_is_no_json_costs_itself_alone(tmp_path, line):
    good = '{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}'
    (tmp_path / "a.jsonl").write_text(f"{line}\n{good}\n")
    refused, kept = read_all(tmp_path, "a.jsonl")
    assert refused.reason in ("bad-json", "duplicate-keys")
    assert isinstance(kept, Dialogue)


def test_a_line_of_ten_megabytes_is_read(tmp_path):
    text = "kata & <b>tebal</b> < " * 480_000
    part = {"part_type": "comment", "body": text, "author": {"type": "admin", "name": "A"}}
    source = {"body": "<p>Halo", "author": {"type": "user", "name": "B"}}
    row = {"source": source, "conversation_parts": {"conversation_parts": [part]}}
    (tmp_path / "a.jsonl").write_text(json.dumps(row))
    (dialogue,) = read_all(tmp_path, "a.jsonl")
    assert len(dialogue.turns[1].content) > 5_000_000


def test_arguments_nested_too_deeply_stay_the_text_that_they_are(tmp_path):
    call = {"name": "f", "arguments": "[" * 50_000}
    messages = [
        {"role": "user", "content": "x"},
        {"role": "assistant", "content": None, "tool_calls": [{"function": call}]},
    ]
    (tmp_path / "a.jsonl").write_text(json.dumps({"messages": messages}))
    (dialogue,) = read_all(tmp_path, "a.jsonl")
    assert dialogue.turns[1].content.startswith('{"name":"f","arguments":"[[[')
