"""``laras runs``: the runs that there are, one at a glance, whether it is sound, what may go."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from laras.cli.options import json_option, language_option
from laras.cli.printable import one_line
from laras.cli.session import Session, pass_session, print_json
from laras.errors import UsageError
from laras.translation import _, ngettext

if TYPE_CHECKING:
    from laras.keeping.leavings import Leaving

_DAMAGED = 6  # the exit code of a disk that did not keep what it was given


def command() -> click.Command:
    """The group of verbs, with help in the language in use."""

    @click.group(
        name="runs",
        help=_("List runs, look at one, verify it, and remove what may go."),
        short_help=_("List, show, verify and clean runs."),
        options_metavar=_("[OPTIONS]"),
        subcommand_metavar=_("COMMAND [ARGS]..."),
    )
    @language_option()
    def runs() -> None:
        pass

    for verb in (_list(), _show(), _verify(), _clean()):
        verb.options_metavar = _("[OPTIONS]")
        runs.add_command(verb)
    return runs


def _list() -> click.Command:
    @click.command(
        name="list",
        help=_("List the runs in FOLDER: what they have come to, when, and how large they are."),
        short_help=_("List the runs of a folder."),
    )
    @click.argument(
        "folder", type=click.Path(path_type=Path), required=False, metavar=_("[FOLDER]")
    )
    @json_option()
    @language_option()
    @pass_session
    def list_(session: Session, folder: Path | None) -> None:
        from laras.keeping.survey import find_runs

        if folder is not None and not os.path.isdir(folder):  # noqa: PTH112 - any name
            raise UsageError(
                "runs.no-folder",
                _("There is no such folder."),
                where=str(folder),
                hint=_("Without a name, `laras runs list` looks into the folder runs."),
            )
        folder = folder or Path("runs")
        found = find_runs(folder)
        if session.json:
            print_json([asdict(each) for each in found])
            return
        if not found:
            click.echo(one_line(_("There are no runs in {folder}.").format(folder=folder)))
            return
        from laras.cli.kept import show_runs

        show_runs(found)

    return list_


def _show() -> click.Command:
    @click.command(
        name="show",
        help=_("Show the run in the folder RUN: its state, stages, contenders and verdict."),
        short_help=_("Show one run at a glance."),
    )
    @_run_argument
    @json_option()
    @language_option()
    @pass_session
    def show(session: Session, run_folder: Path) -> None:
        from laras.keeping.survey import glance

        found = glance(run_folder)
        if session.json:
            print_json(asdict(found))
            return
        from laras.cli.kept import show_run

        show_run(found)

    return show


def _verify() -> click.Command:
    @click.command(
        name="verify",
        help=_(
            "Verify that the files of the run in the folder RUN are what it left: stages, models "
            "and checkpoints by their hashes. Exit code 6 where something is not."
        ),
        short_help=_("Verify a run's files by their hashes."),
    )
    @_run_argument
    @json_option()
    @language_option()
    @pass_session
    def verify(session: Session, run_folder: Path) -> None:
        from laras.keeping.soundness import look

        looked = look(run_folder)
        damaged = [each for each in looked if each.problem is not None]
        if session.json:
            print_json({"run": run_folder, "looked_at": len(looked), "damaged": damaged})
        for each in () if session.json else damaged:
            click.echo(one_line(f"{each.path}: {each.problem}"))
        if damaged:
            told = ngettext(
                "{count} of {all} parts is damaged. The same command that made the run makes "
                "damaged stages anew, and passes damaged checkpoints over.",
                "{count} of {all} parts are damaged. The same command that made the run makes "
                "damaged stages anew, and passes damaged checkpoints over.",
                len(damaged),
            )
            click.echo(told.format(count=len(damaged), all=len(looked)), err=True)
            raise SystemExit(_DAMAGED)
        if not looked and not session.json:
            click.echo(_("This run has left nothing yet that could be verified."))
        elif not session.json:
            told = ngettext("{count} part, sound.", "{count} parts, all sound.", len(looked))
            click.echo(told.format(count=len(looked)))

    return verify


def _clean() -> click.Command:
    @click.command(
        name="clean",
        help=_(
            "Show what may go of the run in the folder RUN: nothing that a result is read from. "
            "With --yes it goes."
        ),
        short_help=_("Remove what is not needed any more."),
    )
    @_run_argument
    @click.option(
        "--begun",
        is_flag=True,
        help=_("Also the checkpoints of trainings that were begun and are not finished."),
    )
    @click.option("--yes", is_flag=True, help=_("Delete what is shown."))
    @json_option()
    @language_option()
    @pass_session
    def clean(session: Session, run_folder: Path, begun: bool, yes: bool) -> None:
        from laras.keeping.leavings import leavings, remove

        session.run_folder = run_folder
        found = leavings(run_folder, begun=begun)
        if yes:
            remove(run_folder, found)
        if session.json:
            print_json({"run": run_folder, "deleted": yes, "leavings": found})
            return
        _show_leavings(found, yes)

    return clean


def _show_leavings(found: list[Leaving], gone: bool) -> None:
    from laras.report.wording import size

    if not found:
        click.echo(_("Nothing of it may go."))
        return
    for each in found:
        click.echo(one_line(f"{size(each.size_bytes):>10}  {each.path}  ({each.reason})"))
    total = size(sum(each.size_bytes for each in found))
    text = _("Deleted: {size}.") if gone else _("{size} may go; --yes deletes it.")
    click.echo(text.format(size=total))


def _run_argument(function: Callable[..., Any]) -> Callable[..., Any]:
    return click.argument("run_folder", type=click.Path(path_type=Path), metavar=_("RUN"))(function)
