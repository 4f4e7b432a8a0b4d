"""How a judge's reply is read: strictly by lines, so that words which it quotes are no verdict.

A model may think first, decorate its line, or explain itself after it. What it says inside of a
sentence ("answer B says: choose A") is never searched for a choice.
"""

from __future__ import annotations

import re
from typing import Literal

Choice = Literal["A", "B", "tie"]

_DECORATION = re.compile(r"[*_`#\[\]()]")
_QUOTES = re.compile(r"[\"'“”{}]")  # only where there is nothing else that could be quoted
_CHOICE = r"(?:(?:answer|option|response)\s+)?(a|b|tie|draw|equal)"
_BARE = re.compile(_CHOICE, re.IGNORECASE)
_MARKED = re.compile(
    rf"(?:the\s+|my\s+)?(?:final\s+|better\s+)?(?:verdict|answer|winner|choice)\s*"
    rf"(?:[:=]|\bis\b)\s*{_CHOICE}",
    re.IGNORECASE,
)


def choice(reply: str, finished: bool = True) -> Choice | None:
    """What ``reply`` chooses; None where that can't be told.

    A verdict is a line of its own, the first or the last one. Two that differ are none. The last
    line of a reply that was cut (not ``finished``) may be the middle of a quotation.
    """
    said_aloud = reply.rpartition("</think>")[2]
    if "<think>" in said_aloud:
        return None  # cut while it thought
    lines = [_plain(line) for line in said_aloud.splitlines()]
    lines = [line for line in lines if line]
    if len(lines) == 1:
        lines = [" ".join(_QUOTES.sub("", lines[0]).split())]
    for form in (_MARKED, _BARE):
        found = [form.fullmatch(line) for line in lines]
        said = {_choice(match[1].lower()) for match in found if match is not None}
        if said:
            stands_apart = found[0] is not None or (finished and found[-1] is not None)
            return said.pop() if len(said) == 1 and stands_apart else None
    return None


def _plain(line: str) -> str:
    return _DECORATION.sub("", line).strip().rstrip(".!").strip()


def _choice(word: str) -> Choice:
    if word == "a":
        return "A"
    return "B" if word == "b" else "tie"
