"""Runs of words as 64-bit numbers, for whole batches of texts at once.

Comparing texts needs no text: five words in a row become one number, equal for equal words and
else different but for chance. Among n different runs, some two get the same number with a
probability of about n**2 / 2**65: 3 in 10,000 for a hundred million runs.

Words are those of :func:`laras.preparation.likeness.words`. They are found in bytes, all texts
of a batch side by side: a letter is a byte that belongs to a word, so that where words begin and
end, and what they hash to, are a few array operations for the batch, not a loop over its words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

from laras.preparation.likeness import IN_WORD, SHINGLE_WORDS, WORD_ITSELF

Hashes = npt.NDArray[np.uint64]
Numbers = npt.NDArray[np.int64]

_BYTES = 8  # of a word that are hashed at once
_AT_ONCE = 1 << 18  # bytes of texts; what is made of them stays in the processor's cache
_SPACE = 32
_LAST_LETTER = 0x40000  # Unicode has none in its later planes
_MULTIPLIERS = np.random.default_rng(20_230_817).integers(
    1, 2**63, size=64, dtype=np.uint64
) | np.uint64(1)
_FIRST_BYTES = np.array([(1 << (8 * n)) - 1 for n in range(_BYTES + 1)], dtype=np.uint64)
_ODD = np.uint64(1)
_EVEN = ~_ODD
# Above ASCII, only what belongs to words is left when a text's bytes are looked at.
_LETTER_BYTES = np.array([n >= 128 or chr(n).isalnum() or chr(n) == "_" for n in range(256)])


def word_counts(texts: Sequence[str]) -> npt.NDArray[np.int64]:
    """How many words each text has."""
    counts = [np.empty(0, dtype=np.int64)]
    for blobs in _pieces(texts):
        _joined, starts, _lengths, ends = _bounds(blobs)
        counts.append(np.diff(np.searchsorted(starts, ends), prepend=0))
    return np.concatenate(counts)


def runs(texts: Sequence[str], length: int) -> list[Hashes]:
    """For each text its runs of ``length`` words as numbers, in their order and with repetitions.

    A text of fewer words, but not of none, is one run by itself, with the lowest bit set; the
    others have it clear.
    """
    return [found for blobs in _pieces(texts) for found in _runs_of(*_hash_words(blobs), length)]


def grams_of(texts: Sequence[str]) -> list[Hashes]:
    """The word 5-grams of each text as numbers, in their order and with repetitions."""
    return runs(texts, SHINGLE_WORDS)


def is_short(grams: Hashes) -> bool:
    """Whether these are the runs of a text that has no full one."""
    return len(grams) < 2 and not any(gram & 1 == 0 for gram in grams.tolist())


def distinct(grams: Hashes) -> Hashes:
    """``grams`` sorted, each once."""
    if len(grams) < 2:
        return grams
    ordered = np.sort(grams)
    first = np.empty(len(ordered), dtype=bool)
    first[0] = True
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    return ordered[first]


def in_common(left: Hashes, right: Hashes) -> int:
    """How many numbers two arrays of :func:`distinct` have in common."""
    small, large = (left, right) if len(left) <= len(right) else (right, left)
    if not len(small):
        return 0
    place = np.minimum(np.searchsorted(large, small), len(large) - 1)
    return int(np.count_nonzero(large[place] == small))


def similarity(left: Hashes, right: Hashes) -> float:
    """Jaccard: shared over all, of two arrays of :func:`distinct`; 0 where one is empty."""
    if not len(left) or not len(right):
        return 0.0
    both = in_common(left, right)
    return both / (len(left) + len(right) - both)


def _pieces(texts: Sequence[str]) -> Iterator[list[bytes]]:
    """The bytes of texts, of about _AT_ONCE together."""
    blobs: list[bytes] = []
    size = 0
    for text in texts:
        blobs.append(_bytes_of(text))
        size += len(blobs[-1])
        if size >= _AT_ONCE:
            yield blobs
            blobs, size = [], 0
    if blobs:
        yield blobs


def _bytes_of(text: str) -> bytes:
    """``text`` normalised for comparing, in UTF-8, with a space for all that is in no word."""
    if text.isascii():
        return text.lower().encode()
    folded = unicodedata.normalize("NFKC", text).casefold()
    codes = np.frombuffer(folded.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    kinds = _kinds()[codes]
    codes = np.where(kinds == 0, np.uint32(_SPACE), codes)
    if (kinds == 2).any():  # each of these is a word: a space on either side
        width = np.where(kinds == 2, 3, 1)
        spaced = np.full(int(width.sum()), _SPACE, dtype=np.uint32)
        spaced[np.cumsum(width) - np.where(kinds == 2, 2, 1)] = codes
        codes = spaced
    clean = codes.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")
    return clean.encode("utf-8", "surrogatepass")


@cache
def _kinds() -> npt.NDArray[np.uint8]:
    """For each code point: 0 in no word, 1 part of a word, 2 a word by itself."""
    kinds = np.zeros(0x110000, dtype=np.uint8)
    every = "".join(map(chr, range(_LAST_LETTER)))
    for kind, pattern in ((1, IN_WORD), (2, WORD_ITSELF)):
        for match in re.finditer(f"[{pattern}]+", every):
            kinds[match.start() : match.end()] = kind
    return kinds


def _bounds(blobs: list[bytes]) -> tuple[bytes, Numbers, Numbers, Numbers]:
    """The texts joined; where words start and how long they are; where texts end in it."""
    joined = b"\n".join(blobs) + b"\n" + bytes(_BYTES)
    letter = _LETTER_BYTES[np.frombuffer(joined, dtype=np.uint8)]
    edges = np.flatnonzero(letter[1:] != letter[:-1]) + 1
    if letter[0]:
        edges = np.concatenate((np.zeros(1, dtype=edges.dtype), edges))
    ends = np.cumsum([len(blob) + 1 for blob in blobs])
    return joined, edges[0::2], edges[1::2] - edges[0::2], ends


def _hash_words(blobs: list[bytes]) -> tuple[Hashes, Numbers]:
    """All words as one array of numbers, and where each text ends in it.

    Eight bytes are hashed after the other; few words have more than two such pieces.
    """
    joined, starts, lengths, ends = _bounds(blobs)
    eight = np.ndarray((len(joined) - _BYTES + 1,), dtype="<u8", buffer=joined, strides=(1,))
    first = eight[starts] & _FIRST_BYTES[np.minimum(lengths, _BYTES)]
    hashes = _mixed(first * _MULTIPLIERS[-1] + lengths.astype(np.uint64))
    done = _BYTES
    longer = np.flatnonzero(lengths > done)
    while len(longer):
        left = np.minimum(lengths[longer] - done, _BYTES)
        piece = eight[starts[longer] + done] & _FIRST_BYTES[left]
        hashes[longer] = _mixed((hashes[longer] ^ piece) * _MULTIPLIERS[-2])
        done += _BYTES
        longer = longer[lengths[longer] > done]
    return hashes, np.searchsorted(starts, ends)


def _runs_of(hashes: Hashes, ends: Numbers, length: int) -> Iterator[Hashes]:
    count = max(0, len(hashes) - length + 1)
    sums = np.zeros(count, dtype=np.uint64)
    for place in range(length):
        sums += hashes[place : place + count] * _MULTIPLIERS[place]
    found = _mixed(sums) & _EVEN
    start = 0
    for end in ends.tolist():
        if end - start >= length:
            yield found[start : end - length + 1]
        else:
            yield _short(hashes[start:end])
        start = end


def _short(hashes: Hashes) -> Hashes:
    if not len(hashes):
        return hashes
    sums = (hashes * _MULTIPLIERS[: len(hashes)]).sum(dtype=np.uint64, keepdims=True)
    return _mixed(sums + np.uint64(len(hashes))) | _ODD


def _mixed(numbers: Hashes) -> Hashes:
    """Numbers whose high and low bits all depend on all bits of ``numbers``."""
    mixed = numbers ^ (numbers >> np.uint64(32))
    mixed *= np.uint64(0xD6E8FEB86659FD93)
    mixed ^= mixed >> np.uint64(32)
    return mixed
