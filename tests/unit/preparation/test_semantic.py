"""Rows whose embeddings are alike are found exactly, and only kept ones are compared with."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from laras.preparation import semantic
from laras.preparation.semantic import Embeddings, semantic_matches


def by_brute_force(
    embeddings: Embeddings, threshold: float, domains: list[int]
) -> list[tuple[int, int]]:
    lengths = np.linalg.norm(embeddings, axis=1)
    kept: list[int] = []
    found = []
    for row in range(len(embeddings)):
        cosines = {
            other: float(embeddings[row] @ embeddings[other] / (lengths[row] * lengths[other]))
            for other in kept
            if domains[row] == domains[other]
        }
        best = max(cosines, key=cosines.__getitem__, default=-1)
        if best >= 0 and cosines[best] >= threshold:
            found.append((row, best))
        else:
            kept.append(row)
    return found


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 2**32), st.integers(1, 60), st.sampled_from([3, 16, 1024]))
def test_the_matches_are_those_of_brute_force(seed: int, rows: int, block: int) -> None:
    generator = np.random.default_rng(seed)
    embeddings = generator.normal(size=(rows, 3)).astype(np.float32)
    domains = generator.integers(0, 2, size=rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(semantic, "BLOCK_ROWS", block)
        found = semantic_matches(embeddings, 0.9, domains.astype(np.uint64))
    assert [(match.row, match.kept) for match in found] == by_brute_force(
        embeddings, 0.9, domains.tolist()
    )
    for match in found:
        left, right = embeddings[match.row], embeddings[match.kept]
        true = float(left @ right / (np.linalg.norm(left) * np.linalg.norm(right)))
        assert match.similarity == pytest.approx(true, abs=1e-5)
        assert match.reason == "semantic-duplicate"


def test_a_chain_does_not_collapse_into_one() -> None:
    angles = np.linspace(0, np.pi / 2, 40)
    embeddings = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    found = semantic_matches(embeddings, 0.99)
    assert {match.kept for match in found}.isdisjoint(match.row for match in found)
    assert 40 - len(found) >= 8


def test_rows_without_direction_are_like_no_other() -> None:
    embeddings = np.array(
        [[0, 0], [0, 0], [1, 0], [np.nan, 1], [np.inf, 1], [3, 0], [1e-30, 0]], dtype=np.float32
    )
    found = semantic_matches(embeddings, 0.5)
    assert [(match.row, match.kept) for match in found] == [(5, 2), (6, 2)]
    assert semantic_matches(np.empty((0, 4), dtype=np.float32), 0.5) == []
