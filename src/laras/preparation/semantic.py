"""Records that say the same in other words: cosine similarity of embeddings, found exactly.

Matrix products in blocks, so that memory is bounded whatever the number of records. A record is
compared with the *kept* ones only, as everywhere: similarity is not transitive.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from laras.preparation.deduplicate import Match

REASON = "semantic-duplicate"
BLOCK_ROWS = 1024  # a product of two blocks is 4 MB

Embeddings = npt.NDArray[np.float32]
_ROUNDING = 1e-6  # of a cosine in float32


def semantic_matches(
    embeddings: Embeddings, threshold: float, domains: npt.NDArray[np.uint64] | None = None
) -> list[Match]:
    """Each row whose cosine similarity with a kept row is ``threshold`` or more, with the kept row
    that is most like it; the first of each stays.

    ``embeddings``: (n, d), may be a memory map. Rows without direction (all zeros, not finite)
    are like no other. Only rows of the same of ``domains`` are compared. Time is n**2 d at worst,
    memory BLOCK_ROWS * (BLOCK_ROWS + 2 d).
    """
    matches: list[Match] = []
    kept = np.empty(0, dtype=np.int64)
    for start in range(0, len(embeddings), BLOCK_ROWS):
        block = _unit(embeddings[start : start + BLOCK_ROWS])
        rows = np.arange(start, start + len(block))
        best = np.full(len(block), -1.0, dtype=np.float32)
        best_row = np.full(len(block), -1, dtype=np.int64)
        for first in range(0, len(kept), BLOCK_ROWS):
            others = kept[first : first + BLOCK_ROWS]
            cosines = block @ _unit(embeddings[others]).T
            if domains is not None:
                cosines[domains[rows][:, None] != domains[others][None, :]] = -1.0
            place = cosines.argmax(axis=1)
            value = cosines[np.arange(len(block)), place]
            better = value > best
            best[better], best_row[better] = value[better], others[place[better]]
        cosines = block @ block.T
        if domains is not None:
            cosines[domains[rows][:, None] != domains[rows][None, :]] = -1.0
        stays = np.zeros(len(block), dtype=bool)
        for number in range(len(block)):
            inside = np.flatnonzero(stays[:number])
            if len(inside):
                nearest = inside[int(cosines[number, inside].argmax())]
                if cosines[number, nearest] > best[number]:
                    best[number], best_row[number] = cosines[number, nearest], start + nearest
            if best[number] >= threshold - _ROUNDING:
                similarity = min(1.0, float(best[number]))
                matches.append(Match(start + number, int(best_row[number]), REASON, similarity))
            else:
                stays[number] = True
        kept = np.concatenate((kept, rows[stays]))
    return matches


def _unit(rows: npt.NDArray[np.float32]) -> Embeddings:
    """``rows`` at length 1; those without direction at length 0."""
    found = np.asarray(rows, dtype=np.float32)
    with np.errstate(all="ignore"):
        lengths = np.linalg.norm(found.astype(np.float64), axis=1, keepdims=True)
        unit: Embeddings = (found / lengths).astype(np.float32)
    unit[~np.isfinite(unit).all(axis=1)] = 0.0
    return unit
