"""What WhatsApp writes in the place of a message, or around it, told by its form.

The app writes these texts in the language of the phone. What has a form of its own (a mark, angle
brackets, a file name) is told by that in any language; the rest is known in English and Indonesian.
"""

from __future__ import annotations

import re
from typing import Literal

LEFT_TO_RIGHT = "\u200e"
_MARKS = str.maketrans("", "", "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\ufeff")
_ISOLATED = re.compile("\u2068([^\u2068\u2069\n]{1,100})\u2069")
_ISOLATES = str.maketrans("", "", "\u2068\u2069")

# "<attached: 0012-PHOTO.jpg>", "<terlampir: ...>": iOS, below or behind a caption.
_ATTACHED = re.compile(r"\u200e?<[^<>:\n]{3,30}: [^<>\n]{1,200}\.\w{2,5}>")
# "IMG-20240105-WA0003.jpg (file terlampir)": Android, above a caption.
_FILE = re.compile(r"[^\n<>/\\|:]{1,150}\.\w{2,5} \([^()\n]{3,40}\)(?:\n|$)")
# "price list.pdf • 3 pages": iOS, before "document omitted".
_FILE_NAME = re.compile(r"[^\n]{1,200}\.\w{2,5}(?:\s*•[^\n]{0,40})?|\s*")
_FILE_WORDS = re.compile(
    r"-WA\d{4}\.|\((?:[^()]*\b)?(?:attached|terlampir|dilampirkan|lampiran|adjunto|anexado|allegato"
    r"|angehängt|joint|bijgevoegd|dilampir|приложен|添付|附件)",
    re.IGNORECASE,
)
# "<Media omitted>", "<Media tidak disertakan>": two words or more, nothing around them.
_BRACKETS = re.compile(r"<[^\W\d_][^<>\n:/=]{2,60}\s[^<>\n:/=]{2,60}>")
_EDITED = re.compile(
    r"<[^<>\n]{0,40}(?:edit|bearbeit|modifi|redig|изменен|編集|编辑|수정)[^<>\n]{0,40}>",
    re.IGNORECASE,
)
_MEDIUM = (
    r"image|photo|picture|video|audio|voice message|sticker|gif|document|contact card|video note"
    r"|gambar|foto|stiker|dokumen|kartu kontak|pesan suara|catatan video|media"
)
_OMITTED = re.compile(rf"(?:{_MEDIUM}) (?:omitted|tidak disertakan|dihilangkan)", re.IGNORECASE)
_LOCATION = re.compile(r"(?:location|lokasi|live location|lokasi terkini)\b[^\n]{0,20}", re.I)
_MAP = re.compile(r"https://(?:maps\.google\.com|maps\.app\.goo\.gl|foursquare\.com)/\S+\Z")
_EVENTS = re.compile(
    r"(?:this message was deleted(?: by admin [^\n]{1,60})?|you deleted this message"
    r"|(?:pesan ini (?:telah )?dihapus|anda (?:telah )?menghapus pesan ini)(?: oleh [^\n]{1,60})?"
    r"|waiting for this message\b[^\n]{0,80}|menunggu pesan ini\b[^\n]{0,80}"
    r"|(?:missed |silenced )?(?:group )?(?:voice|video) call\b[^\n]{0,60}"
    r"|panggilan (?:suara|video)(?: grup)?(?: tak terjawab| tidak terjawab| dibisukan)\b[^\n]{0,60}"
    r"|null)[.!]?",
    re.IGNORECASE,
)
_POLL = re.compile(r"(?:poll|polling|jajak pendapat)\s*:", re.IGNORECASE)
_ENCRYPTION = re.compile(
    r"messages and calls are end-to-end encrypted|messages to this (?:chat|group)\b"
    r"|(?:pesan|percakapan) dan panggilan (?:ini )?(?:dienkripsi|terenkripsi)"
    r"|pesan (?:dan panggilan )?[^\n]{0,40}(?:enkripsi|terenkripsi)",
    re.IGNORECASE,
)


def understood(raw: str) -> tuple[Literal["message", "media", "event"], str, tuple[str, ...]]:
    """What a message is, its own text without WhatsApp's marks, and the names it mentions."""
    text = raw.strip(" \t\n\r\u00a0\u202f\ufeff")
    is_of_app = text.startswith(LEFT_TO_RIGHT)
    mentions: tuple[str, ...] = ()
    if "\u2068" in text:
        mentions = tuple(name.strip("~ \u202f") for name in _ISOLATED.findall(text))
    text, attached = _ATTACHED.subn("", text)
    # In iOS the app's own words follow the mark: "caption U+200E image omitted".
    caption, mark, behind = text.rpartition(LEFT_TO_RIGHT)
    if mark and _OMITTED.fullmatch(behind.strip()[:80]):
        caption = caption.translate(_MARKS).strip()
        text, attached = ("" if _FILE_NAME.fullmatch(caption) else caption), True
    text = _without_edited(text.translate(_MARKS).translate(_ISOLATES).strip())
    file = _FILE.match(text)
    if file and _FILE_WORDS.search(file[0]):
        text, attached = text[file.end() :].strip(), True
    if attached:
        return ("message" if text else "media"), text, mentions
    if len(text) <= 300:
        if _BRACKETS.fullmatch(text) or _OMITTED.fullmatch(text) or _is_place(text):
            return "media", "", mentions
        if _EVENTS.fullmatch(text) or _ENCRYPTION.match(text):
            return "event", "", mentions
    if is_of_app and text and not _POLL.match(text):
        return "event", "", mentions
    return "message", text, mentions


def _without_edited(text: str) -> str:
    """The text without the mark at its end that says that it was edited."""
    if not text.endswith(">"):
        return text
    start = text.rfind("<", max(0, len(text) - 90))
    if start >= 0 and _EDITED.fullmatch(text, start):
        return text[:start].rstrip()
    return text


def _is_place(text: str) -> bool:
    return bool(_MAP.search(text)) and bool(_LOCATION.match(text))
