"""RIS, which reference managers and data bases of papers export: each record with an abstract is
an article. Runs in the child process."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from laras.sources.documents.text_file import read_text
from laras.sources.extraction import Extracted, RefusedError
from laras.sources.journals.citations import article_of, noted

_RECORD = re.compile(r"^TY {1,2}- ?", re.MULTILINE)
_END = re.compile(r"^ER {1,2}-", re.MULTILINE)


def extract(path: Path) -> list[Extracted]:
    """The records of the file, in its order; those without an abstract have no text."""
    text, guessed = read_text(path)
    starts = [found.start() for found in _RECORD.finditer(text)]
    if not starts:
        raise RefusedError("unknown-shape", "TY  -")
    articles = []
    line, counted = 1, 0
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        line, counted = line + text.count("\n", counted, start), start
        articles.append(_article(text[start:end], f"line {line}"))
    return noted(articles, guessed)


def _article(record: str, locator: str) -> Extracted:
    """One record: alone, so that a broken one does not take the others with it."""
    import rispy

    ended = record if _END.search(record) else f"{record.rstrip()}\nER  - \n"
    try:
        (fields,) = rispy.loads(ended)
    except Exception as error:  # whatever rispy raises on a broken record is an answer here
        fact = f"{type(error).__name__}: {error}"[:120]
        return Extracted(text="", locator=locator, notes=(("parser-failed", locator, fact),))
    return article_of(_fields(fields), locator)


def _fields(record: dict[str, Any]) -> dict[str, str]:
    def first(*names: str) -> str:
        for name in names:
            value = record.get(name)
            if value:
                return value[0] if isinstance(value, list) else str(value)
        return ""

    authors = record.get("authors") or record.get("first_authors") or []
    return {
        "title": first("title", "primary_title"),
        "abstract": first("abstract", "notes_abstract"),
        "doi": first("doi"),
        "url": first("url", "urls"),
        "year": first("year", "publication_year", "date"),
        "authors": "; ".join(_name(author) for author in authors),
        "journal": first("journal_name", "secondary_title", "alternate_title3", "alternate_title1"),
        "pmid": first("accession_number") if "pubmed" in first("name_of_database").lower() else "",
    }


def _name(name: str) -> str:
    family, comma, given = name.partition(",")
    return f"{given.strip()} {family.strip()}" if comma else name.strip()
