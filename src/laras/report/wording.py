"""Numbers, durations and sizes in the language in use, and text made safe to look at."""

from __future__ import annotations

import math
import unicodedata

from laras.translation import _, language, ngettext

# What would reorder, hide or break the lines of a page. The joiners U+200C and U+200D are left
# alone: scripts and emoji need them.
_DECEPTIVE = frozenset(
    (
        *(0x00AD, 0x061C, 0x180E, 0x200B, 0x200E, 0x200F, 0x2028, 0x2029, 0xFEFF),
        *range(0x202A, 0x202F),
        *range(0x2060, 0x2070),
        *range(0xFFF9, 0xFFFC),
        *range(0xE0000, 0xE0080),
    )
)


def visible(text: str) -> str:
    """``text`` with control, invisible and direction characters written out as ``⟨U+202E⟩``."""
    return "".join(character if _is_plain(character) else _marker(character) for character in text)


def _is_plain(character: str) -> bool:
    if character in "\n\t":
        return True
    return ord(character) not in _DECEPTIVE and unicodedata.category(character) not in ("Cc", "Cs")


def _marker(character: str) -> str:
    return f"⟨U+{ord(character):04X}⟩"


def shortened(text: str, limit: int) -> str:
    """At most ``limit`` characters of ``text``, with the count of those left out."""
    if len(text) <= limit:
        return text
    left_out = len(text) - limit
    more = ngettext("{count} more character", "{count} more characters", left_out)
    return f"{text[:limit].rstrip()} … ({more.format(count=whole(left_out))})"


def number(value: float | None, digits: int) -> str:
    """``value`` with ``digits`` decimals; a dash where nothing was measured."""
    if value is None:
        return "–"
    if not math.isfinite(value):
        return "∞" if value > 0 else ("−∞" if value < 0 else _("not a number"))
    return _localised(f"{value:,.{digits}f}".replace("-", "−"))


def signed(value: float | None, digits: int) -> str:
    """A difference: always with its sign."""
    written = number(value, digits)
    return f"+{written}" if value is not None and value > 0 else written


def whole(value: float | None) -> str:
    """A count."""
    return number(value, 0)


def significant(value: float | None, figures: int = 2) -> str:
    """``value`` to ``figures`` significant figures."""
    if value is None or not math.isfinite(value) or value == 0:
        return number(value, 0)
    exponent = math.floor(math.log10(abs(value)))
    return number(value, max(0, figures - 1 - exponent))


def probability(value: float | None) -> str:
    """A p value: two significant figures, and no more zeros than anyone needs."""
    if value is not None and value < 0.0001:
        return f"< {number(0.0001, 4)}"
    return significant(value)


def percent(share: float | None, digits: int = 1) -> str:
    """A share of one as a percentage."""
    return number(None, 0) if share is None else f"{number(100 * share, digits)} %"


def duration(seconds: float | None) -> str:
    """Seconds as people say them: ``4.2 s``, ``3 min 10 s``, ``2 h 05 min``."""
    if seconds is None:
        return number(None, 0)
    if seconds < 60:
        return f"{number(seconds, 1)} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{whole(hours)} h {minutes:02d} min"


def size(size_bytes: float | None) -> str:
    """Bytes in decimal units."""
    if size_bytes is None:
        return number(None, 0)
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size_bytes >= scale:
            return f"{number(size_bytes / scale, 1)} {unit}"
    return f"{whole(size_bytes)} B"


def energy(watt_hours: float | None) -> str:
    """Watt-hours, to two figures that mean something."""
    return number(None, 0) if watt_hours is None else f"{significant(watt_hours)} Wh"


def money(amount: float | None, currency: str = "") -> str:
    """An amount in whatever the recipe's prices are in."""
    if amount is None:
        return number(None, 0)
    written = number(amount, 2) if amount >= 0.1 or amount == 0 else significant(amount)
    return f"{written} {currency}".rstrip()


def _localised(written: str) -> str:
    """English digit grouping turned into that of the language in use."""
    if language() != "id":
        return written
    return written.translate(str.maketrans(",.", ".,"))
