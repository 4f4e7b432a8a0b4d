"""A small run's data in two splits, a tiny model, and what a contender is obtained with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from laras.models.load import LoadedModel, load_model
from laras.models.tiny import tiny_model
from laras.preparation.pipeline import Prepared
from laras.recipe.schema import Contender, EvaluationSection, ModelSection, TuningSection
from laras.records import EXAMPLE_SCHEMA, Example, Message, to_table
from laras.tuning.assignment import Assignment

MakeExample = Callable[..., Example]
THINGS = ("gong", "bonang", "saron", "kendang", "suling", "rebab", "gender", "slenthem")
PLACES = ("hall", "store", "school", "garden", "stage")


def example(
    name: str,
    *turns: str,
    label: str | None = None,
    group: str | None = None,
    system: str | None = None,
) -> Example:
    """``turns`` of user and assistant in turn; the last is the answer, or the label."""
    messages = [Message("system", system, trained=False)] if system else []
    for place, content in enumerate(turns):
        role = ("user", "assistant")[place % 2]
        messages.append(Message(role, content, trained=role == "assistant"))
    task = "chat" if label is None else "classification"
    return Example(name, task, tuple(messages), group=group or name, label=label)


@pytest.fixture
def make() -> MakeExample:
    """``make("name", "question", "answer", group="customer")``."""
    return example


@pytest.fixture(scope="session")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model whose template takes a system message."""
    return tiny_model("llama", tmp_path_factory.mktemp("model") / "llama")


@pytest.fixture(scope="session")
def loaded(llama: Path) -> LoadedModel:
    """It, loaded."""
    return load_model(ModelSection(base=str(llama)), llama)


def labelled(first: int, count: int) -> list[Example]:
    """Rows of two labels, one of them twice as frequent."""
    rows = []
    for number in range(first, first + count):
        thing, place = THINGS[number % len(THINGS)], PLACES[number % len(PLACES)]
        label = "repair" if number % 3 == 0 else "place"
        text = f"The {thing} {number} in the {place}: " + (
            "it is broken" if label == "repair" else "where is it"
        )
        rows.append(example(f"row{number}", text, label, label=label))
    return rows


Obtaining = Callable[..., Assignment]


def assignment_in(folder: Path, model: Path) -> Obtaining:
    """Makes assignments of a contender of kind prompt, with data in ``folder``."""

    def make_assignment(
        train: Sequence[Example] | None = None,
        validation: Sequence[Example] | None = None,
        *,
        seed: int = 0,
        metrics: Sequence[str] = ("perplexity", "f1", "rouge"),
        primary_metric: str = "auto",
        **settings: object,
    ) -> Assignment:
        splits = {
            "train": labelled(0, 24) if train is None else train,
            "validation": labelled(100, 12) if validation is None else validation,
        }
        facts = {}
        for name, rows in splits.items():
            pq.write_table(to_table(rows, EXAMPLE_SCHEMA), folder / f"{name}.parquet")
            tasks = dict.fromkeys((row.task for row in rows), 1)
            facts[name] = {"tasks": tasks, "languages": {"en": len(rows)}}
        prepared = Prepared(
            folder / "train.parquet",
            folder / "validation.parquet",
            folder / "test.parquet",  # not there: whoever reads it fails
            folder / "ledger.parquet",
            {"splits": facts},
            "data",
        )
        return Assignment(
            Contender(kind="prompt", name="asked", **settings),
            ModelSection(base=str(model)),
            "digest",
            folder,
            TuningSection(seed=seed),
            prepared,
            EvaluationSection(metrics=list(metrics), max_new_tokens=4),
            primary_metric,
        )

    return make_assignment


@pytest.fixture
def assignment(tmp_path: Path, llama: Path) -> Obtaining:
    """``assignment(train, validation, shots=2)``: what a contender is obtained with."""
    return assignment_in(tmp_path, llama)


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory, llama: Path) -> Assignment:
    """A small one that no test changes."""
    make = assignment_in(tmp_path_factory.mktemp("settled"), llama)
    return make(shots=2, proposals=4, prompt_rows=8)
