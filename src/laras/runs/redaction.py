"""Secrets taken out of all that is told: events, log, report, cards, tracebacks, the terminal.

What tells about a run travels: a report is sent around, a traceback is pasted into a ticket. Keys
and passwords get into it from the data, from paths and from the environment, so everything that is
told passes here. The data itself is not touched; preparation.personal_data is for that.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from laras.registry import Registry

REMOVED = "‹removed›"  # means nothing in YAML, Markdown and HTML
_SHORTEST = 8  # characters; less stands in ordinary text, too
# By the prefixes that issuers give them. An underscore or a slash before one is no letter: keys
# stand in the names of files.
_KEYS = re.compile(
    r"(?<![A-Za-z0-9])(?:hf_[A-Za-z0-9]{20,}|sk-[A-Za-z0-9_-]{20,}|[sr]k_(?:live|test)_\w{16,}"
    r"|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[A-Za-z0-9_-]{20,}"
    r"|xox[abeprs]-[A-Za-z0-9-]{10,}|A(?:KI|SI)A[0-9A-Z]{16}|AIza[A-Za-z0-9_-]{35}"
    r"|ya29\.[A-Za-z0-9_-]{20,}|GOCSPX-[A-Za-z0-9_-]{20,}|npm_[A-Za-z0-9]{36}"
    r"|pypi-[A-Za-z0-9_-]{50,}|SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{32,64}"
    r"|shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}|[0-9]{8,10}:AA[A-Za-z0-9_-]{32,34}"
    r"|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+)"
)
_MARKS = (
    *("hf_", "sk-", "k_live_", "k_test_", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
    *("glpat-", "xox", "AKIA", "ASIA", "AIza", "ya29.", "GOCSPX-", "npm_", "pypi-", "SG.", "shp"),
    *(":AA", "eyJ"),
)
_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|\Z)",
    re.DOTALL,
)
_LOGIN = re.compile(r"(?<=://)[^/@\s]{1,400}(?=@)")
# By the word before them: in assignments, in the queries of addresses, in headers.
_WORDS = ("pass", "secret", "key", "token", "credential", "signature", "bearer", "basic")
_ASSIGNED = re.compile(
    r"((?:pass(?:word|wd|phrase|code)|secret|(?:api|access|private|secret|account)[_ -]?key"
    r"(?:[_ -]?id)?|(?:auth|access|refresh|session|api|id)[_ -]?token|[?&;](?:token|key|sig)"
    r"|signature|credentials?)[\"']?\s{0,3}[:=]\s{0,3}[\"']?|\b(?:bearer|basic) )"
    r"([^\s\"'<>,;&#(){}\[\]]{6,500})",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"[\w.%+'-]{1,64}@(?:[\w-]{1,63}\.){1,8}[A-Za-z]{2,24}\b")
# Variables whose values are secrets, by the end of their names.
_SECRET_NAME = re.compile(
    r"(?:TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIALS?|API_?KEY|ACCESS_?KEY|SECRET_?KEY"
    r"|PRIVATE_?KEY|AUTH)\Z",
    re.IGNORECASE,
)

SECRETS: Registry[str] = Registry("secret")
"""Secrets that no name tells, such as the key in the variable that a recipe names."""


def remember(secret: str) -> None:
    """Take ``secret`` out of all that is told from now on, unless it is too short for that."""
    if len(secret) >= _SHORTEST and secret not in SECRETS:
        SECRETS.register(secret, secret)


def without_secrets(text: str) -> str:
    """``text`` without keys, tokens, passwords, and values of variables that hold such."""
    return _cleaned(text, _known_secrets(), addresses=False)


def redacted(value: Any) -> Any:
    """``value`` (as JSON knows it) without secrets and e-mail addresses, in keys too."""
    return _walked(value, _known_secrets())


def redacted_pieces(pieces: Sequence[str], *, addresses: bool = True) -> list[str]:
    """The same for a text in pieces, whose borders may lie within a secret, as tokens' do."""
    spans = _spans("".join(pieces), _known_secrets(), addresses=addresses)
    if not spans:
        return list(pieces)
    found = []
    start = 0
    for piece in pieces:
        end = start + len(piece)
        parts = []
        position = start
        for first, last in spans:
            if first < end and last > start:
                parts.append(piece[position - start : max(first, start) - start])
                parts.append(REMOVED if first >= start else "")
                position = min(last, end)
        found.append("".join([*parts, piece[position - start :]]))
        start = end
    return found


class RedactingFilter(logging.Filter):
    """Takes secrets and e-mail addresses out of what is logged, whoever writes it down."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redacted(record.getMessage()), ()
        return True


def logger(name: str) -> logging.Logger:
    """The logger ``name``, whose messages are redacted."""
    found = logging.getLogger(name)
    if not any(isinstance(each, RedactingFilter) for each in found.filters):
        found.addFilter(RedactingFilter())
    return found


def _known_secrets() -> list[str]:
    of_environment = [os.environ.get(name, "") for name in os.environ if _holds_secret(name)]
    return [*{*SECRETS, *(value for value in of_environment if len(value) >= _SHORTEST)}]


@cache
def _holds_secret(variable: str) -> bool:
    return _SECRET_NAME.search(variable) is not None


def _walked(value: Any, secrets: Sequence[str]) -> Any:
    if isinstance(value, str):
        return _cleaned(value, secrets, addresses=True)
    if isinstance(value, list | tuple):
        return type(value)(_walked(item, secrets) for item in value)
    if isinstance(value, dict):
        return {
            _walked(key, secrets) if isinstance(key, str) else key: _walked(item, secrets)
            for key, item in value.items()
        }
    return value


def _cleaned(text: str, secrets: Sequence[str], *, addresses: bool) -> str:
    parts = []
    position = 0
    for start, end in _spans(text, secrets, addresses=addresses):
        parts += [text[position:start], REMOVED]
        position = end
    return "".join([*parts, text[position:]]) if parts else text


def _spans(text: str, secrets: Sequence[str], *, addresses: bool) -> list[tuple[int, int]]:
    """Where secrets stand, in order, those that touch as one."""
    if len(text) < _SHORTEST:
        return []
    found = [span for span in _found(text, secrets, addresses=addresses) if span[0] < span[1]]
    joined: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _found(text: str, secrets: Sequence[str], *, addresses: bool) -> Iterator[tuple[int, int]]:
    # Asking for marks and words first makes a text without any cost next to nothing.
    for secret in secrets:
        if secret in text:
            yield from (each.span() for each in re.finditer(re.escape(secret), text))
    if any(mark in text for mark in _MARKS):
        yield from (each.span() for each in _KEYS.finditer(text))
    if "PRIVATE KEY-----" in text:
        yield from (each.span() for each in _PRIVATE_KEY.finditer(text))
    if "://" in text:
        yield from (each.span() for each in _LOGIN.finditer(text))
    if addresses and "@" in text:
        yield from (each.span() for each in _ADDRESS.finditer(text))
    lowered = text.lower()
    if any(word in lowered for word in _WORDS):
        for each in _ASSIGNED.finditer(text):
            if any(map(str.isdigit, each[2])) and any(map(str.isalpha, each[2])):
                yield each.span(2)
