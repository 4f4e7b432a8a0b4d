"""Keys and passwords: by the prefixes that issuers give them, and by the words before them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from laras.preparation.privacy.finding import DETECTORS, Detector, Finding

# What must stand in the text, and the whole key; after the issuers' documentation.
_PREFIXED = tuple(
    (literal, re.compile(pattern))
    for literal, pattern in (
        ("sk-", r"sk-(?:[a-z0-9]{2,10}-){0,3}[A-Za-z0-9_-]{20,200}"),  # OpenAI, Anthropic, others
        ("k_live_", r"[sr]k_live_[A-Za-z0-9]{16,200}"),  # Stripe
        ("k_test_", r"[sr]k_test_[A-Za-z0-9]{16,200}"),
        ("hf_", r"hf_[A-Za-z0-9]{30,60}"),  # Hugging Face
        ("gh", r"gh[pousr]_[A-Za-z0-9]{36,255}"),  # GitHub
        ("github_pat_", r"github_pat_[A-Za-z0-9_]{40,255}"),
        ("glpat-", r"glpat-[A-Za-z0-9_-]{20,100}"),  # GitLab
        ("xox", r"xox[abeprs]-[A-Za-z0-9-]{10,250}"),  # Slack
        ("AKIA", r"AKIA[A-Z0-9]{16}"),  # AWS
        ("ASIA", r"ASIA[A-Z0-9]{16}"),
        ("AIza", r"AIza[A-Za-z0-9_-]{35}"),  # Google
        ("ya29.", r"ya29\.[A-Za-z0-9_-]{20,500}"),
        ("GOCSPX-", r"GOCSPX-[A-Za-z0-9_-]{20,60}"),
        ("npm_", r"npm_[A-Za-z0-9]{36}"),
        ("pypi-", r"pypi-[A-Za-z0-9_-]{50,500}"),
        ("SG.", r"SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{32,64}"),  # SendGrid
        ("shp", r"shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}"),  # Shopify
        (":AA", r"[0-9]{8,10}:AA[A-Za-z0-9_-]{32,34}"),  # Telegram
        ("eyJ", r"eyJ[A-Za-z0-9_-]{8,2000}\.[A-Za-z0-9_-]{8,4000}\.[A-Za-z0-9_-]{8,1000}"),  # JWT
    )
)
_PRIVATE_KEY = re.compile(
    r"-----BEGIN (?P<kind>[A-Z ]{0,30})PRIVATE KEY-----"
    r"(?:\s{1,4}[A-Za-z-]{3,20}: [^\n]{1,100}){0,4}[A-Za-z0-9+/=\s]{20,20000}+"
    r"-----END (?P=kind)PRIVATE KEY-----"
)
# Words that a name of a secret ends with or consists of, and what may stand before "key".
_WORDS = ("pass", "pwd", "secret", "token", "key", "sandi", "pin", "credential")
_BEFORE_KEY = re.compile(
    r"(?:api|access|secret|private|encryption|signing|master|auth|account|license)[ _-]?\Z",
    re.IGNORECASE,
)
_NAME = (
    r"(?P<name>pass(?:word|wd|phrase|code)?|pwd|secret|token|key|sandi|pin|credentials?)"
    r"(?:_[a-z_]{1,20})?"
)
_VALUE = r"(?P<value>[^\s\"'<>,;()]{4,200})"
_ASSIGNED = re.compile(
    rf"{_NAME}(?: [a-z]{{2,12}}){{0,2}}?[\"']?[ \t]{{0,3}}"
    rf"(?P<sign>[:=]|\bis\b|\badalah\b)[ \t]{{0,3}}[\"']?{_VALUE}",
    re.IGNORECASE,
)
# "password anda X": the value follows with nothing but the owner before it.
_FOLLOWED = re.compile(
    rf"{_NAME}(?P<owner>(?: [a-z]{{2,12}})?)(?P<sign>)[ \t]{_VALUE}", re.IGNORECASE
)
_OWNERS = frozenset({"", "anda", "kamu", "saya", "nya", "baru", "lama", "sementara", "wifi"})
_PLACEHOLDER = re.compile(
    r"\*{3}|x{4}|\.{3}|your|example\b|changeme|placeholder|os\.|env\b|^\$|\$\{|^\{|\[|%\(|none\b|null\b|"
    r"true\b|false\b|https?:|self\.|config\.|settings\.",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"[0-9]")
_LETTER = re.compile(r"[^\W\d_]")
_IN_ADDRESS = re.compile(r"://\S*\Z")
_LONGEST_ADDRESS = 400
_AFTER_VALUE = ".?:)]}"
_LEAST_CHARACTERS = 6
_LEAST_PLAIN_CHARACTERS = 8  # where nothing but a blank parts the word from the value


def find_api_keys(text: str) -> Iterator[Finding]:
    """All keys, tokens, passwords and private keys of ``text``."""
    for literal, pattern in _PREFIXED:
        if literal in text:
            yield from _prefixed(text, pattern)
    if "PRIVATE KEY-----" in text:
        for found in _PRIVATE_KEY.finditer(text):
            yield Finding("api-key", found.start(), found.end(), found.group())
    if _DIGIT.search(text):  # no secret is told by a word before it that has none
        yield from _assigned(text)


def _prefixed(text: str, pattern: re.Pattern[str]) -> Iterator[Finding]:
    for found in pattern.finditer(text):
        before, after = text[: found.start()][-1:], text[found.end() : found.end() + 1]
        key = found.group().rstrip("-_")
        # "sk-" begins words, too.
        is_key = not key.startswith("sk-") or any(map(str.isdigit, key))
        if is_key and not (before.isalnum() or after.isalnum()):
            yield Finding("api-key", found.start(), found.start() + len(key), key)


def _assigned(text: str) -> Iterator[Finding]:
    lower = text.lower()
    if len(lower) != len(text):  # a letter that is two in lower case; places must stay
        lower = text
    for word in _WORDS:
        start = lower.find(word)
        while start >= 0:
            for pattern in (_ASSIGNED, _FOLLOWED):
                found = pattern.match(text, start)
                if not (found and _is_secret(found) and _is_name(text, found)):
                    continue
                value = found["value"].rstrip(_AFTER_VALUE)
                place = found.start("value")
                yield Finding("api-key", place, place + len(value), value)
                break
            start = lower.find(word, start + len(word))


def _is_name(text: str, found: re.Match[str]) -> bool:
    """Whether what was found stands as the name of a secret, outside an address."""
    name, start = found["name"].lower(), found.start()
    before = text[max(0, start - 12) : start]
    if name == "key" and not _BEFORE_KEY.search(before):
        return False
    if name in ("pin", "pass", "sandi") and before[-1:].isalpha():
        return False
    # What stands in an address is for the detector of its secrets.
    return not _IN_ADDRESS.search(text, max(0, start - _LONGEST_ADDRESS), start)


def _is_secret(found: re.Match[str]) -> bool:
    """Whether the value looks like a secret, not like a word about one."""
    name, value = found["name"].lower(), found["value"].rstrip(_AFTER_VALUE)
    sign = found["sign"]
    if name == "pin":
        return bool(sign) and value.isdigit() and len(value) in range(4, 9)
    if len(value) < _LEAST_CHARACTERS or not (_DIGIT.search(value) and _LETTER.search(value)):
        return False
    if _PLACEHOLDER.search(value):
        return False
    if sign in (":", "="):
        return True
    if len(value) < _LEAST_PLAIN_CHARACTERS:
        return False
    signs = any(not character.isalnum() for character in value)
    cases = any(map(str.isupper, value)) and any(map(str.islower, value))
    if sign:  # "is", "adalah"
        return signs or cases
    is_password = name.startswith("pass") or name in ("pwd", "sandi")
    return is_password and signs and found["owner"].strip().lower() in _OWNERS


DETECTORS.register("api-key", Detector(find_api_keys, lambda _text: True))
