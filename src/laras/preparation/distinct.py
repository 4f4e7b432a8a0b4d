"""The first of each set of equal and similar records stays; the rest goes to the ledger.

What is alike and stays becomes one group. Answers that many conversations repeat stay too, but
are trained on a limited number of times.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from laras.preparation.canned import copies_beyond
from laras.preparation.deduplicate import (
    Duplicates,
    Match,
    copies,
    find_duplicates,
    label_codes,
    with_staying,
)
from laras.preparation.groups import Groups
from laras.preparation.ledger import Ledger
from laras.preparation.semantic import REASON as SEMANTIC
from laras.preparation.semantic import semantic_matches
from laras.preparation.shards import read_shard, write_shard
from laras.preparation.stages import Facts, Work, cut_short, left_out, place_name, unit
from laras.preparation.stored_records import Mask, RecordKeys, StoredCorpus
from laras.records import Rejection

STAGE = "deduplicate"
_AT_ONCE = 5000  # rows whose places are read together
_EMBEDDED_AT_ONCE = 4096
_CLUSTERS_SHOWN = 5


def keep_distinct(place: Path, keys: RecordKeys, corpus: StoredCorpus, work: Work) -> Facts:
    """The first of each set of duplicates stays; what is alike and stays is one group."""
    section = work.section
    table = keys.table(["domain", "exact_key", "word_count", "label"])
    table = table.filter(pa.array(corpus.stays))
    found = find_duplicates(table, corpus, near=True, threshold=section.near_duplicate_threshold)
    dropped = found.dropped(exact=section.exact_duplicates, near=section.near_duplicates)
    stays = np.ones(table.num_rows, dtype=np.bool_)
    stays[[match.row for match in dropped]] = False
    semantic = _semantic(table, stays, corpus, place, work)
    stays[[match.row for match in semantic]] = False
    found.matches = sorted([*found.matches, *semantic], key=lambda match: match.row)
    dropped = sorted(with_staying([*dropped, *semantic]), key=lambda match: match.row)
    dup_count = copies(dropped, table.num_rows)
    ledger = Ledger()
    with ledger.into(place / "ledger.arrow"):
        for start in range(0, len(dropped), _AT_ONCE):
            ledger.add(STAGE, _rejections(dropped[start : start + _AT_ONCE], keys, corpus.numbers))
        counts = ledger.reasons(STAGE)
    write_shard(place / "train.arrow", pa.table({"stays": stays, "dup_count": dup_count}))
    write_shard(place / "common.arrow", pa.table({"common": found.common}))
    alike = [match for match in found.matches if stays[match.row]]
    _write_joined(place, keys, corpus.numbers, alike)
    facts = _facts(found, counts, keys, corpus.numbers)
    stand_for_more = dup_count[stays & (dup_count > 1)]
    facts["records_with_copies"] = len(stand_for_more)
    facts["most_copies"] = int(stand_for_more.max(initial=1))
    return facts


def _semantic(
    table: pa.Table, stays: Mask, corpus: StoredCorpus, place: Path, work: Work
) -> list[Match]:
    """Records that say what another one says in other words, among those that stay."""
    threshold, embedder = work.section.semantic_threshold, work.embedder
    if threshold is None or embedder is None:
        return []
    rows = np.flatnonzero(stays)
    embeddings: Any = None
    for start in range(0, len(rows), _EMBEDDED_AT_ONCE):
        some = embedder.embed(corpus.texts(rows[start : start + _EMBEDDED_AT_ONCE]))
        if embeddings is None:
            shape = (len(rows), some.shape[1])
            embeddings = np.lib.format.open_memmap(
                place / "embeddings.npy", "w+", np.float32, shape
            )
        embeddings[start : start + len(some)] = some
        work.progress.advance(start, step="embeddings")
    if embeddings is None:
        return []
    # Texts with different labels are told apart by somebody who knows better.
    labels = label_codes(table.column("label")).astype(np.uint64)
    domains = (table.column("domain").to_numpy() + labels)[rows]
    found = semantic_matches(embeddings, threshold, domains)
    del embeddings
    (place / "embeddings.npy").unlink()
    return [replace(match, row=int(rows[match.row]), kept=int(rows[match.kept])) for match in found]


def canned_turns(
    stays: Mask, corpus: StoredCorpus, keys: RecordKeys, folder: Path, work: Work
) -> dict[int, list[int]]:
    """Turns whose words are trained on often enough in other dialogues, and a note on each."""
    most = work.section.max_reply_copies
    if most is None or not corpus.dialogues:
        return {}

    def make(place: Path) -> Facts:
        first = keys.rows - corpus.dialogues
        staying = pa.array(stays[first:])
        exact = keys.column("exact_key").slice(first).filter(staying)
        beyond = copies_beyond(corpus.reply_keys().filter(staying), exact, most)
        numbers = np.flatnonzero(stays[first:]) + first
        turns = {int(numbers[row]): found for row, found in beyond.items()}
        rows = sorted(turns)
        ledger = Ledger()
        with ledger.into(place / "ledger.arrow"):
            for start in range(0, len(rows), _AT_ONCE):
                places = keys.places(rows[start : start + _AT_ONCE])
                ledger.add(
                    STAGE,
                    (
                        cut_short(places[row], STAGE, "canned-reply", str(len(turns[row])))
                        for row in places
                    ),
                )
        return {"turns": [[row, turns[row]] for row in rows]}

    facts = unit(folder, "replies", make)
    work.ledger.take(folder / "replies" / "ledger.arrow")
    return dict(facts["turns"])


def _rejections(
    matches: Sequence[Match], keys: RecordKeys, numbers: npt.NDArray[np.int64]
) -> Iterator[Rejection]:
    pairs = [(int(numbers[match.row]), int(numbers[match.kept])) for match in matches]
    places = keys.places([row for pair in pairs for row in pair])
    for match, (row, kept) in zip(matches, pairs, strict=True):
        detail = place_name(places[kept])
        if match.reason == "conflicting-label":
            detail += f", {places[row]['label']} / {places[kept]['label']}"
        elif match.reason in ("near-duplicate", SEMANTIC):
            detail += f", {match.similarity:.2f}"
        yield left_out(places[row], STAGE, match.reason, detail)


def _write_joined(
    place: Path, keys: RecordKeys, numbers: npt.NDArray[np.int64], alike: Sequence[Match]
) -> None:
    """The names of groups that got another, because a record of theirs is like one elsewhere."""
    groups = Groups()
    names: dict[int, str] = {}
    if alike:
        rows = sorted({row for match in alike for row in (match.row, match.kept)})
        of_rows = keys.column("group").take(pa.array(numbers[rows])).to_pylist()
        names = dict(zip(rows, of_rows, strict=True))
    for match in alike:
        groups.join(names[match.row], names[match.kept])
    renamed = {name: groups.name_of(name) for name in sorted(set(names.values()))}
    table = {"name": list(renamed), "joined": list(renamed.values())}
    write_shard(
        place / "groups.arrow", pa.table(table, pa.schema([(n, pa.string()) for n in table]))
    )


def joined_groups(unit_folder: Path, column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The groups of all records after joining."""
    renamed = dict(
        zip(*(c.to_pylist() for c in read_shard(unit_folder / "groups.arrow").columns), strict=True)
    )
    if not renamed:
        return column
    encoded = column.combine_chunks().dictionary_encode()
    names = [renamed.get(name, name) for name in encoded.dictionary.to_pylist()]
    return pa.chunked_array([pa.array(names, pa.string()).take(encoded.indices)])


def _facts(
    found: Duplicates,
    dropped: Mapping[str, int],
    keys: RecordKeys,
    numbers: npt.NDArray[np.int64],
) -> Facts:
    """How many duplicates of each kind, how they were found, and the largest clusters."""
    reasons: dict[str, int] = {}
    for match in found.matches:
        reasons[match.reason] = reasons.get(match.reason, 0) + 1
    clusters = found.clusters()
    largest = list(clusters.items())[:_CLUSTERS_SHOWN]
    shown = [[kept, *(match.row for match in matches[:3])] for kept, matches in largest]
    places = keys.places([int(numbers[row]) for rows in shown for row in rows])
    return {
        "found": dict(sorted(reasons.items())),
        "dropped": dict(dropped),
        "candidates": found.candidates,
        "verified": found.verified,
        "full_buckets": found.full_buckets,
        "clusters": len(clusters),
        "largest": [
            {
                "size": len(matches) + 1,
                "kept": place_name(places[int(numbers[kept])]),
                "others": [place_name(places[int(numbers[m.row])]) for m in matches[:3]],
            }
            for kept, matches in largest
        ],
    }
