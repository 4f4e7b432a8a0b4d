"""The house is built in one direction: a room uses the rooms above it, and few may use torch."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "src" / "laras"

# Lowest first: each may import those before it.
ORDER = (
    "translation",
    "errors",
    "registry",
    "threads",
    "records",
    "recipe",
    "runs",
    "endpoints",
    "sources",
    "preparation",
    "devices",
    "models",
    "batches",
    "planning",
    "kernels",
    "engine",
    "adapters",
    "objectives",
    "optimizers",
    "saving",
    "distribution",
    "tuning",
    "rehearsal",
    "evaluation",
    "checks",
    "judges",
    "contenders",
    "report",
    "delivery",
    "web",
    "inspection",
    "job",
    "trials",
    "ranking",
    "workflow",
    "keeping",
    "cli",
)
ANYWHERE = {"__init__", "__main__"}  # the package's own front doors
MAY_IMPORT_TORCH = {
    *("devices", "models", "batches", "kernels", "engine", "adapters", "objectives"),
    *("optimizers", "saving", "distribution", "tuning", "rehearsal", "evaluation"),
    *("contenders", "delivery"),
}
TORCH = {"torch", "transformers", "peft", "safetensors"}
PICKLES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}

FILES = sorted(PACKAGE.rglob("*.py"))


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """Every module that a file imports, anywhere in it, with the line."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative imports hide the direction"
            for alias in node.names:
                # `from laras import workflow` imports a room, `from laras.errors import X` too.
                name = f"laras.{alias.name}" if node.module == "laras" else str(node.module)
                yield name, node.lineno


def test_every_room_has_its_place_in_the_order() -> None:
    assert {room_of(path) for path in FILES} - ANYWHERE <= set(ORDER)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_file_imports_only_rooms_above_its_own(path: Path) -> None:
    room = room_of(path)
    if room in ANYWHERE:
        return
    for module, line in imports(path):
        parts = module.split(".")
        if parts[0] != "laras" or len(parts) < 2 or parts[1].startswith("__"):
            continue
        other = parts[1]
        allowed = other == room or (other in ORDER and ORDER.index(other) < ORDER.index(room))
        assert allowed, f"{path.name}:{line}: {room} must not import {other}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_rooms_that_hold_models_import_torch(path: Path) -> None:
    if room_of(path) in MAY_IMPORT_TORCH:
        return
    found = [
        f"{path.name}:{line}" for module, line in imports(path) if module.split(".")[0] in TORCH
    ]
    assert found == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_file_imports_a_way_to_pickle(path: Path) -> None:
    found = [
        f"{path.name}:{line}" for module, line in imports(path) if module.split(".")[0] in PICKLES
    ]
    assert found == []
