"""What a manifest says of the machine and its software."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from laras.runs.machine import LIBRARIES, environment, library_versions

PROJECT = Path(__file__).resolve().parents[3] / "pyproject.toml"
# Neither rows nor weights nor figures depend on what shows them or counts the machine's memory.
_NOT_OF_RESULTS = {"click", "rich", "psutil"}


def test_every_library_that_laras_depends_on_is_named_with_its_version() -> None:
    project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]
    needed = {re.split(r"[<>=\[]", each)[0].strip() for each in project["dependencies"]}
    assert set(LIBRARIES) == needed - _NOT_OF_RESULTS
    assert library_versions()["torch"]


def test_only_variables_that_decide_numbers_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.setenv("HF_TOKEN", "hf_" + "a" * 30)
    assert environment()["OMP_NUM_THREADS"] == "3"
    assert "HF_TOKEN" not in environment()
