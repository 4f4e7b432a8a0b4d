"""What a run's manifest names of its own material, so that the run can be done again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from laras.models.places import template_file
from laras.preparation.inputs import source_contents
from laras.preparation.pipeline import Prepared
from laras.recipe.load import LoadedRecipe
from laras.runs.hashing import file_sha256
from laras.runs.machine import environment

_TOKENIZER = "tokenizer.json"


def ingredients(
    loaded: LoadedRecipe, model: Path, digest: str, prepared: Prepared, written: Path
) -> dict[str, Any]:
    """Seeds, what decides how numbers are computed, and hashes: of the recipe as ``written``, the
    base ``model`` (whose ``digest`` is that of all its files), its tokenizer and template, the
    sources, and the test set."""
    recipe = loaded.recipe
    template = template_file(recipe.model, loaded.folder)
    tokenizer = model / _TOKENIZER
    return {
        "recipe": {"sha256": file_sha256(written)},
        "model": {
            "base": recipe.model.base,
            "sha256": digest,
            # Read by one library alone, whatever class the model's own files name.
            "tokenizer_sha256": file_sha256(tokenizer) if tokenizer.is_file() else None,
            "template_sha256": None if template is None else file_sha256(template),
        },
        "data": {
            "key": prepared.key,
            "test_sha256": file_sha256(prepared.test),
            "sources": source_contents(prepared),
        },
        "seeds": {
            "preparation": recipe.preparation.seed,
            "tuning": recipe.tuning.seed,
            "evaluation": recipe.evaluation.seed,
        },
        "environment": environment(),
    }
