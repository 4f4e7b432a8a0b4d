"""What AsciiDoc marks within a line, in our Markdown-like form; attributes and their values."""

from __future__ import annotations

import re

_ENTRY = re.compile(r"^:(!?)([\w][\w-]*)(!?):(?:[ \t]+(.*))?$")
_REFERENCE = re.compile(r"(?<!\\)\{([\w][\w-]*)\}")
_MAX_VALUE = 1000  # a value may refer to others: without a limit, a few lines make gigabytes
_PREDEFINED = {
    "nbsp": " ",
    "empty": "",
    "sp": " ",
    "amp": "&",
    "lt": "<",
    "gt": ">",
    "plus": "+",
    "asterisk": "*",
    "vbar": "|",
    "caret": "^",
    "startsb": "[",
    "endsb": "]",
    "backslash": "\\",
    "apos": "'",
    "quot": '"',
    "ldquo": "“",
    "rdquo": "”",
    "lsquo": "‘",
    "rsquo": "’",
    "deg": "°",
    "two-colons": "::",
    "two-semicolons": ";;",
    "cpp": "C++",
}
_ANCHOR = re.compile(
    r"\[\[[^\[\]\n]{0,200}\]\]|\[#[^\[\]\n]{1,100}\](?=\S)|anchor:[^\[\s]{0,200}\[[^\]\n]{0,200}\]"
)
_INDEX = re.compile(r"\(\(\(([^()\n]{0,300})\)\)\)|(?:indexterm|indexterm2):\[[^\]\n]{0,300}\]")
_CODE = re.compile(r"(?<![\w`])(`{1,2})(\+?)(\S|\S[^`\n]{0,500}?\S)\2\1(?![\w`])")
_PASSED = re.compile(
    r"\+\+\+([^\n]{1,500}?)\+\+\+|pass:\w{0,3}\[([^\]\n]{0,500})\]|(?<![\w+])\+(\S|\S[^+\n]{0,500}?\S)\+(?![\w+])"
)
_FORMULA = re.compile(r"\b(?:stem|latexmath|asciimath):\[([^\n]{1,500}?)(?<!\\)\]")
_CROSS = re.compile(r"<<([^<>,\n]{1,200})(?:,\s?([^<>\n]{1,300}))?>>")
_MACRO = re.compile(
    r"\b(link|xref|mailto|image|icon|kbd|btn|menu):{1,2}([^\s\[\]]{0,500})\[([^\]\n]{0,500})\]"
)
_FOOTNOTE = re.compile(r"[ \t]?footnote(?:ref)?:[\w-]{0,100}\[([^\]\n]{1,1000})\]")
_URL = re.compile(r"\b((?:https?|ftp|irc)://[^\s\[\]<>]{1,1000})\[([^\]\n]{0,500})\]")
_EMPHASIS = (
    (re.compile(r"\*\*(\S|\S[^\n]{0,500}?\S)\*\*"), r"**\1**"),
    (re.compile(r"(?<![\w*])\*(\S|\S[^*\n]{0,500}?\S)\*(?![\w*])"), r"**\1**"),
    (re.compile(r"__(\S|\S[^\n]{0,500}?\S)__"), r"*\1*"),
    (re.compile(r"(?<![\w_])_(\S|\S[^_\n]{0,500}?\S)_(?![\w_])"), r"*\1*"),
    (re.compile(r"(?:\[[.\w%-]{0,100}\])?##(\S|\S[^\n]{0,500}?\S)##"), r"\1"),
    (re.compile(r"(?:\[[.\w%-]{0,100}\])?(?<![\w#&])#(\S|\S[^#\n]{0,500}?\S)#(?![\w#])"), r"\1"),
    (re.compile(r"(?<!~)~([^\s~]{1,50})~(?!~)"), r"\1"),
)
_RAISED = re.compile(r"(\w?)\^([^\s^]{1,50})\^")
_CURVED = (
    (re.compile(r'"`([^`\n]{1,500})`"'), r"“\1”"),
    (re.compile(r"'`([^`\n]{1,500})`'"), r"‘\1’"),
)
_SYMBOLS = (("(C)", "©"), ("(R)", "®"), ("(TM)", "™"), ("...", "…"))
_DASH = re.compile(r"(?<=\w)--(?=\w)|(?<=\s)--(?=\s)")
_ESCAPED = re.compile(r"\\(?=[*_`#{<\[(^~+])")
_ANY_MARK = re.compile(
    r"[\0`+\[{<(*_#~^\\]|\.\.\.|--"
)  # what one of the above begins with or holds


