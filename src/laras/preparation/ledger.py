"""The ledger: every row that left the data, with where it came from and why.

It also keeps the balance. A stage declares its rows in and out, and what left in between must
stand in the ledger; a difference is a mistake in Laras, and stops the run.

Memory holds the counts only. The rows themselves go to a file for each stage, and in the end, in
order, into one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from laras.errors import LarasError
from laras.preparation.shards import batches_of
from laras.records import REJECTION_SCHEMA, Rejection, place_of, rejections_from, to_table
from laras.runs.atomic import temporary_sibling
from laras.sources.reasons import explanation

MOST_HELD = 5000
_PLACES = 3  # dropped rows of a stage that messages can name


@dataclass
class Ledger:
    """Counts of what left, and the funnel of stages that they explain.

    ``told`` is what may be told of an entry that an earlier stage left in a file; where it gives
    less than there was, less is counted, shown and written.
    """

    told: Callable[[Rejection], Rejection] | None = None
    funnel: list[dict[str, Any]] = field(default_factory=list)
    entries: int = 0
    _dropped: dict[str, Counter[str]] = field(default_factory=dict)  # by stage and reason
    _first: dict[str, list[Rejection]] = field(default_factory=dict)
    _held: list[Rejection] = field(default_factory=list)
    _writer: pa.RecordBatchFileWriter | None = None
    _files: list[Path] = field(default_factory=list)

    def add(self, stage: str, rejections: Iterable[Rejection]) -> None:
        """Enter what left in ``stage``."""
        for rejection in rejections:
            entered = replace(rejection, stage=stage)
            self._count(entered)
            self._held.append(entered)
            if self._writer and len(self._held) >= MOST_HELD:
                self._write_held()

    @contextmanager
    def into(self, path: Path) -> Iterator[None]:
        """What is added inside goes to the shard ``path`` instead of staying in memory."""
        with temporary_sibling(path) as temporary:
            with pa.ipc.new_file(str(temporary), REJECTION_SCHEMA) as self._writer:
                yield
                self._write_held()
            self._writer = None
        self._files.append(path)

    def take(self, path: Path) -> None:
        """Count what an earlier stage, or an earlier run, left in ``path``."""
        for batch in batches_of(path):
            for rejection in rejections_from(pa.Table.from_batches([batch])):
                self._count(self.told(rejection) if self.told else rejection)
        self._files.append(path)

    def rows(self, stage: str) -> int:
        """How many rows were dropped in ``stage``."""
        return sum(self._dropped.get(stage, Counter()).values())

    def balance(self, stage: str, rows_in: int, rows_out: int, unit: str = "records") -> None:
        """Close ``stage``: in = out + dropped, or it is an error."""
        dropped = self.rows(stage)
        if rows_in != rows_out + dropped:
            raise LarasError(
                "preparation.out-of-balance",
                f"stage {stage}: {rows_in} rows in, {rows_out} out, {dropped} in the ledger",
            )
        self.funnel.append(
            {
                "stage": stage,
                "rows_in": rows_in,
                "rows_out": rows_out,
                "rejected": dropped,
                "unit": unit,
            }
        )

    def reasons(self, stage: str | None = None) -> dict[str, int]:
        """Rows dropped by reason, most first; of one stage, or of all."""
        counts: Counter[str] = Counter()
        for name, dropped in self._dropped.items():
            if stage in (None, name):
                counts.update(dropped)
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))

    def first_places(self, stage: str | None = None, count: int = _PLACES) -> list[str]:
        """The first dropped rows for people: ``file: where: reason (detail)``; of one stage, or
        of all in order."""
        names = self._first if stage is None else [stage]
        rejections = [rejection for name in names for rejection in self._first.get(name, [])]
        return [describe(rejection) for rejection in rejections[:count]]

    def write(self, path: Path) -> None:
        """All of it, as Parquet in REJECTION_SCHEMA: what files hold first, then what is held."""
        with (
            temporary_sibling(path) as temporary,
            pq.ParquetWriter(temporary, REJECTION_SCHEMA, compression="zstd") as writer,
        ):
            for file in self._files:
                for batch in batches_of(file):
                    if self.told:
                        found = rejections_from(pa.Table.from_batches([batch]))
                        writer.write_table(to_table(map(self.told, found), REJECTION_SCHEMA))
                    else:
                        writer.write_batch(batch)
            writer.write_table(to_table(self._held, REJECTION_SCHEMA))

    def _count(self, rejection: Rejection) -> None:
        self.entries += 1
        if rejection.action != "dropped":
            return
        self._dropped.setdefault(rejection.stage, Counter())[rejection.reason] += rejection.rows
        first = self._first.setdefault(rejection.stage, [])
        if len(first) < _PLACES:
            first.append(rejection)

    def _write_held(self) -> None:
        assert self._writer is not None
        self._writer.write_table(to_table(self._held, REJECTION_SCHEMA))
        self._held.clear()


def describe(rejection: Rejection) -> str:
    """One rejection on one line, for people: the reason's code with what it means, in the language
    in use, and the fact that the ledger holds."""
    place = place_of(rejection.path, rejection.locator)
    told = f"{explanation(rejection.reason)} {rejection.detail}".strip()
    detail = f" ({told})" if told else ""
    return f"{place}: {rejection.reason}{detail}"
