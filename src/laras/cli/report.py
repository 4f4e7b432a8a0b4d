"""``laras report``: the page of a run, written anew from what its folder holds."""

from __future__ import annotations

from pathlib import Path

import click

from laras.cli.options import json_option, language_option
from laras.cli.printable import printable
from laras.cli.session import Session, pass_session, print_json
from laras.translation import _


def command() -> click.Command:
    """The verb, with help in the language in use."""

    @click.command(
        name="report",
        help=_("Write the report of the run in the folder RUN anew."),
        short_help=_("Write the report of a run."),
    )
    @click.argument("run_folder", type=click.Path(path_type=Path), metavar=_("RUN"))
    @json_option()
    @language_option()
    @pass_session
    def report(session: Session, run_folder: Path) -> None:
        from laras import workflow

        session.run_folder = run_folder
        path = workflow.report(run_folder)
        if session.json:
            print_json({"run": run_folder, "report": path})
        else:
            click.echo(printable(_("Report: {path}").format(path=path)))

    return report
