"""Labels behind prompts, read as a tree: by our own decoder, or by a model's own forward.

R rows, P longest prompt, n nodes of a step, N nodes of the trie, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import torch
from transformers import DynamicCache

from laras.engine.cached import CachedDecoder
from laras.evaluation.cached_rows import CachedRows
from laras.evaluation.padded_rows import read_shared
from laras.evaluation.trie import LabelTrie


class LabelTree(Protocol):
    """Rows of prompts, behind each of which nodes of the trie are read. Live are all rows at first,
    then those that are kept."""

    def start(self) -> torch.Tensor:
        """Logits (R, V) behind the prompts."""

    def read(self, nodes: Sequence[np.ndarray]) -> tuple[torch.Tensor, np.ndarray]:
        """Read ``nodes`` of each live row, parents before their children or with them: logits
        (m, V), and of which of these m each node's are, one row's nodes after the other's (n,)."""

    def keep(self, places: np.ndarray) -> None:
        """Go on with these of the live rows only."""


class CachedTree:
    """Nodes are new tokens of our own decoder, each of which sees its ancestors' slots. ``shared``:
    how many first tokens of each prompt are read once for all that begin with them."""

    def __init__(
        self,
        decoder: CachedDecoder,
        prompts: Sequence[Sequence[int]],
        shared: Sequence[int],
        trie: LabelTrie,
    ) -> None:
        self._rows = CachedRows.of(decoder, prompts, shared, trie.nodes)
        self._trie = trie
        # The cell in its row's room of each node that was read; -1 behind the last node stands for
        # what no node is.
        self._cell = np.full((len(prompts), trie.nodes + 1), -1)
        self._used = np.zeros(len(prompts), dtype=np.int64)

    def start(self) -> torch.Tensor:
        """See :class:`LabelTree`."""
        return self._rows.read()

    def read(self, nodes: Sequence[np.ndarray]) -> tuple[torch.Tensor, np.ndarray]:
        """See :class:`LabelTree`."""
        counts = np.array([len(mine) for mine in nodes])
        row = np.repeat(np.arange(len(nodes)), counts)
        node = np.concatenate(nodes)
        begins = np.cumsum(counts) - counts
        self._cell[row, node] = np.arange(len(node)) + np.repeat(self._used - begins, counts)
        self._used += counts
        depth = self._trie.depth[node]
        lineage = self._cell[row[:, None], self._trie.lineage[node][:, : depth.max() + 1]]
        logits = self._rows.branch(row, self._trie.tokens[node], depth, lineage)
        return logits, np.arange(len(node))

    def keep(self, places: np.ndarray) -> None:
        """See :class:`LabelTree`."""
        self._rows.keep(places)
        self._cell, self._used = self._cell[places], self._used[places]


class MaskedTree:
    """Nodes stand behind padded prompts, under an attention mask in which each sees the prompt and
    its ancestors. ``shared``: how many first tokens all prompts have in common."""

    def __init__(
        self, causal: Any, prompts: Sequence[Sequence[int]], shared: int, trie: LabelTrie
    ) -> None:
        self._causal = causal
        self._trie = trie
        self._parameter = next(causal.parameters())
        self._cache = DynamicCache()
        self._prompts = prompts
        self._shared = shared
        self._lengths = np.array([len(prompt) for prompt in prompts])
        self._column = np.full((len(prompts), trie.nodes), -1)

    def start(self) -> torch.Tensor:
        """See :class:`LabelTree`."""
        shared, rows = self._shared, len(self._prompts)
        read_shared(self._causal, self._cache, self._prompts, shared)
        longest = int(self._lengths.max()) - shared
        input_ids = np.zeros((rows, longest), dtype=np.int64)
        positions = np.zeros((rows, longest), dtype=np.int64)
        own = np.repeat(np.tri(longest, dtype=bool)[None], rows, axis=0)
        self._real = np.ones((rows, shared + longest), dtype=bool)
        for row, prompt in enumerate(self._prompts):
            padding = longest - (len(prompt) - shared)
            # Nobody sees the padding, but 0 x NaN is NaN: it holds the row's own token, so that
            # a broken embedding can only spoil rows that use it.
            input_ids[row] = [prompt[0]] * padding + list(prompt[shared:])
            positions[row, padding:] = np.arange(shared, len(prompt))
            own[row, padding:, :padding] = False
            self._real[row, shared : shared + padding] = False
        sees = np.concatenate([np.ones((rows, longest, shared), dtype=bool), own], axis=2)
        return self._forward(input_ids, positions, sees, logits_to_keep=1)[:, -1]

    def read(self, nodes: Sequence[np.ndarray]) -> tuple[torch.Tensor, np.ndarray]:
        """See :class:`LabelTree`."""
        before = self._cache.get_seq_length()
        width = max(map(len, nodes))
        input_ids = np.zeros((len(nodes), width), dtype=np.int64)
        positions = np.zeros((len(nodes), width), dtype=np.int64)
        sees = np.zeros((len(nodes), width, before + width), dtype=bool)
        sees[:, :, before:] = np.eye(width, dtype=bool)  # padding sees itself, so it has a softmax
        for place, mine in enumerate(nodes):
            input_ids[place] = self._trie.tokens[mine[-1]] if len(mine) else 0
            input_ids[place, : len(mine)] = self._trie.tokens[mine]
            positions[place, : len(mine)] = self._lengths[place] + self._trie.depth[mine]
            self._column[place, mine] = before + np.arange(len(mine))
            sees[place, : len(mine), : self._real.shape[1]] = self._real[place]
            query, ancestor = np.nonzero(self._trie.sees[mine])
            sees[place, query, self._column[place, ancestor]] = True
        logits = self._forward(input_ids, positions, sees, logits_to_keep=0)
        at = [place * width + np.arange(len(mine)) for place, mine in enumerate(nodes)]
        return logits.flatten(0, 1), np.concatenate(at)

    def keep(self, places: np.ndarray) -> None:
        """See :class:`LabelTree`."""
        self._cache.batch_select_indices(torch.from_numpy(places).to(self._parameter.device))
        self._lengths, self._column = self._lengths[places], self._column[places]
        self._real = self._real[places]

    def _forward(
        self, input_ids: np.ndarray, positions: np.ndarray, sees: np.ndarray, *, logits_to_keep: int
    ) -> torch.Tensor:
        device = self._parameter.device
        mask = torch.zeros(sees.shape, dtype=self._parameter.dtype)
        mask.masked_fill_(~torch.from_numpy(sees), torch.finfo(self._parameter.dtype).min)
        logits = self._causal(
            input_ids=torch.from_numpy(input_ids).to(device),
            attention_mask=mask[:, None].to(device),
            position_ids=torch.from_numpy(positions).to(device),
            past_key_values=self._cache,
            use_cache=True,
            logits_to_keep=logits_to_keep,
        ).logits
        assert isinstance(logits, torch.Tensor)
        return logits
