"""What prepared data was made of, by the names that a recipe has for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from laras.preparation.ingest import SourceFiles
from laras.preparation.stages import Work
from laras.recipe.origins import dotted, leaves

if TYPE_CHECKING:
    from laras.preparation.pipeline import Prepared

CONTENT = "content of "  # before a source's name


def inputs_of(sources: Sequence[SourceFiles], work: Work) -> dict[str, Any]:
    """Every setting of the two sections, and a hash of each source's files: where two preparations
    came to other rows by the same code, one of these differs."""
    settings = {
        dotted((section, *path)): value
        for section, model in (("data", work.data), ("preparation", work.section))
        for path, value, _given in leaves(model)
    }
    # All engines give the same rows.
    settings.pop("preparation.engine")
    return {
        **settings,
        **{f"{CONTENT}{source.origin.name}": source.key for source in sources},
    }


def source_contents(prepared: Prepared) -> dict[str, str]:
    """The hash of each source's files, by the source's name."""
    return {
        name.removeprefix(CONTENT): str(value)
        for name, value in prepared.inputs.items()
        if name.startswith(CONTENT)
    }
