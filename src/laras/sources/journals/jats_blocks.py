"""JATS: the parts of a body as Markdown: sections, paragraphs, lists, tables, captions."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from laras.sources.journals.back_matter import kind_of_title
from laras.sources.journals.jats_table import jats_table_text

_DEEPEST = 6
_RAISED = re.compile(r"^[\u2212\u2013+-]?\w")
_ORDINAL = re.compile(r"^(?:st|nd|rd|th|o|a|er|e|ème|TM|®|°)$", re.IGNORECASE)
_TEX_BODY = re.compile(r"\\begin\{document\}(.*?)\\end\{document\}", re.DOTALL)
_OUT_OF_TEXT = {
    "supplementary-material": "supplements",
    "ref-list": "references",
    "ack": "acknowledgements",
    "fn-group": "footnotes",
    "floats-group": "",
    "graphic": "",
    "media": "supplements",
    "object-id": "",
    "title": "",
    "label": "",
    "permissions": "licences",
    "attrib": "",
    "sec-meta": "",
}
_SEC_TYPES_OUT = (
    "supplementary-material",
    "COI-statement",
    "data-availability",
    "author-contributions",
)
_NOT_INLINE = (
    *("graphic", "inline-graphic", "fn", "object-id", "index-term", "private-char"),
    *("supplementary-material", "inline-supplementary-material", "media"),
)
# Blocks that stand inside a paragraph in some journals' files.
_BLOCKS = (
    *("list", "def-list", "table-wrap", "table-wrap-group", "fig", "fig-group", "disp-formula"),
    *("disp-formula-group", "disp-quote", "boxed-text", "preformat", "code", "verse-group"),
    *("supplementary-material", "media", "graphic", "statement"),
)


def blocks_of(parent: Any, depth: int, left_out: Counter[str], *, whole: bool = False) -> list[str]:
    """The blocks within ``parent``, whose heading has the level ``depth``; with ``whole`` the
    element itself. What is left out is counted by kind."""
    elements = [parent] if whole else list(parent)
    return [block for element in elements for block in _block(element, depth, left_out)]


def _block(element: Any, depth: int, left_out: Counter[str]) -> Iterator[str]:
    name = _name(element)
    if not name:
        return
    if name in _OUT_OF_TEXT:
        if _OUT_OF_TEXT[name]:
            left_out[_OUT_OF_TEXT[name]] += 1
    elif name in ("sec", "app", "boxed-text", "statement", "glossary", "notes"):
        yield from _section(element, depth, left_out)
    elif name == "p":
        yield from _paragraph(element, depth, left_out)
    elif name in ("list", "def-list"):
        lines = list(_list(element, 0, left_out))
        if lines:
            yield "\n".join(lines)
    elif name == "table-wrap":
        yield from _table(element, depth, left_out)
    elif name in ("fig", "chem-struct-wrap"):
        caption = _caption(element)
        if caption:
            yield caption
    elif name == "disp-formula":
        formula = formula_text(element)
        if formula:
            yield f"$${formula}$$" if _is_tex(element) else formula
    elif name == "disp-quote":
        for block in blocks_of(element, depth, left_out):
            yield "\n".join(f"> {line}" for line in block.split("\n"))
    elif name in ("preformat", "code"):
        yield f"```\n{''.join(element.itertext()).strip(chr(10))}\n```"
    elif name == "verse-group":
        yield "\n".join(filter(None, (inline_text(line) for line in element)))
    else:  # a group, or an element that this does not know: its blocks, or its text
        blocks = blocks_of(element, depth, left_out)
        if blocks:
            yield from blocks
        elif not len(element) and inline_text(element):
            yield inline_text(element)


def _section(element: Any, depth: int, left_out: Counter[str]) -> Iterator[str]:
    title = element.find("{*}title")
    heading = inline_text(title) if title is not None else ""
    kind = kind_of_title(heading)
    if kind or element.get("sec-type") in _SEC_TYPES_OUT:
        left_out[kind or "declarations"] += 1
        return
    blocks = blocks_of(element, depth + 1, left_out)
    if heading and blocks:
        yield f"{'#' * min(depth + 1, _DEEPEST)} {heading}"
    yield from blocks


def _paragraph(element: Any, depth: int, left_out: Counter[str]) -> Iterator[str]:
    """The paragraph's text, parted where a table or a list stands inside it."""
    inside = [child for child in element if _name(child) in _BLOCKS]
    if not inside:
        text = inline_text(element)
        if text:
            yield text
        return
    text = element.text or ""
    for child in element:
        if _name(child) in _BLOCKS:
            if _tidy(text):
                yield _tidy(text)
            yield from _block(child, depth, left_out)
            text = child.tail or ""
        else:
            text += _inline(child, text[-1:]) + (child.tail or "")
    if _tidy(text):
        yield _tidy(text)


