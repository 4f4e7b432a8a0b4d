"""A preparation step: a pure function from one Arrow record batch to another.

A step says which columns it reads and which it writes, and gives one row out for each row in;
rows leave the data between steps, where the ledger sees it. Whoever runs steps (Daft, Ray, a
plain loop) can therefore do it in any batches and any order and get the same rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pyarrow as pa

from laras.errors import LarasError


@dataclass(frozen=True)
class Step:
    """``function`` gets the columns ``reads`` and returns those of ``writes``, row by row.

    ``version`` is part of the key of prepared data: raise it when the outcome changes.
    """

    name: str
    version: int
    reads: tuple[str, ...]
    writes: pa.Schema
    function: Callable[[pa.RecordBatch], pa.RecordBatch]

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The columns of ``writes`` for ``batch``; a step that breaks its word is an error."""
        result = self.function(batch.select(list(self.reads)))
        if not result.schema.equals(self.writes):
            raise LarasError(
                "preparation.step-schema",
                f"step {self.name} wrote {result.schema}, and declares {self.writes}",
            )
        if result.num_rows != batch.num_rows:
            raise LarasError(
                "preparation.out-of-balance",
                f"step {self.name}: {batch.num_rows} rows in, {result.num_rows} out",
            )
        return result

    def writing_as(self, names: Mapping[str, str]) -> Step:
        """The same step with columns written under other names (``names``: old to new), where
        two steps write what both are wanted of."""
        writes = pa.schema(
            [field.with_name(names.get(field.name, field.name)) for field in self.writes]
        )

        def function(batch: pa.RecordBatch) -> pa.RecordBatch:
            return pa.RecordBatch.from_arrays(self.function(batch).columns, schema=writes)

        return Step(self.name, self.version, self.reads, writes, function)


def batch_of(schema: pa.Schema, columns: dict[str, list[object]]) -> pa.RecordBatch:
    """Python lists, one for each column of ``schema``, as a record batch of it."""
    arrays = [pa.array(columns[field.name], type=field.type) for field in schema]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
