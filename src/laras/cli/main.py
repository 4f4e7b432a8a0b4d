"""The ``laras`` command: one verb a file, none of them loaded before it is asked for.

``laras --help`` imports click and the verbs' own short modules, nothing else; what does the
work is imported when a verb runs. Help texts are built after the language is known.
"""

from __future__ import annotations

import gettext
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import click

import laras
from laras import translation
from laras.cli.failures import exit_code
from laras.cli.options import language_option
from laras.cli.session import Session
from laras.translation import _

VERBS = (
    "demo",
    "init",
    "run",
    "prepare",
    "tune",
    "evaluate",
    "report",
    "chat",
    "doctor",
    "schema",
)


class Verbs(click.Group):
    """A group that finds its commands by module name, in the order in which work is done."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

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
    _use_language(_language_in(given))
    for stream in (sys.stdout, sys.stderr):
        # A terminal that can't show a character gets a mark instead of a traceback.
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(errors="replace")
    session = Session(json="--json" in given)
    try:
        program().main(args=given, prog_name="laras", standalone_mode=False, obj=session)
    except BaseException as error:
        return exit_code(error, session)
    return 0


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
