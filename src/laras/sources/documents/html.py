"""HTML: the article where a page has one, all of its text where the article would lose most.
Or, where the recipe says so, all that a reader of the page sees, its menus included.

Runs in the child process (see worker.py).
"""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

from laras.sources.documents.html_text import PageText, page_text
from laras.sources.documents.html_tree import with_bounded_nesting
from laras.sources.encoding import Decoded, UndecodableError, decode
from laras.sources.extraction import Extracted, RefusedError

_DECLARED = re.compile(
    rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]{1,40})""", re.IGNORECASE
)
_DECLARED_XML = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.:-]{1,40})""")
_KEPT_SHARE = 0.5
_NOTHING_TO_LOSE = 0.95
_SHORT_PAGE_WORDS = 200
_SHORT_PAGE_KEPT_SHARE = 0.9  # finding the article is guesswork where there is little to go by


def extract(path: Path) -> Extracted:
    """The text of an HTML file. Navigation, scripts and styles are left out."""
    decoded = decoded_page(path.read_bytes())
    whole = page_text(decoded.text)
    article = None if _is_short_and_plain(whole) else _article(decoded.text)
    chosen = article if article and _is_better(article, whole) else whole
    return _extracted(chosen, whole.title, "article" if chosen is article else "page", decoded)


def extract_page(path: Path) -> Extracted:
    """All text of an HTML file, with its navigation."""
    decoded = decoded_page(path.read_bytes())
    whole = page_text(decoded.text, everything=True)
    return _extracted(whole, whole.title, "page", decoded)


def decoded_page(data: bytes, declared: str | None = None) -> Decoded:
    """The page as characters; ``declared``: what a letter says of its HTML part's encoding."""
    found = _DECLARED.search(data[:4096]) or _DECLARED_XML.search(data[:4096])
    named = found.group(1).decode("ascii") if found else None
    try:
        return decode(data, declared or named)
    except UndecodableError as error:
        raise RefusedError("bad-encoding", error.fact) from None


def _extracted(chosen: PageText, title: str, mode: str, decoded: Decoded) -> Extracted:
    notes = (("guessed-encoding", "", decoded.encoding),) if decoded.guessed else ()
    return Extracted(chosen.text, title=title, metadata={"extracted": mode}, notes=notes)


def _is_short_and_plain(page: PageText) -> bool:
    return page.words == page.content_words < _SHORT_PAGE_WORDS


def _is_better(article: PageText, whole: PageText) -> bool:
    """Whether the article leaves something out that it should, and has most of the running text
    and of the headings that the page has.

    Words in links, in menus and at the page's edges don't count: those an article should lose.
    """
    has_edges = whole.words > whole.content_words
    if not has_edges and article.words >= _NOTHING_TO_LOSE * whole.words:
        return False
    short = whole.content_words < _SHORT_PAGE_WORDS
    share = _SHORT_PAGE_KEPT_SHARE if short else _KEPT_SHARE
    return (
        article.content_words >= share * whole.content_words
        and article.content_headings >= share * whole.content_headings
    )


def _article(html: str) -> PageText | None:
    import trafilatura

    logging.disable(logging.CRITICAL)  # this process has no one to tell
    found: Any = trafilatura.extract(
        with_bounded_nesting(html),
        output_format="html",
        include_comments=False,
        include_tables=True,
        include_formatting=True,
        include_links=True,  # dropping them glues or loses words; they are written as text below
        favor_recall=True,
        with_metadata=False,
    )
    return page_text(found) if found else None
