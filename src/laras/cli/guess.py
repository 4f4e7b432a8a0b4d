"""What kind of source a path is, guessed from its name and first rows, for ``laras init``."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_TABLES = frozenset({".csv", ".tsv"})
_JSON = frozenset({".json", ".jsonl", ".ndjson"})
_TEXTS = frozenset({".txt", ".md", ".markdown", ".html", ".htm", ".docx", ".pdf"})
_CONVERSATION_KEYS = frozenset({"messages", "conversations", "turns", "dialogue", "dialog"})
_LABEL_KEYS = frozenset({"label", "intent", "category", "class", "kelas", "kategori"})
_QUESTION_KEYS = frozenset({"question", "instruction", "prompt", "pertanyaan"})
_SUMMARY_KEYS = frozenset({"summary", "abstract", "ringkasan"})
_HEAD_BYTES = 65_536
_MOST_FILES = 200


@dataclass(frozen=True, slots=True)
class Guess:
    """``kind``: which key of a source; ``preset``: the kind of work that suits it."""

    kind: str
    preset: str


_DOCUMENTS = Guess("documents", "documents")


def guess_source(path: Path) -> Guess:
    """What ``path`` seems to hold; documents where nothing speaks for another kind."""
    if path.is_dir():
        return _folder(path)
    suffix = path.suffix.lower()
    if suffix in _TABLES:
        return _by_keys(_header(path, "\t" if suffix == ".tsv" else ","))
    if suffix in _JSON:
        return _by_keys(_first_keys(path))
    return _DOCUMENTS


def _folder(path: Path) -> Guess:
    """What most of its first files are."""
    counts: dict[Guess, int] = {}
    for number, file in enumerate(sorted(path.rglob("*"))):
        if number >= _MOST_FILES:
            break
        if file.is_file() and file.suffix.lower() in _TABLES | _JSON | _TEXTS:
            found = guess_source(file)
            counts[found] = counts.get(found, 0) + 1
    return max(counts, key=lambda guess: counts[guess]) if counts else _DOCUMENTS


def _by_keys(keys: frozenset[str]) -> Guess:
    if keys & _CONVERSATION_KEYS:
        return Guess("conversations", "chat")
    if keys & _LABEL_KEYS:
        return Guess("examples", "classification")
    if keys & _SUMMARY_KEYS:
        return Guess("examples", "summaries")
    if keys & _QUESTION_KEYS:
        return Guess("examples", "questions")
    return _DOCUMENTS if keys == frozenset({"text"}) else Guess("examples", "questions")


def _head(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(_HEAD_BYTES).decode("utf-8-sig", errors="replace")


def _header(path: Path, delimiter: str) -> frozenset[str]:
    first = next(csv.reader(_head(path).splitlines(), delimiter=delimiter), [])
    return frozenset(name.strip().lower() for name in first)


def _first_keys(path: Path) -> frozenset[str]:
    """Keys of the first object, of JSON Lines or of a JSON array."""
    text = _head(path).lstrip()
    start = text.find("{")
    if start < 0:
        return frozenset()
    try:
        first: Any = json.JSONDecoder().raw_decode(text, start)[0]
    except (ValueError, RecursionError):
        return frozenset()
    return frozenset(str(key).lower() for key in first)
