"""The key of the preparation changes with all that decides its outcome."""

from __future__ import annotations

from pathlib import Path

import pytest

from laras.preparation import key
from laras.preparation.ingest import origins_of
from laras.preparation.stages import Work
from laras.recipe.load import recipe_from_mapping
from laras.runs.folder import Run
from laras.runs.progress import Silent


@pytest.fixture
def work(tmp_path: Path) -> Work:
    data = {"sources": [{"documents": "docs"}]}
    recipe = recipe_from_mapping({"data": data}, tmp_path).recipe
    run = Run(tmp_path / "run", None)
    return Work(run, recipe.data, recipe.preparation, origins_of(recipe.data), Silent(), "plain")


@pytest.mark.parametrize(
    "version", ["DESCRIBING", "COMPARING", "SPLITTING", "GENERATING", "WORDING", "EXAMINING"]
)
def test_every_version_decides_it(
    work: Work, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    before = key.preparation_key([], work)
    monkeypatch.setattr(key, version, 99)
    assert key.preparation_key([], work) != before


def test_whether_labels_can_be_judged_decides_it(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = set()
    for installed in (True, False):
        monkeypatch.setattr(key, "has_cleanlab", lambda installed=installed: installed)
        keys.add(key.preparation_key([], work))
    assert len(keys) == 2
