"""E-mail addresses: what stands around an @, where a domain follows it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from laras.preparation.privacy.finding import DETECTORS, Detector, Finding

_LONGEST_LOCAL = 64  # RFC 5321, section 4.5.3.1.1
_DOMAIN = re.compile(
    r"@((?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,6}[A-Za-z]{2,24})(?![\w-])"
)
_LOCAL = re.compile(r"[\w.%+'-]{1,64}\Z")
_IN_ADDRESS = re.compile(r"://[^\s/]*\Z")  # user information of a URL
_FILE_ENDINGS = frozenset({"png", "jpg", "jpeg", "gif", "svg", "webp", "css", "js", "pdf"})


def find_emails(text: str) -> Iterator[Finding]:
    """All e-mail addresses of ``text``."""
    for found in _DOMAIN.finditer(text):
        at = found.start()
        local = _LOCAL.search(text, max(0, at - _LONGEST_LOCAL), at)
        if local is None:
            continue
        name = local.group().lstrip(".'%+-")
        start = at - len(name)
        after = text[found.end() : found.end() + 2]
        is_remote = after[:1] == ":" and after[1:].isalpha()  # git@host:path
        if (
            not name
            or is_remote
            or found[1].rsplit(".", 1)[1].lower() in _FILE_ENDINGS
            or _IN_ADDRESS.search(text, max(0, start - 80), start)
        ):
            continue
        yield Finding("email", start, found.end(), text[start : found.end()].casefold())


DETECTORS.register("email", Detector(find_emails, lambda text: "@" in text))
