"""The text of a message written in HTML, as helpdesks keep them.

Bodies of messages are short and simple, and there are many: they are read here in one pass, in
time that grows with their length alone, rather than by a whole-page parser in the child process.
"""

from __future__ import annotations

import html
import re

_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*)(?:[\s/][^<>]*)?>")
_BLOCKS = frozenset(
    (
        *("address", "article", "blockquote", "div", "dl", "dt", "dd", "figure", "footer", "form"),
        *("h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "ol", "p", "pre", "section"),
        *("table", "tbody", "thead", "tr", "ul"),
    )
)
_PARAGRAPHS = frozenset(("p", "ul", "ol", "table", "blockquote", "pre", "h1", "h2", "h3"))
_SILENT = frozenset(("script", "style", "head", "title", "template"))
_MARKS = {"img": "[image]", "video": "[video]", "audio": "[audio]"}
_SPACE = re.compile(r"\s+")
_SPACES = re.compile(r" {2,}")
_AROUND_BREAKS = re.compile(r" *\n *")
_BREAKS = re.compile(r"\n{3,}")
_BREAK = "\0"  # a line break that the markup asks for; the text's own are spaces


def text_of_html(source: str) -> str:
    """The text of ``source``: a line for each block, a blank line between paragraphs, a mark for
    each picture. Text without markup comes back with its entities resolved."""
    source = source.replace(_BREAK, " ")
    if "<" not in source:
        return html.unescape(source).strip() if "&" in source else source.strip()
    pieces: list[str] = []
    silent = ""  # the element within which nothing is said
    at = 0
    for start, end, closing, tag in _tags(source):
        if not silent:
            pieces.append(_plain(source[at:start]))
        at = end
        if silent:
            silent = "" if closing and tag == silent else silent
        elif tag in _SILENT and not closing:
            silent = tag
        else:
            pieces.append(_written(tag, closing))
    if not silent:
        pieces.append(_plain(source[at:]))
    text = _SPACES.sub(" ", "".join(pieces)).replace(_BREAK, "\n")
    text = _AROUND_BREAKS.sub("\n", text)
    return _BREAKS.sub("\n\n", text).strip()


def _tags(source: str) -> list[tuple[int, int, bool, str]]:
    """Beginning, end, whether it closes, and name of each tag; comments have no name."""
    tags = []
    at = source.find("<")
    last_comment = source.rfind("-->")
    while at >= 0:
        end = at + 1
        if source.startswith("<!--", at) and at < last_comment:
            end = source.index("-->", at) + 3
            tags.append((at, end, False, ""))
        else:
            match = _TAG.match(source, at)
            if match:
                end = match.end()
                tags.append((at, end, bool(match[1]), match[2].lower()))
        at = source.find("<", end)
    return tags


def _plain(text: str) -> str:
    return _SPACE.sub(" ", html.unescape(text).replace("\xa0", " "))


def _written(tag: str, closing: bool) -> str:
    """What a tag leaves in the text."""
    if tag == "br":
        return _BREAK
    if tag in _MARKS:
        return "" if closing else _MARKS[tag]
    if tag in ("td", "th"):
        return " "
    if tag == "li":
        return "" if closing else f"{_BREAK}- "
    if tag in _PARAGRAPHS:
        return _BREAK * 2 if closing else _BREAK
    return _BREAK if tag in _BLOCKS else ""
