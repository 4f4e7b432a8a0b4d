"""WebVTT and SubRip: what is said, in paragraphs, without times and marks.

Cues are cut for the eye, a few words each; here they are joined again, until somebody else speaks
or nobody does for a while. Format: W3C WebVTT; SubRip has no standard.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from laras.sources.documents.text_file import read_text
from laras.sources.extraction import Extracted

_TIME = r"(?:(\d+):)?(\d{1,2}):(\d{2})[.,](\d{1,3})"
_TIMING = re.compile(rf"^\s*{_TIME}\s*-->\s*{_TIME}")
_VOICE = re.compile(r"<v(?:\.[^\s>]*)?[ \t]+([^<>\n]{1,100})>", re.IGNORECASE)
_TAG = re.compile(r"</?(?:[a-z][^<>\n]{0,200}|[\d:.]{6,15})?>|\{\\[^{}\n]{1,40}\}", re.IGNORECASE)
_NOT_CUES = ("NOTE", "STYLE", "REGION")
_SENTENCE_END = (".", "!", "?", "…", "”", '"', "。", "？", "！")
_LONG_CHARACTERS = 500
_PAUSE_S = 4.0
_ROLLING_SHARE = 0.3


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of a cue: when the cue begins and ends (seconds), who speaks ("": not said)."""

    start: float
    end: float
    speaker: str
    text: str


def extract(path: Path) -> Extracted:
    """What is said, one paragraph for each speaker in turn."""
    text, notes = read_text(path)
    cues = list(_cues(text.split("\n")))
    lines = _collapsed(cues) if _is_rolling(cues) else [line for cue in cues for line in cue]
    return Extracted(
        "\n\n".join(_paragraphs(lines)), title=_title(text), metadata=_header(text), notes=notes
    )


def _title(text: str) -> str:
    first = text.split("\n", 1)[0]
    return first[6:].strip(" \t-–:") if first.startswith("WEBVTT") else ""


def _header(text: str) -> dict[str, str]:
    """``Language: id`` and the like below the first line of a WebVTT file."""
    if not text.startswith("WEBVTT"):
        return {}
    pairs = (line.partition(":") for line in text.split("\n\n", 1)[0].split("\n")[1:])
    return {
        key.strip().lower(): value.strip()
        for key, _colon, value in pairs
        if key.strip().lower() in ("language", "kind") and value.strip()
    }


def _cues(lines: list[str]) -> Iterator[list[_Line]]:
    """The lines of each cue. What stands before a cue's times is its name or number."""
    start = end = 0.0
    texts: list[str] | None = None  # None: not in a cue
    after_blank = True
    for number, line in enumerate([*lines, ""]):
        timing = _TIMING.match(line)
        if timing or number == len(lines):
            if texts is not None:
                if timing and texts and _is_name(texts, lines[number - 1]):
                    texts.pop()
                yield list(_spoken(texts, start, end))
            if timing:
                start, end = _seconds(timing.groups()[:4]), _seconds(timing.groups()[4:])
                texts = []
        elif texts is not None and after_blank and line.startswith(_NOT_CUES):
            yield list(_spoken(texts, start, end))
            texts = None
        elif texts is not None:
            texts.append(line)
        after_blank = not line.strip()


def _is_name(texts: list[str], above: str) -> bool:
    """Whether the line above a cue's times is its name: nothing, or a blank line, before it."""
    return texts[-1] == above and bool(above.strip()) and (len(texts) == 1 or not texts[-2].strip())


def _seconds(groups: tuple[str | None, ...]) -> float:
    hours, minutes, seconds, thousandths = (int(group or 0) for group in groups)
    return hours * 3600 + minutes * 60 + seconds + thousandths / 1000


def _spoken(texts: list[str], start: float, end: float) -> Iterator[_Line]:
    speaker = ""
    for text in texts:
        at = 0
        for voice in _VOICE.finditer(text):
            yield from _line(text[at : voice.start()], start, end, speaker)
            speaker, at = " ".join(html.unescape(voice.group(1)).split()), voice.end()
        yield from _line(text[at:], start, end, speaker)


def _line(text: str, start: float, end: float, speaker: str) -> Iterator[_Line]:
    plain = " ".join(html.unescape(_TAG.sub("", text)).split())
    if plain:
        yield _Line(start, end, speaker, plain)


def _is_rolling(cues: list[list[_Line]]) -> bool:
    """Whether cues mostly begin with what the one before ended with, as live captions that move
    up a line at a time do."""
    pairs = [(a, b) for a, b in pairwise(cues) if a and b]
    again = sum(after[0].text.startswith(before[-1].text) for before, after in pairs)
    return len(pairs) > 2 and again > _ROLLING_SHARE * len(pairs)


def _collapsed(cues: list[list[_Line]]) -> list[_Line]:
    """Each line once, in its longest form."""
    lines: list[_Line] = []
    for cue in cues:
        same = 0
        for count in range(min(len(cue), len(lines)), 0, -1):
            tail = [line.text for line in lines[-count:]]
            if tail == [line.text for line in cue[:count]]:
                same = count
                break
        rest = cue[same:]
        if rest and not same and lines and rest[0].text.startswith(lines[-1].text):
            lines.pop()
        lines += rest
    return lines


def _paragraphs(lines: list[_Line]) -> Iterator[str]:
    paragraph: list[str] = []
    length = 0
    before: _Line | None = None
    for line in lines:
        changed = before is None or line.speaker != before.speaker
        ended = before is not None and (
            line.start - before.end >= _PAUSE_S
            or (length >= _LONG_CHARACTERS and before.text.endswith(_SENTENCE_END))
            or line.text.startswith(("- ", "– "))
        )
        if (changed or ended) and paragraph:
            yield " ".join(paragraph)
            paragraph, length = [], 0
        said = f"{line.speaker}: {line.text}" if changed and line.speaker else line.text
        paragraph.append(said)
        length += len(said) + 1
        before = line
    if paragraph:
        yield " ".join(paragraph)
