"""Messages that people see, in English and Indonesian, through gettext catalogues.

Mark a message with ``_("...")`` where it is used and fill it with ``.format``; never with an
f-string, which no catalogue can hold. ``make messages`` extracts, updates and compiles.
"""

from __future__ import annotations

import gettext
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LANGUAGES = ("en", "id")
_LOCALE_FOLDER = Path(__file__).parent / "locale"
_translations: gettext.NullTranslations = gettext.NullTranslations()
_language = "en"


def language_from_environment() -> str:
    """The first of LARAS_LANG, LC_ALL, LC_MESSAGES, LANG that is set decides; else English."""
    for variable in ("LARAS_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(variable, "")
        if value:
            code = value.split(".")[0].split("_")[0].lower()
            return code if code in LANGUAGES else "en"
    return "en"


def set_language(code: str | None = None) -> None:
    """Use the catalogue of ``code`` (``en`` or ``id``); None asks the environment."""
    global _translations, _language
    _language = code or language_from_environment()
    _translations = gettext.translation(
        "laras", _LOCALE_FOLDER, languages=[_language], fallback=True
    )


@contextmanager
def using(code: str) -> Iterator[None]:
    """Speak ``code`` inside the block, then the language that was in use before it."""
    before = _language
    set_language(code)
    try:
        yield
    finally:
        set_language(before)


def language() -> str:
    """The code of the language in use."""
    return _language


def _(message: str) -> str:
    """``message`` in the language in use, looked up at the time of the call."""
    return _translations.gettext(message)


def ngettext(singular: str, plural: str, count: int) -> str:
    """The form that ``count`` needs, in the language in use."""
    return _translations.ngettext(singular, plural, count)
