"""The last stage: examples go to their splits, and what would cross them leaves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from laras.preparation.compose import NARROW, Composed, ExampleShard
from laras.preparation.grams import Hashes
from laras.preparation.keys import PartsOf, example_parts
from laras.preparation.leak import TEXT_STANDS_IN
from laras.preparation.ledger import Ledger
from laras.preparation.passages import Parts
from laras.preparation.refusals import refuse_one_class, refuse_too_small
from laras.preparation.separate import Crossing, Side, separate
from laras.preparation.shards import Rows, batches_of, read_columns, read_shard, write_shard
from laras.preparation.split import SPLITS, assign
from laras.preparation.stages import ROLES, Facts, Work, place_name, unit
from laras.records import Rejection, Split
from laras.runs.hashing import content_hash
from laras.translation import _

STAGE = "split"
VERSION = 1  # of this file; raise it when the same examples come out otherwise
_LEFT = -1  # the number of a row that is in no split
_NEAR = {"test": "near-duplicate-of-test", "validation": "near-duplicate-of-validation"}
_AT_ONCE = 5000  # rows whose places are read together
_SHOWN = 10
_COMPARED = ["messages", "label", "source"]

Numbers = npt.NDArray[np.int8]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class _Crossed:
    """The row of the ``greater`` split that a row of a lesser one is equal or similar to."""

    greater: Split
    row: int
    crossing: Crossing

    @property
    def reason(self) -> str:
        """Why the row of the lesser split leaves."""
        return (TEXT_STANDS_IN if self.crossing.exact else _NEAR)[self.greater]


@dataclass(frozen=True)
class HeldOut:
    """The finished splits, and how many rows were like one of the test."""

    splits: Mapping[Split, Chosen]
    facts: Facts


class Chosen:
    """The examples of one split: some of those of one role, in their order."""

    def __init__(self, shards: Sequence[ExampleShard], chosen: Mask) -> None:
        self._shards = shards
        self._chosen = chosen
        self.numbers = np.flatnonzero(chosen)  # of the examples, counted in their role

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(self.numbers)

    def portions(self) -> Iterator[pa.Table]:
        """The examples (EXAMPLE_SCHEMA), shard by shard."""
        for shard, chosen in self._by_shard():
            yield read_shard(shard.examples.path).filter(pa.array(chosen))

    def side(self, parts_of: PartsOf) -> Side:
        """What comparing splits needs of this one."""
        return Side(self._keys(), lambda: self.blocks(parts_of))

    def places(self, rows: Sequence[int]) -> list[dict[str, Any]]:
        """Identifier, path and locator of ``rows``, counted in the split."""
        if not rows:
            return []
        numbers = self.numbers[np.asarray(rows, dtype=np.int64)]
        columns = ["example_id", "path", "locator"]
        found = Rows([shard.narrow for shard in self._shards]).take(numbers, columns)
        places: list[dict[str, Any]] = found.to_pylist()
        return places

    def _by_shard(self) -> Iterator[tuple[ExampleShard, Mask]]:
        start = 0
        for shard in self._shards:
            chosen = self._chosen[start : start + shard.examples.rows]
            start += shard.examples.rows
            if chosen.any():
                yield shard, chosen

    def _keys(self) -> npt.NDArray[np.uint64]:
        keys = [np.empty((0, 2), dtype=np.uint64)]
        for shard, chosen in self._by_shard():
            column = read_shard(shard.narrow.path, ["text_key"]).column("text_key")
            digests = b"".join(column.filter(pa.array(chosen)).to_pylist())
            keys.append(np.frombuffer(digests, dtype=np.uint64).reshape(-1, 2))
        return np.concatenate(keys)

    def blocks(self, parts_of: PartsOf) -> Iterator[list[Parts]]:
        """The 5-grams of the examples, a few rows at a time."""
        for shard, chosen in self._by_shard():
            start = 0
            for batch in batches_of(shard.examples.path, _COMPARED):
                some = chosen[start : start + batch.num_rows]
                start += batch.num_rows
                if some.any():
                    yield parts_of(batch.filter(pa.array(some)))


def holding_key(composed: Composed, work: Work) -> str:
    """Hash of all that decides what this stage leaves."""
    data = work.data
    shares = (data.test_share, data.validation_share, bool(data.test), bool(data.validation))
    settings = work.section.model_dump(include={"seed", "near_duplicate_threshold"})
    return content_hash(VERSION, composed.key, shares, settings)


def hold_out(composed: Composed, common: Hashes, work: Work) -> HeldOut:
    """The training examples split by group; test and validation sets of the user's own are taken
    as they are.

    The test has precedence over validation, and validation over training: of two equal or
    similar rows, the one in the lesser split leaves. ``common``: 5-grams of boilerplate.
    """
    work.progress.stage(_("Splitting"), composed.rows_of("train"))
    pool = _narrow(composed, "train", ["group", "task", "label"])
    refuse_one_class(pool)
    with work.stage(STAGE, holding_key(composed, work)) as folder:
        facts = unit(folder, "splits", lambda place: _hold_out(place, composed, pool, common, work))
        work.ledger.take(folder / "splits" / "ledger.arrow")
        numbers = {
            role: read_shard(folder / "splits" / f"{role}.arrow").column("split").to_numpy()
            for role in ROLES
        }
    splits = _splits(composed, numbers)
    sizes = {split: chosen.rows for split, chosen in splits.items()}
    rows_in = sum(composed.rows_of(role) for role in ROLES)
    work.ledger.balance(STAGE, rows_in, sum(sizes.values()), "examples")
    refuse_too_small(sizes, pool, work.ledger)
    return HeldOut(splits, facts)


def _narrow(composed: Composed, role: Split, columns: Sequence[str]) -> pa.Table:
    return read_columns([shard.narrow for shard in composed.shards[role]], columns, NARROW)


def _splits(composed: Composed, numbers: Mapping[Split, Numbers]) -> dict[Split, Chosen]:
    """Each split is taken from the records given for it, or else from the training sources."""
    return {
        split: Chosen(composed.shards[role], numbers[role] == SPLITS.index(split))
        for split in SPLITS
        for role in (split if composed.rows_of(split) else "train",)
    }


def _hold_out(place: Path, composed: Composed, pool: pa.Table, common: Hashes, work: Work) -> Facts:
    data = work.data
    shares: dict[Split, float] = {
        "test": 0.0 if data.test else data.test_share,
        "validation": 0.0 if data.validation else data.validation_share,
    }
    numbers: dict[Split, Numbers] = {"train": assign(pool, shares, work.section.seed)}
    for role in ROLES[1:]:
        numbers[role] = np.full(composed.rows_of(role), SPLITS.index(role), dtype=np.int8)
    splits = _splits(composed, numbers)
    leaving, facts = _leaving(splits, common, work)
    with (ledger := Ledger()).into(place / "ledger.arrow"):
        for split, crossed in leaving.items():
            rows = sorted(crossed)
            for start in range(0, len(rows), _AT_ONCE):
                some = {row: crossed[row] for row in rows[start : start + _AT_ONCE]}
                ledger.add(STAGE, _rejections(split, some, splits))
    facts["near_places"] = _near_places(leaving["train"], splits)
    for split, crossed in leaving.items():
        role = split if composed.rows_of(split) else "train"
        numbers[role][splits[split].numbers[list(crossed)]] = _LEFT
    for role, own in numbers.items():
        write_shard(place / f"{role}.arrow", pa.table({"split": own}))
    return facts


def _leaving(
    splits: Mapping[Split, Chosen], common: Hashes, work: Work
) -> tuple[dict[Split, dict[int, _Crossed]], Facts]:
    """Rows of the lesser splits that stand in a greater one, with the row there."""
    parts_of = example_parts(work.instructions)
    threshold = work.section.near_duplicate_threshold
    train, validation, test = (splits[split].side(parts_of) for split in SPLITS)
    train = Side(train.keys, lambda: _reported(splits["train"].blocks(parts_of), work))
    leaving: dict[Split, dict[int, _Crossed]] = {"train": {}, "validation": {}}

    def leave(split: Split, found: Sequence[Crossing], greater: Split, before: int = 0) -> None:
        for crossing in sorted(found, key=lambda crossing: not crossing.exact):
            crossed = _Crossed(greater, crossing.held_out - before, crossing)
            leaving[split].setdefault(crossing.row, crossed)

    leave("validation", separate(validation, test, threshold, common), "test")
    # One pass over the training examples for both: the test's rows, then validation's.
    tests = len(test.keys)
    both = Side(
        np.concatenate([test.keys, validation.keys]),
        lambda: chain(test.blocks(), validation.blocks()),
    )
    found = separate(train, both, threshold, common)
    in_test = [crossing for crossing in found if crossing.held_out < tests]
    leave("train", in_test, "test")
    facts = {
        "test_rows_near_train": len({c.held_out for c in in_test if not c.exact}),
        "removed_near_from_train": _count(leaving["train"], _NEAR["test"]),
        "removed_equal_passages": _count(leaving["train"], TEXT_STANDS_IN["test"]),
    }
    stays = [
        crossing
        for crossing in found
        if crossing.held_out >= tests and crossing.held_out - tests not in leaving["validation"]
    ]
    leave("train", stays, "validation", tests)
    return leaving, facts


def _count(crossed: Mapping[int, _Crossed], reason: str) -> int:
    return sum(one.reason == reason for one in crossed.values())


def _rejections(
    split: Split, crossed: Mapping[int, _Crossed], splits: Mapping[Split, Chosen]
) -> Iterator[Rejection]:
    """The ledger's entries, each with the place of the row that it is equal or similar to."""
    because = _places(crossed.values(), splits)
    for at, one in zip(splits[split].places(list(crossed)), crossed.values(), strict=True):
        detail = because[one.greater, one.row]
        if not one.crossing.exact:
            detail += f", {one.crossing.similarity:.2f}"
        yield Rejection(STAGE, one.reason, at["path"], at["locator"], at["example_id"], detail)


