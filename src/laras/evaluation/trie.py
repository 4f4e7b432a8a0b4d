"""Labels as a trie of their token ids, so that shared beginnings are computed once.

``exchange_rate`` and ``exchange_charge`` share their first tokens: in a trie those are one node.
The whole trie of 77 banking intents is some 200 nodes, so all labels of a row cost one forward
pass over the prompt and 200 tokens, not 77 passes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class LabelTrie:
    """N inner nodes, E edges, L labels of at most D tokens.

    ``tokens`` (N,): the token of each inner node, parents before children. ``depth`` (N,): from 0.
    ``sees`` (N, N) bool: node row sees node column, that is itself and its ancestors; ``lineage``
    (N, D): the same as a list, from the first token to the node itself, and -1 behind it.
    ``edge_slot``, ``edge_token`` (E,): an edge leads from slot (0: end of the prompt, i + 1: node
    i) to a token. ``path`` (L, D): the edges of each label, E where the label is shorter.
    ``under`` (N, L) bool: the label goes through the node.
    A label's last token needs no node: nothing is predicted after it.
    """

    tokens: np.ndarray
    depth: np.ndarray
    sees: np.ndarray
    lineage: np.ndarray
    edge_slot: np.ndarray
    edge_token: np.ndarray
    path: np.ndarray
    under: np.ndarray

    @classmethod
    def of(cls, labels: Sequence[Sequence[int]]) -> LabelTrie:
        """The trie of the labels' token ids; an empty label is a ValueError."""
        if not all(labels):
            raise ValueError("a label without tokens can't be scored")
        tokens: list[int] = []
        depth: list[int] = []
        ancestors: list[list[int]] = []
        slot_after: dict[tuple[int, ...], int] = {(): 0}
        edges: dict[tuple[int, int], int] = {}
        through: list[list[int]] = []
        path = np.zeros((len(labels), max(map(len, labels))), dtype=np.int64)
        for row, label in enumerate(labels):
            path[row, :] = -1
            for step, token in enumerate(label):
                before = slot_after[tuple(label[:step])]
                path[row, step] = edges.setdefault((before, token), len(edges))
                here = tuple(label[: step + 1])
                if step + 1 < len(label) and here not in slot_after:
                    slot_after[here] = len(tokens) + 1
                    ancestors.append([*(ancestors[before - 1] if before else []), len(tokens)])
                    tokens.append(token)
                    depth.append(step)
                    through.append([])
                if step + 1 < len(label):
                    through[slot_after[here] - 1].append(row)
        path[path < 0] = len(edges)
        sees = np.zeros((len(tokens), len(tokens)), dtype=bool)
        lineage = np.full((len(tokens), path.shape[1]), -1)
        for node, seen in enumerate(ancestors):
            sees[node, seen] = True
            lineage[node, : len(seen)] = seen
        under = np.zeros((len(tokens), len(labels)), dtype=bool)
        for node, rows in enumerate(through):
            under[node, rows] = True
        slots, ends = zip(*edges, strict=True)
        return cls(
            np.array(tokens, dtype=np.int64),
            np.array(depth, dtype=np.int64),
            sees,
            lineage,
            np.array(slots, dtype=np.int64),
            np.array(ends, dtype=np.int64),
            path,
            under,
        )

    @property
    def nodes(self) -> int:
        """N."""
        return len(self.tokens)

    @property
    def labels(self) -> int:
        """L."""
        return len(self.path)

    def label_known(self, edges_known: np.ndarray) -> np.ndarray:
        """Whether all edges of a label are known, (R, E) to (R, L)."""
        with_none = np.concatenate([edges_known, np.ones((len(edges_known), 1), bool)], axis=1)
        return np.asarray(with_none[:, self.path].all(axis=2))

    def label_scores(self, edge_scores: np.ndarray) -> np.ndarray:
        """Log-probabilities of edges (R, E) to those of labels (R, L), summed in float64."""
        with_none = np.concatenate([edge_scores, np.zeros((len(edge_scores), 1))], axis=1)
        sums: np.ndarray = with_none[:, self.path].sum(axis=2, dtype=np.float64)
        return sums
