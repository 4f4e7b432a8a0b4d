"""Letters as Outlook stores them (MSG): the same as others, in a file system of its own.

Runs in the child process.
"""

from __future__ import annotations

from email.header import decode_header, make_header
from pathlib import Path
from typing import Any

from laras.sources.documents.html import decoded_page
from laras.sources.documents.mail import Letter, extracted, ids_in, names_in
from laras.sources.extraction import Extracted, RefusedError

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# Properties, [MS-OXPROPS]: PidTagHtml, PidTagInternetMessageId, ...References, PidTagInReplyToId
_HTML, _MESSAGE_ID, _REFERENCES, _IN_REPLY_TO = 0x1013, 0x1035, 0x1039, 0x1042
_ENCRYPTED = ("IPM.Note.SMIME", "IPM.Note.SMIME.MultipartEncrypted", "IPM.Note.rpmsg")


def extract(path: Path) -> Extracted:
    """The letter in an MSG file."""
    from oxmsg import Message

    with path.open("rb") as stream:
        if stream.read(8) != _OLE:
            raise RefusedError("parser-failed", "not an OLE file")
    message: Any = Message.load(str(path))
    if message.message_class in _ENCRYPTED:
        raise RefusedError("encrypted", message.message_class)
    properties = message.properties
    page = properties.binary_prop_value(_HTML)
    text = message.body
    sender = _decoded(_line(message.sender))
    return extracted(
        Letter(
            subject=_line(message.subject),
            sender=sender,
            receivers=", ".join(map(_receiver, message.recipients)),
            date=message.sent_date.isoformat() if message.sent_date else "",
            message_id=next(iter(_ids(properties, _MESSAGE_ID)), ""),
            references=tuple(dict.fromkeys(_ids(properties, _REFERENCES, _IN_REPLY_TO))),
            text=text.replace("\r\n", "\n") if text else None,
            page=decoded_page(page, properties.body_encoding).text if page else message.html_body,
            attachments=tuple(_line(each.file_name) or "?" for each in message.attachments),
            names=names_in(sender, *(_quoted(_line(each.name)) for each in message.recipients)),
        )
    )


def _ids(properties: Any, *numbers: int) -> list[str]:
    return [
        found for number in numbers for found in ids_in(_line(properties.str_prop_value(number)))
    ]


def _decoded(name: str) -> str:
    """A header that was taken over as it went through the net (RFC 2047)."""
    return str(make_header(decode_header(name))) if "=?" in name else name


def _receiver(recipient: Any) -> str:
    name, address = _line(recipient.name), _line(recipient.email_address)
    return f"{name} <{address}>" if name and address and name != address else name or address


def _quoted(name: str) -> str:
    """A name as a header would have it, in which a comma parts nothing."""
    return '"' + name.replace("\\", "").replace('"', "") + '" <>' if name else ""


def _line(value: Any) -> str:
    return " ".join(str(value or "").split())
