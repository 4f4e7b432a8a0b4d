"""``laras tune``: the data and the training, without the evaluation."""

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
        name="tune",
        help=_("Train the contenders of RECIPE; the data is prepared first where needed."),
        short_help=_("Prepare and train."),
    )
    @work_options
    @allow_change_option()
    @processes_options
    @pass_session
    def tune(
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
        from laras.cli.outcome import show_training

        workflow.tune(
            loaded,
            run_folder=folder,
            progress=session.progress(),
            allow_change=allow_change,
            processes=processes,
        )
        show_training(folder, session)

    return tune
