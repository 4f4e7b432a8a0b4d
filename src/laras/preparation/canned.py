"""Answers that conversations repeat word for word are trained on a limited number of times.

A canned answer is part of how the model should speak, so it isn't erased; but trained on
thousands of times it drowns all else. Further copies stay, as context for what comes after them.
Which copies are trained on is decided by a hash of the conversation, not by the order of files.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from laras.preparation.keys import halves
from laras.preparation.likeness import key_bytes
from laras.preparation.steps import Step

# For each turn the key of what the assistant says and would be trained on, else null.
REPLIES = pa.schema([("reply_keys", pa.list_(pa.binary(16)))])

_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


def _reply_keys(batch: pa.RecordBatch) -> pa.RecordBatch:
    rows = []
    for turns, label in zip(*(column.to_pylist() for column in batch.columns), strict=True):
        learned = [
            label is None and turn["role"] == "assistant" and turn["trained"] is not False
            for turn in turns
        ]
        rows.append(
            [
                key_bytes(turn["content"]) if one else None
                for turn, one in zip(turns, learned, strict=True)
            ]
        )
    return pa.RecordBatch.from_arrays([pa.array(rows, REPLIES.types[0])], schema=REPLIES)


REPLY_KEYS = Step("reply-keys", 1, ("turns", "label"), REPLIES, _reply_keys)


def copies_beyond(
    reply_keys: pa.ChunkedArray, record_keys: pa.ChunkedArray, most: int
) -> dict[int, list[int]]:
    """Rows with the numbers of their turns that are copies past the first ``most``.

    ``reply_keys``: the column of REPLIES for all dialogues; ``record_keys``: their
    ``exact_key``, which decides the order of copies.
    """
    lists = reply_keys.combine_chunks()
    flat = lists.flatten()
    lengths = lists.value_lengths().fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
    row_of = np.repeat(np.arange(len(lengths)), lengths)
    turn_of = np.arange(len(row_of)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    some = np.flatnonzero(np.asarray(flat.is_valid()))
    row_of, turn_of = row_of[some], turn_of[some]
    reply = halves(flat)[some]
    luck = (halves(record_keys)[row_of, 0] ^ reply[:, 0]) * _MULTIPLIER
    order = np.lexsort((turn_of, row_of, luck, reply[:, 1], reply[:, 0]))
    first = np.ones(len(order), dtype=bool)
    ordered = reply[order]
    first[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    places = np.arange(len(order))
    rank = places - np.maximum.accumulate(np.where(first, places, 0))
    beyond: dict[int, list[int]] = defaultdict(list)
    for place in np.sort(order[rank >= most]).tolist():
        beyond[int(row_of[place])].append(int(turn_of[place]))
    return dict(beyond)


def as_context(dialogues: pa.Table, beyond: Mapping[int, Sequence[int]]) -> pa.Table:
    """``dialogues`` (DIALOGUE_SCHEMA or more) in which the turns ``beyond`` aren't trained on."""
    if not beyond:
        return dialogues
    position = dialogues.schema.get_field_index("turns")
    turns = dialogues.column("turns").combine_chunks()
    flat = turns.flatten()
    ends = np.cumsum(turns.value_lengths().fill_null(0).to_numpy(zero_copy_only=False))
    starts = np.concatenate(([0], ends))
    leaving: npt.NDArray[np.bool_] = np.zeros(len(flat), dtype=bool)
    for row, numbers in beyond.items():
        leaving[starts[row] + np.asarray(numbers, dtype=np.int64)] = True
    fields = [flat.field(n) for n in range(flat.type.num_fields)]
    place = flat.type.get_field_index("trained")
    mask = pa.array(leaving)
    fields[place] = pc.if_else(mask, pa.scalar(False), fields[place])
    changed = pa.StructArray.from_arrays(fields, fields=list(flat.type))
    offsets = pa.array(starts, pa.int32())
    column = pa.ListArray.from_arrays(offsets, changed, type=turns.type)
    return dialogues.set_column(position, dialogues.schema.field(position), column)
