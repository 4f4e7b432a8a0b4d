"""What the quality rules judge: lengths, shares and repetition, for all texts of a batch at once.

Words and lines become numbers first, in Arrow; everything else is arithmetic on arrays. Shapes: R
texts, W words of all of them, one after the other.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

_Numbers = NDArray[Any]

_SHORT_LINE = 20  # characters; "Article 1" and "Not applicable." repeat for good reasons
_PARAGRAPH = 30  # characters; shorter ones are headings and entries
_LEAST_PARAGRAPHS = 5
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # 2^64 divided by the golden ratio: spreads low bits
_STEP = np.uint64(0x100000001B3)
_PUNCTUATION = ".,;:!?()[]{}\"'“”‘’«»*_"
_BULLET = r"^(?:[-*•‣▪◦●○■□‧]\s|[•‣▪●])"
_CLOSED = r"[.!?…:;。！？।؟](?:[\"'”’»)\]*_]|\[\d+\])*$"
_NO_PROSE = r"^#|(?:^|\n)\s*(?:[-*•‣▪◦●○■□]|\d{1,3}[.)])\s"
_MARKER = r"^(?:[-*•‣▪◦●○■□–]|\(?\d{1,3}[.)])$"  # of an item of a list: not a word

PASSAGE_WORDS = 1000

# Nested: a longer run of words that repeats holds shorter ones that do. What is below these shares
# at its shortest is not looked at further, and keeps that share as a bound for the longer ones.
NOTABLE_TOP = 0.15
NOTABLE_DUPLICATES = 0.25


@dataclass(frozen=True)
class Measures:
    """One number a text. Shares are of 1; NaN where a text has too little to tell."""

    words: _Numbers
    word_length: _Numbers  # mean, in characters
    words_with_letters: _Numbers
    symbols_per_word: _Numbers
    lines_per_word: _Numbers
    bullet_lines: _Numbers
    ellipsis_lines: _Numbers
    duplicate_lines: _Numbers
    duplicate_line_characters: _Numbers
    duplicate_paragraphs: _Numbers
    duplicate_paragraph_characters: _Numbers
    closed_paragraphs: _Numbers
    top_ngram: _Numbers  # (3, R): characters of the most frequent 2, 3, 4 words
    duplicate_ngrams: _Numbers  # (6, R): characters in 5 to 10 words that occurred before
    pieces: Pieces

    def stop_words(self, words: Collection[str]) -> _Numbers:
        """How many words of each text are among ``words``, which are in lower case."""
        bare = pc.utf8_lower(pc.utf8_trim(self.pieces.distinct, characters=_PUNCTUATION))
        among = pc.is_in(bare, pa.array(sorted(words), bare.type)).to_numpy(zero_copy_only=False)
        return self.pieces.count(among[self.pieces.codes])


@dataclass(frozen=True)
class Pieces:
    """Texts cut in pieces: the number of each piece's text among ``distinct``, its row, its length
    in characters."""

    rows: int
    distinct: pa.Array
    codes: _Numbers
    row: _Numbers
    lengths: _Numbers

    @classmethod
    def of(cls, lists: pa.Array, *, trim: bool = False) -> Pieces:
        """From a list of texts a row; empty ones are dropped."""
        row = np.repeat(np.arange(len(lists)), pc.list_value_length(lists).to_numpy())
        flat = lists.flatten()
        encoded = (pc.utf8_trim_whitespace(flat) if trim else flat).dictionary_encode()
        codes = encoded.indices.to_numpy(zero_copy_only=False)
        lengths = pc.utf8_length(encoded.dictionary).to_numpy(zero_copy_only=False)[codes]
        there = lengths > 0
        if not there.all():
            codes, row, lengths = codes[there], row[there], lengths[there]
        return cls(len(lists), encoded.dictionary, codes, row, lengths)

    def only(self, mask: _Numbers) -> Pieces:
        """The pieces where ``mask`` is true."""
        return Pieces(
            self.rows, self.distinct, self.codes[mask], self.row[mask], self.lengths[mask]
        )

    def count(self, weights: _Numbers | None = None) -> _Numbers:
        """How many pieces each row has, or the sum of their ``weights``."""
        return np.bincount(self.row, weights=weights, minlength=self.rows)

    def matches(self, pattern: str) -> _Numbers:
        """Whether each piece matches ``pattern`` (RE2)."""
        found = pc.match_substring_regex(self.distinct, pattern).to_numpy(zero_copy_only=False)
        return np.asarray(found)[self.codes]


def measure(texts: pa.Array) -> Measures:
    """The measures of ``texts`` (R large strings)."""
    words = Pieces.of(pc.utf8_split_whitespace(texts))
    lines = Pieces.of(pc.split_pattern(texts, "\n"), trim=True)
    paragraphs = Pieces.of(pc.split_pattern(texts, "\n\n"), trim=True)
    characters = pc.utf8_length(texts).to_numpy(zero_copy_only=False)
    number = words.count()
    no_markers = number - words.count(words.matches(_MARKER))
    symbols = sum(
        pc.count_substring_regex(texts, sign).to_numpy(zero_copy_only=False)
        for sign in (r"#\w", r"\.\.\.|…")
    )
    prose = paragraphs.only((paragraphs.lengths >= _PARAGRAPH) & ~paragraphs.matches(_NO_PROSE))
    closed = _share(prose.count(prose.matches(_CLOSED)), prose.count())
    closed[prose.count() < _LEAST_PARAGRAPHS] = np.nan
    long_lines = lines.only(lines.lengths >= _SHORT_LINE)
    again = _seen_before(long_lines.codes, long_lines.row)
    paragraph_again = _seen_before(prose.codes, prose.row)
    return Measures(
        words=number,
        word_length=_share(words.count(words.lengths), number),
        words_with_letters=_share(words.count(words.matches(r"\p{L}")), no_markers),
        symbols_per_word=_share(symbols, number),
        lines_per_word=_share(lines.count(), number),
        bullet_lines=_share(lines.count(lines.matches(_BULLET)), lines.count()),
        ellipsis_lines=_share(lines.count(lines.matches(r"(?:\.\.\.|…)$")), lines.count()),
        duplicate_lines=_share(long_lines.count(again), long_lines.count()),
        duplicate_line_characters=_share(long_lines.count(again * long_lines.lengths), characters),
        duplicate_paragraphs=_share(prose.count(paragraph_again), prose.count()),
        duplicate_paragraph_characters=_share(
            prose.count(paragraph_again * prose.lengths), characters
        ),
        closed_paragraphs=closed,
        top_ngram=_top_ngrams(words, characters),
        duplicate_ngrams=_duplicate_ngrams(words),
        pieces=words,
    )


def _share(part: Any, whole: _Numbers) -> _Numbers:
    return np.asarray(part, dtype=np.float64) / np.maximum(whole, 1)


def _codes_of(keys: _Numbers) -> tuple[_Numbers, _Numbers]:
    """A number for each of ``keys`` in the order of appearance, and where it appears first."""
    codes = pa.array(keys).dictionary_encode().indices.to_numpy(zero_copy_only=False)
    if not len(codes):
        return codes, np.zeros(0, dtype=bool)
    highest = np.maximum.accumulate(codes)
    first = np.empty(len(codes), dtype=bool)
    first[0] = True
    first[1:] = codes[1:] > highest[:-1]
    return codes, first


def _recurring(keys: _Numbers) -> _Numbers:
    """Places of all ``keys`` that occur twice, and of a few that don't.

    Most keys are alone. Each writes its place into a slot that its high bits name; whoever does
    not find its own place there again shares the slot. That is a third of the time of hashing.
    """
    bits = min(max(10, len(keys).bit_length() + 2), 22)
    slots = (keys >> np.uint64(64 - bits)).astype(np.int64)
    places = np.arange(len(keys), dtype=np.int32)
    last = np.empty(1 << bits, dtype=np.int32)
    last[slots] = places
    shared = np.zeros(1 << bits, dtype=bool)
    shared[slots[last[slots] != places]] = True
    return np.flatnonzero(shared[slots])


def _seen_before(codes: _Numbers, row: _Numbers) -> _Numbers:
    """Whether the same piece stood earlier in the same row."""
    _codes, first = _codes_of(row.astype(np.int64) << 32 | codes.astype(np.int64))
    return ~first


def _ngram_keys(words: Pieces, size: int) -> tuple[_Numbers, _Numbers]:
    """A hash of the ``size`` words from each place on, with their row in it, and whether all of
    them stand in one row. Both (W - size + 1,); empty where there are fewer words."""
    places = max(len(words.codes) - size + 1, 0)
    mixed = (words.codes.astype(np.uint64) + np.uint64(1)) * _MULTIPLIER
    mixed ^= mixed >> np.uint64(32)
    key = mixed[:places] ^ (words.row[:places].astype(np.uint64) * _STEP)
    for offset in range(1, size):
        key *= _STEP
        key += mixed[offset : offset + places]
    # The high bits choose a slot, so every bit must reach them.
    key ^= key >> np.uint64(32)
    key *= _MULTIPLIER
    return key, words.row[:places] == words.row[size - 1 : size - 1 + places]


def _top_ngrams(words: Pieces, characters: _Numbers) -> _Numbers:
    """(3, R): share of characters that the most frequent 2, 3 and 4 words take."""
    top: _Numbers = np.zeros((3, words.rows))
    top[0], best = _top(words, characters, 2)
    for index, size in ((1, 3), (2, 4)):
        # At most as often as the most frequent shorter run, and as long as the longest of these.
        top[index] = _bound(words, best, characters, size)
        notable: _Numbers = top[index] > NOTABLE_TOP
        if index == 1:
            notable |= _bound(words, best, characters, 4) > NOTABLE_TOP
        if notable.any():
            words = words.only(notable[words.row])
            share, count = _top(words, characters, size)
            top[index, notable] = share[notable]
            best = np.where(notable, count, best)
    return top


def _top(words: Pieces, characters: _Numbers, size: int) -> tuple[_Numbers, _Numbers]:
    """Share of characters that the most frequent ``size`` words take, and how often they occur."""
    key, whole = _ngram_keys(words, size)
    places = np.flatnonzero(whole)
    places = places[_recurring(key[places])]
    codes, first = _codes_of(key[places])
    row = words.row[places][first]
    count = np.bincount(codes, minlength=1)[: len(row)]
    best = np.ones(words.rows, dtype=np.int64)
    np.maximum.at(best, row, count)
    lengths = _window(words.lengths, size)[places][first] + size - 1
    is_top = (count == best[row]) & (count > 1)
    taken = np.zeros(words.rows)
    np.maximum.at(taken, row[is_top], (count * lengths)[is_top])
    return _share(taken, characters), best


def _bound(words: Pieces, best: _Numbers, characters: _Numbers, size: int) -> _Numbers:
    longest = np.zeros(words.rows)
    window = _window(words.lengths, size)
    if len(window):
        row = words.row[: len(window)]
        starts = np.concatenate(([0], np.flatnonzero(np.diff(row)) + 1))
        longest[row[starts]] = np.maximum.reduceat(window, starts)
    return np.where(best > 1, _share(best * (longest + size - 1), characters), 0.0)


def _window(lengths: _Numbers, size: int) -> _Numbers:
    """Characters in ``size`` words from each place on."""
    total = np.concatenate(([0], np.cumsum(lengths)))
    return total[size:] - total[:-size] if len(total) > size else np.zeros(0)


def _duplicate_ngrams(words: Pieces) -> _Numbers:
    """(6, R): share of the words' characters in 5 to 10 words that stood before.

    Before in the same passage: the limits are for pages of the web, and a long text repeats more
    of itself, a code of laws most of all.
    """
    total = words.count(words.lengths)
    shares = np.zeros((6, words.rows))
    for index, size in enumerate(range(5, 11)):
        found = _share(words.count(_stood_before(words, size) * words.lengths), total)
        if index == 0:
            shares[:] = found
            notable = found > NOTABLE_DUPLICATES
            if not notable.any():
                break
            words = words.only(notable[words.row])
        else:
            shares[index, notable] = found[notable]
    return shares


def _stood_before(words: Pieces, size: int) -> _Numbers:
    """(W,): whether each word is one of ``size`` that stood in its passage before."""
    starts = np.searchsorted(words.row, np.arange(words.rows))
    passage = (np.arange(len(words.row)) - starts[words.row]) // PASSAGE_WORDS
    in_passages = replace(words, row=words.row * (1 << 20) + passage)
    key, whole = _ngram_keys(in_passages, size)
    places = np.flatnonzero(whole)
    places = places[_recurring(key[places])]
    again = places[~_codes_of(key[places])[1]]
    edges = np.zeros(len(words.codes) + 1, dtype=np.int64)
    edges[again] += 1
    np.subtract.at(edges, again + size, 1)
    return np.cumsum(edges[:-1]) > 0
