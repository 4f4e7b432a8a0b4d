"""E-mail addresses: what stands around an @, where a domain follows it.

Domains may be international (RFC 6531), the signs full-width, and the parts set off by Markdown's
emphasis, which belongs to what is found: ``**name**@host``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from laras.preparation.privacy.finding import DETECTORS, Detector, Finding

_LONGEST_LOCAL = 64  # RFC 5321, section 4.5.3.1.1
_AT = "@\uff20\ufe6b"
_LABEL = r"[^\W_](?:(?:[^\W_]|-){0,61}[^\W_])?"
# Written without a space between (Chinese, Japanese, Thai), text may follow a domain in ASCII.
_ASCII_TOP = r"xn--[A-Za-z0-9-]{2,59}|[A-Za-z]{2,24}(?![A-Za-z0-9\u00c0-\u024f])"
_TOP = rf"(?:{_ASCII_TOP}|[^\W\d_]{{2,24}}(?![^\W_]))"
_DOMAIN = re.compile(
    rf"[{_AT}](?P<mark>[*_~`]{{0,3}})(?P<host>(?:{_LABEL}[.\uff0e]){{1,6}}{_TOP})(?!-|_+[^\W_])"
)
_LOCAL = re.compile(r"(?P<name>[\w.%+'-]{1,64})(?P<mark>[*~`]{0,3})\Z")
_EMPHASISED = re.compile(r"(_{1,3})([^\W_].*[^\W_]|[^\W_])\1")
_IN_ADDRESS = re.compile(r"://[^\s/]*\Z")  # user information of a URL
_FILE_ENDINGS = frozenset({"png", "jpg", "jpeg", "gif", "svg", "webp", "css", "js", "pdf"})


def find_emails(text: str) -> Iterator[Finding]:
    """All e-mail addresses of ``text``."""
    for found in _DOMAIN.finditer(text):
        at, host = found.start(), found["host"]
        local = _LOCAL.search(text, max(0, at - _LONGEST_LOCAL), at)
        if local is None:
            continue
        name = local["name"].lstrip(".'%+-")
        start = at - len(name) - len(local["mark"])
        if emphasised := _EMPHASISED.fullmatch(name):
            name = emphasised[2]
        after = text[found.end() : found.end() + 2]
        is_remote = after[:1] == ":" and after[1:].isalpha()  # git@host:path
        if (
            not name
            or is_remote
            or host.rsplit(".", 1)[-1].lower() in _FILE_ENDINGS
            or _IN_ADDRESS.search(text, max(0, start - 80), start)
        ):
            continue
        start -= _length_if(text.endswith(local["mark"], 0, start), local["mark"])
        end = found.end()
        end += _length_if(text.startswith(found["mark"], end), found["mark"])
        value = unicodedata.normalize("NFKC", f"{name}@{host}").casefold()
        yield Finding("email", start, end, value)


def _length_if(is_there: bool, mark: str) -> int:
    return len(mark) if is_there else 0


def _holds_at(text: str) -> bool:
    return any(sign in text for sign in _AT)


DETECTORS.register("email", Detector(find_emails, _holds_at))
