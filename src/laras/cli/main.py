"""The ``laras`` command: one verb a file, none of them loaded before it is asked for.

``laras --help`` imports click and the verbs' own short modules, nothing else; what does the
work is imported when a verb runs. Help texts are built after the language is known.
"""

from __future__ import annotations

import errno
import gettext
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from importlib import import_module
from pathlib import Path
from types import FrameType

import click

import laras
from laras import translation
from laras.cli.failures import exit_code
from laras.cli.options import language_option
from laras.cli.session import Session
from laras.runs.garbage import seldom_sought
from laras.translation import _

VERBS = (
    "demo",
    "init",
    "run",
    "prepare",
    "plan",
    "inspect",
    "models",
    "search",
    "tune",
    "evaluate",
    "benchmark",
    "report",
    "chat",
    "merge",
    "runs",
    "reproduce",
    "doctor",
    "schema",
)
WORKING_VERBS = (
    *("demo", "run", "prepare", "plan", "models", "search", "tune", "evaluate", "benchmark"),
    "reproduce",
)

# What people type who know other tools, or Indonesian.
_ALSO_CALLED = {
    **{"train": "run", "latih": "run", "jalankan": "run", "start": "run"},
    **{"data": "prepare", "siapkan": "prepare", "new": "init", "mulai": "init"},
    **{"test": "evaluate", "uji": "evaluate", "look": "inspect", "lihat": "inspect"},
    **{"laporan": "report", "obrolan": "chat", "talk": "chat", "check": "doctor"},
    **{"rencana": "plan", "forecast": "plan", "estimate": "plan", "ramal": "plan"},
    **{"list": "runs", "verify": "runs", "clean": "runs", "daftar": "runs", "bersih": "runs"},
    **{"again": "reproduce", "repeat": "reproduce", "ulangi": "reproduce"},
    **{"cari": "search", "optimise": "search", "rank": "models", "base": "models"},
}


class Verbs(click.Group):
    """A group that finds its commands by module name, in the order in which work is done."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, but a mistyped verb is told with the one that was meant."""
        name = args[0]
        if name not in VERBS and not name.startswith("-"):
            import difflib  # only where a verb is unknown: start-up is to be quick

            message = _("No such command {name!r}.").format(name=name)
            close = difflib.get_close_matches(name.lower(), VERBS, n=1)
            meant = close[0] if close else _ALSO_CALLED.get(name.lower())
            if meant:
                message += " " + _("Did you mean {name!r}?").format(name=meant)
            ctx.fail(message)
        return super().resolve_command(ctx, args)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        command: click.Command = import_module(f"laras.cli.{cmd_name}").command()
        command.options_metavar = _("[OPTIONS]")
        return command


def program() -> click.Command:
    """The whole command line, with help in the language in use."""

    @click.group(
        cls=Verbs,
        name="laras",
        context_settings={"help_option_names": ["--help", "-h"], "max_content_width": 100},
        help=_("Tune a language model to your own domain, and prove that it got better."),
        options_metavar=_("[OPTIONS]"),
        subcommand_metavar=_("COMMAND [ARGS]..."),
        epilog=_("Begin with: laras demo"),
    )
    @language_option()
    @click.version_option(laras.__version__, message="laras %(version)s")
    def group() -> None:
        pass

    return group


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    _open_closed_streams()
    _use_language(_language_in(given))
    for stream in (sys.stdout, sys.stderr):
        # A terminal that can't show a character gets a mark instead of a traceback.
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(errors="replace")
    streams = sys.stdout, sys.stderr
    session = Session(json="--json" in given)
    verb = next((argument for argument in given if argument in VERBS), None)
    try:
        working = _stopped_by_sigterm() if verb in WORKING_VERBS else nullcontext()
        with seldom_sought(), working:
            program().main(args=given, prog_name="laras", standalone_mode=False, obj=session)
    except BaseException as error:
        # A bar that nobody ended keeps the cursor and the streams for itself.
        session.stop_progress()
        if isinstance(error, SystemExit) and sys.stdout is not streams[0]:
            # How click answers a broken pipe: streams of its own, and exit code 1.
            sys.stdout, sys.stderr = streams
            return exit_code(BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE)), session)
        return exit_code(error, session)
    return 0


def _open_closed_streams() -> None:
    """A stream that the caller closed (``>&-``) leads nowhere instead of being None."""
    # In this order, so that each gets its own descriptor back.
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            stream = Path(os.devnull).open(mode, encoding="utf-8")  # noqa: SIM115  (for good)
            setattr(sys, name, stream)


@contextmanager
def _stopped_by_sigterm() -> Iterator[None]:
    """SIGTERM ends the work as Ctrl-C does; training replaces this by its own way to stop."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _language_in(arguments: Sequence[str]) -> str | None:
    """The value of ``--lang``, read ahead of click: help texts need it while they are built."""
    for position, argument in enumerate(arguments):
        if argument == "--lang" and position + 1 < len(arguments):
            value = arguments[position + 1]
        elif argument.startswith("--lang="):
            value = argument.partition("=")[2]
        else:
            continue
        return value if value in translation.LANGUAGES else None
    return None


def _use_language(code: str | None) -> None:
    """Set the language for our messages and, through the default text domain, for click's."""
    translation.set_language(code)
    os.environ["LANGUAGE"] = translation.language()
    gettext.bindtextdomain("laras", Path(translation.__file__).parent / "locale")
    gettext.textdomain("laras")
