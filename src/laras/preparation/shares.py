"""Shares of the training examples, each part of the next larger one: what a learning curve is of.

Whole groups are taken, so that a share is what less data of the same kind would have been. Groups
stand in the order of a hash of their name and the seed; each label's share is taken from its own
groups, as labelled rows were held out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from laras.errors import DataRefused
from laras.preparation.pipeline import Prepared
from laras.preparation.split import gather, position
from laras.runs.atomic import temporary_sibling
from laras.runs.damage import damage_told
from laras.runs.hashing import content_hash
from laras.translation import _

VERSION = 1  # raise it when the same share gets other rows
_COLUMNS = ["group", "task", "label"]
_ORDER = 0x5348_4152_4553  # so that the order is not the one in which groups were held out


def share_of(table: pa.Table, share: float, seed: int) -> npt.NDArray[np.bool_]:
    """Which rows of ``table`` (columns ``group``, ``task``, ``label``) its ``share`` has, (rows,).

    As many as whole groups allow, but at least one group of each label, or of a task without
    labels. A smaller share of the same table and seed has none that a larger one lacks.
    """
    seed ^= _ORDER
    group_of_row, groups = gather(table, seed)
    taken = np.zeros(len(groups.rows), dtype=np.bool_)
    for stratum in np.unique(groups.strata).tolist():
        task, label = groups.kinds[stratum]
        members = np.flatnonzero(groups.strata == stratum)
        members = members[np.argsort(groups.positions[members], kind="stable")]
        rows = groups.rows[members]
        before = np.cumsum(rows) - rows
        # A group is taken if more than this part of it still belongs to the share. Half of it is
        # nearest; with many labels of few rows, parts by a hash keep the total right.
        luck = position(f"label:{label}", seed) if task == "classification" else 0.5
        count = np.count_nonzero(before + luck * rows < share * rows.sum())
        taken[members[: max(1, count)]] = True
    return taken[group_of_row]


def refuse_shares(train: Path, shares: Sequence[float], seed: int) -> None:
    """DataRefused where whole groups of the rows of ``train`` can't make so many ``shares`` that
    differ from one another and from all of it."""
    with damage_told(train):
        table = pq.read_table(train, columns=_COLUMNS)
    drawn = [int(share_of(table, share, seed).sum()) for share in sorted(shares)]
    for (share, rows), (_larger, more) in pairwise(
        zip([*sorted(shares), 1.0], [*drawn, table.num_rows], strict=True)
    ):
        if rows == more:
            raise DataRefused(
                "comparison.no-such-share",
                _(
                    "A share of {share} of the training data can't be drawn: whole groups "
                    "(documents, conversations, customers) make the same rows as of the next "
                    "larger one."
                ).format(share=f"{share:.0%}"),
                where="comparison.learning_curve",
                hint=_("Leave it out, or add data."),
            )


def on_share(prepared: Prepared, share: float, seed: int, folder: Path) -> Prepared:
    """``prepared`` with the ``share`` of its training rows that :func:`write_share` writes into
    ``folder``; validation and test are the same."""
    key = content_hash(VERSION, prepared.key, share, seed)
    return replace(prepared, train=folder / "train.parquet", key=key)


def write_share(train: Path, share: float, seed: int, path: Path) -> None:
    """Write to ``path`` the ``share`` of the rows of ``train``, in their order."""
    with damage_told(train), pq.ParquetFile(train) as file:
        taken = share_of(file.read(columns=_COLUMNS), share, seed)
        first = 0
        with (
            temporary_sibling(path) as temporary,
            pq.ParquetWriter(temporary, file.schema_arrow, compression="zstd") as writer,
        ):
            for batch in file.iter_batches():
                of_batch = taken[first : first + batch.num_rows]
                first += batch.num_rows
                writer.write_batch(batch.filter(pa.array(of_batch)))
