"""The codes of the languages that can be told apart, and what people write instead of them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from laras.translation import _

# ISO 639-1, else ISO 639-3: what py3langid 1.0 tells apart, and Minangkabau and Sundanese, which
# are told by words (preparation/language.py). "unknown": too little text to tell.
_CODES = """
    ace af am an ar ary arz as az ba bcl be bg bn br bs ca crh cs cy da de dz el en eo es et eu
    ext fa fi fo fr fuv fy ga gcf gcr gd gl gom grc gu gug guw ha hbo he hi hr ht hu hy id ig is
    it ja jv ka kab kik kk km kn ko ku ky la lb lg lij ln lo lt ltg lv mg min mk ml mn mr ms mt my
    ne nl nn no nso oc om or pa pcm pl ps pt qu ro ru rw sa sdh se si sk sl sn so sq sr st su sv
    sw ta te tg th tk tl tr tt ug uk ur uz uzs vec vi vo wa wuu xh yo yue zh zu zxx unknown
"""
CODES = frozenset(_CODES.split())
_NAMES = {
    "ace": "aceh acehnese achinese",
    "ar": "arab arabic ara",
    "de": "german jerman deutsch deu ger",
    "en": "english inggris eng bahasa-inggris",
    "es": "spanish spanyol spa",
    "fr": "french prancis perancis fra fre",
    "hi": "hindi hin",
    "id": "indonesia indonesian ind in bahasa bahasa-indonesia indo",
    "it": "italian italia ita",
    "ja": "japanese jepang jpn jp",
    "jv": "javanese jawa jav jw bahasa-jawa",
    "ko": "korean korea kor kr",
    "min": "minangkabau minang padang bahasa-minang",
    "ms": "malay melayu malaysia msa may bahasa-melayu",
    "nl": "dutch belanda nld",
    "pt": "portuguese portugis por",
    "ru": "russian rusia rus",
    "su": "sundanese sunda sun bahasa-sunda",
    "ta": "tamil tam",
    "th": "thai thailand tha",
    "tl": "tagalog filipino fil tgl",
    "vi": "vietnamese vietnam vie",
    "zh": "chinese mandarin tionghoa cina zho chi cn",
}
_CODE_OF = {name: code for code, names in _NAMES.items() for name in names.split()}


def refuse_unknown(codes: Iterable[str]) -> None:
    """Raise ValueError, with the code that was meant, for the first that is none."""
    for code in codes:
        if code in CODES:
            continue
        message = _("{name!r} is not the code of a language that can be told.").format(name=code)
        meant = _meant(code)
        hint = (
            _("Did you mean {name!r}?").format(name=meant)
            if meant
            else _("Codes are like id, en, jv, su, ms (ISO 639).")
        )
        raise ValueError(f"{message} {hint}")


def _meant(written: str) -> str | None:
    plain = "-".join(written.casefold().replace("_", "-").split())
    if plain in CODES:
        return plain
    if plain in _CODE_OF:
        return _CODE_OF[plain]
    region = plain.partition("-")[0]  # id-ID
    if region in CODES:
        return region
    close = difflib.get_close_matches(plain, _CODE_OF, n=1)
    return _CODE_OF[close[0]] if close else None
