"""``laras models``: which base model to take."""

from __future__ import annotations

from pathlib import Path

import click

from laras.cli.options import (
    json_option,
    language_option,
    quiet_option,
    recipe_argument,
    run_option,
    set_option,
)
from laras.cli.session import Session, pass_session, print_json
from laras.translation import _


def command() -> click.Command:
    """The group of verbs, with help in the language in use."""

    @click.group(
        name="models",
        help=_("Compare base models."),
        short_help=_("Compare base models on your own data."),
        options_metavar=_("[OPTIONS]"),
        subcommand_metavar=_("COMMAND [ARGS]..."),
    )
    @language_option()
    def models() -> None:
        pass

    models.add_command(_rank())
    return models


def _rank() -> click.Command:
    @click.command(
        name="rank",
        help=_(
            "Rank base models on the validation rows of RECIPE: likelihood, zero-shot and few-shot "
            "answers, tokens, licence, and what tuning them takes here. MODELS are folders or hub "
            "ids (fetched only with model.download: true); the recipe's own base is always among "
            "them. For example: laras models rank recipe.yaml --models first/ second/"
        ),
        short_help=_("Rank base models on your own data."),
        options_metavar=_("[OPTIONS]"),
    )
    @recipe_argument()
    @click.argument("more", nargs=-1, metavar=_("[MODELS]..."))
    @click.option(
        "--models",
        "named",
        multiple=True,
        metavar=_("MODELS..."),
        help=_("The models to rank; all names that follow are models, too."),
    )
    @set_option()
    @run_option()
    @quiet_option()
    @json_option()
    @language_option()
    @pass_session
    def rank(
        session: Session,
        recipe: Path,
        more: tuple[str, ...],
        named: tuple[str, ...],
        overrides: tuple[str, ...],
        run_folder: Path | None,
    ) -> None:
        from laras.recipe.load import load_recipe

        # Before anything heavy is imported: a mistake in the recipe shows at once.
        loaded = load_recipe(recipe, overrides)
        folder = session.folder_for(recipe, run_folder)
        from laras import workflow

        ranking = workflow.rank_models(
            loaded, [*named, *more], run_folder=folder, progress=session.progress()
        )
        if session.json:
            print_json({"run": folder, **ranking.as_json()})
            return
        from laras.cli.ranked import show_ranking

        show_ranking(ranking)

    return rank
