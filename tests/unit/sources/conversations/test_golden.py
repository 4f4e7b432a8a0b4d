"""Chat exports of each format, written after its documentation, beside the dialogues they hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from laras.records import Dialogue, Document, Rejection

GOLDEN = Path(__file__).resolve().parents[3] / "golden" / "conversations"
FORMATS = sorted(path.parent.name for path in GOLDEN.glob("*/expected.json"))


def told(record: Dialogue | Document | Rejection) -> dict[str, Any]:
    """What a record says, in the form in which the golden files say it."""
    assert not isinstance(record, Document)
    place = {"path": record.path, "locator": record.locator}
    if isinstance(record, Rejection):
        return {**place, "reason": record.reason, "rows": record.rows, "fact": record.detail}
    turns = [
        [turn.role, turn.content, *([] if turn.trained is None else [turn.trained])]
        for turn in record.turns
    ]
    metadata = {**record.metadata}
    for key in ("names", "messages"):
        if key in metadata:
            metadata[key] = json.loads(metadata[key])
    return {
        **place,
        "turns": turns,
        "group": record.group,
        "weight": record.weight,
        "metadata": metadata,
    }


@pytest.mark.parametrize("name", FORMATS)
def test_an_export_holds_the_dialogues_written_beside_it(read, name):
    expected = json.loads((GOLDEN / name / "expected.json").read_text(encoding="utf-8"))
    records = read("export", "conversations", folder=GOLDEN / name, **expected["recipe"])
    assert [told(record) for record in records] == expected["records"]


@pytest.mark.parametrize("name", FORMATS)
def test_reading_an_export_twice_gives_the_same_records(read, name):
    folder = GOLDEN / name
    first = read("export", "conversations", folder=folder)
    assert first == read("export", "conversations", folder=folder)
    identifiers = [record.dialogue_id for record in first if isinstance(record, Dialogue)]
    assert len(set(identifiers)) == len(identifiers) > 0