def _near_places(
    crossed: Mapping[int, _Crossed], splits: Mapping[Split, Chosen]
) -> list[dict[str, Any]]:
    """The first training rows that are like one of the test, with both places."""
    near = {row: one for row, one in crossed.items() if one.reason == _NEAR["test"]}
    first = {row: near[row] for row in sorted(near)[:_SHOWN]}
    because = _places(first.values(), splits)
    return [
        {
            "test": because[one.greater, one.row],
            "train": place_name(at),
            "similarity": round(one.crossing.similarity, 3),
        }
        for at, one in zip(splits["train"].places(list(first)), first.values(), strict=True)
    ]


def _places(
    crossed: Iterable[_Crossed], splits: Mapping[Split, Chosen]
) -> dict[tuple[Split, int], str]:
    """Where the rows of the greater splits come from."""
    rows: dict[Split, set[int]] = {}
    for one in crossed:
        rows.setdefault(one.greater, set()).add(one.row)
    return {
        (split, row): place_name(at)
        for split, some in rows.items()
        for row, at in zip(sorted(some), splits[split].places(sorted(some)), strict=True)
    }


def _reported(blocks: Iterator[list[Parts]], work: Work) -> Iterator[list[Parts]]:
    """``blocks`` with the progress told."""
    done = 0
    for block in blocks:
        yield block
        done += len(block)
        work.progress.advance(done, step="split")
