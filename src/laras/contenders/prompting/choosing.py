"""Which examples a prompt shows before every question."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

import numpy as np

from laras.contenders.prompting.retrieval import asked_in
from laras.contenders.prompting.shots import Pool
from laras.evaluation.words import UnicodeWords
from laras.records import Example

_LOOKED_AT = 200  # short examples among which unlike ones are looked for


def varied(
    pool: Pool, count: int, seed: int, among: Collection[str] | None = None
) -> tuple[Example, ...]:
    """Short examples that differ: by label where they have one, else by their words.

    ``among``: only examples of these identifiers. The same ones for the same seed.
    """
    places = [
        place for place, shot in enumerate(pool.shots) if among is None or shot.example_id in among
    ]
    if any(pool.shots[place].label is not None for place in places):
        order = _by_label(pool, places, seed)
    else:
        order = _by_words(pool, places, count, seed)
    return tuple(pool.together(order, count))


def at_random(pool: Pool, count: int, seed: int) -> tuple[Example, ...]:
    """Any examples; others for another seed."""
    order = np.random.default_rng(seed).permutation(len(pool.shots))
    return tuple(pool.together(order.tolist(), count))


def _by_label(pool: Pool, places: list[int], seed: int) -> list[int]:
    """One of each label, the most frequent label first, then a second of each, and so on; of each
    label the shorter half in an order of chance, then the others."""
    generator = np.random.default_rng(seed)
    of_label: dict[str, list[int]] = {}
    for place in places:
        of_label.setdefault(pool.shots[place].label or "", []).append(place)
    counts = Counter({label: len(of_it) for label, of_it in of_label.items()})
    labels = sorted(of_label, key=lambda label: (-counts[label], label))
    queues = [_short_ones_first(pool, of_label[label], generator) for label in labels]
    longest = max(map(len, queues), default=0)
    return [queue[turn] for turn in range(longest) for queue in queues if turn < len(queue)]


def _short_ones_first(pool: Pool, places: list[int], generator: np.random.Generator) -> list[int]:
    by_size = sorted(places, key=lambda place: (pool.sizes[place], place))
    half = (len(by_size) + 1) // 2
    return [
        part[at]
        for part in (by_size[:half], by_size[half:])
        for at in generator.permutation(len(part)).tolist()
    ]


def _by_words(pool: Pool, places: list[int], count: int, seed: int) -> list[int]:
    """Each next one shares the least words with those before it (Jaccard's measure, the largest
    over them), among short ones; then the others of these."""
    order = _short_ones_first(pool, places, np.random.default_rng(seed))[:_LOOKED_AT]
    tokenize = UnicodeWords().tokenize
    words = {place: frozenset(tokenize(asked_in(pool.shots[place]))) for place in order}
    chosen: list[int] = order[:1]
    closest = dict.fromkeys(order[1:], 0.0)
    # Twice as many as are wanted: some may have no room, or be of one group.
    while closest and len(chosen) < 2 * count:
        last = words[chosen[-1]]
        for place in closest:
            either = len(last | words[place])
            share = len(last & words[place]) / either if either else 1.0
            closest[place] = max(closest[place], share)
        least = min(closest, key=lambda place: closest[place])  # the first of several: in order
        chosen.append(least)
        del closest[least]
    return [*chosen, *closest]
