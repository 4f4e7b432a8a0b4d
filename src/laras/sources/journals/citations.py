"""Bibliographies: a record of a paper, with its abstract, as an article."""

from __future__ import annotations

from dataclasses import replace

from laras.sources.documents.text_file import Notes
from laras.sources.extraction import Extracted
from laras.sources.journals.identifiers import arxiv_in, doi_in, group_of, known, year_in


def noted(articles: list[Extracted], notes: Notes) -> list[Extracted]:
    """The articles, the first with the ``notes`` about the file that they stand in."""
    if not articles or not notes:
        return articles
    first, *others = articles
    own = tuple((reason, first.locator, fact) for reason, _locator, fact in notes)
    return [replace(first, notes=(*own, *first.notes)), *others]


def article_of(fields: dict[str, str], locator: str) -> Extracted:
    """The article of a record with ``title``, ``abstract``, ``doi``, ``year``, ``authors``,
    ``journal``, ``pmid``, ``url``, as far as it has them. Without an abstract it has no text:
    titles alone teach nothing."""
    title = " ".join(fields.get("title", "").split())
    abstract = fields.get("abstract", "").strip()
    metadata = known(
        title=title,
        doi=doi_in(fields.get("doi", "")) or doi_in(fields.get("url", "")),
        arxiv=arxiv_in(f"arXiv:{fields.get('eprint', '')}") or arxiv_in(fields.get("note", "")),
        pmid=fields.get("pmid", ""),
        year=year_in(fields.get("year", "")),
        authors=fields.get("authors", ""),
        journal=fields.get("journal", ""),
    )
    paragraphs = [" ".join(part.split()) for part in abstract.split("\n\n")]
    text = "\n\n".join([*([f"# {title}"] if title else []), *paragraphs]) if abstract else ""
    return Extracted(
        text=text, title=title, locator=locator, metadata=metadata, group=group_of(metadata)
    )
