"""Options that several verbs share, with help in the language in use when they are made."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar, cast, get_args

import click

from laras.cli.session import Session
from laras.distribution.processes import ONE_PROCESS, Processes, Shard
from laras.translation import LANGUAGES, _

F = TypeVar("F", bound=Callable[..., Any])
Decorator = Callable[[F], F]


def language_option() -> Callable[[F], F]:
    """``--lang``; already read by the time click sees it."""
    return click.option(
        "--lang",
        type=click.Choice(LANGUAGES),
        expose_value=False,
        help=_("Language of messages and report; default: the locale's."),
    )


def _remember(name: str) -> Callable[[click.Context, click.Parameter, bool], None]:
    def store(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
        setattr(context.find_object(Session), name, value)

    return store


def json_option() -> Callable[[F], F]:
    """``--json``, kept in the session."""
    return click.option(
        "--json",
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_remember("json"),
        help=_("Print the result as JSON."),
    )


def quiet_option() -> Callable[[F], F]:
    """``--quiet``, kept in the session."""
    return click.option(
        "--quiet",
        "-q",
        is_flag=True,
        expose_value=False,
        callback=_remember("quiet"),
        help=_("Show no progress."),
    )


def run_option(default: str | None = None) -> Callable[[F], F]:
    """``--run FOLDER`` as ``run_folder``."""
    return click.option(
        "--run",
        "run_folder",
        type=click.Path(path_type=Path),
        metavar=_("FOLDER"),
        help=_("Run folder; default: {default}.").format(
            default=default or _("runs/ and the recipe's name")
        ),
    )


def set_option() -> Callable[[F], F]:
    """``--set section.key=value``, any number of times, as ``overrides``."""
    return click.option(
        "--set",
        "overrides",
        multiple=True,
        metavar=_("KEY=VALUE"),
        help=_("Set one value of the recipe, such as tuning.epochs=2; may be repeated."),
    )


def allow_change_option() -> Callable[[F], F]:
    """``--allow-change`` as ``allow_change``."""
    return click.option(
        "--allow-change",
        is_flag=True,
        help=_(
            "Go on with a training that was begun with other settings, where that is safe: "
            "another learning rate, schedule or patience."
        ),
    )


def processes_options(function: F) -> F:
    """``--nproc`` and what belongs to it, as ``processes``."""

    @wraps(function)
    def with_processes(
        *arguments: Any,
        nproc: int,
        max_restarts: int,
        rank_timeout: float,
        shard: Shard,
        **given: Any,
    ) -> Any:
        processes = Processes(nproc, max_restarts, rank_timeout, shard)
        return function(*arguments, processes=processes, **given)

    decorators: list[Callable[[Any], Any]] = [
        click.option(
            "--nproc",
            type=click.IntRange(min=1),
            default=ONE_PROCESS.count,
            metavar=_("N"),
            help=_("Train in N processes of this machine, one for each GPU where there are any."),
        ),
        click.option(
            "--max-restarts",
            type=click.IntRange(min=0),
            default=ONE_PROCESS.restarts,
            metavar=_("N"),
            help=_(
                "How often all processes of a training go on from its newest checkpoint after one "
                "was lost; default: {default}."
            ).format(default=ONE_PROCESS.restarts),
        ),
        click.option(
            "--rank-timeout",
            type=click.FloatRange(min=1.0),
            default=ONE_PROCESS.timeout_s,
            metavar=_("SECONDS"),
            help=_(
                "A process that keeps the others waiting for so long is lost; default: "
                "{default:.0f}."
            ).format(default=ONE_PROCESS.timeout_s),
        ),
        click.option(
            "--shard",
            type=click.Choice(get_args(Shard)),
            default=ONE_PROCESS.shard,
            help=_(
                "Whether the processes divide the model among them; auto: where all of it does not "
                "fit into the memory of each."
            ),
        ),
    ]
    made: Any = with_processes
    for decorator in reversed(decorators):
        made = decorator(made)
    return cast(F, made)


def recipe_argument() -> Callable[[F], F]:
    """The recipe file, ``recipe.yaml`` if none is named."""
    return click.argument(
        "recipe", type=click.Path(path_type=Path), default="recipe.yaml", metavar=_("[RECIPE]")
    )


def work_options(function: F) -> F:
    """All that a verb takes which works through a recipe: recipe, --set, --run and how to talk."""
    decorators: list[Callable[[F], F]] = [
        recipe_argument(),
        set_option(),
        run_option(),
        quiet_option(),
        json_option(),
        language_option(),
    ]
    for decorator in reversed(decorators):
        function = decorator(function)
    return function


def run_command(recipe: Path, overrides: Sequence[str], run_folder: Path | None) -> str:
    """The command that does all of what another verb began with these options."""
    words = ["laras", "run", str(recipe)]
    for override in overrides:
        words += ["--set", override]
    if run_folder is not None:
        words += ["--run", str(run_folder)]
    return shlex.join(words)
