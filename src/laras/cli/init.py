"""``laras init``: a short, commented recipe to start from."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from laras.cli.options import json_option, language_option
from laras.cli.printable import printable
from laras.cli.session import Session, pass_session, print_json
from laras.translation import _

if TYPE_CHECKING:
    from laras.cli.guess import Guess

RECIPE_NAME = "recipe.yaml"
SCHEMA_NAME = ".laras/recipe.schema.json"
_PRESETS = ("chat", "documents", "classification", "questions", "summaries")


def command() -> click.Command:
    """The verb, with help in the language in use."""

    @click.command(
        name="init",
        help=_(
            "Write a recipe into FOLDER (default: here) for the files and folders in DATA. "
            "Nothing is overwritten."
        ),
        short_help=_("Write a recipe to start from."),
    )
    @click.argument("folder", type=click.Path(path_type=Path), default=".", metavar=_("[FOLDER]"))
    @click.argument("data", type=click.Path(path_type=Path), nargs=-1, metavar=_("[DATA]..."))
    @click.option(
        "--preset",
        type=click.Choice(_PRESETS),
        help=_("Kind of work; default: guessed from the data."),
    )
    @click.option(
        "--base",
        default="starter",
        metavar=_("MODEL"),
        help=_("Base model: starter, a folder, or a hub id."),
    )
    @json_option()
    @language_option()
    @pass_session
    def init(
        session: Session, folder: Path, data: tuple[Path, ...], preset: str | None, base: str
    ) -> None:
        if folder.is_file():
            # `laras init chats.jsonl`: what is meant is data, and a recipe here.
            folder, data = Path(), (folder, *data)
        path = write_recipe(folder, list(data), preset, base)
        if session.json:
            print_json({"recipe": path})
        else:
            click.echo(printable(_("Written: {path}").format(path=path)))
            click.echo(printable(_("Next: laras run {path}").format(path=path)))

    return init


def write_recipe(folder: Path, data: list[Path], preset: str | None, base: str) -> Path:
    """Write the recipe and its JSON Schema; returns the recipe's path.

    Raises :class:`UsageError` if a recipe is there already or some data is not.
    """
    from laras.cli.guess import guess_source
    from laras.errors import UsageError
    from laras.recipe.load import json_schema
    from laras.runs.atomic import write_text_atomic
    from laras.runs.failures import storage_errors

    path = folder / RECIPE_NAME
    if path.exists():
        raise UsageError(
            "init.exists",
            _("There is a recipe already; it is left as it is."),
            where=str(path),
            hint=_("Name another folder: laras init FOLDER"),
        )
    for source in data:
        if not source.exists():
            raise UsageError("init.no-data", _("There is nothing here."), where=str(source))
    guesses = [(source, guess_source(source)) for source in data]
    schema = folder / SCHEMA_NAME
    with storage_errors(folder):
        schema.parent.mkdir(parents=True, exist_ok=True)
    write_text_atomic(schema, json.dumps(json_schema(), ensure_ascii=False, indent=1) + "\n")
    write_text_atomic(path, recipe_text(folder, guesses, preset, base))
    return path


def recipe_text(
    folder: Path, guesses: list[tuple[Path, Guess]], preset: str | None, base: str
) -> str:
    """A recipe of what must be said, with comments on what may be."""
    from laras.recipe.scalars import write_scalar

    if preset is None:
        preset = guesses[0][1].preset if guesses else "documents"
    sources = [
        f"    - {guess.kind}: {write_scalar(_relative(source, folder))}"
        for source, guess in guesses
    ] or [f"    - {_kind_of(preset)}: data/   # " + _("files, folders or globs")]
    lines = [
        f"# yaml-language-server: $schema={SCHEMA_NAME}",
        "# " + _("`laras run recipe.yaml` does it all; `laras prepare` only looks at the data."),
        "",
        f"preset: {preset}   # " + _("one of: {choices}").format(choices=", ".join(_PRESETS)),
        "",
        "model:",
        f"  base: {write_scalar(base)}   # "
        + _("starter ships with Laras; or a folder with safetensors weights, or a hub id"),
        "",
        "data:",
        "  sources:",
        *sources,
        "  # test: my_test.jsonl   # " + _("optional; else held out by group"),
        "",
        "tuning:",
        "  effort: standard   # " + _("one of: {choices}").format(choices=_efforts()),
        "",
        "comparison:",
        "  contenders: [base, lora]   # " + _("add full to train every weight"),
    ]
    return "\n".join(lines) + "\n"


def _kind_of(preset: str) -> str:
    return {"chat": "conversations", "documents": "documents"}.get(preset, "examples")


def _efforts() -> str:
    return ", ".join(("quick", "standard", "thorough"))


def _relative(source: Path, folder: Path) -> str:
    """``source`` as the recipe in ``folder`` must name it."""
    try:
        relative = os.path.relpath(source.resolve(), folder.resolve())
    except ValueError:  # another drive, on Windows
        return source.resolve().as_posix()
    return Path(relative).as_posix() + ("/" if source.is_dir() else "")
