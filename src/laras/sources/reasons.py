"""Why something did not become a record: the stable codes of this room, and what they mean."""

from __future__ import annotations

from laras.records import Rejection
from laras.translation import _

STAGE = "read"
"""The name under which this room's entries stand in the ledger and the funnel."""


def N_(message: str) -> str:  # noqa: N802 - gettext's name for it
    """Marks ``message`` for the catalogues without translating it: that is for who shows it."""
    return message


_EXPLANATIONS = {
    # whole files
    "empty": N_("There is no text in it."),
    "too-large": N_("The file is larger than data.max_file_bytes."),
    "not-a-file": N_("Not a regular file (a pipe, a device or a socket)."),
    "symlink-outside": N_("A link that leads out of the folder."),
    "unreadable": N_("The file can't be opened."),
    "bad-encoding": N_(
        "Not text in an encoding that can be told with confidence; save it as UTF-8 "
        "(in Excel: CSV UTF-8)."
    ),
    "guessed-encoding": N_("Not UTF-8; the encoding was guessed. To be sure, save it as UTF-8."),
    "unknown-format": N_("Neither a known format nor text."),
    "unsupported-format": N_("This format is not read yet."),
    "encrypted": N_("The file is protected by a password."),
    "zip-bomb": N_("It would unpack to far more than such a document holds."),
    "nested-archive": N_("An archive in an archive in an archive; unpack it by hand."),
    "unsafe-name": N_("A name that leads out of the archive."),
    "archive-link": N_("A link, a device or a sparse file in an archive."),
    "duplicate-name": N_("The archive holds a member of this name twice; the first is read."),
    "damaged": N_("It, or a part of it, can't be unpacked."),
    "media-file": N_("A picture, sound or film beside conversations was passed over."),
    "doctype": N_("It declares a document type, which no such file needs."),
    "needs-ocr": N_("Scanned, or in a font without a text layer: needs character recognition."),
    "recognised": N_("Read from its picture by character recognition."),
    "left-out": N_("Left out of the text, of which it is no part:"),
    "hidden-sheet": N_("A hidden sheet of a spreadsheet was left out."),
    "reader-failed": N_("The reader of this format failed on it; that is a mistake in the reader."),
    "parser-failed": N_("The file could not be parsed."),
    "timeout": N_("Parsing took longer than allowed."),
    "too-much-text": N_("More text came out of it than is allowed for one file."),
    "attachment": N_("An attachment is named here, and not read; save it beside the letter."),
    "quoted-reply": N_("Lines of the letter that is answered were left out."),
    "header-cut": N_("A header of a letter is too long; no more than its beginning is read."),
    "read-plainly": N_("A part that can't be taken apart in time stands there as it is written."),
    "not-included": N_("A file that the text would include; only the text itself is read."),
    # rows
    "unknown-columns": N_("None of its columns is known; name them under columns."),
    "duplicate-columns": N_("A column that is needed is there twice."),
    "unknown-shape": N_("Not a shape of data that is known; name its keys under columns."),
    "bad-json": N_("Not valid JSON."),
    "no-such-key": N_("The key that the recipe names behind the # is not in the file."),
    "not-unicode": N_("Halves of characters, which no file can hold, became U+FFFD in:"),
    "duplicate-keys": N_("A key is in the same object twice."),
    "bad-row": N_("The row does not fit the header."),
    "blank-line": N_("Blank lines were passed over."),
    "text-alone": N_("A text without answer or label; texts go under documents or articles."),
    "missing-value": N_("A value that the row needs is missing or empty."),
    "media-content": N_("In place of pictures, sound and files in it stands a mark."),
    "several-parts": N_("It holds several lists of rows; name one behind a # after its path."),
    "unnamed-columns": N_("Its columns have no names; say under columns which number is what."),
    "guessed-columns": N_("There is no header; which column is what was told from the values."),
    "bad-time": N_("Times that can't be read; ISO 8601 or seconds since 1970 are."),
    "deleted-message": N_("Deleted, turned down by reviewers, or spam."),
    "other-replies": N_("The best ranked replies were taken; the others of the tree are out."),
    "unsupported-content": N_("It holds something besides text, which is not read yet."),
    "bad-weight": N_("The weight is not a number above 0."),
    "no-assistant-turn": N_("Nobody in it speaks as the assistant."),
    "empty-turn": N_("Messages without text were left out."),
    # chat exports
    "guessed-assistant": N_(
        "Whom the model speaks as was guessed. To confirm or change it, write in the recipe:"
    ),
    "assistant-absent": N_("Nobody whom the recipe lists under assistant takes part. Who does:"),
    "set-aside": N_("Messages that are no part of what was said were counted and left out."),
    "undecided-date-order": N_("Nothing tells days from months; set date_order in the recipe."),
    "thread-elsewhere": N_("Answers to threads that begin in another file, and are read there."),
    "chat-list": N_("Names of an export's people or channels, used for its messages."),
}


def explanation(reason: str) -> str:
    """One sentence for people, in the language in use, about the code ``reason``; "" for a code
    of another room.

    It is looked up when it is shown: what is stored is the code and the bare fact, which are the
    same in every language.
    """
    known = _EXPLANATIONS.get(reason)
    return _(known) if known else ""


def rejection(
    reason: str, path: str, locator: str = "", fact: str = "", record_id: str = ""
) -> Rejection:
    """A row of the ledger: something was dropped. ``fact``: what :func:`explanation` can't know,
    in no language (a name, a number, a parser's own words)."""
    return Rejection(
        stage=STAGE,
        reason=reason,
        path=path,
        locator=locator,
        record_id=record_id,
        detail=fact,
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
        detail=fact,
        action="cut",
        rows=0,
    )
