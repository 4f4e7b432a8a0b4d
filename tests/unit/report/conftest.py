"""A finished run to report on."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from laras.report.facts import read_facts
from laras.report.html import render


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    """A whole run in a folder of its own."""
    return built_run().build_run(tmp_path / "run")


@pytest.fixture(scope="session")
def shared_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole run that no test changes."""
    return built_run().build_run(tmp_path_factory.mktemp("shared") / "run")


@pytest.fixture(scope="session")
def whole_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that left everything that a run can leave; no test changes it."""
    folder = built_run().build_run(tmp_path_factory.mktemp("whole") / "run")
    return beside("built_evidence").add_evidence(folder)


@pytest.fixture(scope="session")
def whole_page(whole_run: Path) -> str:
    """Its report; drawing takes a second or two."""
    return render(read_facts(whole_run))


@pytest.fixture
def whole_run_folder(run_folder: Path) -> Path:
    """The same in a folder of its own."""
    return beside("built_evidence").add_evidence(run_folder)


def built_run():
    """The module that builds a run."""
    return beside("built_run")


def beside(name: str):
    """A module beside this one; tests are no package, so it is loaded by its path."""
    path = Path(__file__).with_name(f"{name}.py")
    specification = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module
