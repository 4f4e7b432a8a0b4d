"""``laras plan``: what a run will cost, before it: memory, time, room on the disk, and settings."""

from __future__ import annotations

from pathlib import Path

import click

from laras.cli.options import run_command, work_options
from laras.cli.session import Session, pass_session, print_json
from laras.translation import _


def command() -> click.Command:
    """The verb, with help in the language in use."""

    @click.command(
        name="plan",
        help=_(
            "Prepare the data of RECIPE and take a few steps of each training, to forecast its "
            "memory and time. Nothing is kept of these steps. Afterwards, forecasts are shown "
            "beside what the run measured."
        ),
        short_help=_("Forecast memory and time of a run."),
    )
    @click.option(
        "--rate-test",
        is_flag=True,
        help=_("Also try learning rates, each step at a higher one, and suggest one."),
    )
    @work_options
    @pass_session
    def plan(
        session: Session,
        recipe: Path,
        overrides: tuple[str, ...],
        run_folder: Path | None,
        rate_test: bool,
    ) -> None:
        from laras.recipe.load import load_recipe

        # Before anything heavy is imported: a mistake in the recipe shows at once.
        loaded = load_recipe(recipe, overrides)
        folder = session.folder_for(recipe, run_folder)
        from laras import workflow

        made = workflow.plan(
            loaded, run_folder=folder, progress=session.progress(), rate_test=rate_test
        )
        if session.json:
            print_json({"run": folder, **made})
            return
        from laras.cli.planned import show_plan

        show_plan(made, run_command(recipe, overrides, run_folder))

    return plan
