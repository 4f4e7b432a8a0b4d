"""What a row holds: labels to the digit, whatever is left out or shared."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from laras.batches.cache import write_cache
from laras.batches.prefixes import LEAST_SHARED, pieces_of
from laras.batches.token_batch import IGNORED, EncodedExample, TokenBatch, collate
from packed_examples import examples


def targets(batch: TokenBatch, lengths: list[int]) -> dict[tuple[str, int], tuple[int, float]]:
    """(example, position) -> label and weight, of rows in which each example stands by itself."""
    found = {}
    start = 0
    for name, length in zip(batch.example_ids, lengths, strict=True):
        for at in range(length):
            if int(batch.labels[start + at]) != IGNORED:
                label, weight = int(batch.labels[start + at]), float(batch.weights[start + at])
                found[name, at] = label, weight
        start += length
    return found


def by_hand(rows: list[EncodedExample]) -> dict[tuple[str, int], tuple[int, float]]:
    return {
        (row.example_id, at): (int(row.input_ids[at + 1]), row.weight)
        for row in rows
        for at in range(len(row) - 1)
        if row.trained[at + 1]
    }


@given(st.lists(st.integers(1, 12), min_size=1, max_size=6), st.integers(0, 99), st.booleans())
def test_labels_are_those_of_the_definition(lengths: list[int], seed: int, cut: bool) -> None:
    rows = examples(lengths, seed=seed, trained=0.3)
    batch = collate(rows, cut=cut)
    kept = (batch.cu_seqlens[1:] - batch.cu_seqlens[:-1]).tolist()
    assert targets(batch, kept) == by_hand(rows)
    assert batch.selected.tolist() == (batch.labels != IGNORED).nonzero().squeeze(1).tolist()
    assert batch.source_tokens == sum(lengths)
    assert batch.tokens == sum(kept) <= batch.source_tokens
    assert batch.position_ids.tolist() == [at for length in kept for at in range(length)]
    assert batch.max_seqlen == max(kept)


def test_a_cut_example_ends_with_the_position_that_predicts_its_last_trained_token() -> None:
    rows = examples([9, 6, 4], trained=1.0)
    rows[0].trained[5:] = False  # a question behind the last answer, say
    rows[1].trained[:] = False
    batch = collate(rows, cut=True)
    assert batch.cu_seqlens.tolist() == [0, 4, 5, 8]
    assert batch.labels[3] == rows[0].input_ids[4]
    assert collate(rows).tokens == batch.source_tokens == 19
    assert batch.trained_tokens == collate(rows).trained_tokens


def test_collating_changes_no_example() -> None:
    row = examples([6], trained=1.0)[0]
    row.trained[0] = True
    collate([row], cut=True, share_prefixes=True)
    assert row.trained.all()


def test_weights_are_divided_before_they_are_rounded() -> None:
    rows = [
        EncodedExample(row.example_id, row.input_ids, row.trained, 0.7) for row in examples([9])
    ]
    scaled = collate(rows).scaled(3.0).weights
    assert torch.equal(scaled[scaled > 0], torch.full_like(scaled[scaled > 0], 0.7 / 3.0))


def behind_prefix(shared: int, tails: list[int], seed: int = 0) -> list[EncodedExample]:
    """Examples that begin with the same ``shared`` tokens and then differ at once."""
    start = examples([shared], seed=seed)[0]
    made = []
    for number, row in enumerate(examples(tails, seed=seed + 1)):
        ids = np.concatenate([start.input_ids, row.input_ids])
        ids[shared] = 200 + number
        trained = np.concatenate([start.trained & (number % 2 == 0), row.trained])
        made.append(EncodedExample(f"{seed}-{number}", ids, trained, 1.0 + number))
    return made


def test_a_shared_beginning_stands_in_the_row_once() -> None:
    rows = behind_prefix(100, [8, 5, 11])
    alone = examples([30])
    batch = collate([rows[0], *alone, *rows[1:]], share_prefixes=True)
    assert batch.segments is not None
    # The last common token belongs to each suffix: it predicts how they differ.
    assert batch.segments.tolist() == [
        [0, 99, 0, 0],
        [99, 9, 0, 99],
        [108, 6, 0, 99],
        [114, 12, 0, 99],
        [126, 30, 126, 0],
    ]
    assert batch.tokens == 156
    assert batch.source_tokens == 3 * 100 + 8 + 5 + 11 + 30
    assert batch.cu_seqlens.tolist() == [0, 99, 108, 114, 126, 156]
    assert batch.position_ids[108:114].tolist() == list(range(99, 105))
    assert batch.max_seqlen == 111


def test_weights_of_a_shared_position_add_up() -> None:
    rows = behind_prefix(80, [6, 6, 6])
    shared, apart = collate(rows, share_prefixes=True), collate(rows)
    assert float(shared.weights.sum()) == float(apart.weights.sum())
    trained = rows[0].trained[1:79]
    assert shared.weights[:78][torch.from_numpy(trained)].unique().tolist() == [1.0 + 3.0]
    assert shared.labels[:78][torch.from_numpy(trained)].tolist() == (
        rows[0].input_ids[1:79][trained].tolist()
    )


def test_short_or_single_beginnings_are_not_shared() -> None:
    assert collate(behind_prefix(LEAST_SHARED, [9, 9]), share_prefixes=True).segments is None
    assert (
        collate(behind_prefix(LEAST_SHARED + 1, [9, 9]), share_prefixes=True).segments is not None
    )
    assert collate(behind_prefix(100, [9]), share_prefixes=True).segments is None


def test_equal_examples_each_keep_a_position_of_their_own() -> None:
    row = examples([90])[0]
    batch = collate([row, row], cut=True, share_prefixes=True)
    assert batch.segments is not None
    assert (batch.segments[:, 1] > 0).all()
    assert float(batch.weights.sum()) == 2 * float(collate([row]).weights.sum())


def saved(rows: list[np.ndarray]) -> int:
    kept = [len(row) for row in rows]
    return sum(kept) - sum(piece.length for piece in pieces_of(rows, kept))


def most_saved(rows: list[np.ndarray]) -> int:
    """By trying all partitions into groups."""

    def common(group: list[np.ndarray]) -> int:
        size = min(len(row) for row in group)
        same = [len({int(row[at]) for row in group}) == 1 for at in range(size)]
        shared = (same.index(False) if False in same else size) - 1
        return shared if shared >= LEAST_SHARED else 0

    def best(left: list[np.ndarray], groups: list[list[np.ndarray]]) -> int:
        if not left:
            return sum(common(group) * (len(group) - 1) for group in groups)
        first, *rest = left
        joined = [
            best(rest, [*groups[:n], [*group, first], *groups[n + 1 :]])
            for n, group in enumerate(groups)
        ]
        return max([best(rest, [*groups, [first]]), *joined])

    return best(rows, [])


@given(st.lists(st.lists(st.integers(0, 2), max_size=4), min_size=1, max_size=6))
def test_prefixes_are_chosen_so_that_most_is_saved(branches: list[list[int]]) -> None:
    # A tree of passages: each number is 40 tokens, so sharing begins with the second level.
    rows = [np.repeat(np.array([*branch, 9], dtype=np.int32), 40) for branch in branches]
    assert saved(rows) == most_saved(rows)


def test_reading_an_example_makes_no_object_for_each_token(tmp_path: Path) -> None:
    tokens = 500_000
    cache = write_cache(tmp_path / "tokens.arrow", examples([tokens]))
    cache[0]
    tracemalloc.start()
    row = cache[0]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(row) == tokens
    # A byte for each boolean; a list would take eight bytes a token for its places alone.
    assert peak < 2 * tokens
    assert not row.input_ids.flags.owndata, "the ids are looked at where they lie"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_batch_goes_to_the_gpu_whole() -> None:
    batch = collate(examples([9, 4]))
    there = batch.to(torch.device("cuda"))
    assert there.input_ids.is_cuda
    assert torch.equal(there.labels.cpu(), batch.labels)


def test_a_filled_batch_has_one_segment_more_that_nobody_reads() -> None:
    for share in (False, True):
        batch = collate(examples([70, 75, 9], seed=3), share_prefixes=share)
        filled = batch.filled(batch.tokens + 5)
        assert filled.tokens == batch.tokens + 5 == int(filled.cu_seqlens[-1])
        assert filled.position_ids[-5:].tolist() == [0, 1, 2, 3, 4]
        assert torch.equal(filled.selected, batch.selected)
        assert torch.equal(filled.labels[: batch.tokens], batch.labels)
        assert set(filled.labels[batch.tokens :].tolist()) == {IGNORED}
        assert filled.trained_tokens == batch.trained_tokens
        assert filled.example_ids == batch.example_ids
        if batch.segments is not None:
            assert filled.segments[-1].tolist() == [batch.tokens, 5, batch.tokens, 0]
        assert batch.filled(batch.tokens) is batch