def _list(element: Any, indent: int, left_out: Counter[str]) -> Iterator[str]:
    ordered = (element.get("list-type") or "").startswith(("order", "alpha", "roman"))
    number = 0
    for item in element:
        name = _name(item)
        if name not in ("list-item", "def-item"):
            continue
        number += 1
        mark = f"{number}." if ordered else "-"
        if name == "def-item":
            parts = (item.find("{*}term"), item.find("{*}def"))
            words = (inline_text(part) for part in parts if part is not None)
            yield f"{' ' * indent}{mark} {': '.join(words)}"
            continue
        first = True
        for child in item:
            if _name(child) in ("list", "def-list"):
                yield from _list(child, indent + len(mark) + 1, left_out)
                continue
            for block in _block(child, _DEEPEST, left_out):
                for line in block.split("\n"):
                    begin = f"{mark} " if first else " " * (len(mark) + 1)
                    yield f"{' ' * indent}{begin}{line}"
                    first = False


def _table(element: Any, depth: int, left_out: Counter[str]) -> Iterator[str]:
    caption = _caption(element)
    if caption:
        yield caption
    for table in element.iter("{*}table"):
        markdown = jats_table_text(table, inline_text)
        if markdown:
            yield markdown
    for foot in element.findall("{*}table-wrap-foot"):
        for note in foot.iter("{*}p"):
            text = inline_text(note)
            if text:
                yield text


def _caption(element: Any) -> str:
    """Label, title and paragraphs of a figure or a table, on one line."""
    label = element.find("{*}label")
    parts = [inline_text(label)] if label is not None else []
    caption = element.find("{*}caption")
    if caption is not None:
        parts += [inline_text(child) for child in caption if _name(child) in ("title", "p")]
    return " ".join(filter(None, parts))


def inline_text(element: Any) -> str:
    """The text of an element on one line."""
    return _tidy(_children(element))


def _tidy(text: str) -> str:
    # Citations that were left out leave empty brackets, or a gap before the full stop.
    return re.sub(r"\s+([.,;:])(?=\s|$)", r"\1", " ".join(text.split()))


def _children(element: Any) -> str:
    text = element.text or ""
    for child in element:
        text += _inline(child, text[-1:]) + (child.tail or "")
    return text


def _inline(element: Any, before: str = "") -> str:
    """The text of an element inside a line; ``before`` is the character before it."""
    if not isinstance(element.tag, str):
        # A reference to an entity, which no document type was read for: &eacute; and the like.
        text = element.text or ""
        return html.unescape(text) if text.startswith("&") else ""
    name = _name(element)
    if name in ("inline-formula", "tex-math", "math", "alternatives", "disp-formula"):
        formula = formula_text(element)
        return f"${formula}$" if formula and _is_tex(element) else formula
    if name == "sup":
        return _raised(element, before)
    if name == "break":
        return " "
    if name in _NOT_INLINE:
        return ""
    return _children(element)


def _raised(element: Any, before: str) -> str:
    """A power or an index keeps its place (10^3, PBS^Lys1); a number of references goes."""
    if any(_name(child) == "xref" for child in element):
        return ""
    text = _children(element).strip()
    if before.isdigit() and _ORDINAL.match(text):
        return text
    return f"^{text}" if _RAISED.match(text) and before.strip() else text


def _is_tex(element: Any) -> bool:
    return _name(element) == "tex-math" or element.find(".//{*}tex-math") is not None


def formula_text(element: Any) -> str:
    """A formula as TeX where the file has it, else what its MathML says in a line."""
    tex = element if _name(element) == "tex-math" else element.find(".//{*}tex-math")
    if tex is not None:
        source = "".join(tex.itertext())
        body = _TEX_BODY.search(source)
        return " ".join((body.group(1) if body else source).split()).strip("$ ")
    math = element if _name(element) == "math" else element.find(".//{*}math")
    if math is not None:
        return str(math.get("alttext") or " ".join(_math(math).split()))
    return _tidy(_children(element)) if _name(element) in ("inline-formula", "disp-formula") else ""


def _math(element: Any) -> str:
    """MathML in a line: ``a_i``, ``x^2``, ``(a) / (b)``, ``sqrt(x)``."""
    name = _name(element)
    children = [child for child in element if isinstance(child.tag, str)]
    if name in ("mi", "mn", "mo", "mtext", "ms"):
        text = "".join(element.itertext()).strip()
        return f" {text} " if name == "mo" and text not in "()[]{}|," else text
    if name in ("annotation", "annotation-xml"):
        return ""
    if name in ("msup", "msub", "mfrac") and len(children) == 2:
        first, second = _math(children[0]).strip(), _math(children[1]).strip()
        if name == "mfrac":
            return f"({first}) / ({second})"
        second = second if len(second) < 2 or second.isalnum() else f"({second})"
        return f"{first}{'^' if name == 'msup' else '_'}{second}"
    if name == "msubsup" and len(children) == 3:
        first, low, high = (_math(child).strip() for child in children)
        return f"{first}_{low}^{high}"
    inside = "".join(_math(child) for child in children)
    return f"sqrt({inside.strip()})" if name == "msqrt" else inside


def _name(element: Any) -> str:
    tag = element.tag
    return tag.rsplit("}", 1)[-1] if isinstance(tag, str) else ""
