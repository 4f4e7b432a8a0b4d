"""Tables and JSON of papers with their abstracts, as literature data bases export them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from laras.records import Rejection
from laras.sources.context import FileContext, Record
from laras.sources.documents.parsed import part_records
from laras.sources.journals.citations import article_of

_COLUMNS = {
    "title": (
        "title",
        "articletitle",
        "papertitle",
        "documenttitle",
        "judul",
        "judulartikel",
        "ti",
    ),
    "abstract": ("abstract", "abstracttext", "abstrak", "ringkasan", "summary", "ab"),
    "doi": ("doi", "doilink", "di"),
    "year": ("year", "publicationyear", "pubyear", "tahun", "date", "publicationdate", "py"),
    "authors": ("authors", "author", "authorfullnames", "penulis", "pengarang", "au", "af"),
    "journal": (
        "journal",
        "sourcetitle",
        "journaltitle",
        "jurnal",
        "publicationtitle",
        "so",
        "venue",
    ),
    "pmid": ("pmid", "pubmedid"),
    "url": ("url", "link"),
    "eprint": ("arxivid", "arxiv"),
}
_LIST = re.compile(r"\s*[;|]\s*")


def holds_abstracts(names: Iterable[str], context: FileContext) -> bool:
    """Whether rows of such columns are papers: under ``articles``, with a title and an abstract,
    where the recipe does not say what the columns hold."""
    if context.source.kind != "articles" or context.source.columns.model_dump(exclude_none=True):
        return False
    found = _columns(names)
    return "title" in found and "abstract" in found


def read_abstracts(
    rows: Iterable[tuple[str, Mapping[str, Any]] | Rejection], context: FileContext
) -> Iterator[Record]:
    """The articles of rows with their locators; rejections among them pass through."""
    empty = True
    for row in rows:
        empty = False
        if isinstance(row, Rejection):
            yield row
        else:
            locator, values = row
            yield from read_abstract(values, locator, context)
    if empty:
        yield context.rejection("empty")


def read_abstract(row: Mapping[str, Any], locator: str, context: FileContext) -> Iterator[Record]:
    """The article of one row; a row without an abstract goes to the ledger."""
    fields = {name: _text(row.get(column)) for name, column in _columns(row).items()}
    if fields.get("authors"):
        fields["authors"] = "; ".join(filter(None, _LIST.split(fields["authors"])))
    if not fields.get("abstract", "").strip():
        yield context.rejection("missing-value", locator, _columns(row).get("abstract", "abstract"))
        return
    yield from part_records(article_of(fields, locator), context)


def _columns(names: Iterable[str]) -> dict[str, str]:
    """Of what is known of a paper, the column that has it."""
    plain: dict[str, str] = {}
    for name in names:
        plain.setdefault("".join(sign for sign in name.lower() if sign.isalnum()), name)
    found = {
        field: next((plain[name] for name in known if name in plain), "")
        for field, known in _COLUMNS.items()
    }
    return {field: column for field, column in found.items() if column}


def _text(value: object) -> str:
    if isinstance(value, list):
        return "; ".join(_text(item) for item in value)
    if isinstance(value, dict):
        return _text(value.get("name") or value.get("text") or "")
    return "" if value is None else str(value)
