"""BibTeX: each entry with an abstract is an article. Runs in the child process."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from laras.sources.documents.text_file import read_text
from laras.sources.extraction import Extracted, RefusedError
from laras.sources.journals.citations import article_of, noted
from laras.sources.journals.latex_text import LatexText

_AND = re.compile(r"\s+and\s+")


def extract(path: Path) -> list[Extracted]:
    """The entries of the file, in its order; those without an abstract have no text."""
    import bibtexparser

    logging.getLogger("bibtexparser").setLevel(logging.CRITICAL)  # what fails is told below
    text, guessed = read_text(path)
    library = bibtexparser.parse_string(text)
    failed = {id(block) for block in library.failed_blocks}
    blocks = [block for block in library.blocks if hasattr(block, "fields") or id(block) in failed]
    if not blocks:
        raise RefusedError("empty")
    return noted(list(_articles(blocks, failed)), guessed)


def _articles(blocks: list[Any], failed: set[int]) -> Iterator[Extracted]:
    seen: set[str] = set()
    for number, block in enumerate(blocks, 1):
        locator = f"line {block.start_line + 1}"
        locator = locator if locator not in seen else f"{locator}, entry {number}"
        seen.add(locator)
        # A second entry with the same key is as good as the first.
        entry = getattr(block, "ignore_error_block", None) if id(block) in failed else block
        if entry is None or not hasattr(entry, "fields"):
            fact = str(getattr(block, "error", ""))[:120]
            yield Extracted(text="", locator=locator, notes=(("parser-failed", locator, fact),))
            continue
        yield article_of(_fields(entry), locator)


def _fields(entry: Any) -> dict[str, str]:
    values = {field.key.lower(): str(field.value) for field in entry.fields}
    authors = "; ".join(_name(_plain(name)) for name in _AND.split(values.get("author", "")))
    return {
        "title": _plain(values.get("title", "")),
        "abstract": _plain(values.get("abstract", "")),
        "doi": values.get("doi", ""),
        "url": values.get("url", ""),
        "eprint": values.get("eprint", ""),
        "pmid": values.get("pmid", ""),
        "year": values.get("year", "") or values.get("date", ""),
        "authors": authors,
        "journal": _plain(
            values.get("journal", "")
            or values.get("journaltitle", "")
            or values.get("booktitle", "")
        ),
    }


def _plain(value: str) -> str:
    """A value's LaTeX as text."""
    value = value.strip().removeprefix("{").removesuffix("}") if value.startswith("{") else value
    if not re.search(r"[\\{}$~]|--", value):
        return value
    blocks = LatexText(value, {}).read()
    return "\n\n".join(block.text for block in blocks)


def _name(name: str) -> str:
    """``Wulandari, Sari`` as ``Sari Wulandari``."""
    family, comma, given = name.partition(",")
    return f"{given.strip()} {family.strip()}" if comma else name.strip()
