"""From a recipe file to a checked :class:`Recipe`, knowing where every value came from.

Values are looked for in this order: ``--set``, the recipe, its preset, the schema's default.
"""

from __future__ import annotations

import difflib
import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from laras.errors import UsageError
from laras.recipe.document import MAX_CHARACTERS, parse_document
from laras.recipe.layers import Layer, Place, layer_of_document, merge, with_overrides
from laras.recipe.mistakes import explain
from laras.recipe.origins import annotated_yaml, origins_of
from laras.recipe.overrides import apply_overrides
from laras.recipe.schema import Recipe
from laras.translation import _

PRESETS = ("chat", "documents", "classification", "questions", "summaries")
JSON_SCHEMA_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_MOST_BYTES = 4 * MAX_CHARACTERS + 3  # of UTF-8, with a byte order mark


@dataclass(frozen=True, slots=True)
class LoadedRecipe:
    """A recipe with its surroundings.

    ``folder``: what relative paths in it start from. ``origins``: ``"tuning.epochs"`` to
    ``"default"``, ``"preset chat"``, ``"recipe.yaml:12"``, ``"--set"``, or ``"given"`` (from a
    mapping). ``path``: the file, if it came from one.
    """

    recipe: Recipe
    folder: Path
    origins: dict[str, str]
    path: Path | None = None


def load_recipe(path: str | os.PathLike[str], overrides: Sequence[str] = ()) -> LoadedRecipe:
    """Read the recipe file ``path`` and put ``overrides`` (``section.key=value``) over it.

    Raises :class:`UsageError` with file, line and column for anything that is wrong with it.
    """
    if not isinstance(path, str | os.PathLike):
        raise UsageError(
            "recipe.not-a-path",
            _("A recipe is the path of a file or a mapping, not {kind}.").format(
                kind=type(path).__name__
            ),
        )
    file = Path(path)
    document = parse_document(_read_text(file), str(file))
    if not isinstance(document.data, dict):
        empty = document.data is None
        raise UsageError(
            "recipe.empty" if empty else "recipe.not-a-mapping",
            _("The recipe is empty.") if empty else _("A recipe is a mapping of sections."),
            where=str(file),
            hint=_("`laras init` writes one to start from."),
        )
    layer = layer_of_document(document, str(file))
    return _load(layer, file.resolve().parent, overrides, file)


def recipe_from_mapping(
    mapping: Mapping[str, Any], folder: str | os.PathLike[str], overrides: Sequence[str] = ()
) -> LoadedRecipe:
    """The same from plain data (dicts, lists, scalars); relative paths start from ``folder``."""
    data = dict(mapping)
    places: dict[tuple[str | int, ...], Place] = {(key,): Place("given", None) for key in data}
    return _load(Layer(data, places), Path(folder).resolve(), overrides, None)


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a recipe, for editors and programs."""
    return {"$schema": JSON_SCHEMA_DIALECT, **Recipe.model_json_schema(), "title": "Laras recipe"}


def resolved_yaml(loaded: LoadedRecipe) -> str:
    """The full recipe with every default written out, and the origin of each value beside it."""
    return annotated_yaml(loaded.recipe, loaded.origins)


def preset_text(name: str) -> str:
    """The preset's YAML, as shipped."""
    file = resources.files("laras.recipe") / "presets" / f"{name}.yaml"
    return file.read_text(encoding="utf-8")


def _load(layer: Layer, folder: Path, overrides: Sequence[str], path: Path | None) -> LoadedRecipe:
    layer = _without_empty_sections(layer)
    preset = apply_overrides(layer.data, overrides)[0].get("preset")
    if preset in PRESETS:
        name = f"preset {preset}"
        document = parse_document(preset_text(preset), name)
        layer = merge(layer_of_document(document, name, origin=name), layer)
    data, texts = apply_overrides(layer.data, overrides)
    layer = with_overrides(layer, data, texts)
    try:
        recipe = Recipe.model_validate(layer.data)
    except ValidationError as error:
        raise explain(error, layer) from None
    return LoadedRecipe(recipe, folder, origins_of(recipe, layer), path)


def _without_empty_sections(layer: Layer) -> Layer:
    """A section whose lines are all commented out reads as null; it means its defaults."""
    data = {key: value for key, value in layer.data.items() if value is not None}
    return Layer(data, layer.places, layer.keys)


def _read_text(file: Path) -> str:
    try:
        mode = file.stat().st_mode
        if stat.S_ISDIR(mode):
            raise _is_folder(file)
        if not stat.S_ISREG(mode):  # a device or a pipe may have no end
            raise UsageError(
                "recipe.not-a-file",
                _("This is a device, a pipe or a socket; a recipe is a YAML file."),
                where=str(file),
            )
        with file.open("rb") as opened:
            content = opened.read(_MOST_BYTES + 1)
        if len(content) > _MOST_BYTES:
            raise UsageError(
                "recipe.too-large",
                _(
                    "The recipe has more than {limit:,} characters; at most that many are read."
                ).format(limit=MAX_CHARACTERS),
                where=str(file),
            )
        return content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except FileNotFoundError:
        raise UsageError(
            "recipe.not-found",
            _("There is no recipe here."),
            where=str(file),
            hint=_similar_file(file),
        ) from None
    except UnicodeDecodeError as error:
        raise UsageError(
            "recipe.encoding",
            _("The recipe is not UTF-8 text (byte {offset}).").format(offset=error.start),
            where=str(file),
            hint=_("Save it as UTF-8."),
        ) from None
    except OSError as error:
        raise UsageError(
            "recipe.unreadable",
            _("The recipe can't be read: {reason}.").format(reason=error.strerror),
            where=str(file),
        ) from None


def _is_folder(folder: Path) -> UsageError:
    inside = folder / "recipe.yaml"
    return UsageError(
        "recipe.is-folder",
        _("This is a folder; a recipe is a YAML file."),
        where=str(folder),
        hint=_("Did you mean {name!r}?").format(name=str(inside))
        if inside.is_file()
        else _("`laras init` writes one to start from."),
    )


def _similar_file(file: Path) -> str:
    """A recipe nearby that may be meant; else how to get one."""
    nearby = [*file.parent.glob("*.yaml"), *file.parent.glob("*.yml")]
    close = difflib.get_close_matches(file.name, [other.name for other in nearby], n=1, cutoff=0.5)
    if close:
        return _("Did you mean {name!r}?").format(name=str(file.parent / close[0]))
    return _("`laras init` writes one to start from.")
