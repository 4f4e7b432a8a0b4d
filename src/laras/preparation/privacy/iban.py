"""IBAN: a country, two check digits (ISO 13616, modulo 97), and the length the country uses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from laras.preparation.privacy.finding import DETECTORS, Detector, Finding, holds_long_number

_CANDIDATE = re.compile(r"[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]){11,30}")
_LENGTHS_BY_COUNTRY = """
    AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22
    DJ27 DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28
    HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25
    MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29
    RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29
    VA22 VG24 XK20 YE30
"""
_LENGTHS = {entry[:2]: int(entry[2:]) for entry in _LENGTHS_BY_COUNTRY.split()}


def find_ibans(text: str) -> Iterator[Finding]:
    """All IBANs of ``text``; ``value`` is without blanks."""
    for found in _CANDIDATE.finditer(text):
        start = found.start()
        length = _LENGTHS.get(found.group()[:2])
        if length is None or text[start - 1 : start].isalnum():
            continue
        end, value = start, ""
        while end < found.end() and len(value) < length:
            value += text[end].strip()
            end += 1
        if len(value) == length and not text[end : end + 1].isalnum() and _passes_check(value):
            yield Finding("iban", start, end, value)


def _passes_check(value: str) -> bool:
    return int("".join(str(int(sign, 36)) for sign in value[4:] + value[:4])) % 97 == 1


DETECTORS.register("iban", Detector(find_ibans, holds_long_number))
