"""Why something did not become a record: the stable codes of this room, and what they mean."""

from __future__ import annotations

from laras.records import Rejection
from laras.translation import _

STAGE = "read"
"""The name under which this room's entries stand in the ledger and the funnel."""


def explanation(reason: str) -> str:
    """One sentence for people, in the language in use, about the code ``reason``."""
    return {
        # whole files
        "empty": _("There is no text in it."),
        "too-large": _("The file is larger than data.max_file_bytes."),
        "not-a-file": _("Not a regular file (a pipe, a device or a socket)."),
        "symlink-outside": _("A link that leads out of the folder."),
        "unreadable": _("The file can't be opened."),
        "bad-encoding": _("Not text in an encoding that can be told with confidence."),
        "guessed-encoding": _("Not UTF-8; the encoding was guessed."),
        "unknown-format": _("Neither a known format nor text."),
        "unsupported-format": _("This format is not read yet."),
        "encrypted": _("The file is protected by a password."),
        "zip-bomb": _("It would unpack to far more than such a document holds."),
        "doctype": _("It declares a document type, which no such file needs."),
        "needs-ocr": _("Scanned, or in a font without a text layer: needs character recognition."),
        "parser-failed": _("The file could not be parsed."),
        "timeout": _("Parsing took longer than allowed."),
        "too-much-text": _("More text came out of it than is allowed for one file."),
        # rows
        "unknown-columns": _("None of its columns is known; name them under columns."),
        "duplicate-columns": _("A column that is needed is there twice."),
        "unknown-shape": _("Not a shape of data that is known; name its keys under columns."),
        "bad-json": _("Not valid JSON."),
        "duplicate-keys": _("A key is in the same object twice."),
        "bad-row": _("The row does not fit the header."),
        "blank-line": _("Blank lines were passed over."),
        "text-alone": _("A text without answer or label; texts go under documents or articles."),
        "missing-value": _("A value that the row needs is missing or empty."),
        "unsupported-content": _("It holds something besides text, which is not read yet."),
        "bad-weight": _("The weight is not a number above 0."),
        "no-assistant-turn": _("Nobody in it speaks as the assistant."),
        "empty-turn": _("Messages without text were left out."),
    }[reason]


def rejection(
    reason: str, path: str, locator: str = "", fact: str = "", record_id: str = ""
) -> Rejection:
    """A row of the ledger: something was dropped. ``fact`` is added to the explanation."""
    return Rejection(
        stage=STAGE,
        reason=reason,
        path=path,
        locator=locator,
        record_id=record_id,
        detail=f"{explanation(reason)} {fact}".strip(),
    )


def note(
    reason: str, path: str, locator: str = "", fact: str = "", record_id: str = ""
) -> Rejection:
    """A row of the ledger for what stayed, but not whole; it counts nothing in the balance."""
    return Rejection(
        stage=STAGE,
        reason=reason,
        path=path,
        locator=locator,
        record_id=record_id,
        detail=f"{explanation(reason)} {fact}".strip(),
        action="cut",
        rows=0,
    )
