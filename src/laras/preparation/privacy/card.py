"""Numbers of payment cards: Luhn's check, the issuer's first digits, and a length that it uses."""

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
from laras.preparation.privacy.nik import is_likely_nik

_CANDIDATE = re.compile(r"[0-9](?:[ -]?[0-9]){12,18}")
_DIGITS = re.compile(r"[0-9]+")
_GROUPS = ([4, 4, 4, 4], [4, 6, 5], [4, 6, 4], [4, 4, 4, 4, 3], [4, 4, 4, 2])
# First digits (lowest, highest) and lengths, after ISO/IEC 7812 and the issuers' public tables.
_ISSUERS: tuple[tuple[str, str, frozenset[int]], ...] = (
    ("4", "4", frozenset({16, 19})),  # Visa
    ("51", "55", frozenset({16})),  # Mastercard
    ("2221", "2720", frozenset({16})),
    ("34", "34", frozenset({15})),  # American Express
    ("37", "37", frozenset({15})),
    ("300", "305", frozenset({14, 16})),  # Diners Club
    ("36", "36", frozenset({14})),
    ("38", "39", frozenset({14, 16})),
    ("6011", "6011", frozenset({16})),  # Discover
    ("644", "659", frozenset({16})),
    ("3528", "3589", frozenset({16})),  # JCB
    ("62", "62", frozenset({16, 17, 18, 19})),  # UnionPay
    ("5018", "5020", frozenset({16, 19})),  # Maestro, Dankort
    ("5038", "5038", frozenset({16, 19})),
    ("6304", "6304", frozenset({16, 19})),
    ("6759", "6763", frozenset({16, 18, 19})),
    ("2200", "2204", frozenset({16})),  # Mir
)
_NAMED = re.compile(
    r"\b(?:kartu|card|visa|master ?card|amex|jcb|cc|kredit|credit|debit|debet|pan|kartunya)\b"
)
_OTHER_NUMBER = re.compile(
    r"\b(?:va|virtual account|resi|imei|order|pesanan|invoice|transaksi|barcode|sku|ean|isbn|"
    r"rekening|norek|voucher|npwp|nik|ktp|seri|token listrik)\b"
)


def find_cards(text: str) -> Iterator[Finding]:
    """All card numbers of ``text``; ``value`` is the digits."""
    for found in _CANDIDATE.finditer(text):
        groups = _DIGITS.findall(found.group())
        digits = "".join(groups)
        if len(groups) > 1 and [len(group) for group in groups] not in _GROUPS:
            continue
        if not _is_issued(digits) or not passes_luhn(digits):
            continue
        if not stands_alone(text, found.start(), found.end()):
            continue
        before = words_before(text, found.start())
        named = _NAMED.search(before) is not None
        if _OTHER_NUMBER.search(before) and not named:
            continue
        if not named and len(groups) == 1 and len(digits) == 16 and is_likely_nik(digits):
            continue  # one in ten identity numbers passes the check
        yield Finding("card", found.start(), found.end(), digits)


def _is_issued(digits: str) -> bool:
    return any(
        low <= digits[: len(low)] <= high and len(digits) in lengths
        for low, high, lengths in _ISSUERS
    )


DETECTORS.register("card", Detector(find_cards, holds_long_number))
