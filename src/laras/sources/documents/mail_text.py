"""What somebody wrote in a letter: without the letters it answers, and without a signature.

Only what is marked is taken out: lines behind ">", what follows "On ... wrote:", the header of an
original message, and what stands below the line "-- " (RFC 3676). What is forwarded is content.
"""

from __future__ import annotations

import re

_QUOTED = re.compile(r"^\s{0,2}>")
_ATTRIBUTION_ENDS = re.compile(
    r"\b(?:wrote|writes|menulis|schrieb|a écrit|escribió)\s?:\s*$", re.IGNORECASE
)
_ATTRIBUTION_BEGINS = re.compile(
    r"^\s*(?:On|Pada|Le|El|Am)\s.{0,200}\d|^\s*\d{1,4}[-/. ]",
    re.IGNORECASE,
)
_ORIGINAL = re.compile(
    r"^\s*-{2,}\s*(?:Original Message|Pesan Asli|Original Appointment)\s*-{2,}\s*$|^_{20,}\s*$",
    re.IGNORECASE,
)
_SENDER = re.compile(r"^\s*\*?(?:From|Dari)\s?:\*?\s+\S", re.IGNORECASE)
_SENT = re.compile(r"^\s*\*?(?:Sent|Date|Dikirim|Terkirim|Tanggal)\s?:\*?\s+.*\d", re.IGNORECASE)
_FORWARDED = re.compile(
    r"^\s*-{2,}\s*(?:Forwarded message|Pesan (?:yang )?diteruskan|Forwarded by .{1,200}?)\s*-{2,}|"
    r"^\s*Begin forwarded message:",
    re.IGNORECASE | re.MULTILINE,
)
_FORWARD_SUBJECT = re.compile(r"^\s*(?:fwd?|trs|terusan|wg|tr)\s*:", re.IGNORECASE)
_SIGNATURE = "-- "
_LOOSE_SIGNATURE_LINES = 10
_BLANK_LINES = re.compile(r"\n{3,}")


def is_forward(subject: str, text: str) -> bool:
    """Whether a letter passes on another: then what it quotes is what it says."""
    return bool(_FORWARD_SUBJECT.match(subject) or _FORWARDED.search(text))


def own_words(text: str, *, forwards: bool) -> tuple[str, int]:
    """The text less quotations and signature, and how many lines of it were quoted."""
    lines = _without_signature(text.split("\n"))
    quoted = 0
    if not forwards:
        lines, quoted = _without_quotations(lines)
    return _BLANK_LINES.sub("\n\n", "\n".join(line.rstrip() for line in lines)).strip(), quoted


def _without_signature(lines: list[str]) -> list[str]:
    for number, line in enumerate(lines):
        last = len(lines) - number <= _LOOSE_SIGNATURE_LINES
        if line == _SIGNATURE or (last and line.rstrip() == "--"):
            # What was quoted below the signature goes with it; a forwarded letter would not.
            return lines[:number]
    return lines


def _without_quotations(lines: list[str]) -> tuple[list[str], int]:
    kept: list[str] = []
    last = 0  # behind the last line of them that says something
    for number, line in enumerate(lines):
        if _QUOTED.match(line):
            if number == 0 or not _QUOTED.match(lines[number - 1]):
                last = _without_attribution(kept, last)
            continue
        if _begins_original(lines, number):
            break
        kept.append(line)
        last = len(kept) if line.strip() else last
    return kept, line_count(lines) - line_count(kept)


def line_count(lines: list[str]) -> int:
    """How many lines say something."""
    return sum(bool(line.strip()) for line in lines)


def _without_attribution(kept: list[str], last: int) -> int:
    """Take "On Monday, ... wrote:" from the end, which may run over two lines or three, and gives
    the new end; ``last``: the end now, blank lines not counted."""
    if not last or not _ATTRIBUTION_ENDS.search(kept[last - 1]):
        return last
    first = last - 1
    for earlier in range(last - 1, max(last - 4, -1), -1):
        if not kept[earlier].strip():
            break
        if _ATTRIBUTION_BEGINS.match(kept[earlier]):
            first = earlier
    del kept[first:]
    while first and not kept[first - 1].strip():
        first -= 1
    return first


def _begins_original(lines: list[str], number: int) -> bool:
    """Whether the letter that is answered follows, without a mark on each of its lines."""
    line = lines[number]
    following = [after for after in lines[number + 1 : number + 6] if after.strip()]
    if _ORIGINAL.match(line):
        return bool(following) and _is_header(following)
    if _SENDER.match(line):
        return any(_SENT.match(after) for after in following[:2])
    attributed = _ATTRIBUTION_ENDS.search(line) and _ATTRIBUTION_BEGINS.match(line)
    return bool(attributed) and not (following and _QUOTED.match(following[0]))


def _is_header(lines: list[str]) -> bool:
    return any(_SENDER.match(line) or _SENT.match(line) for line in lines[:4])
