"""Rows that begin alike are found, and read together within the budget."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from laras.evaluation.beginnings import (
    LEAST_SHARED,
    Batch,
    padded_batches,
    ragged_batches,
    shared_beginnings,
)

COMMON = list(range(100, 140))
OTHER = list(range(200, 220))


def saved(sequences: list[list[int]], shared: list[int]) -> int:
    """Tokens that are not computed: each beginning is, once."""
    beginnings = {tuple(row[:length]) for row, length in zip(sequences, shared, strict=True)}
    return sum(shared) - sum(map(len, beginnings))


def test_all_rows_share_what_they_begin_with() -> None:
    assert shared_beginnings([[*COMMON, 1, 2], [*COMMON, 3], [*COMMON, 4, 5, 6]]) == [40, 40, 40]


def test_an_outlier_does_not_keep_the_others_from_sharing() -> None:
    rows = [[*COMMON, 1], [7, 8, 9] * 20, [*COMMON, 2], [*OTHER, 1], [*OTHER, 2]]
    assert shared_beginnings(rows) == [40, 0, 40, 20, 20]


def test_each_row_keeps_a_token_of_its_own() -> None:
    assert shared_beginnings([COMMON, COMMON]) == [39, 39]
    assert shared_beginnings([COMMON, [*COMMON, 1]]) == [39, 39]


def test_nothing_is_shared_beyond_the_limits() -> None:
    rows = [[*COMMON, 1], [*COMMON, 2], [*COMMON, 3]]
    assert shared_beginnings(rows, [30, 25, 40]) == [25, 25, 25]
    assert shared_beginnings(rows, [40, 40, LEAST_SHARED - 1]) == [40, 40, 0]


def test_few_common_tokens_are_not_worth_it() -> None:
    short = COMMON[: LEAST_SHARED - 1]
    assert shared_beginnings([[*short, 1], [*short, 2]]) == [0, 0]
    assert shared_beginnings([]) == []
    assert shared_beginnings([[5]]) == [0]


def test_a_long_beginning_of_few_and_a_short_one_of_all_live_side_by_side() -> None:
    few = [[*COMMON, *OTHER, *COMMON, number] for number in range(5)]
    rest = [[*COMMON, number] for number in range(30)]
    assert shared_beginnings([*few, *rest]) == [100] * 5 + [40] * 30


def best_by_trying(sequences: list[list[int]]) -> int:
    """The most that any grouping saves, of all partitions into groups."""
    best = 0
    for owners in itertools.product(range(len(sequences)), repeat=len(sequences)):
        total = 0
        for group in set(owners):
            rows = [row for row, owner in zip(sequences, owners, strict=True) if owner == group]
            common = len(rows[0]) - 1
            for row in rows[1:]:
                pairs = zip(rows[0], row, strict=False)
                same = list(itertools.takewhile(lambda two: two[0] == two[1], pairs))
                common = min(common, len(same), len(row) - 1)
            if common >= LEAST_SHARED:
                total += common * (len(rows) - 1)
        best = max(best, total)
    return best


@pytest.mark.parametrize("seed", range(8))
def test_hardly_any_grouping_saves_more(seed: int) -> None:
    generator = np.random.default_rng(seed)
    sequences = []
    for _row in range(5):
        row: list[int] = []
        for _part in range(3):
            row += [int(generator.integers(2))] * int(generator.integers(8, 20))
        sequences.append([*row, int(generator.integers(50, 90))])
    shared = shared_beginnings(sequences)
    assert saved(sequences, shared) >= 0.9 * best_by_trying(sequences)


def test_a_thousand_rows_of_one_letter_are_no_trouble() -> None:
    rows = [[7] * length for length in range(2, 1500)]
    shared = shared_beginnings(rows)
    assert all(length < len(row) for row, length in zip(rows, shared, strict=True))
    assert saved(rows, shared) > 0


def held(batch: Batch, sequences: list[list[int]], extra: int) -> int:
    beginnings = {
        tuple(sequences[row][:n]) for row, n in zip(batch.rows, batch.shared, strict=True)
    }
    own = sum(len(sequences[row]) - n for row, n in zip(batch.rows, batch.shared, strict=True))
    return own + sum(map(len, beginnings)) + extra * len(batch.rows)


@pytest.mark.parametrize("budget", [1, 90, 200, 5000])
def test_batches_hold_every_row_once_within_the_budget(budget: int) -> None:
    sequences = [[*COMMON, *range(n + 1)] for n in range(20)] + [[n] * (n + 1) for n in range(9)]
    shared = shared_beginnings(sequences)
    batches = ragged_batches(sequences, shared, budget, extra=3)
    assert sorted(row for batch in batches for row in batch.rows) == list(range(len(sequences)))
    for batch in batches:
        assert len(batch.rows) == 1 or held(batch, sequences, 3) <= budget
        for row, length in zip(batch.rows, batch.shared, strict=True):
            assert length in (0, shared[row])
    assert all(len(b.rows) <= 7 for b in ragged_batches(sequences, shared, budget, at_most=7))


def test_who_is_alone_with_a_beginning_shares_nothing() -> None:
    sequences = [[*COMMON, 1, 2, 3], [*COMMON, 2]]
    batches = ragged_batches(sequences, [40, 40], 43)
    assert [(batch.rows, batch.shared) for batch in batches] == [((0,), (0,)), ((1,), (0,))]


def test_padded_batches_share_one_beginning_or_none() -> None:
    sequences = [[*COMMON, *range(n + 1)] for n in range(10)]
    sequences += [[*OTHER, n] for n in range(2)] + [[5, 6, 7]]
    shared = shared_beginnings(sequences)
    batches = padded_batches(sequences, shared, 200, extra=2)
    assert sorted(row for batch in batches for row in batch.rows) == list(range(len(sequences)))
    for batch in batches:
        assert len(set(batch.shared)) == 1
        longest = max(len(sequences[row]) for row in batch.rows)
        assert len(batch.rows) == 1 or len(batch.rows) * (longest + 2) <= 200
    assert {length for batch in batches for length in batch.shared} == {0, 40}
