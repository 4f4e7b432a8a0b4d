"""What is told of records, besides their text, names nobody where that is to be replaced."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest

from laras.preparation.ledger import Ledger
from laras.preparation.privacy.metadata import without_people
from laras.preparation.privacy.name import name_detector
from laras.preparation.privacy.told import paths_that_name, told_of
from laras.records import (
    DIALOGUE_SCHEMA,
    DOCUMENT_SCHEMA,
    Dialogue,
    Document,
    Rejection,
    rejections_from,
    to_table,
)

KINDS = ("email", "phone", "name")


def rejection(reason: str, detail: str, stage: str = "read") -> Rejection:
    return Rejection(stage, reason, "chats/1.txt", "line 3", "", detail)


@pytest.mark.parametrize(
    ("reason", "detail", "told"),
    [
        ("guessed-assistant", "assistant: [Siti Aminah]", ""),
        ("assistant-absent", "Siti Aminah, Budi", ""),
        ("duplicate-keys", "'siti@example.com'", ""),
        ("a-reader-of-others", "Siti", ""),
        ("too-large", "20 > 10", "20 > 10"),
        ("parser-failed", "near 'Siti'", ""),
    ],
)
def test_a_readers_fact_is_told_only_where_it_can_name_nobody(
    reason: str, detail: str, told: str
) -> None:
    assert told_of(rejection(reason, detail), KINDS).detail == told


def test_labels_that_are_personal_data_are_replaced() -> None:
    entry = rejection("conflicting-label", "a.csv: row 3, siti@example.com / ya", "deduplicate")
    assert told_of(entry, KINDS).detail == "a.csv: row 3, <EMAIL_1> / ya"
    same = rejection("near-duplicate", "62812-3456-7890.txt, 0.91", "deduplicate")
    assert told_of(same, KINDS) == same  # a path stays what it is


def test_the_ledger_counts_shows_and_writes_what_may_be_told(tmp_path) -> None:
    inner = Ledger()
    with inner.into(tmp_path / "ledger.arrow"):
        inner.add("read", [rejection("duplicate-keys", "'Siti Aminah'")])
    ledger = Ledger(told=lambda entry: told_of(entry, KINDS))
    ledger.take(tmp_path / "ledger.arrow")
    ledger.write(tmp_path / "ledger.parquet")
    assert "Siti" not in " ".join(ledger.first_places())
    assert ledger.reasons() == {"duplicate-keys": 1}
    (entry,) = rejections_from(pa.parquet.read_table(tmp_path / "ledger.parquet"))
    assert (entry.reason, entry.detail) == ("duplicate-keys", "")


def test_only_metadata_that_names_nobody_stays() -> None:
    letter = {"from": "Siti <siti@example.com>", "thread": "<1@example.com>", "language": "id"}
    article = {"authors": "Siti Aminah", "title": "Padi", "doi": "10.1/1", "email": "s@e.example"}
    documents = [
        Document("1", "a.eml", "x", metadata={**letter, "authors": "Siti"}),
        Document("2", "a.pdf", "x", kind="article", metadata=article),
    ]
    table = without_people(to_table(documents, DOCUMENT_SCHEMA))
    kept = [dict(row) for row in table.column("metadata").to_pylist()]
    assert kept == [
        {"language": "id"},
        {"authors": "Siti Aminah", "title": "Padi", "doi": "10.1/1"},
    ]


@pytest.mark.parametrize(
    ("path", "holds"),
    [
        ("chats/Chat WhatsApp dengan Siti Aminah.txt", True),
        ("chats/chat_siti_aminah.txt", True),
        ("Siti/1.txt", True),
        ("chats/1.txt", False),
    ],
)
def test_a_path_that_holds_a_name_is_found(path: str, holds: bool) -> None:
    names = json.dumps(["Siti Aminah", "Toko Maju"])
    dialogues = [Dialogue(str(n), path, (), metadata={"names": names}) for n in range(2)]
    found = paths_that_name(to_table(dialogues, DIALOGUE_SCHEMA))
    assert found == ([path] if holds else [])


def test_all_names_of_a_large_group_are_found() -> None:
    def word(number: int) -> str:
        letters = "bcdfghjklm"
        return "".join(letters[int(digit)] + "a" for digit in f"{number:04}").capitalize()

    names = tuple(f"{word(n)} {word(n + 5000)}" for n in range(900))
    detector = name_detector(names)
    assert detector is not None
    for name in (names[0], names[200], names[899]):
        text = f"Kata {name} tadi, dan {name.split()[1]} juga."
        assert detector.gate(text)
        values = {finding.value for finding in detector.find(text)}
        assert values == {name.casefold()}
