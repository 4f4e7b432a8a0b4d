"""Markdown: its text as it stands, less what is meant for machines.

Front matter becomes metadata. Of MDX, imports, exports, comments and the tags of components go;
what they enclose stays. Code is never touched.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from laras.sources.code_fences import fence_of
from laras.sources.context import READERS, FileContext, Record
from laras.sources.documents.plain import read_plain

_FRONT_MATTER = re.compile(
    r"\A(---|\+\+\+)[ \t]*\n(.*?)^\1[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE
)
_KEY_VALUE = re.compile(r"^([A-Za-z_][\w .-]{0,60}?)\s*[:=]\s*(.*)$")
_BLOCK_VALUE = re.compile(r"^[|>][+-]?\d?\s*$")
_LIST_ITEM = re.compile(r"^\s*-\s+(.*)$")
_MODULE_LINE = re.compile(
    r"^(?:import\s+(?:[\w*{][^'\"\n]{0,300}\sfrom\s+)?['\"][^'\"\n]+['\"];?"
    r"|export\s+(?:const|let|var|function|default|\{|\*).*)$"
)
_IMPORT_BEGINS = re.compile(r"^import\s+(?:[\w$]+\s*,\s*)?\{[^}'\"]*$")
_IMPORT_ENDS = re.compile(r"^[^'\"]*\}\s*from\s+['\"][^'\"]+['\"];?\s*$")
_MAX_MODULE_LINES = 200
_COMPONENT = re.compile(
    r"</?[A-Z][\w.]*(?:\s+[\w:-]+(?:=(?:\"[^\"]*\"|'[^']*'|\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}))?)*\s*/?>"
)
_INLINE_CODE = re.compile(  # within a paragraph: a stray mark must not hide what follows it
    r"(?<!`)(`+)(?!`)(?:(?!\n[ \t]*\n).)*?(?<!`)\1(?!`)", re.DOTALL
)
_SETEXT = re.compile(r"^ {0,3}(=+|-{2,})\s*$")
_HEADING = re.compile(r"^(#{1,6})\s+(.*?)\s*#*\s*$")
_BLANK_LINES = re.compile(r"\n{3,}")


def read_markdown(context: FileContext) -> Iterator[Record]:
    """One document; its title from the front matter, else from the first heading."""
    if not context.reads_texts:
        yield from read_plain(context)  # some messengers export chats as Markdown
        return
    content = yield from context.read_text()
    if content is None:
        return
    metadata, body = split_front_matter(content)
    text = readable(body)
    if not text:
        yield context.rejection("empty")
        return
    title = metadata.pop("title", "") or first_heading(text)
    yield context.document(text, title=title, metadata=metadata)


def split_front_matter(text: str) -> tuple[dict[str, str], str]:
    """Keys and values at the top of a file (YAML or TOML of one level), and what follows.

    Not a YAML parser: aliases can blow up a few lines to gigabytes, and nothing nested is needed.
    A block that has no key at all is a rule (``---``) and some text, and stays.
    """
    found = _FRONT_MATTER.match(text)
    if not found:
        return {}, text
    metadata: dict[str, str] = {}
    key = ""
    in_block = False  # the value stands below its key, indented
    for line in found.group(2).split("\n"):
        pair = _KEY_VALUE.match(line)
        item = _LIST_ITEM.match(line)
        if in_block and (line.startswith(" ") or not line.strip()):
            metadata[key] = f"{metadata[key]} {line.strip()}".strip()
        elif pair:
            key = pair.group(1)
            in_block = bool(_BLOCK_VALUE.match(pair.group(2)))
            metadata[key] = "" if in_block else _unquoted(pair.group(2))
        elif item and key:
            metadata[key] = ", ".join(filter(None, (metadata[key], _unquoted(item.group(1)))))
        elif line.strip() and not line.lstrip().startswith("#") and not line.startswith(" "):
            return {}, text
    return (metadata, text[found.end() :]) if metadata else ({}, text)


def _unquoted(value: str) -> str:
    value = value.strip()
    if value.startswith("[") and value.endswith("]"):
        return ", ".join(_unquoted(part) for part in value[1:-1].split(",") if part.strip())
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    return value


def readable(text: str) -> str:
    """``text`` without comments, module lines and component tags; headings all with ``#``."""
    parts: list[str] = []
    for is_code, lines in _segments(text.split("\n")):
        parts.append("\n".join(lines) if is_code else _readable_prose(lines))
    return _BLANK_LINES.sub("\n\n", "\n".join(parts)).strip()


