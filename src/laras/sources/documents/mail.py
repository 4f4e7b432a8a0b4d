"""Letters (EML, RFC 5322): the words of the one who wrote, who to whom and when beside them.

Of a letter that is sent as text and as HTML the text is taken. Attachments are named, not read.
Runs in the child process.
"""

from __future__ import annotations

import email
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from email.message import EmailMessage
from email.utils import getaddresses, parsedate_to_datetime
from pathlib import Path

from laras.sources.conversations.fields import name
from laras.sources.conversations.role_words import is_organisation
from laras.sources.documents.html import decoded_page
from laras.sources.documents.html_text import page_text
from laras.sources.documents.mail_policy import MAX_VALUE, bounded_policy
from laras.sources.documents.mail_text import is_forward, line_count, own_words
from laras.sources.encoding import UndecodableError, decode
from laras.sources.extraction import Extracted, RefusedError

_MESSAGE_ID = re.compile(r"<([^<>\s]{1,998})>")
_QUOTATION = (
    'blockquote[type="cite"], .gmail_quote, .yahoo_quoted, .moz-cite-prefix, #appendonsend ~ *, '
    "#divRplyFwdMsg, #divRplyFwdMsg ~ *"
)
_SIGNATURE = ".gmail_signature, .moz-signature"
_FORWARDED_PAGE = re.compile(
    r"-{3,}\s*(?:Forwarded message|Pesan (?:yang )?diteruskan)|Begin forwarded message:",
    re.IGNORECASE,
)
_MAX_DEPTH = 5
_NEEDED = ("content-type", "content-transfer-encoding", "content-disposition")
_OF_PEOPLE = ("from", "sender", "reply-to", "to", "cc", "bcc")
_LONGEST_HEADER = 100_000  # characters; its parser is no fast one


@dataclass(frozen=True, slots=True)
class Letter:
    """The parts of a letter, from whatever kind of file. ``references``: the letters it answers,
    the first of them first; ``page``: its HTML, where there is no ``text``; ``names``: of who wrote
    it and who received it."""

    subject: str = ""
    sender: str = ""
    receivers: str = ""
    date: str = ""  # ISO 8601
    message_id: str = ""
    references: tuple[str, ...] = ()
    text: str | None = None
    page: str | None = None
    attachments: tuple[str, ...] = ()
    notes: tuple[tuple[str, str, str], ...] = field(default=())
    names: tuple[str, ...] = ()


def extract(path: Path) -> Extracted:
    """The letter in an EML file."""
    letter = extracted(read_letter(path.read_bytes()))
    for reason, _locator, fact in letter.notes:
        if not letter.text and reason in ("encrypted", "bad-encoding"):
            raise RefusedError(reason, fact)
    return letter


def extracted(letter: Letter, locator: str = "") -> Extracted:
    """What its writer wrote, with the subject as title; letters that answer each other have the
    same group."""
    text, quoted = letter.text or "", 0
    forwards = is_forward(letter.subject, text)
    if not text.strip() and letter.page:
        forwards = forwards or bool(_FORWARDED_PAGE.search(letter.page))
        text, quoted = _page_words(letter.page, forwards=forwards)
    own, more_quoted = own_words(text, forwards=forwards)
    quoted += more_quoted
    notes = list(letter.notes)
    if quoted and own:
        notes.append(("quoted-reply", "", f"{quoted}"))
    elif quoted:
        own = text  # nothing but a quotation, which then is all there is to say
    notes += [("attachment", "", name) for name in letter.attachments]
    thread = next(iter((*letter.references, letter.message_id)), "")
    facts = {
        "from": letter.sender,
        "to": letter.receivers,
        "date": letter.date,
        "message_id": letter.message_id,
        "thread": thread,
        "names": json.dumps(letter.names, ensure_ascii=False) if letter.names else "",
    }
    return Extracted(
        own,
        title=letter.subject,
        locator=locator,
        metadata={name: fact for name, fact in facts.items() if fact},
        group=f"thread:{thread}" if thread else None,
        notes=tuple(notes),
    )


def _page_words(page: str, *, forwards: bool) -> tuple[str, int]:
    """The text of a letter's HTML without what is marked there as quoted, and how many lines that
    were."""
    whole = page_text(page, everything=True, hidden=_SIGNATURE).text
    if forwards:
        return whole, 0
    own = page_text(page, everything=True, hidden=f"{_SIGNATURE}, {_QUOTATION}").text
    if not own.strip():
        return whole, 0
    return own, line_count(whole.split("\n")) - line_count(own.split("\n"))


def read_letter(data: bytes) -> Letter:
    """A letter as it went through the net."""
    policy = bounded_policy()
    message = email.message_from_bytes(data, policy=policy)
    assert isinstance(message, EmailMessage)
    assert policy.share is not None
    for each in ("subject", "from", "to", "date", "message-id", "references", "in-reply-to"):
        header(message, each)  # before those of the parts take what may be read of headers
    letter = _letter(message, 0)
    cut = tuple(("header-cut", "", each) for each in policy.share.cut)
    return replace(letter, notes=(*letter.notes, *cut)) if cut else letter


