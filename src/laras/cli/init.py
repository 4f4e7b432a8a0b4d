"""``laras init``: a short, commented recipe to start from."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from laras.cli.options import json_option, language_option
from laras.cli.printable import printable
from laras.cli.session import Session, pass_session, print_json
from laras.translation import _, ngettext

if TYPE_CHECKING:
    from laras.cli.guess import GuessedSource

RECIPE_NAME = "recipe.yaml"
SCHEMA_NAME = ".laras/recipe.schema.json"
_PRESETS = ("chat", "documents", "classification", "questions", "summaries")
_MOST_PATHS = 4  # of a source, and sorts of files, named on the terminal
_MOST_SORTS = 4


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
        told = list(data) or _data_beside(folder)
        path, sources = _written(folder, told, preset, base)
        if session.json:
            found = [
                {"kind": source.kind, "paths": source.paths, "seen": source.seen}
                for source in sources
            ]
            print_json({"recipe": path, "sources": found})
            return
        click.echo(printable(_("Written: {path}").format(path=path)))
        for source in sources:
            click.echo(printable(f"  {_source_line(source)}"))
        if not sources:
            missing = folder / "data"
            click.echo(printable(_("Put your files into {path} first.").format(path=missing)))
        click.echo(printable(_("Next: laras prepare {path}").format(path=path)))

    return init


def write_recipe(folder: Path, data: list[Path], preset: str | None, base: str) -> Path:
    """Write the recipe and its JSON Schema; returns the recipe's path.

    Raises :class:`UsageError` if a recipe is there already or some data is not.
    """
    return _written(folder, data, preset, base)[0]


def _written(
    folder: Path, data: list[Path], preset: str | None, base: str
) -> tuple[Path, list[GuessedSource]]:
    from laras.cli.guess import guess_sources
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
            raise UsageError(
                "init.no-data",
                _("There is nothing here."),
                where=str(source),
                hint=_("First the new folder, then the data: laras init NAME DATA"),
            )
    guesses = guess_sources(data, avoid=folder)
    if data and not guesses:
        raise UsageError(
            "init.nothing-to-read",
            _("There is no file here that can be read."),
            where=", ".join(map(str, data)),
        )
    guesses = _as_asked(guesses, data, preset)
    schema = folder / SCHEMA_NAME
    with storage_errors(folder):
        schema.parent.mkdir(parents=True, exist_ok=True)
    write_text_atomic(schema, json.dumps(json_schema(), ensure_ascii=False, indent=1) + "\n")
    write_text_atomic(path, recipe_text(folder, guesses, preset, base))
    return path, guesses


def _data_beside(folder: Path) -> list[Path]:
    """The data where none is named: ``data/`` in the new folder.

    Raises UsageError where the folder itself holds data: a recipe in there would point elsewhere.
    """
    from laras.cli.guess import guess_sources
    from laras.errors import UsageError

    if (folder / RECIPE_NAME).exists() or not folder.is_dir():
        return []
    inside = folder / "data"
    if inside.is_dir() and guess_sources([inside]):
        return [inside]
    found = guess_sources([folder], avoid=folder)
    if not found:
        return []
    files = sum(source.files for source in found)
    seen = ngettext("{count} file", "{count} files", files).format(count=f"{files:,}")
    raise UsageError(
        "init.folder-holds-data",
        _("{folder} holds data ({seen}), and the recipe goes into a folder of its own.").format(
            folder=folder, seen=seen
        ),
        hint=_("Name the new folder first, then the data: laras init {name} {folder}").format(
            name=_new_name(folder), folder=folder
        ),
    )


def _new_name(folder: Path) -> str:
    name = f"{folder.resolve().name or 'laras'}-model"
    return f'"{name}"' if " " in name else name


def _as_asked(
    guesses: list[GuessedSource], data: list[Path], preset: str | None
) -> list[GuessedSource]:
    """The sources for the kind of work that was asked for: where none of them is of its kind, all
    data is taken as such."""
    from laras.cli.guess import GuessedSource

    if preset is None or not guesses:
        return guesses
    kind = _kind_of(preset)
    suits = (kind, "articles") if kind == "documents" else (kind,)
    if any(guess.kind in suits for guess in guesses):
        return guesses
    seen = Counter[str]()
    for guess in guesses:
        seen.update(guess.seen)
    paths = [path for guess in guesses for path in guess.paths] if len(guesses) > 1 else []
    return [GuessedSource(kind, preset, paths or guesses[0].paths, seen)]


def _source_line(source: GuessedSource) -> str:
    """``conversations: chats/ (12 files: WhatsApp 10, Telegram 2)``."""
    paths = ", ".join(map(str, source.paths[:_MOST_PATHS]))
    if len(source.paths) > _MOST_PATHS:
        paths += ", ..."
    return f"{source.kind}: {paths} ({_seen(source)})"


def _seen(source: GuessedSource) -> str:
    count = ngettext("{count} file", "{count} files", source.files)
    sorts = source.seen.most_common(_MOST_SORTS)
    if len(sorts) == 1:
        told = sorts[0][0]
    else:
        told = ", ".join(f"{what} {number}" for what, number in sorts)
    return f"{count.format(count=f'{source.files:,}')}: {told}"


def recipe_text(folder: Path, guesses: list[GuessedSource], preset: str | None, base: str) -> str:
    """A recipe of what must be said, with comments on what may be."""
    from laras.recipe.scalars import write_scalar

    if preset is None:
        preset = max(guesses, key=lambda guess: guess.files).preset if guesses else "documents"
    sources: list[str] = []
    for guess in guesses:
        paths = [write_scalar(_relative(path, folder)) for path in guess.paths]
        written = paths[0] if len(paths) == 1 else f"[{', '.join(paths)}]"
        sources.append(f"    - {guess.kind}: {written}   # {printable(_seen(guess))}")
    if not sources:
        sources = [f"    - {_kind_of(preset)}: data/   # " + _("files, folders or globs")]
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
