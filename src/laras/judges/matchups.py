"""Which answers are compared: two contenders' to the same test question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_COLUMNS = ("example_id", "group", "prompt", "reference", "prediction")


@dataclass(frozen=True, slots=True)
class Matchup:
    """A test row that the contenders ``first`` and ``second`` both answered."""

    example_id: str
    group: str
    question: str
    reference: str
    first: str
    second: str
    first_answer: str
    second_answer: str

    @property
    def is_even(self) -> bool:
        """Whether the answers are the same, so that nobody need be asked."""
        return self.first_answer.strip() == self.second_answer.strip()


def matchups(
    predictions: Mapping[str, pa.Table], reference: str, rows: int, seed: int
) -> list[Matchup]:
    """The contender ``reference`` against each other one that answered in free text.

    ``predictions``: tables of PREDICTION_SCHEMA by contender. At most ``rows`` of each pair, in a
    random order that ``seed`` alone decides; one row of every pair, then the next of every pair,
    so that whoever stops early has as much of each. Another contender in the recipe changes none of
    the pairs that were there.
    """
    own = _answered(predictions[reference])
    names = sorted(own)
    drawn = [names[place] for place in np.random.default_rng(seed).permutation(len(names))]
    pairs = []
    for name, table in predictions.items():
        if name == reference:
            continue
        others = _answered(table)
        shared = [example_id for example_id in drawn if example_id in others][:rows]
        pairs.append([_matchup(own[each], others[each], reference, name) for each in shared])
    longest = max(map(len, pairs), default=0)
    return [pair[rank] for rank in range(longest) for pair in pairs if rank < len(pair)]


def _answered(table: pa.Table) -> dict[str, dict[str, str]]:
    """Rows with an answer in words, by name; a label is right or wrong, and needs no judge."""
    has_words = pc.and_(pc.equal(table["task"], "chat"), pc.is_valid(table["prediction"]))
    rows = table.filter(has_words).select(_COLUMNS).to_pylist()
    return {row["example_id"]: row for row in rows}


def _matchup(own: Mapping[str, str], other: Mapping[str, str], first: str, second: str) -> Matchup:
    return Matchup(
        own["example_id"],
        own["group"],
        own["prompt"],
        own["reference"],
        first,
        second,
        own["prediction"],
        other["prediction"],
    )
