"""A finished run to report on."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from laras import translation


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    """A whole run in a folder of its own."""
    return built_run().build_run(tmp_path / "run")


@pytest.fixture(scope="session")
def shared_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole run that no test changes."""
    return built_run().build_run(tmp_path_factory.mktemp("shared") / "run")


@pytest.fixture(autouse=True)
def english() -> None:
    """The language that the expectations are written in, whatever the machine's is."""
    translation.set_language("en")


def built_run():
    """The module beside this one; tests are no package, so it is loaded by its path."""
    path = Path(__file__).with_name("built_run.py")
    specification = importlib.util.spec_from_file_location("built_run", path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module
