"""The last stage: examples go to their splits, and what would cross them leaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from laras.preparation.engine import Runner, run_steps
from laras.preparation.keys import example_text
from laras.preparation.ledger import Ledger
from laras.preparation.refusals import refuse_one_class, refuse_too_small
from laras.preparation.separate import Crossing, crossings
from laras.preparation.split import Row, assign
from laras.preparation.stages import keep
from laras.recipe.schema import DataSection, PreparationSection
from laras.records import Rejection, Split

_EXACT = {"test": "stands-in-test", "validation": "stands-in-validation"}
_NEAR = {"test": "near-duplicate-of-test", "validation": "near-duplicate-of-validation"}


@dataclass(frozen=True)
class HeldOut:
    """The finished splits (EXAMPLE_SCHEMA), and how many rows were like one of the test."""

    splits: dict[Split, pa.Table]
    facts: dict[str, int]


def hold_out(
    pool: pa.Table,
    own: Mapping[Split, pa.Table],
    data: DataSection,
    section: PreparationSection,
    instructions: Mapping[str, str],
    runner: Runner,
    ledger: Ledger,
) -> HeldOut:
    """``pool`` split by group; ``own`` test and validation sets are taken as they are.

    The test has precedence over validation, and validation over training: of two equal or
    similar rows, the one in the lesser split leaves.
    """
    refuse_one_class(pool)
    splits: dict[Split, pa.Table] = {**_by_share(pool, own, data, section.seed), **own}
    rows_in = sum(table.num_rows for table in splits.values())
    texts = {
        name: run_steps(table, [example_text(instructions)], runner).select(["text_key", "words"])
        for name, table in splits.items()
    }
    leaving: dict[Split, dict[int, str]] = {"train": {}, "validation": {}}
    facts: dict[str, int] = {}
    pairs: list[tuple[Split, Split]] = [
        ("validation", "test"),
        ("train", "test"),
        ("train", "validation"),
    ]
    for lesser, greater in pairs:
        found = _crossings(texts[lesser], texts[greater], section.near_duplicate_threshold)
        gone = leaving.get(greater, {})
        found = [crossing for crossing in found if crossing.held_out not in gone]
        for crossing in sorted(found, key=lambda crossing: not crossing.exact):
            reason = (_EXACT if crossing.exact else _NEAR)[greater]
            leaving[lesser].setdefault(crossing.row, reason)
        if (lesser, greater) == ("train", "test"):
            near = [crossing for crossing in found if not crossing.exact]
            facts = {
                "test_rows_near_train": len({crossing.held_out for crossing in near}),
                "removed_near_from_train": sum(
                    reason == _NEAR["test"] for reason in leaving["train"].values()
                ),
                "removed_equal_passages": sum(
                    reason == _EXACT["test"] for reason in leaving["train"].values()
                ),
            }
    for name, gone in leaving.items():
        ledger.add("split", _rejections(splits[name], gone))
        splits[name] = keep(splits[name], gone)
    ledger.balance("split", rows_in, sum(table.num_rows for table in splits.values()), "examples")
    refuse_too_small(splits, pool, ledger)
    return HeldOut(splits, facts)


def _by_share(
    pool: pa.Table, own: Mapping[Split, pa.Table], data: DataSection, seed: int
) -> dict[Split, pa.Table]:
    shares: dict[Split, float] = {
        "test": 0.0 if "test" in own else data.test_share,
        "validation": 0.0 if "validation" in own else data.validation_share,
    }
    columns = (pool.column(name).to_pylist() for name in ("group", "task", "label"))
    rows = [Row(*values) for values in zip(*columns, strict=True)]
    split_of = assign(rows, shares, seed)
    places: dict[Split, list[int]] = {"train": [], "validation": [], "test": []}
    for index, row in enumerate(rows):
        places[split_of[row.group]].append(index)
    return {name: pool.take(pa.array(indices, pa.int64())) for name, indices in places.items()}


def _crossings(lesser: pa.Table, greater: pa.Table, threshold: float) -> list[Crossing]:
    keys, texts, greater_keys, greater_texts = (
        table.column(name).to_pylist() for table in (lesser, greater) for name in table.column_names
    )
    return crossings(keys, texts, greater_keys, greater_texts, threshold)


def _rejections(table: pa.Table, leaving: Mapping[int, str]) -> list[Rejection]:
    rejections = []
    for row, reason in sorted(leaving.items()):
        example = table.slice(row, 1).to_pylist()[0]
        span: dict[str, Any] = next(iter(example["spans"]), {"path": "", "locator": ""})
        rejections.append(
            Rejection("split", reason, span["path"], span["locator"], example["example_id"])
        )
    return rejections
