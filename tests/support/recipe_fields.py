"""All fields that a recipe may have, by the paths that ``--set`` takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args, get_origin

from pydantic import BaseModel

from laras.recipe.schema import Section


def holds_several(annotation: object) -> bool:
    """Whether several sections stand there, rather than one or none."""
    return any(get_origin(part) in (list, dict) for part in (annotation, *get_args(annotation)))


def fields_of(section: type[BaseModel], path: str, seen: set[type]) -> Iterator[str]:
    """Every field below ``section`` that is more than a container; each section once."""
    seen.add(section)
    for name, info in section.model_fields.items():
        inner = f"{path}{name}"
        sections = sections_in(info.annotation)
        if info.annotation not in sections:
            yield inner
            inner += ".*" if holds_several(info.annotation) else ""
        for found in sections - seen:
            yield from fields_of(found, f"{inner}.", seen)


def sections_in(annotation: object) -> set[type[Section]]:
    """The sections that a type mentions."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return {annotation}
    return {found for part in get_args(annotation) for found in sections_in(part)}
