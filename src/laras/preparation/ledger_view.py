"""The ledger of a finished preparation, for people: grouped by reason, with the first places."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from laras.preparation.ledger_reasons import meaning
from laras.records import Rejection, rejections_from

LEDGER_FILE = "ledger.parquet"
GUESSED_ASSISTANT = "guessed-assistant"
PLACES_SHOWN = 5


@dataclass
class LedgerGroup:
    """What one stage did for one reason.

    ``action``: "dropped" or "cut" (a part of the record, or a note about it). ``entries``: rows of
    the ledger; ``rows``: records that left, 0 for what was cut. ``first``: the first few entries.
    """

    stage: str
    reason: str
    action: str
    entries: int = 0
    rows: int = 0
    first: list[Rejection] = field(default_factory=list)

    @property
    def meaning(self) -> str:
        """The reason in words, in the language in use; "" where nobody knows it."""
        return meaning(self.reason)


def ledger_entries(data: Path) -> Iterator[Rejection]:
    """Every row of the ledger in the data folder ``data`` of a run, in order."""
    path = data / LEDGER_FILE
    if not path.is_file():
        return
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=5000):
            yield from rejections_from(pa.Table.from_batches([batch]))


def ledger_groups(
    entries: Iterator[Rejection], most_places: int = PLACES_SHOWN
) -> list[LedgerGroup]:
    """``entries`` by stage (in the order of work), reason and action; most frequent first."""
    groups: dict[tuple[str, str, str], LedgerGroup] = {}
    stages: dict[str, int] = {}
    for entry in entries:
        stages.setdefault(entry.stage, len(stages))
        name = (entry.stage, entry.reason, entry.action)
        group = groups.setdefault(name, LedgerGroup(*name))
        group.entries += 1
        group.rows += entry.rows if entry.action == "dropped" else 0
        if len(group.first) < most_places:
            group.first.append(entry)
    return sorted(
        groups.values(),
        key=lambda group: (stages[group.stage], group.action == "cut", -group.entries),
    )


def place_of(entry: Rejection) -> str:
    """``file: where``, as the ledger knows it."""
    return f"{entry.path}: {entry.locator}" if entry.locator else entry.path


def guessed_assistants(data: Path) -> list[Rejection]:
    """The files in which it was guessed whom the model speaks as; the detail begins with the line
    of the recipe that confirms it."""
    return [entry for entry in ledger_entries(data) if entry.reason == GUESSED_ASSISTANT]


def line_to_copy(guess: Rejection) -> tuple[str, str]:
    """The line of the recipe that confirms a guess, and the clue in brackets behind it ("" where
    none is told)."""
    line, mark, clue = guess.detail.rpartition("] (")
    return (f"{line}]", f"({clue}") if mark else (guess.detail, "")
