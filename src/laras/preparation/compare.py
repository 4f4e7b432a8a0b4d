"""The third stage: which records stay, and which belong together.

First what stands in a held-out set of the user's own leaves the lesser sets, then all but the
first of equal and similar records leave the training data. Memory holds narrow columns; what is
looked at closer is read again from the shards.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from laras.preparation.canned import REPLY_KEYS, as_context
from laras.preparation.describe import Cleaned, CleanShard
from laras.preparation.distinct import STAGE, canned_turns, joined_groups, keep_distinct
from laras.preparation.grams import Hashes
from laras.preparation.keys import dialogue_signatures, document_signatures
from laras.preparation.leak import GROUP_STANDS_IN, TEXT_STANDS_IN, Leak, leak_between
from laras.preparation.ledger import Ledger
from laras.preparation.passages import NOTHING_COMMON
from laras.preparation.refusals import refuse_leak
from laras.preparation.shards import read_shard, write_shard
from laras.preparation.stages import ROLES, Facts, Work, left_out, unit
from laras.preparation.stored_records import Mask, RecordKeys, StoredCorpus
from laras.records import Split
from laras.runs.hashing import content_hash
from laras.translation import _

VERSION = 1  # of this file; raise it when the same records come out otherwise
_AT_ONCE = 5000  # rows whose places are read together
_LESSER_AND_GREATER: tuple[tuple[Split, Split], ...] = (
    ("train", "test"),
    ("validation", "test"),
    ("train", "validation"),
)


@dataclass(frozen=True)
class Compared:
    """By role, which of its records stay, and the group of each, which may not straddle a split.

    ``leak`` and ``duplicates`` are facts for the audit; ``common`` are the 5-grams of boilerplate;
    ``canned`` are turns of training dialogues whose words are trained on often enough elsewhere, by
    the dialogue's number in its role. ``key`` is the stage's.
    """

    stays: Mapping[Split, Mask]
    groups: Mapping[Split, pa.ChunkedArray]
    leak: Facts
    duplicates: Facts
    common: Hashes
    canned: Mapping[int, list[int]]
    key: str

    def rows_of(self, role: Split) -> int:
        """How many records of ``role`` stay."""
        return int(self.stays[role].sum())

    def kept(self, role: Split, shard: CleanShard, first: int) -> pa.Table:
        """The records of ``shard`` that stay, with their ``split_group``; ``first`` is the number
        of its first record in its role."""
        table = read_shard(shard.records.path)
        if role == "train" and shard.kind == "dialogues" and self.canned:
            inside = range(first, first + table.num_rows)
            turns = {row - first: self.canned[row] for row in inside if row in self.canned}
            table = as_context(table, turns)
        groups = self.groups[role].slice(first, table.num_rows)
        stays = pa.array(self.stays[role][first : first + table.num_rows])
        return table.append_column("split_group", groups).filter(stays)


def comparing_key(cleaned: Cleaned, work: Work) -> str:
    """Hash of all that decides what this stage leaves."""
    settings = work.section.model_dump(
        include={
            "exact_duplicates",
            "near_duplicates",
            "near_duplicate_threshold",
            "semantic_threshold",
            "max_reply_copies",
        }
    )
    steps = (document_signatures(NOTHING_COMMON), dialogue_signatures(NOTHING_COMMON), REPLY_KEYS)
    versions = [(step.name, step.version) for step in steps]
    embedder = work.embedder.key if work.embedder else None
    return content_hash(VERSION, cleaned.key, settings, versions, embedder)


def compare_all(cleaned: Cleaned, work: Work) -> Compared:
    """The decision on every record; what leaves is in the ledger.

    Raises DataRefused where too much of the user's own test stands in the training data.
    """
    work.progress.stage(_("Comparing"), cleaned.rows_of("train"))
    key = comparing_key(cleaned, work)
    keys = {role: RecordKeys(cleaned.shards[role]) for role in ROLES}
    with work.stage(STAGE, key) as folder:
        leak = unit(folder, "leak", lambda place: _leak(place, keys, work))
        refuse_leak(work.section, leak)
        stays = {role: _mask(folder / "leak", role, "stays") for role in ROLES}
        work.ledger.take(folder / "leak" / "ledger.arrow")
        rows_left = sum(int(mask.sum()) for mask in stays.values())
        work.ledger.balance("leak", cleaned.rows, rows_left)

        corpus = StoredCorpus(cleaned.shards["train"], stays["train"], folder, work)
        found = unit(
            folder, "distinct", lambda place: keep_distinct(place, keys["train"], corpus, work)
        )
        work.ledger.take(folder / "distinct" / "ledger.arrow")
        left = _mask(folder / "distinct", "train", "stays")
        rows_in = int(stays["train"].sum())
        stays["train"] = stays["train"].copy()
        stays["train"][np.flatnonzero(stays["train"])] = left
        work.ledger.balance(STAGE, rows_in, int(left.sum()))
        groups = {role: keys[role].column("group") for role in ROLES}
        groups["train"] = joined_groups(folder / "distinct", groups["train"])
        common = read_shard(folder / "distinct" / "common.arrow").column("common").to_numpy()
        canned = canned_turns(stays["train"], corpus, keys["train"], folder, work)
        if canned:
            found["canned_replies"] = sum(map(len, canned.values()))
    return Compared(stays, groups, leak, found, common, canned, key)


def _mask(unit_folder: Path, role: Split, name: str) -> Mask:
    column = read_shard(unit_folder / f"{role}.arrow").column(name)
    mask: Mask = column.to_numpy().astype(np.bool_)
    return mask


def _leak(place: Path, keys: Mapping[Split, RecordKeys], work: Work) -> Facts:
    """What stands in a held-out set of the user's own, out of the lesser sets."""
    stays = {role: np.ones(keys[role].rows, dtype=np.bool_) for role in ROLES}
    facts: Facts = {}
    ledger = Ledger()
    with ledger.into(place / "ledger.arrow"):
        for lesser, greater in _LESSER_AND_GREATER:
            numbers, others = np.flatnonzero(stays[lesser]), np.flatnonzero(stays[greater])
            leak = Leak({}, {}, {}, len(others))
            if len(numbers) and len(others):
                leak = leak_between(
                    keys[lesser].compared(stays[lesser]), keys[greater].compared(stays[greater])
                )
            if (lesser, greater) == ("train", "test"):
                facts = {
                    "own_test": bool(work.data.test),
                    **leak.facts(keys[lesser].named(numbers), keys[greater].named(others)),
                }
            leaving = list(leak.leaving.items())
            for start in range(0, len(leaving), _AT_ONCE):
                some = leaving[start : start + _AT_ONCE]
                places = keys[lesser].places([int(numbers[row]) for row, _of_text in some])
                equal = keys[greater].named(others)([leak.because[row] for row, _of_text in some])
                ledger.add(
                    "leak",
                    (
                        left_out(
                            places[int(numbers[row])],
                            "leak",
                            (TEXT_STANDS_IN if of_text else GROUP_STANDS_IN)[greater],
                            equal[leak.because[row]],
                        )
                        for row, of_text in some
                    ),
                )
            stays[lesser][numbers[list(leak.leaving)]] = False
    for role, mask in stays.items():
        write_shard(place / f"{role}.arrow", pa.table({"stays": mask}))
    return facts