class Attributes:
    """Names that a document gives values to."""

    def __init__(self) -> None:
        self.values = dict(_PREDEFINED)
        self.own: dict[str, str] = {}

    def take(self, line: str) -> bool:
        """Whether the line sets or unsets an attribute; then it is done."""
        entry = _ENTRY.match(line)
        if not entry:
            return False
        unset, name, unset_too, value = entry.groups()
        if unset or unset_too:
            self.values.pop(name.lower(), None)
            self.own.pop(name.lower(), None)
        else:
            filled = self.fill((value or "").strip())[:_MAX_VALUE]
            self.values[name.lower()] = self.own[name.lower()] = filled
        return True

    def fill(self, text: str) -> str:
        """``text`` with the values of the attributes it refers to; unknown ones stay."""

        def value(match: re.Match[str]) -> str:
            return self.values.get(match.group(1).lower(), match.group())

        return _REFERENCE.sub(value, text) if "{" in text else text


def inline(text: str, attributes: Attributes) -> str:
    """A paragraph's text with its marks in our form: code in backticks, ``**bold**``, links as
    their text."""
    from laras.sources.documents.html_tree import raised

    if not _ANY_MARK.search(text):
        return text  # most lines: a list of a hundred thousand items is read at once
    codes: list[str] = []

    def put_aside(written: str) -> str:
        codes.append(written)
        return f"\0{len(codes) - 1}\0"

    text = text.replace("\0", "")
    for pattern, form in _CURVED:
        text = pattern.sub(form, text)
    text = _CODE.sub(lambda match: put_aside(f"`{attributes.fill(match.group(3))}`"), text)
    text = _FORMULA.sub(lambda match: put_aside(f"${match.group(1)}$"), text)
    text = _PASSED.sub(lambda match: put_aside(next(filter(None, match.groups()), "")), text)
    text = attributes.fill(text)
    text = _INDEX.sub("", _ANCHOR.sub("", text))
    text = _CROSS.sub(lambda match: match.group(2) or match.group(1).lstrip("#"), text)
    text = _URL.sub(lambda match: _label(match.group(2)) or match.group(1), text)
    text = _MACRO.sub(_macro, _FOOTNOTE.sub(r" (\1)", text))
    text = re.sub(r"\(\(([^()\n]{1,200})\)\)", r"\1", text)
    for pattern, form in _EMPHASIS:
        text = pattern.sub(form, text)
    text = _RAISED.sub(lambda match: match.group(1) + raised(match.group(2), match.group(1)), text)
    for written, symbol in _SYMBOLS:
        text = text.replace(written, symbol)
    text = _ESCAPED.sub("", _DASH.sub("—", text))
    return re.sub(r"\0(\d+)\0", lambda match: codes[int(match.group(1))], text)


def _label(text: str) -> str:
    """The text of a link, less what is said about its window."""
    named = re.match(r'^"([^"]*)"', text)
    label = (
        named.group(1)
        if named
        else re.split(r",\s*(?:window|role|opts|title|width|height|align)=", text)[0]
    )
    return label.rstrip("^").strip()


def _macro(match: re.Match[str]) -> str:
    name, target, text = match.groups()
    label = _label(text)
    if name == "menu":
        return " > ".join(part for part in (target, *label.split(",")) if part.strip())
    if name in ("image", "icon"):
        return re.split(r",(?!\s)", label)[0] if "=" not in label.split(",")[0] else ""
    return label or target.removeprefix("#")
