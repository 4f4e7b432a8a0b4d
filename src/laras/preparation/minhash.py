"""MinHash: a record's 5-grams as 80 bytes, by which similar records find each other.

For each of 80 hash functions the smallest hash of a record's 5-grams is kept: two records have
the same with a probability that is their Jaccard similarity (Broder 1997). Of each smallest hash
one byte is enough (b-bit minwise hashing, Li and König 2010): other hashes have the same byte
once in 256.

A record of several parts (what was asked, what was answered) gives the hash functions in turn to
its parts, so that only records that are alike in every part have many bytes in common.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from laras.preparation.grams import Hashes

HASHES = 80
Signatures = npt.NDArray[np.uint8]

_AT_ONCE = 256  # 5-grams; their products with all multipliers stay in the processor's cache
_MULTIPLIERS = np.random.default_rng(20_231_121).integers(
    0, 2**32, size=HASHES, dtype=np.uint32
) | np.uint32(1)
_HALF = np.uint64(32)
_LAST_MULTIPLIER = np.uint32(0x9E3779B1)
_LEAST_RECALL = 0.995
_LEAST_WIDTH = 2


def signatures_of(records: Sequence[Sequence[Hashes]]) -> Signatures:
    """HASHES bytes for each record, whose parts have these 5-grams: an array (records, HASHES)."""
    smallest = np.full((len(records), HASHES), 0xFFFFFFFF, dtype=np.uint32)
    for least, parts in zip(smallest, records, strict=True):
        for number, grams in enumerate(parts):
            own = least[number :: len(parts)]
            multipliers = _MULTIPLIERS[number :: len(parts)]
            halves = (grams >> _HALF).astype(np.uint32)[:, None]
            for start in range(0, len(halves), _AT_ONCE):
                hashed = halves[start : start + _AT_ONCE] * multipliers
                np.minimum(own, np.minimum.reduce(hashed, axis=0), out=own)
    # The high bits of a smallest hash are mostly 0: mix before one byte is taken.
    mixed = (smallest ^ (smallest >> np.uint32(15))) * _LAST_MULTIPLIER
    return (mixed >> np.uint32(24)).astype(np.uint8)


def bands_for(threshold: float) -> tuple[int, int]:
    """(bands, bytes in a band): records that agree in all bytes of a band are compared.

    A pair of similarity s agrees in at least one band with a probability of
    1 - (1 - s ** width) ** bands: the widest bands are taken (fewest needless comparisons) for
    which that is at least 0.995 at the threshold; 16 bands of 5 at 0.8 (0.998; 0.9999 at 0.85).
    Below a threshold of 0.35 it is less.
    """
    for width in range(HASHES, _LEAST_WIDTH, -1):
        bands = HASHES // width
        if 1 - (1 - threshold**width) ** bands >= _LEAST_RECALL:
            return bands, width
    return HASHES // _LEAST_WIDTH, _LEAST_WIDTH


def estimates(one: npt.NDArray[np.uint8], others: Signatures) -> npt.NDArray[np.float64]:
    """The similarity of ``one`` signature with each of ``others``, estimated.

    Its standard deviation is sqrt(s (1 - s) / 80): 0.045 at 0.8.
    """
    equal = np.count_nonzero(others == one, axis=1) / HASHES
    result: npt.NDArray[np.float64] = (equal - 1 / 256) / (1 - 1 / 256)
    return result