def first_heading(text: str) -> str:
    """The text of the first ``#`` line that is not in code."""
    for is_code, lines in _segments(text.split("\n")):
        for line in [] if is_code else lines:
            heading = _HEADING.match(line)
            if heading:
                return heading.group(2)
    return ""


def _segments(lines: list[str]) -> Iterator[tuple[bool, list[str]]]:
    """Runs of lines inside and outside code fences."""
    current: list[str] = []
    fence = ""
    for line in lines:
        after = fence_of(line, fence)
        if after and not fence:
            yield False, current
            current = [line]
        elif fence and not after:
            yield True, [*current, line]
            current = []
        else:
            current.append(line)
        fence = after
    yield bool(fence), current


def _readable_prose(lines: list[str]) -> str:
    text = "\n".join(_without_modules(lines))
    codes: list[str] = []

    def put_aside(match: re.Match[str]) -> str:
        codes.append(match.group())
        return f"\0{len(codes) - 1}\0"

    # A line of its own that held only a tag vanishes; a tag within a line leaves its content.
    text = _INLINE_CODE.sub(put_aside, text)
    text = _without(_without(text, "<!--", "-->"), "{/*", "*/}")
    text = _COMPONENT.sub("", text)
    text = re.sub(r"\0(\d+)\0", lambda match: codes[int(match.group(1))], text)
    return "\n".join(_with_marked_headings([line.rstrip() for line in text.split("\n")]))


def _without_modules(lines: list[str]) -> Iterator[str]:
    at = 0
    while at < len(lines):
        end = _module_end(lines, at)
        if not end:
            yield lines[at]
        at = end or at + 1


def _module_end(lines: list[str], at: int) -> int:
    """The line behind the import or export that begins at line ``at``; 0 where none does.

    An import of several lines ends with the module's name, an export where all of its brackets
    are closed. One that never ends is taken for its first line, or for prose.
    """
    following = range(at, min(at + _MAX_MODULE_LINES, len(lines)))
    if _IMPORT_BEGINS.match(lines[at]):
        return next((n + 1 for n in following if _IMPORT_ENDS.match(lines[n])), 0)
    if not _MODULE_LINE.match(lines[at]):
        return 0
    depth = 0
    for number in following:
        line = lines[number]
        depth += sum(map(line.count, "([{")) - sum(map(line.count, ")]}"))
        if depth <= 0:
            return number + 1
    return at + 1


def _without(text: str, opening: str, closing: str) -> str:
    """``text`` less what stands between the marks. (A pattern would search for the closing mark
    to the end of the text from each opening one.)"""
    kept: list[str] = []
    at = 0
    while (start := text.find(opening, at)) >= 0:
        end = text.find(closing, start + len(opening))
        if end < 0:
            break
        kept.append(text[at:start])
        at = end + len(closing)
    return "".join([*kept, text[at:]])


def _with_marked_headings(lines: list[str]) -> list[str]:
    """Underlined headings as ``#`` lines. A rule below a blank line or a table row is a rule."""
    result: list[str] = []
    for line in lines:
        underline = _SETEXT.match(line)
        above = result[-1] if result else ""
        plain = above.strip() and not above.startswith((" ", "\t", "#", ">", "|", "-", "*", "+"))
        if underline and plain:
            result[-1] = ("# " if underline.group(1)[0] == "=" else "## ") + above.strip()
        else:
            result.append(line)
    return result


for _suffix in ("md", "mdx", "markdown", "rmd", "qmd"):
    READERS.register(_suffix, read_markdown)
