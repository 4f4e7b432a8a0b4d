"""Interpolated modified Kneser-Ney n-gram model over token ids, in numpy.

Chen & Goodman, "An Empirical Study of Smoothing Techniques for Language Modeling" (1999), section
3.4. For a history h and its shorter form h' (its first token left out):

    p(w|h) = (c(hw) - D(c(hw))) / c(h·) + gamma(h) p(w|h'),    gamma(h) = sum_w D(c(hw)) / c(h·)

with one discount each for counts of 1, 2, and 3 or more, in every order; p(w|h) = p(w|h') where h
never went on. In the highest order c is how often an n-gram occurs; below, how many different
tokens stand before it, and for those that begin a document, before which nothing can stand, how
often it occurs. Below the lowest order lies the uniform distribution over all tokens but the one
that begins documents, which is never predicted; with byte-level tokens nothing is unknown.

N-grams of an order are numbered by their sorted keys (number of the first n - 1 tokens, times the
vocabulary's size, plus the last token): those that share a history lie together, and any order fits
into 64 bits. About 110 bytes of memory per token of text while it is built.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

# Where so few n-grams occur once to four times that the estimates below mean nothing.
USUAL_DISCOUNTS = (0.5, 1.0, 1.5)


@dataclass(frozen=True)
class Order:
    """N-grams of one length, G of them behind H histories.

    ``keys`` (G,) int64, sorted (none in the first order, where tokens number themselves);
    ``discounted`` (G,): counts less their discounts; ``total`` and ``taken`` (H,): sum of counts
    and of discounts behind each history.
    """

    keys: np.ndarray
    discounted: np.ndarray
    total: np.ndarray
    taken: np.ndarray
    discounts: tuple[float, float, float]


class KneserNey:
    """A model of ``documents``: arrays of ids, each begun with the same token, which is found
    nowhere else (ValueError otherwise)."""

    def __init__(
        self, documents: Iterable[np.ndarray], vocabulary_size: int, order: int = 5
    ) -> None:
        if order < 2:
            raise ValueError("Kneser-Ney smoothing needs at least two orders")
        tokens, depth = _joined(list(documents))
        begin = tokens[depth == 0]
        if not len(tokens) or (begin != begin[0]).any() or (tokens == begin[0]).sum() > len(begin):
            raise ValueError("documents begin with one token, which is found nowhere else")
        self.vocabulary_size = vocabulary_size
        self.documents = len(begin)
        self.tokens = len(tokens) - len(begin)
        self.begin = int(begin[0])
        self.orders = self._count(tokens, depth, order)

    def _count(self, tokens: np.ndarray, depth: np.ndarray, order: int) -> list[Order]:
        size = self.vocabulary_size
        found: list[Order] = []
        # Of the order before: the number of the n-gram that ends at each place; its keys; the
        # counts of those that begin a document; how many histories there are.
        numbers = tokens
        keys, histories = np.arange(size), 1
        begun = np.zeros(size, dtype=np.int64)
        for length in range(2, order + 1):
            places = np.flatnonzero(depth >= length - 1)
            longer, example, of_place, counts = _distinct(
                numbers[places - 1] * np.int64(size) + tokens[places]
            )
            example = places[example]
            before = np.bincount(numbers[example], minlength=len(keys)) + begun
            found.append(_order(keys, before, keys // size, histories))
            begun = np.where(depth[example] == length - 1, counts, 0)
            keys, histories = longer, len(keys)
            numbers = np.full(len(tokens), -1, dtype=np.int32)
            numbers[places] = of_place
        found.append(_order(keys, counts, keys // size, histories))
        return found

    def log_probabilities(self, documents: Sequence[np.ndarray]) -> list[np.ndarray]:
        """For each of ``documents`` (ids, from the first token on), the natural logarithms of the
        probabilities of its tokens after the first, (L - 1,) float64."""
        tokens, depth = _joined(documents)
        size = self.vocabulary_size
        first = self.orders[0]
        lowest = first.taken[0] / (size - 1)
        share = (first.discounted[tokens] + lowest) / first.total[0]
        numbers = tokens.astype(np.int64)  # of the n-gram that ends at each place, -1 if unseen
        for length, order in enumerate(self.orders[1:], start=2):
            places = np.flatnonzero(depth >= length - 1)
            history = numbers[places - 1]
            seen = history >= 0
            seen[seen] = order.total[history[seen]] > 0
            places, history = places[seen], history[seen]
            numbers = np.full(len(tokens), -1)
            wanted = history * size + tokens[places]
            at = np.minimum(np.searchsorted(order.keys, wanted), len(order.keys) - 1)
            known = order.keys[at] == wanted
            numbers[places[known]] = at[known]
            own = np.where(known, order.discounted[at], 0.0)
            share[places] = (own + order.taken[history] * share[places]) / order.total[history]
        logs = np.log(share[depth > 0])
        ends = np.cumsum([len(document) - 1 for document in documents])
        return np.split(logs, ends[:-1])


def _joined(documents: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """All tokens one after another, and the place of each in its document."""
    lengths = np.array([len(document) for document in documents], dtype=np.int64)
    tokens = np.concatenate([*documents, np.empty(0, np.int32)]).astype(np.int32)
    begins = np.cumsum(lengths) - lengths
    depth = np.arange(len(tokens)) - np.repeat(begins, lengths)
    return tokens, depth.astype(np.int32)


def _distinct(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The different ``keys``, sorted; a place of each; the number of each place's key; how often
    each occurs. (np.unique sorts stably to find the first place, at several times the cost.)"""
    by_key = np.argsort(keys)
    ordered = keys[by_key]
    new = np.ones(len(keys), dtype=np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=new[1:])
    starts = np.flatnonzero(new)
    numbers = np.empty(len(keys), dtype=np.int32)
    numbers[by_key] = np.cumsum(new, dtype=np.int32) - 1
    counts = np.diff(starts, append=len(keys))
    return ordered[starts], by_key[starts], numbers, counts


def _order(keys: np.ndarray, counts: np.ndarray, history: np.ndarray, histories: int) -> Order:
    discounts = _discounts(counts)
    discount = np.array([0.0, *discounts])[np.minimum(counts, 3)]
    return Order(
        keys,
        (counts - discount).astype(np.float32),
        np.bincount(history, counts, minlength=histories),
        np.bincount(history, discount, minlength=histories),
        discounts,
    )


def _discounts(counts: np.ndarray) -> tuple[float, float, float]:
    """Equation 26 of Chen & Goodman: from how many n-grams have counts of one to four."""
    once, twice, thrice, four = np.bincount(np.minimum(counts, 5), minlength=6)[1:5].tolist()
    if not (once and twice and thrice and four):
        return USUAL_DISCOUNTS
    share = once / (once + 2 * twice)
    found = (
        1 - 2 * share * twice / once,
        2 - 3 * share * thrice / twice,
        3 - 4 * share * four / thrice,
    )
    # Text that repeats itself may have fewer n-grams of a small count than of a larger one.
    return found if all(0 <= d <= k for k, d in enumerate(found, 1)) else USUAL_DISCOUNTS
