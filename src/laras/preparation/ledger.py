"""The ledger: every row that left the data, with where it came from and why.

It also keeps the balance. A stage declares its rows in and out, and what left in between must
stand in the ledger; a difference is a mistake in Laras, and stops the run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa

from laras.errors import LarasError
from laras.records import REJECTION_SCHEMA, Rejection, to_table


@dataclass
class Ledger:
    """Rejections in order, and the funnel of stages that they explain."""

    rejections: list[Rejection] = field(default_factory=list)
    funnel: list[dict[str, Any]] = field(default_factory=list)

    def add(self, stage: str, rejections: Iterable[Rejection]) -> None:
        """Enter what left in ``stage``."""
        self.rejections += [replace(rejection, stage=stage) for rejection in rejections]

    def rows(self, stage: str) -> int:
        """How many rows were dropped in ``stage``."""
        return sum(
            rejection.rows
            for rejection in self.rejections
            if rejection.stage == stage and rejection.action == "dropped"
        )

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
        for rejection in self.rejections:
            if rejection.action == "dropped" and stage in (None, rejection.stage):
                counts[rejection.reason] += rejection.rows
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))

    def first_places(self, stage: str, count: int = 3) -> list[str]:
        """The first dropped rows of ``stage`` for people: ``file: where: reason (detail)``."""
        dropped = (r for r in self.rejections if r.stage == stage and r.action == "dropped")
        return [describe(rejection) for rejection, _n in zip(dropped, range(count), strict=False)]

    def table(self) -> pa.Table:
        """All of it, in REJECTION_SCHEMA."""
        return to_table(self.rejections, REJECTION_SCHEMA)


def describe(rejection: Rejection) -> str:
    """One rejection on one line."""
    place = f"{rejection.path}: {rejection.locator}" if rejection.locator else rejection.path
    detail = f" ({rejection.detail})" if rejection.detail else ""
    return f"{place}: {rejection.reason}{detail}"
