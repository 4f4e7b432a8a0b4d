"""The likeliest labels of a batch of prompts, without scoring those that can't be among them.

A label's log-probability only falls with each of its tokens, so what its first tokens give is an
upper bound on the whole. The tree of labels is entered step by step: first tokens of all, then
the most promising labels to their end, then deeper where the bound still exceeds the worst of
the best so far. The best are exact; the others never had a chance. With a tuned model, whose
probability sits on few labels, nine tenths of the work fall away.

R rows, m positions with logits, E edges, L labels, N nodes of the trie, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from laras.evaluation.label_trees import LabelTree
from laras.evaluation.trie import LabelTrie

DEPTHS = (3, 6, 10)  # tokens into the labels at which it is asked again who is still in question
PROMISING = 4  # labels per row that are followed to their end first, to have something to beat
_NORMALISED_AT_ONCE = 1 << 20  # logits; they stay in the processor's cache


class LabelSearch:
    """One batch of rows: the ``tree`` that reads labels behind them, and what is known of them.

    ``best``: how many of the likeliest labels have to be exact; None: all labels.
    ``logits_at_once``: so many values one pass may give.
    """

    def __init__(
        self, tree: LabelTree, trie: LabelTrie, best: int | None, logits_at_once: int
    ) -> None:
        self.tree = tree
        self.trie = trie
        self.best = best
        self.logits_at_once = logits_at_once

    def scores(self, rows: int) -> np.ndarray:
        """Log-probabilities (R, L) float64: exact for the ``best``, -inf for those left aside,
        NaN throughout a row where the model gave something that is not finite."""
        self.active = np.arange(rows)
        self.edges = np.zeros((rows, len(self.trie.edge_slot)))
        self.known = np.zeros(self.edges.shape, dtype=bool)
        self.entered = np.zeros((rows, self.trie.nodes), dtype=bool)
        logits = self.tree.start()
        self.vocabulary = logits.shape[1]
        self._learn(logits, np.arange(rows), np.arange(rows), np.zeros(rows, dtype=np.int64))
        everything = np.ones((rows, self.trie.labels), dtype=bool)
        if self.best is None:
            self._enter(everything, self.trie.nodes)
        else:
            self._enter(everything, 1)
            self._enter(self._promising(), self.trie.nodes)
            for depth in (*DEPTHS, self.trie.nodes):
                in_question = self._in_question()
                self._leave_out(np.asarray(~in_question.any(axis=1)))
                self._enter(in_question, depth)
        bounds = self.trie.label_scores(self.edges)
        complete = self.trie.label_known(self.known)
        return np.where(complete | np.isnan(bounds), bounds, -np.inf)

    def _promising(self) -> np.ndarray:
        bounds = np.nan_to_num(self.trie.label_scores(self.edges), nan=-np.inf)
        chosen = np.zeros(bounds.shape, dtype=bool)
        most = max(PROMISING, self.best or 0)
        np.put_along_axis(chosen, np.argsort(-bounds, axis=1)[:, :most], True, axis=1)
        return chosen

    def _in_question(self) -> np.ndarray:
        """(R, L): labels not yet complete whose bound reaches the worst of the best so far."""
        bounds = self.trie.label_scores(self.edges)
        complete = self.trie.label_known(self.known)
        # Where fewer labels are complete than are wanted, nothing can be left aside yet.
        ranked = -np.sort(-np.where(complete, bounds, -np.inf), axis=1)
        place = min(self.best or self.trie.labels, self.trie.labels) - 1
        # A comparison with NaN is false: a row that is not finite has nothing left to ask.
        in_question: np.ndarray = ~complete & (bounds >= ranked[:, place : place + 1])
        return in_question

    def _leave_out(self, done: np.ndarray) -> None:
        """Go on without rows that have nothing in question, which never comes back."""
        staying = np.flatnonzero(~done[self.active])
        if len(staying) < len(self.active):
            self.active = self.active[staying]
            self.tree.keep(staying)

    def _enter(self, labels: np.ndarray, depth: int) -> None:
        """Compute the nodes above ``depth`` of ``labels`` (R, L) that are not computed yet."""
        wanted = labels.astype(np.float32) @ self.trie.under.T.astype(np.float32) > 0
        wanted &= (self.trie.depth < depth) & ~self.entered
        nodes = [np.flatnonzero(wanted[row]) for row in self.active]
        if not any(map(len, nodes)):
            return
        self.entered |= wanted
        width = max(1, self.logits_at_once // (self.vocabulary * len(self.active)))
        for start in range(0, max(map(len, nodes)), width):
            self._read([each[start : start + width] for each in nodes])

    def _read(self, nodes: Sequence[np.ndarray]) -> None:
        logits, at = self.tree.read(nodes)
        row = np.repeat(self.active, [len(mine) for mine in nodes])
        self._learn(logits, at, row, np.concatenate(nodes) + 1)

    def _learn(
        self, logits: torch.Tensor, at: np.ndarray, row: np.ndarray, slot: np.ndarray
    ) -> None:
        """Note the log-probabilities of edges: ``logits[at]`` are those behind ``slot`` of ``row``,
        (m, V) and three times (n,)."""
        place, edge = np.nonzero(slot[:, None] == self.trie.edge_slot)
        parts = torch.split(logits, max(1, _NORMALISED_AT_ONCE // logits.shape[1]))
        normaliser = torch.cat([part.float().logsumexp(dim=-1) for part in parts])
        where = torch.from_numpy(at[place]).to(logits.device)
        token = torch.from_numpy(self.trie.edge_token[edge]).to(logits.device)
        found = (logits[where, token].float() - normaliser[where]).double().cpu().numpy()
        self.edges[row[place], edge] = found
        self.known[row[place], edge] = True
        self.edges[row[place][~np.isfinite(found)]] = np.nan
