"""All measures of finished training data, in one pass over the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import pyarrow.compute as pc
import pyarrow.parquet as pq

from laras.preparation.findings.answers import Answers
from laras.preparation.findings.balance import Balance
from laras.preparation.findings.labels import Labels
from laras.preparation.findings.lengths import Lengths
from laras.preparation.findings.row import Row, rows_of
from laras.translation import _

VERSION = 2  # of all measures; raise it when the same rows give other findings
_UNEVEN = 20  # times the smallest label, from which the largest is worth a word


class Measure(Protocol):
    """Looks at examples one by one, and says at the end what it saw."""

    def observe(self, row: Row) -> None:
        """Look at one example."""

    def facts(self) -> dict[str, Any]:
        """What was seen, as the audit keeps it."""


def examine(train: Path) -> dict[str, Any]:
    """Lengths, answers, labels and balance of the split ``train`` (a file of EXAMPLE_SCHEMA)."""
    tasks = pc.value_counts(pq.read_table(train, columns=["task"]).column("task")).to_pylist()
    rows = {task["values"]: task["counts"] for task in tasks}
    measures: dict[str, Measure] = {
        "lengths": Lengths(rows),
        "answers": Answers(rows.get("chat", 0)),
        "labels": Labels(rows.get("classification", 0)),
        "balance": Balance(sum(rows.values())),
    }
    for row in rows_of(train):
        for measure in measures.values():
            measure.observe(row)
    return {name: measure.facts() for name, measure in measures.items()}


def remarks(findings: dict[str, Any]) -> list[str]:
    """What of ``findings`` deserves a sentence."""
    found = []
    answers = findings["answers"]
    for name, sentence in (
        ("contradictory", _("{count} questions have different answers, for example: {place}.")),
        ("truncated", _("{count} answers seem to break off, for example: {place}.")),
        ("model_talk", _("{count} answers speak as a language model, for example: {place}.")),
        (
            "template_marks",
            _("{count} examples hold marks of a chat template as text, for example: {place}."),
        ),
    ):
        if answers[name]["count"]:
            place = answers[name]["places"][0]
            found.append(sentence.format(count=answers[name]["count"], place=place))
    labels = findings["labels"]
    if labels and labels["largest"] > _UNEVEN * labels["smallest"]:
        found.append(
            _("The largest label has {largest} rows, the smallest {smallest}.").format(
                largest=labels["largest"], smallest=labels["smallest"]
            )
        )
    if labels and labels["noise"].get("count"):
        noise = labels["noise"]
        found.append(
            _(
                "The labels of {count} of {rows} rows ({low:.1%} to {high:.1%}) look wrong, for "
                "example: {place}."
            ).format(
                count=noise["count"],
                rows=noise["of"],
                low=noise["low"],
                high=noise["high"],
                place=noise["places"][0],
            )
        )
    return found
