"""Formulas of Office documents (OMML) as LaTeX.

The elements are those of ECMA-376 part 1, 22.1 (Math). What has no LaTeX of its own is written
as the text that it holds, so that no part of a formula is lost.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Any

M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_FUNCTION_NAMES = """
    arccos arcsin arctan arg cos cosh cot coth csc deg det dim exp gcd hom inf ker lg lim liminf
    limsup ln log max min Pr sec sin sinh sup tan tanh
"""
_FUNCTIONS = frozenset(_FUNCTION_NAMES.split())
_SYMBOLS = {
    "×": r"\times", "÷": r"\div", "±": r"\pm", "∓": r"\mp", "⋅": r"\cdot", "·": r"\cdot",
    "∗": "*", "∘": r"\circ", "⊕": r"\oplus", "⊗": r"\otimes", "∞": r"\infty", "∂": r"\partial",
    "∇": r"\nabla", "≤": r"\leq", "≥": r"\geq", "≠": r"\neq", "≈": r"\approx", "≡": r"\equiv",
    "∼": r"\sim", "≅": r"\cong", "∝": r"\propto", "≪": r"\ll", "≫": r"\gg", "∈": r"\in",
    "∉": r"\notin", "∋": r"\ni", "⊂": r"\subset", "⊆": r"\subseteq", "⊃": r"\supset",
    "⊇": r"\supseteq", "∪": r"\cup", "∩": r"\cap", "∅": r"\emptyset", "∀": r"\forall",
    "∃": r"\exists", "¬": r"\neg", "∧": r"\wedge", "∨": r"\vee", "→": r"\to", "←": r"\leftarrow",
    "↔": r"\leftrightarrow", "⇒": r"\Rightarrow", "⇐": r"\Leftarrow", "⇔": r"\Leftrightarrow",
    "↦": r"\mapsto", "…": r"\ldots", "⋯": r"\cdots", "⋮": r"\vdots", "⋱": r"\ddots",
    "√": r"\sqrt{}", "∠": r"\angle", "⊥": r"\perp", "∥": r"\parallel", "′": "'", "″": "''",
    "ϵ": r"\epsilon", "ϑ": r"\vartheta", "ϕ": r"\phi", "ϱ": r"\varrho", "ϖ": r"\varpi",
    "ℏ": r"\hbar", "ℓ": r"\ell", "−": "-", "–": "-", "\u2061": "", "\u2062": "", "\u2063": "",
    "∑": r"\sum", "∏": r"\prod", "∐": r"\coprod", "∫": r"\int", "∬": r"\iint", "∭": r"\iiint",
    "∮": r"\oint", "∯": r"\oiint", "∰": r"\oiiint", "⋃": r"\bigcup", "⋂": r"\bigcap",
    "⋀": r"\bigwedge", "⋁": r"\bigvee", "⨁": r"\bigoplus", "⨂": r"\bigotimes",
    "%": r"\%", "#": r"\#", "&": r"\&", "$": r"\$", "{": r"\{", "}": r"\}",
    "⟨": r"\langle", "⟩": r"\rangle", "⌈": r"\lceil", "⌉": r"\rceil", "⌊": r"\lfloor",
    "⌋": r"\rfloor", "‖": r"\|", "\xa0": " ", "\u2003": r"\quad",
}  # fmt: skip
_ACCENTS = {
    "\u0302": r"\hat", "\u0303": r"\tilde", "\u0304": r"\bar", "\u0305": r"\overline",
    "\u0307": r"\dot", "\u0308": r"\ddot", "\u20d7": r"\vec", "\u030c": r"\check",
    "\u0301": r"\acute", "\u0300": r"\grave", "\u0306": r"\breve",
}  # fmt: skip
_GREEK = re.compile(r"GREEK (SMALL|CAPITAL) LETTER (?:FINAL )?(\w+)$")
_LINE_END = r" \\ "
_PROSE = re.compile(r"[^\W\d_]{2,} [^\W\d_]{2,}")
_SPACES = re.compile(r"[ \t\n]+")
_COMMAND_SPACE = re.compile(r"(\\[A-Za-z]+) (?=[^A-Za-z0-9\\])")


def latex(formula: Any) -> str:
    """LaTeX of an ``m:oMath`` or ``m:oMathPara`` element, without dollar signs."""
    return _COMMAND_SPACE.sub(r"\1", _SPACES.sub(" ", _content(formula))).strip()


def _content(element: Any) -> str:
    if element is None:
        return ""
    parts = []
    for child in element.iterchildren():
        write = _WRITERS.get(child.tag)
        if write:
            parts.append(write(child))
        elif not child.tag.endswith("Pr"):  # a container, or the runs of the document around
            parts.append(_content(child))
    return "".join(parts)


def _run(run: Any) -> str:
    text = "".join(part.text or "" for part in run.iterchildren(f"{M}t"))
    is_prose = run.find(f"{M}rPr/{M}nor") is not None
    is_prose = is_prose or _PROSE.search(text) is not None
    if is_prose and any(character.isalpha() for character in text):
        return rf"\text{{{text}}}"
    return _symbols(text)


def _symbols(text: str) -> str:
    return "".join(_symbol(character) for character in text)


def _symbol(character: str) -> str:
    if character in _SYMBOLS:
        symbol = _SYMBOLS[character]
        return f"{symbol} " if symbol[:1] == "\\" and symbol[-1].isalpha() else symbol
    if character.isascii():
        return character
    # The letters of mathematical alphabets are those of the usual one in another dress.
    plain = unicodedata.normalize("NFKC", character) if ord(character) > 0x2000 else character
    greek = _GREEK.match(unicodedata.name(plain, "")) if len(plain) == 1 else None
    if greek:
        name = {"LAMDA": "lambda"}.get(greek[2], greek[2].lower())
        if name != "omicron":
            return f"\\{name.capitalize() if greek[1] == 'CAPITAL' else name} "
    return plain


def _part(element: Any, name: str) -> str:
    return _content(element.find(f"{M}{name}")).strip()


def _setting(element: Any, name: str, default: str = "") -> str:
    """The value of a property of an element; an empty one is a value too."""
    found = element.find(f"{element.tag}Pr/{M}{name}")
    return default if found is None else str(found.get(f"{M}val", ""))


def _is_on(element: Any, name: str) -> bool:
    found = element.find(f"{element.tag}Pr/{M}{name}")
    return found is not None and found.get(f"{M}val", "1") not in ("0", "off", "false")


def _base(element: Any) -> str:
    """What a script is put on: braces where it is more than one sign."""
    base = _part(element, "e")
    simple = len(base) < 2 or re.fullmatch(r"\\[A-Za-z]+|\\left.*\\right.", base)
    return base if simple else f"{{{base}}}"


def _fraction(element: Any) -> str:
    above, below = _part(element, "num"), _part(element, "den")
    kind = _setting(element, "type", "bar")
    if kind == "lin":
        return f"{above}/{below}"
    return rf"\binom{{{above}}}{{{below}}}" if kind == "noBar" else rf"\frac{{{above}}}{{{below}}}"


def _superscript(element: Any) -> str:
    return f"{_base(element)}^{{{_part(element, 'sup')}}}"


def _subscript(element: Any) -> str:
    return f"{_base(element)}_{{{_part(element, 'sub')}}}"


def _both_scripts(element: Any) -> str:
    return _base(element) + _scripts(element)


def _scripts_before(element: Any) -> str:
    return f"{{}}{_scripts(element)}{_base(element)}"


def _scripts(element: Any) -> str:
    below, above = _part(element, "sub"), _part(element, "sup")
    return (f"_{{{below}}}" if below else "") + (f"^{{{above}}}" if above else "")


def _root(element: Any) -> str:
    degree = "" if _is_on(element, "degHide") else _part(element, "deg")
    return rf"\sqrt{f'[{degree}]' if degree else ''}{{{_part(element, 'e')}}}"


def _large_operator(element: Any) -> str:
    sign = _symbols(_setting(element, "chr", "∫")).strip()
    return f"{sign}{_scripts(element)} {_part(element, 'e')}"


def _delimiters(element: Any) -> str:
    left = _symbols(_setting(element, "begChr", "(")).strip() or "."
    right = _symbols(_setting(element, "endChr", ")")).strip() or "."
    between = _symbols(_setting(element, "sepChr", "|"))
    inner = between.join(_content(part).strip() for part in element.iterchildren(f"{M}e"))
    if inner.startswith(r"\binom") and (left, right) == ("(", ")") and _is_one_binomial(inner):
        return inner  # which brings its own parentheses
    gap = " " if left[-1:].isalpha() else ""
    return rf"\left{left}{gap}{inner}\right{right} "


def _is_one_binomial(inner: str) -> bool:
    return re.fullmatch(r"\\binom\{[^{}]*\}\{[^{}]*\}", inner) is not None


def _function(element: Any) -> str:
    name = _part(element, "fName")
    word = re.match(r"[A-Za-z]+", name)
    if word and word.group() in _FUNCTIONS:
        name = f"\\{name}"
    elif word and len(word.group()) > 1:
        name = rf"\operatorname{{{word.group()}}}{name[word.end() :]}"
    return f"{name} {_part(element, 'e')}"


def _limit_below(element: Any) -> str:
    base = _part(element, "e")
    return f"{base}_{{{_part(element, 'lim')}}}"


def _limit_above(element: Any) -> str:
    return f"{_part(element, 'e')}^{{{_part(element, 'lim')}}}"


def _accent(element: Any) -> str:
    accent = _ACCENTS.get(_setting(element, "chr", "\u0302"))
    base = _part(element, "e")
    return f"{accent}{{{base}}}" if accent else base + _setting(element, "chr")


def _bar(element: Any) -> str:
    above = _setting(element, "pos", "bot") == "top"
    return rf"\{'overline' if above else 'underline'}{{{_part(element, 'e')}}}"


def _brace(element: Any) -> str:
    sign = _setting(element, "chr", "⏟")
    command = {"⏟": "underbrace", "⏞": "overbrace"}.get(sign)
    base = _part(element, "e")
    if command:
        return rf"\{command}{{{base}}}"
    above = _setting(element, "pos", "bot") == "top"
    return rf"\{'overset' if above else 'underset'}{{{_symbols(sign).strip()}}}{{{base}}}"


def _matrix(element: Any) -> str:
    rows = (
        " & ".join(_content(cell).strip() for cell in row.iterchildren(f"{M}e"))
        for row in element.iterchildren(f"{M}mr")
    )
    return r"\begin{matrix}" + _LINE_END.join(rows) + r"\end{matrix}"


def _lines(element: Any) -> str:
    lines = [_content(line).strip() for line in element.iterchildren(f"{M}e")]
    if len(lines) == 1:
        return lines[0]
    return r"\begin{aligned}" + _LINE_END.join(lines) + r"\end{aligned}"


_WRITERS: dict[str, Callable[[Any], str]] = {
    f"{M}{name}": write
    for name, write in {
        "r": _run,
        "f": _fraction,
        "sSup": _superscript,
        "sSub": _subscript,
        "sSubSup": _both_scripts,
        "sPre": _scripts_before,
        "rad": _root,
        "nary": _large_operator,
        "d": _delimiters,
        "func": _function,
        "limLow": _limit_below,
        "limUpp": _limit_above,
        "acc": _accent,
        "bar": _bar,
        "groupChr": _brace,
        "m": _matrix,
        "eqArr": _lines,
    }.items()
}