def _letter(message: EmailMessage, depth: int) -> Letter:
    plain: list[str] = []
    pages: list[str] = []
    attachments: list[str] = []
    notes: list[tuple[str, str, str]] = []
    names = names_in(*(header(message, each) for each in _OF_PEOPLE))
    for part in _parts(message, depth):
        if not all(header(part, each) for each in _NEEDED if each in part):
            continue  # too many headers were read before it: what it is can't be told
        kind = part.get_content_type()
        if kind in ("application/pkcs7-mime", "application/x-pkcs7-mime"):
            notes.append(("encrypted", "", kind))
        elif kind == "message/rfc822":
            inner = _inner(part)
            if inner is not None and depth < _MAX_DEPTH:
                forwarded = _letter(inner, depth + 1)
                plain.append(_forwarded(forwarded))
                names = (*names, *forwarded.names)
        elif part.is_attachment() or part.get_filename() or not kind.startswith("text/"):
            attachments.append(part.get_filename() or kind)
        elif kind == "text/html":
            pages.append(_content(part, notes))
        elif kind in ("text/plain", "text/enriched"):
            text = _content(part, notes)
            plain.append(_unflowed(part, text))
    return Letter(
        subject=header(message, "subject"),
        sender=header(message, "from"),
        receivers=header(message, "to"),
        date=_date(header(message, "date")),
        message_id=next(iter(ids_in(header(message, "message-id"))), ""),
        references=tuple(
            dict.fromkeys(
                [*ids_in(header(message, "references")), *ids_in(header(message, "in-reply-to"))]
            )
        ),
        text="\n\n".join(part.strip("\n") for part in plain if part.strip()) or None,
        page="\n".join(pages) or None,
        attachments=tuple(attachments),
        notes=tuple(notes),
        names=tuple(dict.fromkeys(names)),
    )


def names_in(*headers: str) -> tuple[str, ...]:
    """The names of people beside the addresses of ``headers``, each once, in order; "Lestari,
    Sari" is Sari Lestari."""
    found: dict[str, None] = {}
    for written, _address in getaddresses([value[:_LONGEST_HEADER] for value in headers if value]):
        last, comma, first = written.partition(",")
        person = name(f"{first} {last}" if comma else written)
        if person and not is_organisation(person):
            found[person] = None
    return tuple(found)


def _parts(message: EmailMessage, depth: int) -> Iterator[EmailMessage]:
    """The leaves of a letter in order; of alternatives, the plain text where there is one."""
    stack: list[tuple[EmailMessage, int]] = [(message, 0)]
    while stack:
        part, level = stack.pop()
        if not part.is_multipart() or part.get_content_type() == "message/rfc822":
            yield part
            continue
        inner = [each for each in part.get_payload() if isinstance(each, EmailMessage)]
        if part.get_content_type() == "multipart/alternative":
            texts = [each for each in inner if each.get_content_type() == "text/plain"]
            inner = texts[:1] if texts and _has_text(texts[0]) else inner
        stack.extend((each, level + 1) for each in reversed(inner))


def _has_text(part: EmailMessage) -> bool:
    payload = part.get_payload(decode=True)
    return isinstance(payload, bytes) and bool(payload.strip())


def _inner(part: EmailMessage) -> EmailMessage | None:
    payload = part.get_payload()
    inner = payload[0] if isinstance(payload, list) and payload else None
    return inner if isinstance(inner, EmailMessage) else None


def _forwarded(letter: Letter) -> str:
    """A letter that lies in another."""
    text = letter.text or (page_text(letter.page, everything=True).text if letter.page else "")
    lines = (f"From: {letter.sender}", f"Date: {letter.date}", f"Subject: {letter.subject}")
    known = [line for line in lines if not line.endswith(": ")]
    return "---------- Forwarded message ----------\n" + "\n".join([*known, "", text])


def _content(part: EmailMessage, notes: list[tuple[str, str, str]]) -> str:
    payload = part.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else b""
    declared = part.get_content_charset()
    try:
        if part.get_content_type() == "text/html":
            decoded = decoded_page(data, declared)
        else:
            decoded = decode(data, declared)
    except (UndecodableError, RefusedError) as error:
        notes.append(("bad-encoding", "", error.fact))
        return ""
    if decoded.guessed:
        notes.append(("guessed-encoding", "", decoded.encoding))
    return decoded.text


def _unflowed(part: EmailMessage, text: str) -> str:
    """Paragraphs of ``format=flowed`` in one line each (RFC 3676): there a space at the end of a
    line says that the next one belongs to it."""
    if str(part.get_param("format", "")).lower() != "flowed":
        return text
    joined = ""
    for line in text.split("\n"):
        soft = line.endswith(" ") and line != "-- "
        joined += line if soft else line + "\n"
    return joined


def header(message: EmailMessage, name: str) -> str:
    """A header as characters on one line. Where its value breaks the rules, as it stands there."""
    try:
        value = message[name]
    except Exception:  # the standard library's parser of headers fails in many ways
        value = next(
            (raw[:MAX_VALUE] for key, raw in message.raw_items() if key.lower() == name), ""
        )
    # Bytes beyond ASCII are not allowed in it, and common: most often they are UTF-8.
    data = str(value or "").encode("utf-8", "surrogateescape")
    return " ".join(data.decode("utf-8", "replace").split())


def ids_in(value: str) -> list[str]:
    """Message identifiers of a header, without their brackets."""
    return _MESSAGE_ID.findall(value)


def _date(value: str) -> str:
    with suppress(ValueError, TypeError, IndexError, OverflowError):
        return parsedate_to_datetime(value).isoformat()
    return ""
