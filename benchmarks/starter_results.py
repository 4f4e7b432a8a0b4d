"""What every file of results about a starter model says beside its figures."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from laras.models.load import LoadedModel, load_model
from laras.recipe.schema import ModelSection
from laras.runs.hashing import file_sha256
from laras.runs.machine import describe_machine

RESULTS = Path(__file__).parent / "results"


def starter(base: str) -> LoadedModel:
    """The model in the folder ``base``, or the one that ships with Laras (``starter``)."""
    return load_model(ModelSection(base=base_of(base)), Path.cwd())


def base_of(given: str) -> str:
    """``model.base`` for a folder seen from here; recipes count from their own."""
    return given if given == "starter" else str(Path(given).resolve())


def begun(loaded: LoadedModel) -> dict[str, Any]:
    """The command, the machine, and which weights these are."""
    return {
        "command": " ".join(["python", *map(_without_folders, sys.argv)]),
        "machine": describe_machine(),
        "starter": {
            "parameters": loaded.model.num_parameters(),
            "vocabulary": loaded.model.config.vocab_size,
            "context": loaded.context,
            "weights_sha256": file_sha256(loaded.folder / "model.safetensors"),
        },
    }


def _without_folders(argument: str) -> str:
    """Where things lie on this machine is nobody's business; which script it was is."""
    name = Path(argument).name
    return f"benchmarks/{name}" if name.endswith(".py") else name if "/" in argument else argument


def write(path: Path, facts: dict[str, Any]) -> None:
    """``facts`` as JSON that can be compared line by line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
