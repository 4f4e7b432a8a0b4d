"""The name of a business is not a person's: it must not be taken for personal data."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from laras.records import Dialogue
from laras.sources.conversations.guess import is_organisation

CHAT = """12/03/24 08.15 - Budi Santoso: Selamat pagi
12/03/24 08.16 - CS Telaga: Pagi, di sini Koperasi Telaga
12/03/24 08.17 - Budi Santoso: Jam berapa buka?
12/03/24 08.18 - CS Telaga: Pukul delapan
"""


def test_only_people_are_among_the_names(tmp_path: Path, read: Callable[..., Any]) -> None:
    (tmp_path / "chat.txt").write_text(CHAT, encoding="utf-8")
    records = read("chat.txt", kind="conversations", assistant=["CS Telaga"])
    (dialogue,) = [record for record in records if isinstance(record, Dialogue)]
    assert json.loads(dialogue.metadata["names"]) == ["Budi Santoso"]


@pytest.mark.parametrize("name", ["CS Telaga", "Toko Makmur", "Admin", "PT Angin Ribut"])
def test_names_of_organisations_are_told(name: str) -> None:
    assert is_organisation(name)
    assert not is_organisation("Budi Santoso")
