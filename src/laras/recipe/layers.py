"""A preset below a recipe below ``--set``: merged data that remembers where each value stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from laras.recipe.document import ParsedDocument, Path


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value comes from: ``origin`` for the resolved recipe, ``where`` for an error."""

    origin: str
    where: str | None
    line: int = 0
    column: int = 0


@dataclass(frozen=True, slots=True)
class Layer:
    """Plain data with the place of its values and keys, by path."""

    data: dict[str, Any]
    places: dict[Path, Place] = field(default_factory=dict)
    keys: dict[Path, Place] = field(default_factory=dict)

    def place(self, path: Path, *, of_key: bool = False) -> Place | None:
        """The place of ``path``, or of what holds it; None where nothing is known."""
        located = locate(self.data, path)
        if of_key and located in self.keys:
            return self.keys[located]
        for end in range(len(located), 0, -1):
            if located[:end] in self.places:
                return self.places[located[:end]]
        return None

    def order(self, path: Path) -> tuple[int, int]:
        """Line and column of ``path``, to sort mistakes by."""
        place = self.place(path, of_key=True)
        return (place.line, place.column) if place else (0, 0)


def layer_of_document(document: ParsedDocument, name: str, origin: str | None = None) -> Layer:
    """A parsed file as a layer. ``name`` goes into errors; ``origin`` replaces name and line."""

    def places(positions: dict[Path, Any]) -> dict[Path, Place]:
        return {
            path: Place(
                origin or f"{name.rsplit('/', 1)[-1]}:{position.line}",
                f"{name}:{position.line}:{position.column}",
                position.line,
                position.column,
            )
            for path, position in positions.items()
        }

    return Layer(document.data, places(document.values), places(document.keys))


def merge(below: Layer, above: Layer) -> Layer:
    """``above`` over ``below``: mappings are merged key by key, all else is replaced."""
    replaced: list[Path] = []
    data = _merge(below.data, above.data, (), replaced)
    kept = {
        path: place
        for path, place in below.places.items()
        if not any(path[: len(root)] == root for root in replaced)
    }
    return Layer(data, {**kept, **above.places}, {**below.keys, **above.keys})


def _merge(below: Any, above: Any, path: Path, replaced: list[Path]) -> Any:
    if not (isinstance(below, dict) and isinstance(above, dict)):
        replaced.append(path)
        return above
    merged = dict(below)
    for key, value in above.items():
        inner = (*path, key)
        merged[key] = _merge(below[key], value, inner, replaced) if key in below else value
    return merged


def with_overrides(layer: Layer, data: dict[str, Any], texts: dict[Path, str]) -> Layer:
    """``layer`` with ``data`` changed at the paths of ``texts`` (path to "--set ...")."""
    kept = {
        path: place
        for path, place in layer.places.items()
        if not any(path[: len(root)] == root for root in texts)
    }
    new = {path: Place("--set", text) for path, text in texts.items()}
    return Layer(data, {**kept, **new}, {**layer.keys, **new})


def locate(data: Any, path: Path) -> Path:
    """The deepest path in ``data``, as written, that leads towards ``path`` in the full form.

    The full form of ``- lora: {rank: 8}`` has ``rank`` directly in the item, and that of a
    single source is a list; the recipe as written has a level more, or one less.
    """
    node = data
    located: list[str | int] = []
    for part in path:
        if _leads_on(node, part):
            located.append(part)
            node = node[part]
        elif isinstance(node, dict) and len(node) == 1 and isinstance(part, str):
            (key, value), *_rest = node.items()
            if not (isinstance(value, dict) and part in value):
                break
            located.extend((key, part))
            node = value[part]
        elif not (isinstance(node, dict) and isinstance(part, int)):
            break
    return tuple(located)


def _leads_on(node: Any, part: str | int) -> bool:
    if isinstance(node, list):
        return isinstance(part, int) and part < len(node)
    return isinstance(node, dict) and part in node
