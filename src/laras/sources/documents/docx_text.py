"""The text of a DOCX paragraph: runs, links, insertions, formulas and marks of notes; not what a
reviewer deleted, nor what was hidden."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from laras.sources.documents.docx_numbering import W
from laras.sources.documents.omml import M, latex

FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
"""What stands here once more, for programs that don't know the first form."""
_NOT_TEXT = frozenset(
    (
        *(FALLBACK, f"{W}txbxContent", f"{W}pPr", f"{W}rPr", f"{W}instrText"),
        *(f"{W}del", f"{W}moveFrom", f"{W}rt"),
    )
)
_NOTES = {f"{W}footnoteReference": "footnotes", f"{W}endnoteReference": "endnotes"}
_SIGNS = {
    f"{W}br": "\n",
    f"{W}cr": "\n",
    f"{W}noBreakHyphen": "\u2011",
}
# Characters of symbol fonts that lists and forms are full of; the rest has no known meaning.
_SYMBOLS = {"f0b7": "•", "f0a7": "▪", "f0fc": "✓", "f0fe": "☒", "f0a8": "☐", "f0e0": "→"}

NoteMark = Callable[[str, str], str]


def paragraph_text(paragraph: Any, note_mark: NoteMark) -> str:
    """The text, with line breaks and tabs. ``note_mark`` gives what to write for a reference to
    a note, by the kind of part ("footnotes") and the note's id."""
    parts: list[str] = []
    stack: list[Any] = [paragraph]
    while stack:
        element = stack.pop()
        tag = element.tag
        if tag == f"{W}t":
            parts.append(element.text or "")
        elif tag in _NOT_TEXT:
            continue
        elif tag == f"{W}r":
            hidden = element.find(f"{W}rPr/{W}vanish")
            if hidden is None or hidden.get(f"{W}val") in ("0", "false"):
                stack.extend(reversed(element))
        elif tag in (f"{W}tab", f"{W}ptab"):
            parts.append("\t" if element.getparent().tag == f"{W}r" else "")
        elif tag in _SIGNS:
            parts.append(_SIGNS[tag])
        elif tag == f"{M}oMathPara":
            parts.append(_display(element))
        elif tag == f"{M}oMath":
            formula = latex(element)
            parts.append(f"${formula}$" if formula else "")
        elif tag in _NOTES:
            parts.append(note_mark(_NOTES[tag], element.get(f"{W}id", "")))
        elif tag == f"{W}sym":
            parts.append(_SYMBOLS.get(element.get(f"{W}char", "").lower(), ""))
        else:
            stack.extend(reversed(element))
    return "".join(parts)


def _display(element: Any) -> str:
    formulas = [latex(formula) for formula in element.iterchildren(f"{M}oMath")]
    return "\n".join(f"$${formula}$$" for formula in formulas if formula)
