"""``laras evaluate``: every contender on the test set, and the verdict."""

from __future__ import annotations

from pathlib import Path

import click

from laras.cli.options import allow_change_option, work_options
from laras.cli.session import Session, pass_session
from laras.translation import _


def command() -> click.Command:
    """The verb, with help in the language in use."""

    @click.command(
        name="evaluate",
        help=_("Judge the contenders of RECIPE on the test set; they are trained where needed."),
        short_help=_("Judge the contenders on the test set."),
    )
    @work_options
    @allow_change_option()
    @pass_session
    def evaluate(
        session: Session,
        recipe: Path,
        overrides: tuple[str, ...],
        run_folder: Path | None,
        allow_change: bool,
    ) -> None:
        from laras.recipe.load import load_recipe

        # Before anything heavy is imported: a mistake in the recipe shows at once.
        loaded = load_recipe(recipe, overrides)
        folder = session.folder_for(recipe, run_folder)
        from laras import workflow
        from laras.cli.outcome import show_scores

        verdict = workflow.evaluate(
            loaded, run_folder=folder, progress=session.progress(), allow_change=allow_change
        )
        show_scores(folder, session)
        workflow.require_gates(verdict, folder)

    return evaluate
