"""What two public data sets, as they are shipped, have in common between training and test.

    python benchmarks/leaks.py --material FOLDER [--results FOLDER]

``--material`` holds ``classification/banking77`` (train.csv, test.csv) and
``classification/clinc150`` (data_full.json). Each side is read and compared as a recipe's sources
and its own test set would be: equal texts (case, spaces and compatibility forms don't count),
near-duplicates at the recipe's default, and runs of 13 words. Counts, and the first ten of each
with their lines. ``--results`` writes ``leaks.md`` and ``leaks.json``, places without texts.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import pyarrow as pa

from laras.preparation.contamination import contamination
from laras.preparation.engine import run_steps
from laras.preparation.groups import GIVEN
from laras.preparation.keys import KEYS, dialogue_keys, dialogue_parts, halves
from laras.preparation.leak import leak_between
from laras.preparation.separate import Side, separate
from laras.recipe.data import DataSection, Source
from laras.records import DIALOGUE_SCHEMA, Dialogue, Rejection, to_table
from laras.sources.read import read_source

THRESHOLD = 0.8
SHOWN = 10
LISTS = ("first_equal", "first_near", "longest_runs")
PAIRS = {
    "banking77": ("banking77/train.csv", "banking77/test.csv"),
    "clinc150": ("clinc150/data_full.json#train", "clinc150/data_full.json#test"),
    "clinc150, out of scope": (
        "clinc150/data_full.json#oos_train",
        "clinc150/data_full.json#oos_test",
    ),
}


def read(path: str, folder: Path) -> tuple[list[Dialogue], int]:
    """The labelled texts of one file, and how many rows could not be read."""
    source = Source(examples=[path])
    found = list(read_source(source, folder, DataSection(sources=[source])))
    rejected = sum(record.rows for record in found if isinstance(record, Rejection))
    return [record for record in found if isinstance(record, Dialogue)], rejected


class Rows:
    """Labelled texts with the columns that they are compared by."""

    def __init__(self, records: list[Dialogue]) -> None:
        self.records = records
        table = to_table(records, DIALOGUE_SCHEMA)
        groups = [
            f"{GIVEN}{record.group}" if record.group else f"record:{record.path} {record.locator}"
            for record in records
        ]
        keys = run_steps(table, [dialogue_keys({})], "plain").select(KEYS.names)
        self.keys = keys.append_column("group", pa.array(groups, pa.string()))
        self.side = Side(
            halves(keys.column("text_key")),
            lambda: [dialogue_parts(batch) for batch in table.to_batches()],
        )

    def texts(self) -> list[list[str]]:
        """What is said in all rows, as one block."""
        return [[self.text(row) for row in range(len(self.records))]]

    def text(self, row: int) -> str:
        """What is said in ``row``."""
        return "\n".join(turn.content for turn in self.records[row].turns)

    def place(self, row: int) -> str:
        """Where ``row`` is, and its label."""
        record = self.records[row]
        return f"{Path(record.path).name} {record.locator} ({record.label})"


def compare(train: Rows, test: Rows) -> dict[str, Any]:
    """Test rows that stand in the training rows, word for word and nearly."""
    leak = leak_between(train.keys, test.keys)
    crossings = separate(train.side, test.side, THRESHOLD)
    near = {one.held_out: one for one in crossings if not one.exact}
    figures, worst = contamination(test.texts, train.texts)
    labels = [
        (test.records[held].label, train.records[row].label) for held, row in leak.leaked.items()
    ]

    def pair(held: int, row: int, **figures: float) -> dict[str, Any]:
        texts = [test.text(held), train.text(row)]
        return {"test": test.place(held), "train": train.place(row), **figures, "texts": texts}

    return {
        "train_rows": len(train.records),
        "test_rows": len(test.records),
        "equal_test_rows": len(leak.leaked),
        "equal_with_another_label": sum(one != other for one, other in labels),
        "equal_train_rows": len(leak.leaving),
        "near_test_rows": len(set(near) - set(leak.leaked)),
        "overlap": figures,
        "first_equal": [pair(held, row) for held, row in list(leak.leaked.items())[:SHOWN]],
        "first_near": [
            pair(held, one.row, similarity=round(one.similarity, 3))
            for held, one in sorted(near.items())
            if held not in leak.leaked
        ][:SHOWN],
        "longest_runs": [pair(one.test, one.train, words=one.words) for one in worst[:SHOWN]],
    }


def page(facts: dict[str, dict[str, Any]], *, texts: bool) -> str:
    """The figures for people, with the texts or only their places."""
    lines = [
        "# Leaks in public data sets",
        "",
        "| | train rows | test rows | equal | near | with a run of 13 words in common |",
        "|---|---|---|---|---|---|",
    ]
    for name, found in facts.items():
        lines.append(
            f"| {name} | {found['train_rows']} | {found['test_rows']} | {found['equal_test_rows']} "
            f"| {found['near_test_rows']} | {found['overlap']['rows_overlapping']} |"
        )
    for name, found in facts.items():
        for kind in LISTS:
            if found[kind]:
                lines += ["", f"{name}, {kind.replace('_', ' ')}:", ""]
            for one in found[kind]:
                figures = [f"{one[key]}" for key in ("similarity", "words") if key in one]
                lines.append(" | ".join([f"- {one['test']}", one["train"], *figures]))
                lines += [f"    {text!r}" for text in one["texts"] if texts]
    return "\n".join(lines)


def main() -> None:
    """Read, compare, print and, where asked, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--material", type=Path, required=True)
    parser.add_argument("--results", type=Path)
    arguments = parser.parse_args()
    folder = arguments.material.resolve() / "classification"
    facts = {}
    for name, paths in PAIRS.items():
        (train, train_rejected), (test, test_rejected) = (read(path, folder) for path in paths)
        facts[name] = compare(Rows(train), Rows(test))
        facts[name]["rows_not_read"] = train_rejected + test_rejected
    print(page(facts, texts=True))
    if arguments.results:
        arguments.results.mkdir(parents=True, exist_ok=True)
        (arguments.results / "leaks.md").write_text(
            page(facts, texts=False) + "\n", encoding="utf-8"
        )
        for found in facts.values():
            for one in (one for kind in LISTS for one in found[kind]):
                del one["texts"]
        document = json.dumps(facts, indent=2, ensure_ascii=False)
        (arguments.results / "leaks.json").write_text(document + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
