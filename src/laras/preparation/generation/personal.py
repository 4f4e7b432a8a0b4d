"""Personal data in what a model wrote, where the recipe has it replaced.

The passages that are sent hold placeholders with numbers; a telephone number in a reply is
therefore the model's own. ``<PHONE>`` without a number takes its place before the reply is kept,
and a pair that holds one is not grounded.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from laras.preparation.generation.wording import read_answer
from laras.preparation.privacy.scan import detectors_of, find_personal_data

_MOST_PAIRS = 10_000  # of a reply: all
_MOST_ROUNDS = 4  # what overlapped with something longer may stand free once that is replaced


def impersonal(reply: str, kinds: Sequence[str]) -> str:
    """``reply`` without the personal data of ``kinds``; as it came where there is none.

    Pairs are searched as they read, not as JSON escapes them, and then written anew. A reply in
    another form, of which no pair is made, is searched as it stands.
    """
    if not kinds:
        return reply
    pairs = read_answer(reply, _MOST_PAIRS)
    if pairs is None:
        return _without(reply, kinds)
    rows = [asdict(pair) for pair in pairs]
    cleaned = [{key: _without(text, kinds) for key, text in row.items()} for row in rows]
    is_same = cleaned == rows and _without(reply, kinds) == reply
    return reply if is_same else json.dumps(cleaned, ensure_ascii=False)


def invented(text: str, kinds: Sequence[str]) -> list[str]:
    """The placeholders without a number in ``text``: what :func:`impersonal` took out of it."""
    return [mark for mark in map(_mark, kinds) if mark in text]


def _without(text: str, kinds: Sequence[str]) -> str:
    for _round in range(_MOST_ROUNDS):
        findings = find_personal_data(text, detectors_of(kinds))
        if not findings:
            break
        for finding in reversed(findings):
            text = text[: finding.start] + _mark(finding.kind) + text[finding.end :]
    return text


def _mark(kind: str) -> str:
    return f"<{kind.upper().replace('-', '_')}>"
