"""The account of the encoding is of the contenders that learn from most of the data."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from laras.batches.account import FILE, write_account
from laras.batches.tokens import SplitTokens, Wanted, split_tokens
from laras.models.load import LoadedModel, load_model
from laras.models.tiny import tiny_model
from laras.recipe.schema import ModelSection
from laras.records import EXAMPLE_SCHEMA, Example, Message, to_table
from laras.runs.folder import Run

EVERYTHING = Wanted()
LABELLED = frozenset({"classification"})
TO_WRITE = Wanted(LABELLED)
WITH_HEAD = Wanted(LABELLED, ("ya", "tidak"))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    folder = tiny_model("llama", tmp_path_factory.mktemp("model") / "llama")
    return load_model(ModelSection(base=str(folder)), folder)


def encoded(folder: Path, model: LoadedModel, wanted: Wanted) -> dict[str, SplitTokens]:
    """Three conversations, of which two are labelled."""
    examples = [
        Example(
            f"e{number}",
            "classification" if label else "chat",
            (Message("user", f"apa {number}?", False), Message("assistant", "ya", True)),
            f"g{number}",
            label=label,
        )
        for number, label in enumerate([None, "ya", "tidak"])
    ]
    path = folder / "train.parquet"
    pq.write_table(to_table(examples, EXAMPLE_SCHEMA), path)
    return {"train": split_tokens(path, model, folder / "tokens", wanted)}


def account(folder: Path, model: LoadedModel, *order: tuple[str, Wanted]) -> dict[str, Any]:
    with Run.open(folder / "run") as run:
        for data, wanted in order:
            write_account(run, data, wanted, encoded(folder, model, wanted))
        found: dict[str, Any] = run.read_json(FILE)
    return found


def test_a_head_alone_has_its_account(model: LoadedModel, tmp_path: Path) -> None:
    found = account(tmp_path, model, ("data", WITH_HEAD))
    assert found["tasks"] == ["classification"]
    assert not found["to_write"]
    assert found["train"]["examples"] == found["train"]["windows"] == 2
    assert found["train"]["trained_tokens"] == 2  # a label each


@pytest.mark.parametrize("order", [*itertools.permutations([EVERYTHING, TO_WRITE, WITH_HEAD])])
def test_who_learns_from_most_is_told_of_in_any_order(
    model: LoadedModel, tmp_path: Path, order: tuple[Wanted, ...]
) -> None:
    found = account(tmp_path, model, *(("data", wanted) for wanted in order))
    assert found["train"] == encoded(tmp_path, model, EVERYTHING)["train"].facts()
    assert found["train"]["examples"] == 3


@pytest.mark.parametrize("order", [*itertools.permutations([TO_WRITE, WITH_HEAD])])
def test_among_equals_it_is_who_writes(
    model: LoadedModel, tmp_path: Path, order: tuple[Wanted, ...]
) -> None:
    assert account(tmp_path, model, *(("data", wanted) for wanted in order))["to_write"]


def test_an_account_of_other_data_does_not_stay(model: LoadedModel, tmp_path: Path) -> None:
    found = account(tmp_path, model, ("before", EVERYTHING), ("now", WITH_HEAD))
    assert found["data"] == "now"
    assert found["train"]["examples"] == 2
