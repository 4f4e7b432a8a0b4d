"""A recipe with some of its values changed, as if it had been written so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from laras.errors import UsageError
from laras.recipe.layers import Layer, Place
from laras.recipe.load import LoadedRecipe
from laras.recipe.mistakes import explain
from laras.recipe.origins import dotted, written
from laras.recipe.overrides import apply_overrides
from laras.recipe.schema import Recipe


def setting(path: str, value: Any) -> str:
    """``path=value``, as ``--set`` takes it."""
    return f"{path}={written(value)}"


def with_values(loaded: LoadedRecipe, values: Mapping[str, Any], origin: str) -> LoadedRecipe:
    """``loaded`` with ``values``, by paths as for ``--set``; ``origin`` says who set them.

    Raises UsageError, with ``origin`` and the path as the place, for a path that is not there or a
    value that it does not take.
    """
    data = loaded.recipe.model_dump(exclude_unset=True)
    places: dict[tuple[str | int, ...], Place] = {}
    for path, value in values.items():
        try:
            data, texts = apply_overrides(data, [setting(path, value)])
        except UsageError as error:
            raise UsageError(
                error.identifier, error.what, where=f"{origin}: {path}", hint=error.hint
            ) from None
        places.update({place: Place(origin, f"{origin}: {path}") for place in texts})
    try:
        recipe = Recipe.model_validate(data)
    except ValidationError as error:
        raise explain(error, Layer(data, places)) from None
    set_here = {dotted(place): origin for place in places}
    return replace(loaded, recipe=recipe, origins={**loaded.origins, **set_here})
