"""``laras demo``: the main job on the data and the model that ship with Laras."""

from __future__ import annotations

from pathlib import Path

import click

from laras.cli.options import json_option, language_option, quiet_option, run_option, set_option
from laras.cli.session import Session, pass_session
from laras.translation import _

FOLDER = Path("laras-demo")


def command() -> click.Command:
    """The verb, with help in the language in use."""

    @click.command(
        name="demo",
        help=_(
            "Tune the small model that ships with Laras to an invented organisation, and report. "
            "Needs no network; takes a few minutes."
        ),
        short_help=_("See the whole job, in minutes, offline."),
    )
    @set_option()
    @run_option(default=FOLDER.as_posix())
    @quiet_option()
    @json_option()
    @language_option()
    @pass_session
    def demo(session: Session, overrides: tuple[str, ...], run_folder: Path | None) -> None:
        from laras import workflow
        from laras.cli.outcome import show_finished

        recipe = workflow.demo_recipe()
        folder = session.folder_for(recipe, run_folder or FOLDER)
        finished = workflow.run_whatever_the_gates(
            recipe, run_folder=folder, overrides=overrides, progress=session.progress()
        )
        show_finished(finished, session)
        workflow.require_gates(finished.verdict, folder)

    return demo
