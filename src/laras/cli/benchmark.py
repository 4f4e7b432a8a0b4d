"""``laras benchmark``: tasks of lm-evaluation-harness on a contender of a run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from laras.cli.options import json_option, language_option
from laras.cli.printable import printable
from laras.cli.session import Session, pass_session, print_json
from laras.translation import _

if TYPE_CHECKING:
    from rich.table import Table

    from laras.delivery.harness import BenchmarkFigure


def command() -> click.Command:
    """The verb, with help in the language in use."""

    @click.command(
        name="benchmark",
        help=_(
            "Run tasks of lm-evaluation-harness on a contender of the run in the folder RUN, and "
            "keep the figures there. Needs laras[harness]."
        ),
        short_help=_("Run public benchmarks on a contender."),
    )
    @click.argument("run_folder", type=click.Path(path_type=Path), metavar=_("RUN"))
    @click.option(
        "--tasks",
        required=True,
        metavar=_("NAMES"),
        help=_("Names of tasks or groups of tasks, separated by commas."),
    )
    @click.option(
        "--contender",
        metavar=_("NAME"),
        help=_("Who is measured; default: the one that the verdict recommends."),
    )
    @click.option(
        "--limit",
        type=click.IntRange(min=1),
        help=_("At most this many rows of each task; default: all."),
    )
    @click.option(
        "--include",
        type=click.Path(path_type=Path),
        metavar=_("FOLDER"),
        help=_("A folder with task files of your own. They may name code, which is then run."),
    )
    @click.option("--download", is_flag=True, help=_("Allow tasks to fetch their data."))
    @json_option()
    @language_option()
    @pass_session
    def benchmark(
        session: Session,
        run_folder: Path,
        tasks: str,
        contender: str | None,
        limit: int | None,
        include: Path | None,
        download: bool,
    ) -> None:
        from laras.cli.chat import choose_contender

        name = choose_contender(run_folder, contender)
        names = [task for task in (part.strip() for part in tasks.split(",")) if task]
        if not names:
            raise click.BadParameter(_("A name is needed."), param_hint="--tasks")
        from dataclasses import asdict

        from laras.delivery.harness import run_benchmarks

        session.run_folder = run_folder
        figures = run_benchmarks(
            run_folder,
            name,
            names,
            session.progress(),
            limit=limit,
            include=include,
            download=download,
        )
        if session.json:
            print_json({"contender": name, "figures": [asdict(figure) for figure in figures]})
            return
        from laras.cli.outcome import console

        out = console()
        out.print()
        out.print(_table(figures))
        click.echo()
        kept = run_folder / "contenders" / name / "benchmarks.json"
        click.echo(printable(_("Kept in {path}").format(path=kept)))

    return benchmark


def _table(figures: Sequence[BenchmarkFigure]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column(_("Task"))
    table.add_column(_("Metric"))
    for title in (_("Value"), _("Rows"), _("Shots")):
        table.add_column(title, justify="right")
    for figure in figures:
        arrow = {True: " ↑", False: " ↓", None: ""}[figure.higher_is_better]
        named = figure.metric if figure.filter == "none" else f"{figure.metric} ({figure.filter})"
        value = f"{figure.value:.4f}"
        if figure.standard_error is not None:
            value += f" ± {figure.standard_error:.4f}"
        table.add_row(
            Text(printable(figure.task)),
            Text(printable(named + arrow)),
            value,
            "–" if figure.rows is None else str(figure.rows),
            "–" if figure.shots is None else str(figure.shots),
        )
    return table
