"""What is refused before anything is trained."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from laras.batches.tokens import Wanted
from laras.errors import DataRefused
from laras.models.load import load_model
from laras.models.tiny import tiny_model
from laras.preparation.pipeline import Prepared
from laras.recipe.schema import ModelSection, TuningSection
from laras.records import EXAMPLE_SCHEMA, Example, Message, to_table
from laras.runs.folder import Run
from laras.tuning.ready import encoded


def test_a_template_that_takes_no_example_is_named_with_its_own_reason(tmp_path: Path) -> None:
    tiny_model("mistral", tmp_path / "base")
    loaded = load_model(ModelSection(base="base"), tmp_path)
    messages = (
        Message("user", "a", False),
        Message("assistant", "b", True),
        Message("tool", "c", False),
    )
    rows = [Example(f"e{number}", "chat", messages, f"g{number}") for number in range(3)]
    path = tmp_path / "rows.parquet"
    pq.write_table(to_table(rows, EXAMPLE_SCHEMA), path)
    prepared = Prepared(path, path, path, path, {}, "key")
    with Run.open(tmp_path / "run") as run, pytest.raises(DataRefused) as raised:
        encoded(prepared, loaded, TuningSection(), run, Wanted())
    assert raised.value.identifier == "tuning.nothing-to-train"
    assert "refuses" in raised.value.what
    assert "context" not in str(raised.value.hint)
