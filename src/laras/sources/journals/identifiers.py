"""Identifiers of articles: DOI, arXiv and PubMed numbers, years; found, and written in one form.

A DOI in small letters is also the article's group: the same paper as PDF, as XML and as a line
of a bibliography must never stand on two sides of a split.
"""

from __future__ import annotations

import re

# The form that Crossref recommends for matching (blog, "DOIs and matching regular expressions").
_DOI = re.compile(r"\b10\.\d{4,9}/[-._;()/:a-z0-9<>\[\]+]+", re.IGNORECASE)
_ARXIV = re.compile(
    r"\barXiv:\s*(\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})(?:v\d+)?", re.IGNORECASE
)
_YEAR = re.compile(r"\b(?:19|20)\d{2}\b")
_TRAILING = ".,;:"


def doi_in(text: str) -> str:
    """The first DOI in ``text``, in small letters; "" where there is none."""
    found = _DOI.search(text)
    if found is None:
        return ""
    doi = found.group().rstrip(_TRAILING)
    while (
        doi and doi[-1] in ")]" and doi.count(doi[-1]) > doi.count("(" if doi[-1] == ")" else "[")
    ):
        doi = doi[:-1].rstrip(_TRAILING)
    return doi.lower()


def arxiv_in(text: str) -> str:
    """The first arXiv number in ``text``, without its version."""
    found = _ARXIV.search(text)
    return found.group(1) if found else ""


def year_in(text: str) -> str:
    """The first year in ``text``."""
    found = _YEAR.search(text)
    return found.group() if found else ""


def group_of(metadata: dict[str, str]) -> str | None:
    """What an article with such metadata shares with its other forms."""
    if metadata.get("doi"):
        return f"doi:{metadata['doi']}"
    return f"arxiv:{metadata['arxiv']}" if metadata.get("arxiv") else None


def known(**facts: str) -> dict[str, str]:
    """The facts that there are, on one line each."""
    return {name: " ".join(value.split()) for name, value in facts.items() if value.strip()}
