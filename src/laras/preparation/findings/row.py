"""An example as the measures see it: what is asked, what is answered, where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import xxhash

from laras.preparation.likeness import key
from laras.records import place_of

BATCH_ROWS = 2000


@dataclass(frozen=True, slots=True)
class Row:
    """``asked``: all that comes before the last answer, without system messages. ``answer``: the
    last trained message ("" in a text of continued pretraining, which is in ``asked``)."""

    example_id: str
    task: str
    source: str
    label: str | None
    place: str
    asked: str
    answer: str
    trained_characters: int
    characters: int

    @property
    def chance(self) -> float:
        """A number in [0, 1), the same for the same example wherever it stands: by it measures
        choose which rows they look at, so that no source or task comes first."""
        return chance_of(self.example_id)

    @property
    def question_key(self) -> str:
        """Equal for questions that a reader would call the same."""
        return key(self.asked)


def chance_of(text: str) -> float:
    """A number in [0, 1) that depends on ``text`` only."""
    return float(xxhash.xxh3_64_intdigest(text.encode()) / 2**64)


def rows_of(split: Path) -> Iterator[Row]:
    """The examples of a finished split, a batch at a time."""
    columns = ["example_id", "task", "messages", "spans", "label", "source"]
    with pq.ParquetFile(split) as file:
        for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=columns):
            for row in batch.to_pylist():
                messages = row["messages"]
                last = next(
                    (n for n in range(len(messages) - 1, -1, -1) if messages[n]["trained"]), -1
                )
                is_text = row["task"] == "text"
                before = messages if is_text or last < 0 else messages[:last]
                span = row["spans"][0] if row["spans"] else {"path": "", "locator": ""}
                place = place_of(span["path"], span["locator"])
                yield Row(
                    row["example_id"],
                    row["task"],
                    row["source"] or "",
                    row["label"],
                    place or row["example_id"],
                    "\n".join(m["content"] for m in before if m["role"] != "system"),
                    "" if is_text or last < 0 else messages[last]["content"],
                    sum(len(m["content"]) for m in messages if m["trained"]),
                    sum(len(m["content"]) for m in messages),
                )
