"""NPWP, the Indonesian tax number: fifteen digits, 09.254.294.3-407.000, or sixteen since 2024.

The first nine pass Luhn's check. In the form with dots that is enough; bare digits need a word for
the number before them. The form of sixteen is a nought and the fifteen, or a person's NIK.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from laras.preparation.privacy.finding import (
    DETECTORS,
    Detector,
    Finding,
    holds_long_number,
    passes_luhn,
    stands_alone,
    words_before,
)
from laras.preparation.privacy.nik import is_nik

_CANDIDATE = re.compile(
    r"[0-9]{2}[. ]?[0-9]{3}[. ]?[0-9]{3}[. ]?[0-9][- .]?[0-9]{3}[. ]?[0-9]{3,4}(?![0-9])"
)
_WRITTEN = re.compile(r"[0-9]{2}\.[0-9]{3}\.[0-9]{3}\.[0-9]-[0-9]{3}\.[0-9]{3}")
_NAMED = re.compile(r"(?:\b|_)(?:npwp\w*|wajib pajak|tax id|taxpayer|tin)\b")
_NIK_FOLLOWS = re.compile(r"\b(?:nik|ktp)\b")


def find_npwps(text: str) -> Iterator[Finding]:
    """All tax numbers of ``text``; ``value`` is fifteen digits, or the sixteen of a NIK."""
    for found in _CANDIDATE.finditer(text):
        written = found.group()
        digits = re.sub("[^0-9]", "", written)
        start, end = found.span()
        if not stands_alone(text, start, end):
            continue
        named = False
        if not _WRITTEN.fullmatch(written):
            before = words_before(text, start, 40)
            mentions = list(_NAMED.finditer(before))
            named = bool(mentions) and not _NIK_FOLLOWS.search(before, mentions[-1].end())
            if not named:
                continue
        if len(digits) == 16 and digits[0] == "0":
            digits = digits[1:]
        if (len(digits) == 15 and passes_luhn(digits[:9]) and int(digits[:9])) or (
            named and len(digits) == 16 and is_nik(digits)
        ):
            yield Finding("npwp", start, end, digits)


DETECTORS.register("npwp", Detector(find_npwps, holds_long_number))
