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
        "bad-encoding": _(
            "Not text in an encoding that can be told with confidence; save it as UTF-8 "
            "(in Excel: CSV UTF-8)."
        ),
        "guessed-encoding": _("Not UTF-8; the encoding was guessed. To be sure, save it as UTF-8."),
        "unknown-format": _("Neither a known format nor text."),
        "unsupported-format": _("This format is not read yet."),
        "encrypted": _("The file is protected by a password."),
        "zip-bomb": _("It would unpack to far more than such a document holds."),
        "nested-archive": _("An archive in an archive in an archive; unpack it by hand."),
        "unsafe-name": _("A name that leads out of the archive."),
        "archive-link": _("A link, a device or a sparse file in an archive."),
        "duplicate-name": _("The archive holds a member of this name twice; the first is read."),
        "damaged": _("It, or a part of it, can't be unpacked."),
        "media-file": _("A picture, sound or film beside conversations was passed over."),
        "doctype": _("It declares a document type, which no such file needs."),
        "needs-ocr": _("Scanned, or in a font without a text layer: needs character recognition."),
        "recognised": _("Read from its picture by character recognition."),
        "left-out": _("Left out of the text, of which it is no part:"),
        "hidden-sheet": _("A hidden sheet of a spreadsheet was left out."),
        "parser-failed": _("The file could not be parsed."),
        "timeout": _("Parsing took longer than allowed."),
        "too-much-text": _("More text came out of it than is allowed for one file."),
        "attachment": _("An attachment is named here, and not read; save it beside the letter."),
        "quoted-reply": _("Lines of the letter that is answered were left out."),
        "not-included": _("A file that the text would include; only the text itself is read."),
        # rows
        "unknown-columns": _("None of its columns is known; name them under columns."),
        "duplicate-columns": _("A column that is needed is there twice."),
        "unknown-shape": _("Not a shape of data that is known; name its keys under columns."),
        "bad-json": _("Not valid JSON."),
        "no-such-key": _("The key that the recipe names behind the # is not in the file."),
        "duplicate-keys": _("A key is in the same object twice."),
        "bad-row": _("The row does not fit the header."),
        "blank-line": _("Blank lines were passed over."),
        "text-alone": _("A text without answer or label; texts go under documents or articles."),
        "missing-value": _("A value that the row needs is missing or empty."),
        "media-content": _("In place of pictures, sound and files in it stands a mark."),
        "several-parts": _("It holds several lists of rows; name one behind a # after its path."),
        "unnamed-columns": _("Its columns have no names; say under columns which number is what."),
        "guessed-columns": _("There is no header; which column is what was told from the values."),
        "bad-time": _("Times that can't be read; ISO 8601 or seconds since 1970 are."),
        "deleted-message": _("Deleted, turned down by reviewers, or spam."),
        "other-replies": _("The best ranked replies were taken; the others of the tree are out."),
        "unsupported-content": _("It holds something besides text, which is not read yet."),
        "bad-weight": _("The weight is not a number above 0."),
        "no-assistant-turn": _("Nobody in it speaks as the assistant."),
        "empty-turn": _("Messages without text were left out."),
        # chat exports
        "guessed-assistant": _("Whom the model speaks as was guessed."),
        "assistant-absent": _("Nobody whom the recipe lists under assistant takes part. Who does:"),
        "set-aside": _("Messages that are no part of what was said were counted and left out."),
        "undecided-date-order": _("Nothing tells days from months; set date_order in the recipe."),
        "thread-elsewhere": _("Answers to threads that begin in another file, and are read there."),
        "chat-list": _("Names of an export's people or channels, used for its messages."),
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
