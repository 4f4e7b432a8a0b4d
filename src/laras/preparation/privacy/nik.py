"""NIK, the Indonesian identity number: a place, a date of birth, a serial number.

Two digits each for province, regency and district, then day, month and year of birth, the day of
women increased by 40, then four digits (Regulation 37/2007 on population administration, article
37). There is no check digit, so the parts have to make sense together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from laras.preparation.privacy.finding import (
    DETECTORS,
    Detector,
    Finding,
    holds_long_number,
    stands_alone,
    words_before,
)

_CANDIDATE = re.compile(r"[0-9](?:[ .-]?[0-9]){15}")
_GROUPS = ([16], [4, 4, 4, 4], [6, 6, 4], [2, 2, 2, 6, 4])
_DIGITS = re.compile(r"[0-9]+")
# Codes of provinces: Sumatra, Java, Bali and Nusa Tenggara, Kalimantan, Sulawesi, Maluku, Papua.
_PROVINCES = frozenset(
    code
    for first, last in (
        (11, 19),
        (21, 21),
        (31, 36),
        (51, 53),
        (61, 65),
        (71, 76),
        (81, 82),
        (91, 97),
    )
    for code in range(first, last + 1)
)
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
# Serial numbers begin anew every day in every district. Without a word for it before them, larger
# ones are rather another number.
_MOST_ON_A_DAY = 999
_NAMED = re.compile(r"\b(?:nik|ktp|e-ktp|kependudukan|identitas|identity|national id|id number)\b")
_OTHER_NUMBER = re.compile(
    r"\b(?:order|pesanan|invoice|transaksi|resi|rekening|norek|va|virtual account|kartu|card|npwp|"
    r"faktur|tiket|ref|referensi|order_id|kk)\b[^a-z]{0,4}(?:[a-z]{2,10}[^a-z]{0,3})?\Z"
)


def find_niks(text: str) -> Iterator[Finding]:
    """All identity numbers of ``text``; ``value`` is the sixteen digits."""
    for found in _CANDIDATE.finditer(text):
        groups = _DIGITS.findall(found.group())
        digits = "".join(groups)
        if [len(group) for group in groups] not in _GROUPS or not is_nik(digits):
            continue
        if not stands_alone(text, found.start(), found.end()):
            continue
        before = words_before(text, found.start())
        if not _NAMED.search(before) and (
            _OTHER_NUMBER.search(before) or before.endswith(("/", "#")) or not is_likely_nik(digits)
        ):
            continue
        yield Finding("nik", found.start(), found.end(), digits)


def is_likely_nik(digits: str) -> bool:
    """Whether sixteen ``digits`` alone make one think of an identity number."""
    return is_nik(digits) and int(digits[12:]) <= _MOST_ON_A_DAY


def is_nik(digits: str) -> bool:
    """Whether sixteen ``digits`` name a place, a day and a serial number that there can be."""
    province, regency, district, day, month = (int(digits[i : i + 2]) for i in range(0, 10, 2))
    day -= 40 if day > 40 else 0
    return (
        province in _PROVINCES
        and 1 <= regency <= 79
        and 1 <= district <= 60
        and 1 <= month <= 12
        and 1 <= day <= _DAYS[month - 1]
        and digits[12:] != "0000"
    )


DETECTORS.register("nik", Detector(find_niks, holds_long_number))
