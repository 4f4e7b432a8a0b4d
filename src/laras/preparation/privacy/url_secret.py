"""Secrets in addresses: passwords before the host, and tokens, keys and signatures in queries.

Only the secret is what is found; the rest of the address may be what the text is about.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from laras.preparation.privacy.finding import DETECTORS, Detector, Finding

_LONGEST = 2048  # characters of an address that are looked at
_END = re.compile(r"[\s\"'<>`|]|\Z")
_PASSWORD = re.compile(r"[^\s/@:?#]{0,80}:([^\s/@<>]{1,200})@")
_PARAMETER = re.compile(r"[?&#;]([A-Za-z0-9_.\[\]-]{1,48})=([^&#;\s\"'<>]{1,1500})")
_PLAIN_NAMES = """
    password passwd pwd pass secret token auth signature sig sas jwt otp apikey sessionid
    session sid resourcekey accesstoken idtoken passcode
"""
_PLAIN = frozenset(_PLAIN_NAMES.split())
_LAST_WORDS = frozenset({"token", "secret", "password", "signature", "apikey", "passwd", "pwd"})
_KEY_BEFORE = frozenset({"api", "access", "secret", "private", "auth", "session", "sas", "license"})
_LEAST_CHARACTERS = 5
_LEAST_VAGUE_CHARACTERS = 8


def find_url_secrets(text: str) -> Iterator[Finding]:
    """All secrets in the addresses of ``text``."""
    position = text.find("://")
    while position >= 0:
        start = position + 3
        end = _END.search(text, start, min(len(text), start + _LONGEST))
        address_end = end.start() if end else min(len(text), start + _LONGEST)
        yield from _in_address(text, start, address_end)
        position = text.find("://", max(start, address_end - 3))


def _in_address(text: str, start: int, end: int) -> Iterator[Finding]:
    if password := _PASSWORD.match(text, start, end):
        yield Finding("url-secret", password.start(1), password.end(1), password[1])
    for found in _PARAMETER.finditer(text, start, end):
        value = found[2].rstrip(".,;:!?)]}*")
        if _is_secret(found[1], value):
            yield Finding("url-secret", found.start(2), found.start(2) + len(value), value)


def _is_secret(parameter: str, value: str) -> bool:
    name = parameter.lower()
    words = re.split(r"[_.\[\]-]+", name)
    plain = name.replace("_", "").replace("-", "")
    if plain in _PLAIN or words[-1] in _LAST_WORDS:
        return (len(value) >= _LEAST_CHARACTERS and not value.isalpha()) or len(value) >= 12
    if words[-1] == "key" and len(words) > 1 and words[-2] in _KEY_BEFORE:
        return len(value) >= _LEAST_CHARACTERS
    if name in ("key", "code", "sign", "hash", "state", "ticket"):
        return (
            len(value) >= _LEAST_VAGUE_CHARACTERS
            and any(map(str.isdigit, value))
            and any(map(str.isalpha, value))
        )
    return False


DETECTORS.register("url-secret", Detector(find_url_secrets, lambda text: "://" in text))
