"""``laras prepare``: only the data, with an account of every row."""

from __future__ import annotations

from pathlib import Path

import click

from laras.cli.options import run_command, work_options
from laras.cli.session import Session, pass_session
from laras.translation import _


def command() -> click.Command:
    """The verb, with help in the language in use."""

    @click.command(
        name="prepare",
        help=_(
            "Read, clean, deduplicate and split the data of RECIPE, and say what was dropped and "
            "why. Nothing is trained."
        ),
        short_help=_("Only prepare the data."),
    )
    @work_options
    @pass_session
    def prepare(
        session: Session, recipe: Path, overrides: tuple[str, ...], run_folder: Path | None
    ) -> None:
        from laras.recipe.load import load_recipe

        # Before anything heavy is imported: a mistake in the recipe shows at once.
        loaded = load_recipe(recipe, overrides)
        folder = session.folder_for(recipe, run_folder)
        from laras import workflow
        from laras.cli.outcome import show_data

        workflow.prepare(loaded, run_folder=folder, progress=session.progress())
        show_data(folder, session, run_command(recipe, overrides, run_folder))

    return prepare
