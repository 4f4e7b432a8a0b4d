"""The likeliest labels of a batch of prompts, without scoring those that can't be among them.

A label's log-probability only falls with each of its tokens, so what its first tokens give is an
upper bound on the whole. The tree of labels is entered step by step: first tokens of all, then
the most promising labels to their end, then deeper where the bound still exceeds the worst of
the best so far. The best are exact; the others never had a chance. With a tuned model, whose
probability sits on few labels, nine tenths of the work fall away.

R rows, P longest prompt, n nodes of a step, N nodes of the trie, E edges, L labels, S cached
positions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from transformers import DynamicCache

from laras.evaluation.trie import LabelTrie

DEPTHS = (3, 6, 10)  # tokens into the labels at which it is asked again who is still in question
PROMISING = 4  # labels per row that are followed to their end first, to have something to beat


class LabelSearch:
    """One batch of rows: the model's cache, and what is known of each row's labels.

    ``best``: how many of the likeliest labels have to be exact; None: all labels.
    """

    def __init__(self, causal: Any, trie: LabelTrie, best: int | None, logits_at_once: int) -> None:
        self.causal = causal
        self.trie = trie
        self.best = best
        self.logits_at_once = logits_at_once
        self.parameter = next(causal.parameters())
        self.cache = DynamicCache()

    def scores(self, prompts: Sequence[Sequence[int]]) -> np.ndarray:
        """Log-probabilities (R, L) float64: exact for the ``best``, -inf for those left aside,
        NaN throughout a row where the model gave something that is not finite."""
        rows = len(prompts)
        self.active = np.arange(rows)
        self.edges = np.zeros((rows, len(self.trie.edge_slot)))
        self.known = np.zeros(self.edges.shape, dtype=bool)
        self.column = np.full((rows, self.trie.nodes), -1)
        self.lengths = np.array([len(prompt) for prompt in prompts])
        self._read_prompts(prompts)
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
        """Take rows with nothing in question, which never comes back, out of the cache."""
        staying = np.flatnonzero(~done[self.active])
        if len(staying) < len(self.active):
            self.active = self.active[staying]
            self.cache.batch_select_indices(torch.from_numpy(staying).to(self.parameter.device))

    def _enter(self, labels: np.ndarray, depth: int) -> None:
        """Compute the nodes above ``depth`` of ``labels`` (R, L) that are not computed yet."""
        wanted = labels.astype(np.float32) @ self.trie.under.T.astype(np.float32) > 0
        wanted &= (self.trie.depth < depth) & (self.column < 0)
        nodes = [np.flatnonzero(wanted[row]) for row in self.active]
        if not any(map(len, nodes)):
            return
        vocabulary = self.causal.get_output_embeddings().weight.shape[0]
        width = max(1, self.logits_at_once // (vocabulary * len(self.active)))
        for start in range(0, max(map(len, nodes)), width):
            self._read_nodes([each[start : start + width] for each in nodes])

    def _read_prompts(self, prompts: Sequence[Sequence[int]]) -> None:
        longest = int(self.lengths.max())
        input_ids = np.zeros((len(prompts), longest), dtype=np.int64)
        positions = np.zeros((len(prompts), longest), dtype=np.int64)
        sees = np.repeat(np.tri(longest, dtype=bool)[None], len(prompts), axis=0)
        self.real = np.zeros((len(prompts), longest), dtype=bool)
        for row, prompt in enumerate(prompts):
            padding = longest - len(prompt)
            # Nobody sees the padding, but 0 x NaN is NaN: it holds the row's own token, so that
            # a broken embedding can only spoil rows that use it.
            input_ids[row] = [prompt[0]] * padding + list(prompt)
            positions[row, padding:] = np.arange(len(prompt))
            sees[row, padding:, :padding] = False
            self.real[row, padding:] = True
        logits = self._forward(input_ids, positions, sees, logits_to_keep=1)
        row_of = np.repeat(np.arange(len(prompts)), int((self.trie.edge_slot == 0).sum()))
        edge = np.tile(np.flatnonzero(self.trie.edge_slot == 0), len(prompts))
        self._learn(logits, row_of, np.zeros(len(edge), dtype=np.int64), edge)

    def _read_nodes(self, nodes: Sequence[np.ndarray]) -> None:
        """One pass over ``nodes`` of each active row; parents come before or along with them."""
        before = self.cache.get_seq_length()
        width = max(map(len, nodes))
        input_ids = np.zeros((len(nodes), width), dtype=np.int64)
        positions = np.zeros((len(nodes), width), dtype=np.int64)
        sees = np.zeros((len(nodes), width, before + width), dtype=bool)
        sees[:, :, before:] = np.eye(width, dtype=bool)  # padding sees itself, so it has a softmax
        found: list[tuple[np.ndarray, ...]] = []
        for place, (row, mine) in enumerate(zip(self.active, nodes, strict=True)):
            input_ids[place] = self.trie.tokens[mine[-1]] if len(mine) else 0
            input_ids[place, : len(mine)] = self.trie.tokens[mine]
            positions[place, : len(mine)] = self.lengths[row] + self.trie.depth[mine]
            self.column[row, mine] = before + np.arange(len(mine))
            sees[place, : len(mine), : self.real.shape[1]] = self.real[row]
            query, ancestor = np.nonzero(self.trie.sees[mine])
            sees[place, query, self.column[row, ancestor]] = True
            at, edge = np.nonzero(self.trie.edge_slot[None] == mine[:, None] + 1)
            found.append((np.full(len(edge), place), at, edge))
        logits = self._forward(input_ids, positions, sees, logits_to_keep=0)
        self._learn(logits, *(np.concatenate(parts) for parts in zip(*found, strict=True)))

    def _forward(
        self, input_ids: np.ndarray, positions: np.ndarray, sees: np.ndarray, *, logits_to_keep: int
    ) -> torch.Tensor:
        device = self.parameter.device
        mask = torch.zeros(sees.shape, dtype=self.parameter.dtype)
        mask.masked_fill_(~torch.from_numpy(sees), torch.finfo(self.parameter.dtype).min)
        logits = self.causal(
            input_ids=torch.from_numpy(input_ids).to(device),
            attention_mask=mask[:, None].to(device),
            position_ids=torch.from_numpy(positions).to(device),
            past_key_values=self.cache,
            use_cache=True,
            logits_to_keep=logits_to_keep,
        ).logits
        assert isinstance(logits, torch.Tensor)
        return logits

    def _learn(
        self, logits: torch.Tensor, place: np.ndarray, at: np.ndarray, edge: np.ndarray
    ) -> None:
        """Note the log-probabilities of edges, read at position ``at`` of active row ``place``."""
        normaliser = torch.stack([row.float().logsumexp(dim=-1) for row in logits])
        where = tuple(torch.from_numpy(part).to(logits.device) for part in (place, at))
        token = torch.from_numpy(self.trie.edge_token[edge]).to(logits.device)
        values = (logits[(*where, token)].float() - normaliser[where]).cpu().double().numpy()
        rows = self.active[place]
        self.edges[rows, edge] = values
        self.known[rows, edge] = True
        self.edges[rows[~np.isfinite(values)]] = np.nan
