"""Errors as a person or a program wants them, and the exit code that belongs to each.

0 done (also where the reader of the output left before its end), 1 unexpected, 2 usage,
3 data refused, 4 guard stopped, 5 interrupted, 6 disk, 7 out of memory, 8 endpoint, 9 gate failed.
"""

from __future__ import annotations

import contextlib
import io
import os
import select
import sys
import tempfile
import time
import traceback
from pathlib import Path

import click

from laras.cli.printable import printable
from laras.cli.session import Session, print_json
from laras.errors import (
    GateFailed,
    Interrupted,
    LarasError,
    MemoryExhausted,
    UsageError,
    is_out_of_memory,
)
from laras.runs.redaction import redacted, without_secrets
from laras.translation import _

UNEXPECTED = 1


def exit_code(error: BaseException, session: Session) -> int:
    """Show ``error`` and return what the process should exit with."""
    if isinstance(error, click.exceptions.Exit):
        return error.exit_code
    if _reader_left(error):
        _close_pipe()
        return 0
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else UNEXPECTED
    if os.environ.get("LARAS_DEBUG") == "1" and not isinstance(error, click.ClickException):
        click.echo(_traceback(error), err=True, nl=False)
    if isinstance(error, click.ClickException):
        return _show_click(error, session)
    known = _as_known(error)
    if known is None:
        known = _unexpected(error, session)
    try:
        return _show(known, session)
    except BrokenPipeError:  # nobody reads the message; the code still tells
        _close_pipe()
        return known.exit_code


def _as_known(error: BaseException) -> LarasError | None:
    if isinstance(error, LarasError):
        return error
    if isinstance(error, KeyboardInterrupt | click.Abort):
        return Interrupted(
            "cli.interrupted", _("Stopped."), hint=_("The same command goes on from here.")
        )
    if is_out_of_memory(error):
        return MemoryExhausted(
            "cli.out-of-memory",
            _("The machine ran out of memory."),
            hint=_(
                "Lower tuning.micro_batch_tokens or model.context, or use the lora contender; "
                "then give the same command again."
            ),
        )
    if isinstance(error, OSError):
        from laras.runs.failures import is_full, storage_failure

        if is_full(error):
            return storage_failure(error, Path(error.filename or "."))
    return None


def _unexpected(error: BaseException, session: Session) -> LarasError:
    what = _("Something unexpected went wrong: {kind}: {message}").format(
        kind=type(error).__name__, message=redacted(str(error))
    )
    hint = _("LARAS_DEBUG=1 shows the traceback.")
    # Nowhere to write? The hint above still leads to the traceback.
    with contextlib.suppress(OSError):
        hint = _("The traceback is in {file}.").format(file=_save_traceback(error, session))
    return LarasError("cli.unexpected", what, hint=hint)


def _save_traceback(error: BaseException, session: Session) -> Path:
    folder = session.run_folder
    if folder is None or not folder.is_dir():
        folder = Path(tempfile.mkdtemp(prefix="laras-"))
    file = folder / f"traceback-{time.strftime('%Y%m%d-%H%M%S')}.txt"
    file.write_text(_traceback(error), encoding="utf-8", errors="backslashreplace")
    return file


def _traceback(error: BaseException) -> str:
    """As Python writes it, without what nobody may see: it is made to be sent to somebody."""
    return str(redacted("".join(traceback.format_exception(error))))


def _show(error: LarasError, session: Session) -> int:
    if session.json:
        # A verdict that passes no gate has been printed; it holds what failed.
        if not isinstance(error, GateFailed):
            print_json(_as_json(error))
        return error.exit_code
    style = "yellow" if isinstance(error, Interrupted) else "red"
    click.secho(printable(error.what), fg=style, err=True)
    if error.where:
        click.echo(f"  {printable(error.where)}", err=True)
    for line in printable(error.hint or "").splitlines():
        click.echo(f"  {line}", err=True)
    click.secho(f"  [{error.identifier}]", dim=True, err=True)
    return error.exit_code


def _as_json(error: LarasError) -> dict[str, str | int | None]:
    facts = error.as_json().items()
    return {key: without_secrets(each) if isinstance(each, str) else each for key, each in facts}


def _show_click(error: click.ClickException, session: Session) -> int:
    if session.json:
        print_json(_as_json(UsageError("cli.usage", error.format_message())))
    else:
        shown = io.StringIO()
        error.show(file=shown)
        click.echo(without_secrets(shown.getvalue()), err=True, nl=False)
    return error.exit_code


def _reader_left(error: BaseException) -> bool:
    """Whether standard output broke (``laras ... | head``).

    It is written to when the work is done, and progress never fails on a broken pipe; a broken
    pipe within the work, to a process of our own, is another matter.
    """
    if not isinstance(error, BrokenPipeError):
        return False
    if not hasattr(select, "poll"):
        return True
    poll = select.poll()
    try:
        poll.register(1, select.POLLOUT)
    except OSError:
        return False
    return any(event & (select.POLLERR | select.POLLHUP) for _descriptor, event in poll.poll(0))


def _close_pipe() -> None:
    """The reader left (``laras ... | head``); keep Python's own flush at exit from failing."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
