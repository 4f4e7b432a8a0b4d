"""Real exports and what another parser makes of them: every author, time and message agrees."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from laras.sources.conversations.formats import format_of
from laras.sources.conversations.messages import ChatMessage

pytestmark = pytest.mark.material

EXPORTS = (
    ("whatsapp", "test_ddmmyy_24hrs.txt", "minutes"),
    ("whatsapp", "test_mmddyy_24hrs.txt", "minutes"),
    ("whatsapp", "test_[mmddyy]_24hrs.txt", "minutes"),
    ("whatsapp", "test_mmddyyyy_12hrs.txt", "minutes"),
    ("whatsapp", "test_yyyymmdd_24hrs.txt", "minutes"),
    ("signal", "test_export.txt", "minutes"),
    ("telegram", "test_single_export.json", "seconds"),
    ("telegram", "test_batch_export.json", "seconds"),
    ("instagram", "test_export.json", "minutes"),
)


def told(message: ChatMessage, precision: str) -> dict[str, str]:
    """As the targets have it: to the minute where the messenger shows no seconds, and the lines
    of a message joined by a space."""
    assert message.time is not None
    moment = datetime.fromtimestamp(message.time, UTC).replace(tzinfo=None)
    return {
        "timestamp": moment.isoformat(timespec=precision),
        "author": message.author,
        "message": " ".join(message.text.split()),
    }


@pytest.mark.parametrize(("folder", "name", "precision"), EXPORTS)
def test_an_export_parses_to_its_target(material: Path, context_of, folder, name, precision):
    place = material / "chat-logs" / "chat-exports" / folder
    content = (place / name).read_text(encoding="utf-8")
    value: Any = content if name.endswith(".txt") else json.loads(content)
    context = context_of(name)
    found = format_of("text" if value is content else "json", value, context)
    assert found is not None
    data = value if value is content else iter([("", value)])
    messages = list(found.messages(data, context))
    target = json.loads((place / "target.json").read_text(encoding="utf-8"))
    for row in target:
        row["timestamp"] = datetime.fromisoformat(row["timestamp"]).isoformat(timespec=precision)
    said = [
        told(m, precision) for m in messages if isinstance(m, ChatMessage) and m.kind == "message"
    ]
    assert sorted(said, key=str) == sorted(target, key=str)
    assert len({message.locator for message in messages}) == len(messages)


def test_a_folder_of_exports_is_read_without_loss(material, read):
    records = read("chat-logs/chat-exports", kind="conversations", folder=material)
    assert {record.reason for record in records if not hasattr(record, "turns")} <= {
        *("guessed-assistant", "set-aside", "no-assistant-turn"),
    }
