"""Under which licence a model's folder says that it may be used."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from laras.errors import UsageError
from laras.recipe.document import parse_document

_MOST_CHARACTERS = 200_000
_FRONT_MATTER = re.compile(r"\A---\s*\n(.*?)\n---\s*(?:\n|\Z)", re.DOTALL)
_CARD_LINE = re.compile(
    r"(?im)^[\s>*-]*\**licen[cs]e\**\s*:\**\s*([A-Za-z0-9][A-Za-z0-9.-]{1,40}?)\.?\s*$"
)
_UNTOLD = ("", "other", "unknown")  # what model cards say where they name no licence of a list
# What licences begin with, to the name that model cards give them; the narrower ones first.
_TEXTS = {
    r"apache license\s+version 2\.0": "apache-2.0",
    r"mit license|permission is hereby granted, free of charge": "mit",
    r"bsd 3-clause|neither the name of": "bsd-3-clause",
    r"bsd 2-clause|redistribution and use in source and binary forms": "bsd-2-clause",
    r"gnu affero general public license": "agpl-3.0",
    r"gnu lesser general public license": "lgpl-3.0",
    r"gnu general public license": "gpl-3.0",
    r"cc0 1\.0": "cc0-1.0",
    r"attribution-noncommercial[^\n]* 4\.0": "cc-by-nc-4.0",
    r"attribution-sharealike 4\.0": "cc-by-sa-4.0",
    r"attribution 4\.0": "cc-by-4.0",
}
_LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class Licence:
    """``name`` as model cards write it (``apache-2.0``), or as the file calls it; ``file``: where
    that stands."""

    name: str
    file: str


def licence_of(folder: Path) -> Licence | None:
    """The first that is found: the model card, ``config.json``, the text of a
    licence file; None where nothing tells. It is what the folder claims, not legal advice."""
    return next(_told(folder), None)


def _told(folder: Path) -> Iterator[Licence]:
    if name := _of_card(_text(folder / "README.md")):
        yield Licence(name, "README.md")
    if name := _of_configuration(_text(folder / "config.json")):
        yield Licence(name, "config.json")
    for pattern in ("LICENSE*", "LICENCE*", "COPYING*"):
        for path in sorted(folder.glob(pattern)):
            if name := _of_text(_text(path)):
                yield Licence(name, path.name)


def _of_card(text: str) -> str:
    """By the card's metadata, else by a line behind them that says "Licence:"."""
    if told := _of_metadata(text):
        return told
    match = _FRONT_MATTER.match(text)
    body = "" if match is None and text.startswith("---") else text[match.end() if match else 0 :]
    line = _CARD_LINE.search(body)
    return line[1] if line else ""


def _of_metadata(text: str) -> str:
    match = _FRONT_MATTER.match(text)
    if match is None:
        return ""
    try:
        facts = parse_document(match[1], "README.md").data
    except UsageError:  # whatever a card may hold
        return ""
    if not isinstance(facts, dict):
        return ""
    named = [facts.get("license"), facts.get("license_name")]
    several = [each for name in named for each in (name if isinstance(name, list) else [name])]
    told = [str(each) for each in several if each and str(each).lower() not in _UNTOLD]
    return ", ".join(dict.fromkeys(told))


def _of_configuration(text: str) -> str:
    try:
        facts = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    name = facts.get("license") if isinstance(facts, dict) else None
    return name if isinstance(name, str) and name.lower() not in _UNTOLD else ""


def _of_text(text: str) -> str:
    """By what licences say of themselves; an unknown one by its first line."""
    lowered = " ".join(text[:4000].lower().split())
    for pattern, name in _TEXTS.items():
        if re.search(pattern, lowered):
            return name
    lines = [line.strip(" #*=-") for line in text.splitlines()]
    return next((line[:_LONGEST_NAME] for line in lines if line), "")


def _text(path: Path) -> str:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.read(_MOST_CHARACTERS)
    except OSError:
        return ""
