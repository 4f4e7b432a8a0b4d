"""A finished run and one that was stopped, both of a tiny model, and copies of them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from laras import workflow
from laras.errors import MemoryExhausted
from laras.runs.faults import armed
from laras.tuning import stepper
from small_project import small_project

SETTINGS = ("evaluation.checks=[]", "tuning.max_steps=2", "comparison.contenders=[base, full]")


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a recipe, and below ``runs`` a finished run."""
    recipe = small_project(tmp_path_factory.mktemp("project"))
    workflow.run(recipe, run_folder=recipe.parent / "runs/done", overrides=SETTINGS)
    return recipe.parent


@pytest.fixture
def done(project: Path, tmp_path: Path) -> Path:
    """A copy of the finished run."""
    shutil.copytree(project / "runs/done", tmp_path / "runs/done")
    return tmp_path / "runs/done"


@pytest.fixture(scope="session")
def stopped_run(project: Path) -> Path:
    """A run that ended in the middle of its training."""
    folder = project / "runs/stopped"
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(stepper, "fault_point", armed("backward@3:oom"))
        with pytest.raises(MemoryExhausted):
            workflow.tune(
                project / "recipe.yaml",
                run_folder=folder,
                overrides=["tuning.batch_tokens=128", "tuning.checkpoint_every_steps=1"],
            )
    return folder


@pytest.fixture
def stopped(stopped_run: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    shutil.copytree(stopped_run, tmp_path / "runs/stopped")
    return tmp_path / "runs/stopped"
