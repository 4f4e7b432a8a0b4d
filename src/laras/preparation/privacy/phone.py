"""Telephone numbers: Indonesian as they are written there, others with their country code.

A row of digits is no telephone number because it could be dialled. It has to begin like one, be in
groups like one, be valid for phonenumbers, and not follow a word for another kind of number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from laras.preparation.privacy.finding import (
    DETECTORS,
    Detector,
    Finding,
    holds_long_number,
    stands_alone,
    words_before,
)

_CANDIDATE = re.compile(r"[+(06][0-9]?(?:[ .()–-]{0,2}[0-9]){6,15}")
_AMERICAN = re.compile(r"\([2-9][0-9]{2}\) ?[2-9][0-9]{2}-[0-9]{4}")
_DIGITS = re.compile(r"[0-9]+")
_GROUP = re.compile(r"[0-9]{3}")
_DATE = re.compile(r"(?:0[0-9]|[0-3][0-9])[ .-](?:0[0-9]|1[0-2])[ .-](?:19|20)[0-9]{2}")
_NAMED = re.compile(
    r"\b(?:hp|wa|whats ?app|telp|telepon|telpon|tel|telephone|phone|mobile|ponsel|seluler|call|"
    r"ring|hub|hubungi|kontak|contact|sms|fax|faks|chat|dial\w*|msisdn|nomer|handphone)\b"
)
_OTHER_NUMBER = re.compile(
    r"\b(?:rekening|rek|norek|va|virtual account|invoice|order|pesanan|resi|tiket|id|polis|seri|"
    r"imei|sku|barcode|isbn|ref|kode|kupon|voucher|sk|surat|transaksi|antrian|npwp|nik|ktp|nip|nisn|"
    r"nim|meter|pelanggan|booking|faktur|account|acc)\b[^0-9a-z]{0,3}(?:[a-z]{2,12}[^0-9a-z]{0,3}){0,2}\Z"
)
# The group of a longer number, of an account or a card.
_GROUP_BEFORE = re.compile(r"(?<![0-9])[0-9]{3,6} \Z")
_INDONESIA = 62
_LEAST_DIGITS, _MOST_DIGITS = 8, 15


def find_phones(text: str) -> Iterator[Finding]:
    """All telephone numbers of ``text``; ``value`` is E.164."""
    position = 0
    while found := _CANDIDATE.search(text, position):
        if found.group()[0] != "+" and not _GROUP.search(found.group()):  # a list, a date
            position = max(found.start() + 1, found.end() - 2)
            continue
        finding = _judge(text, found.start(), found.end())
        position = finding.end if finding else max(found.start() + 1, _run_end(text, found.start()))
        if finding:
            yield finding


def _run_end(text: str, start: int) -> int:
    """The end of the digits at ``start``: within them no other number begins."""
    digits = _DIGITS.match(text, start)
    return digits.end() if digits else start + 1


def _judge(text: str, start: int, end: int) -> Finding | None:
    if not stands_alone(text, start, end) or not _may_follow(text, start):
        return None
    end = _end_of_number(text, start, end)
    written = text[start:end]
    groups = _DIGITS.findall(written)
    digits = "".join(groups)
    if not _LEAST_DIGITS <= len(digits) <= _MOST_DIGITS or written.count("(") != written.count(")"):
        return None
    if not _is_grouped_like_one(written, groups):
        return None
    before = words_before(text, start)
    if _OTHER_NUMBER.search(before) and not _NAMED.search(before):
        return None
    value = _valid(written, digits)
    return Finding("phone", start, end, value) if value else None


def _may_follow(text: str, start: int) -> bool:
    before = text[max(0, start - 12) : start]
    if _GROUP_BEFORE.search(before):
        return False
    if before.endswith("/"):
        return before.endswith(("wa.me/", " /", "send/"))
    if before.endswith("="):
        return _NAMED.search(before.lower().replace("_", " ")) is not None
    return not before.endswith(("#", "\\", "@", "%", "$", "Rp", "Rp ", "Rp.", "Rp. ", "*"))


def _end_of_number(text: str, start: int, end: int) -> int:
    """Without what follows a number after a blank, where the number itself has hyphens or dots."""
    written = text[start:end]
    blank = written.rfind(" ")
    if blank > 0 and re.search(r"[0-9][.-][0-9]", written[:blank]):
        digits = sum(map(str.isdigit, written[:blank]))
        if digits >= _LEAST_DIGITS + 2:
            return start + blank
    return end


def _is_grouped_like_one(written: str, groups: list[str]) -> bool:
    """Not like a date, an amount or a list of numbers."""
    if _DATE.match(written):
        return False
    single = sum(len(group) == 1 for group in groups)
    if written[0] in "+(":
        return single <= 2 and len(groups) <= 7
    if len(groups) > 1 and len(groups[0]) == 2 and groups[0] not in ("62", "00"):
        return False
    first_alone = len(groups[0]) == 1
    return single <= int(first_alone) and len(groups) <= 6


@lru_cache(maxsize=4096)
def _valid(written: str, digits: str) -> str | None:
    import phonenumbers
    from phonenumbers import PhoneNumberType as Type

    if written[0] == "+":
        number, region = written.replace("(0)", ""), None
    elif digits.startswith("00"):
        number, region = f"+{digits[2:]}", None
    elif digits.startswith("62"):
        number, region = f"+{digits}", None
    elif _AMERICAN.fullmatch(written):
        number, region = written, "US"
    elif digits.startswith("0"):
        number, region = digits, "ID"
    else:
        return None
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed):
        # Ranges change abroad; with its country's code, a number of the right length is one.
        is_foreign = written[0] == "+" and parsed.country_code != _INDONESIA
        if not (is_foreign and phonenumbers.is_possible_number(parsed)):
            return None
    # Numbers of services are public.
    if phonenumbers.number_type(parsed) in (
        Type.TOLL_FREE,
        Type.PREMIUM_RATE,
        Type.SHARED_COST,
        Type.UAN,
    ):
        return None
    e164: str = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return e164


DETECTORS.register("phone", Detector(find_phones, holds_long_number))
