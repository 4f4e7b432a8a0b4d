"""The n-gram model that the starter is held against, ``benchmarks/kneser_ney.py``: beside figures
by hand, beside plain dictionaries, and as a probability."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

BENCHMARKS = Path(__file__).resolve().parents[3] / "benchmarks"
BEGIN = 0


@pytest.fixture
def kneser_ney(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return pytest.importorskip("kneser_ney")


def documents_of(seed: int, count: int, vocabulary_size: int) -> list[np.ndarray]:
    """Random documents in which some words are much more frequent, and some parts come again."""
    generator = np.random.default_rng(seed)
    shares = 1 / np.arange(1, vocabulary_size)
    found = []
    for _ in range(count):
        length = int(generator.integers(0, 30))
        words = 1 + generator.choice(vocabulary_size - 1, size=length, p=shares / shares.sum())
        if found and generator.random() < 0.3:
            words = np.concatenate([found[-1][1:], words[: length // 2]])
        found.append(np.array([BEGIN, *words], dtype=np.int32))
    return found


class Plain:
    """The same model in dictionaries, token by token, from the formulas."""

    def __init__(self, documents: list[np.ndarray], vocabulary_size: int, order: int) -> None:
        self.size, self.order = vocabulary_size, order
        raw: dict[tuple[int, ...], int] = Counter()
        left: dict[tuple[int, ...], set[int]] = defaultdict(set)
        for document in documents:
            ids = document.tolist()
            for end in range(1, len(ids)):
                for start in range(max(0, end - order + 1), end + 1):
                    gram = tuple(ids[start : end + 1])
                    raw[gram] += 1
                    if start:
                        left[gram].add(ids[start - 1])
        self.counts = {
            gram: count if len(gram) == order or gram[0] == BEGIN else len(left[gram])
            for gram, count in raw.items()
        }
        self.discounts = {length: self.estimate(length) for length in range(1, order + 1)}

    def estimate(self, length: int) -> tuple[float, ...]:
        n = Counter(count for gram, count in self.counts.items() if len(gram) == length)
        if all(n[k] for k in (1, 2, 3, 4)):
            y = n[1] / (n[1] + 2 * n[2])
            found = tuple(k - (k + 1) * y * n[k + 1] / n[k] for k in (1, 2, 3))
            if all(0 <= d <= k for k, d in enumerate(found, 1)):
                return found
        return (0.5, 1.0, 1.5)

    def probability(self, history: tuple[int, ...], word: int) -> float:
        length = len(history) + 1
        behind = {g[-1]: c for g, c in self.counts.items()
                  if len(g) == length and g[:-1] == history}  # fmt: skip
        shorter = self.probability(history[1:], word) if history else 1 / (self.size - 1)
        if not behind:
            return shorter
        discount = {w: self.discounts[length][min(c, 3) - 1] for w, c in behind.items()}
        own = behind.get(word, 0) - discount.get(word, 0.0)
        return (own + sum(discount.values()) * shorter) / sum(behind.values())

    def log_probabilities(self, document: np.ndarray) -> list[float]:
        ids = document.tolist()
        return [
            math.log(self.probability(tuple(ids[max(0, at - self.order + 1) : at]), ids[at]))
            for at in range(1, len(ids))
        ]


def test_a_tiny_example_is_as_by_hand(kneser_ney: ModuleType) -> None:
    documents = [np.array(ids) for ids in ([BEGIN, 1, 2], [BEGIN, 1, 3])]
    model = kneser_ney.KneserNey(documents, 4, order=2)
    # Too few counts for estimates: discounts 1/2, 1, 3/2. Each word has one word before it, so
    # unigrams are (1/2 + 3/2 * 1/3) / 3 = 1/3. Behind 0, twice 1: (2 - 1 + 1 * 1/3) / 2. Behind 1,
    # once 2 and once 3: (1 - 1/2 + 1 * 1/3) / 2 each. Behind 2 nothing: 1/3.
    found = model.log_probabilities([np.array([BEGIN, 1, 2, 3]), np.array([BEGIN, 2])])
    expected = [[2 / 3, 5 / 12, 1 / 3], [1 / 6]]
    assert [np.exp(part).tolist() for part in found] == [pytest.approx(each) for each in expected]


def test_discounts_come_from_the_counts_of_counts(kneser_ney: ModuleType) -> None:
    counts = np.array([1] * 4 + [2] * 3 + [3] * 2 + [4] + [9])
    assert kneser_ney._discounts(counts) == pytest.approx((0.4, 1.2, 2.2))  # Y = 4 / (4 + 2 * 3)
    without_threes = np.array([1, 1, 2, 4])
    assert kneser_ney._discounts(without_threes) == kneser_ney.USUAL_DISCOUNTS


@pytest.mark.parametrize(("seed", "order"), [(0, 5), (1, 5), (2, 3), (3, 2)])
def test_it_is_the_model_that_plain_dictionaries_give(
    kneser_ney: ModuleType, seed: int, order: int
) -> None:
    documents = documents_of(seed, 120, 40)
    model = kneser_ney.KneserNey(documents, 40, order)
    plain = Plain(documents, 40, order)
    for length, each in enumerate(model.orders, start=1):
        assert each.discounts == pytest.approx(plain.discounts[length])
    assert any(each.discounts != kneser_ney.USUAL_DISCOUNTS for each in model.orders)
    asked = documents[:6] + documents_of(seed + 100, 6, 40)
    for document, found in zip(asked, model.log_probabilities(asked), strict=True):
        assert found.tolist() == pytest.approx(plain.log_probabilities(document), abs=1e-6)


@pytest.mark.parametrize("history", [[], [1], [1, 2], [3, 1, 2, 1, 1], [38, 39, 38, 39]])
def test_probabilities_behind_a_history_add_up_to_one(
    kneser_ney: ModuleType, history: list[int]
) -> None:
    model = kneser_ney.KneserNey(documents_of(4, 200, 40), 40)
    every = [np.array([BEGIN, *history, word]) for word in range(1, 40)]
    shares = [math.exp(part[-1]) for part in model.log_probabilities(every)]
    assert min(shares) > 0
    assert sum(shares) == pytest.approx(1, abs=1e-6)


def test_documents_without_one_begin_token_are_refused(kneser_ney: ModuleType) -> None:
    for documents in ([], [[BEGIN, 1], [1, 2]], [[BEGIN, 1, BEGIN]]):
        with pytest.raises(ValueError, match="begin with one token"):
            kneser_ney.KneserNey([np.array(ids) for ids in documents], 4)
    with pytest.raises(ValueError, match="two orders"):
        kneser_ney.KneserNey([np.array([BEGIN, 1])], 4, order=1)
