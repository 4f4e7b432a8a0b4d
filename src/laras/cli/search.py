"""``laras search``: better hyperparameters for a recipe, or word that its own stand."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from laras.cli.options import work_options
from laras.cli.printable import printable
from laras.cli.session import Session, pass_session, print_json
from laras.translation import _

if TYPE_CHECKING:
    from rich.table import Table

    from laras.trials.record import Record, Trial
    from laras.trials.search import Found


def command() -> click.Command:
    """The verb, with help in the language in use."""

    @click.command(
        name="search",
        help=_(
            "Search for better hyperparameters of RECIPE: what its section `search` names, else "
            "learning rate, epochs, rank and weight decay. The first trial is the recipe as it "
            "stands; the test set is not looked at. The same command again continues what was "
            "interrupted."
        ),
        short_help=_("Search for better hyperparameters."),
    )
    @work_options
    @pass_session
    def search(
        session: Session, recipe: Path, overrides: tuple[str, ...], run_folder: Path | None
    ) -> None:
        from laras.recipe.load import load_recipe

        # Before anything heavy is imported: a mistake in the recipe shows at once.
        loaded = load_recipe(recipe, overrides)
        folder = session.folder_for(recipe, run_folder)
        from laras import workflow

        found = workflow.search(loaded, run_folder=folder, progress=session.progress())
        # What is said of the search itself, no run reads.
        given = [setting for setting in overrides if not setting.startswith("search.")]
        command = None
        if found.settings:
            command = _command(recipe, run_folder, [*given, *found.settings])
        if session.json:
            print_json({"run": folder, **facts_of(found), "command": command})
        else:
            _show(found, command)

    return search


def _command(recipe: Path, run_folder: Path | None, settings: Sequence[str]) -> str:
    """What runs the recipe with what was found, on the data that the search prepared."""
    parts = ["laras", "run", str(recipe)]
    if run_folder is not None:
        parts += ["--run", str(run_folder)]
    for setting in settings:
        parts += ["--set", setting]
    return shlex.join(parts)


def facts_of(found: Found) -> dict[str, Any]:
    """What a search came to, for programs."""
    from dataclasses import asdict

    return {
        **found.record.as_json(),
        **asdict(found.outcome),
        "settings": found.settings,
        "recipe": found.recipe,
    }


def _show(found: Found, command: str | None) -> None:
    from laras.cli.outcome import console

    out = console()
    out.print()
    out.print(trial_table(found.record))
    out.print()
    out.print(printable(found.outcome.sentence), markup=False, style="bold", soft_wrap=True)
    if command is not None:
        told = _(
            "It is the best of several on these {count} validation examples, which flatters it; "
            "the test set was not looked at, and `laras run` judges it there:"
        ).format(count=found.record.validation_rows)
        out.print(printable(told), markup=False, soft_wrap=True)
        out.print(printable(f"  {command}"), markup=False, soft_wrap=True)
    if found.recipe is not None:
        line = _("The whole recipe: {path}").format(path=found.recipe)
        out.print(printable(line), markup=False, soft_wrap=True)


def trial_table(record: Record) -> Table:
    """A row for each trial; the best is bold."""
    from rich.table import Table
    from rich.text import Text

    from laras.trials.telling import last_part, state_in_words, unit_in_words

    paths = list(record.space or {})
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column(_("Trial"), justify="right")
    table.add_column("")
    unit = unit_in_words(record.unit)
    table.add_column(_("Loss ({unit})").format(unit=unit), justify="right")
    for path in paths:
        table.add_column(Text(printable(last_part(path))), justify="right")
    table.add_column(_("Time"), justify="right")
    for trial in record.finished:
        style = "bold" if trial == record.best else ""
        cells = _cells(trial, paths)
        cells[1] = cells[1] or state_in_words(trial.state)
        table.add_row(*(Text(printable(cell), style=style) for cell in cells))
    return table


def _cells(trial: Trial, paths: Sequence[str]) -> list[str]:
    from laras.cli.progress import duration
    from laras.recipe.origins import written

    return [
        str(trial.number),
        _("the recipe's own") if trial.number == 0 and trial.state == "complete" else "",
        "–" if trial.loss is None else f"{trial.loss:.4f}",
        *("–" if path not in trial.values else written(trial.values[path]) for path in paths),
        duration(trial.seconds),
    ]
