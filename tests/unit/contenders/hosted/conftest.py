"""An endpoint, and what a contender behind it is obtained and judged with; no model is here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from chat_server import ChatServer, chat_server
from laras.preparation.pipeline import Prepared
from laras.recipe.schema import Contender, EvaluationSection, ModelSection, TuningSection
from laras.records import EXAMPLE_SCHEMA, Example, Message, to_table
from laras.tuning.assignment import Assignment

THINGS = ("gong", "bonang", "saron", "kendang", "suling", "rebab", "gender", "slenthem")
Obtaining = Callable[..., Assignment]


def knows_labels(messages: list[dict[str, str]]) -> str:
    """Right, in its own way of writing."""
    return "Repair." if "broken" in messages[-1]["content"] else "place"


@pytest.fixture
def server() -> Iterator[ChatServer]:
    """An endpoint that knows the labels."""
    with chat_server() as running:
        running.says = knows_labels
        yield running


def labelled(first: int, count: int) -> list[Example]:
    rows = []
    for number in range(first, first + count):
        label = "repair" if number % 3 == 0 else "place"
        asked = f"The {THINGS[number % 8]} {number}: " + (
            "it is broken" if label == "repair" else "where is it"
        )
        messages = (Message("user", asked, False), Message("assistant", label, True))
        rows.append(
            Example(f"row{number}", "classification", messages, f"row{number}", label=label)
        )
    return rows


@pytest.fixture
def rows() -> Callable[[int, int], list[Example]]:
    """``rows(first, count)``: with one of two labels."""
    return labelled


@pytest.fixture
def assignment(tmp_path: Path, server: ChatServer) -> Obtaining:
    """``assignment(ways=["zero-shot"], endpoint={...})``: a contender called big."""

    def make(
        validation: Sequence[Example] | None = None,
        *,
        train: Sequence[Example] | None = None,
        test: Sequence[Example] | None = None,
        endpoint: dict[str, object] | None = None,
        metrics: Sequence[str] = ("perplexity", "f1", "calibration"),
        max_rows: int | None = None,
        **settings: object,
    ) -> Assignment:
        splits = {
            "train": labelled(0, 24) if train is None else train,
            "validation": labelled(100, 12) if validation is None else validation,
            "test": labelled(200, 9) if test is None else test,
        }
        facts = {}
        for name, rows in splits.items():
            pq.write_table(to_table(rows, EXAMPLE_SCHEMA), tmp_path / f"{name}.parquet")
            tasks = dict.fromkeys((row.task for row in rows), 1)
            facts[name] = {"tasks": tasks, "languages": {"en": len(rows)}}
        (tmp_path / "audit.json").write_text("{}")
        prepared = Prepared(
            *(tmp_path / f"{name}.parquet" for name in (*splits, "ledger")),
            {"splits": facts, "labels": ["place", "repair"]},
            "data",
        )
        shown = {} if settings.get("ways") == ["zero-shot"] else {"shots": 2}
        given = {"endpoint": server.address, "model": "big", "parallel": 1, **(endpoint or {})}
        return Assignment(
            Contender.model_validate(
                {"kind": "api", "name": "big", "endpoint": given, **shown, **settings}
            ),
            ModelSection(base="nowhere"),
            "digest",
            tmp_path,
            TuningSection(),
            prepared,
            EvaluationSection(metrics=list(metrics), max_rows=max_rows, bootstrap_samples=100),
        )

    return make
