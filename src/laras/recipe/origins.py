"""Every value of a recipe with where it came from, and the whole of it written out as YAML."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from laras.recipe.document import Path
from laras.recipe.layers import Layer
from laras.recipe.scalars import write_scalar

DEFAULT = "default"


def leaves(model: BaseModel, path: Path = ()) -> Iterator[tuple[Path, Any, bool]]:
    """Path, value and whether it was set, for each field that holds no section of its own.

    A list of plain values is one leaf; a list of sections is descended into.
    """
    for name in type(model).model_fields:
        value = getattr(model, name)
        given = name in model.model_fields_set
        yield from _leaves_of(value, (*path, name), given)


def _leaves_of(value: Any, path: Path, given: bool) -> Iterator[tuple[Path, Any, bool]]:
    if isinstance(value, BaseModel):
        # What lies in a section that was not given at all is a default, whatever it sets.
        for inner_path, inner, inner_given in leaves(value, path):
            yield inner_path, inner, inner_given and given
    elif isinstance(value, list) and value and isinstance(value[0], BaseModel):
        for index, item in enumerate(value):
            yield from _leaves_of(item, (*path, index), given)
    else:
        yield path, value, given


def origins_of(model: BaseModel, layer: Layer) -> dict[str, str]:
    """``{"tuning.epochs": "recipe.yaml:12"}`` for every leaf of ``model``."""
    overridden = [path for path, place in layer.places.items() if place.origin == "--set"]
    origins: dict[str, str] = {}
    for path, _value, given in leaves(model):
        place = layer.place(path) if given else None
        origin = place.origin if place else DEFAULT
        if any(other[: len(path)] == path for other in overridden):
            origin = "--set"
        origins[dotted(path)] = origin
    return origins


def dotted(path: Path) -> str:
    """``("data", "sources", 0)`` as ``data.sources.0``, the form that ``--set`` takes."""
    return ".".join(str(part) for part in path)


def annotated_yaml(model: BaseModel, origins: dict[str, str]) -> str:
    """``model`` as YAML, each value followed by a comment that says where it came from.

    Reading it gives an equal model: nothing is left to defaults that may change.
    """
    return "".join(f"{line}\n" for line in _section(model, (), 0, origins))


def _section(model: BaseModel, path: Path, depth: int, origins: dict[str, str]) -> Iterator[str]:
    pad = "  " * depth
    for name in type(model).model_fields:
        value, inner = getattr(model, name), (*path, name)
        if isinstance(value, BaseModel):
            yield f"{pad}{name}:"
            yield from _section(value, inner, depth + 1, origins)
        elif isinstance(value, list) and value and isinstance(value[0], BaseModel):
            yield f"{pad}{name}:"
            for index, item in enumerate(value):
                yield from _item(item, (*inner, index), depth + 1, origins)
        else:
            yield f"{pad}{name}: {written(value)}  # {origins.get(dotted(inner), DEFAULT)}"


def _item(model: BaseModel, path: Path, depth: int, origins: dict[str, str]) -> Iterator[str]:
    pad = "  " * depth
    for number, line in enumerate(_section(model, path, depth + 1, origins)):
        yield f"{pad}- {line.lstrip()}" if number == 0 else line


def written(value: Any) -> str:
    """A value as YAML on one line."""
    if isinstance(value, BaseModel):
        value = value.model_dump(exclude_defaults=True)
    if isinstance(value, list):
        return "[" + ", ".join(written(item) for item in value) + "]"
    if isinstance(value, dict):
        entries = (f"{write_scalar(key)}: {written(item)}" for key, item in value.items())
        return "{" + ", ".join(entries) + "}"
    return write_scalar(value)
