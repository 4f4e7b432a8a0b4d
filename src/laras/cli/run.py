"""``laras run``: a recipe from its data to the report; what is done already is not done again."""

from __future__ import annotations

from pathlib import Path

import click

from laras.cli.options import allow_change_option, processes_options, work_options
from laras.cli.session import Session, pass_session
from laras.distribution.processes import Processes
from laras.translation import _


def command() -> click.Command:
    """The verb, with help in the language in use."""

    @click.command(
        name="run",
        help=_(
            "Prepare the data, tune, evaluate and report, all that RECIPE asks for. "
            "The same command again continues what was interrupted."
        ),
        short_help=_("Do all that a recipe asks for."),
    )
    @work_options
    @allow_change_option()
    @processes_options
    @pass_session
    def run(
        session: Session,
        recipe: Path,
        overrides: tuple[str, ...],
        run_folder: Path | None,
        allow_change: bool,
        processes: Processes,
    ) -> None:
        from laras.recipe.load import load_recipe

        # Before anything heavy is imported: a mistake in the recipe shows at once.
        loaded = load_recipe(recipe, overrides)
        folder = session.folder_for(recipe, run_folder)
        from laras import workflow
        from laras.cli.outcome import show_finished

        finished = workflow.run_whatever_the_gates(
            loaded,
            run_folder=folder,
            progress=session.progress(),
            allow_change=allow_change,
            processes=processes,
        )
        show_finished(finished, session)
        workflow.require_gates(finished.verdict, folder)

    return run
