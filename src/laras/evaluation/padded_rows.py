"""Rows of prompts that a model's own forward reads and goes on with: for every causal model.

Left padding, with positions counted from each row's first real token, makes a batched answer equal
the answer given alone. What all rows share is read once, by itself; its keys and values are then
repeated for each row, and the padding stands behind them.

Shapes: R rows, P shared tokens, L longest rest, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer

# Rows that have ended are computed along until so few are left: moving the cache costs more.
_COMPACTED_BELOW = 0.75


class PaddedRows:
    """Rows that are in reading, of which :meth:`keep` drops some. ``shared``: how many first tokens
    all have in common; ``room``: how many may follow each."""

    def __init__(
        self, causal: Any, prompts: Sequence[Sequence[int]], shared: int, room: int
    ) -> None:
        self._causal = causal
        self._device = next(causal.parameters()).device
        self._cache = roomy_cache(causal.config, room)
        self._prompts = prompts
        self._shared = shared
        self._live = np.arange(len(prompts))  # places of the live rows among those computed

    def __len__(self) -> int:
        return len(self._live)

    def start(self) -> torch.Tensor:
        """Read the prompts: logits (R, V) behind the last token of each."""
        read_shared(self._causal, self._cache, self._prompts, self._shared)
        input_ids, mask = _left_padded([prompt[self._shared :] for prompt in self._prompts])
        self._mask = torch.cat([mask.new_ones(len(mask), self._shared), mask], dim=1)
        self._mask = self._mask.to(self._device)
        positions = (self._mask.cumsum(dim=1) - 1).clamp(min=0)[:, self._shared :]
        self._positions = positions[:, -1:]
        return self._forward(input_ids.to(self._device), positions)

    def step(self, tokens: torch.Tensor) -> torch.Tensor:
        """Read one more token (R,) of each live row: logits (R, V) behind it."""
        live = torch.from_numpy(self._live).to(self._device)
        input_ids = torch.zeros(len(self._mask), dtype=torch.long, device=self._device)
        input_ids[live] = tokens
        self._mask = torch.cat([self._mask, self._mask.new_ones(len(self._mask), 1)], dim=1)
        self._positions = self._positions + 1
        return self._forward(input_ids[:, None], self._positions)[live]

    def keep(self, places: np.ndarray) -> None:
        """Go on with these of the live rows only."""
        self._live = self._live[places]
        if len(self._live) <= _COMPACTED_BELOW * len(self._mask):
            kept = torch.from_numpy(self._live).to(self._device)
            self._cache.batch_select_indices(kept)
            self._mask, self._positions = self._mask[kept], self._positions[kept]
            self._live = np.arange(len(kept))

    def _forward(self, input_ids: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
        logits = self._causal(
            input_ids=input_ids,
            attention_mask=self._mask,
            position_ids=positions,
            past_key_values=self._cache,
            use_cache=True,
            logits_to_keep=1,
        ).logits[:, -1]
        assert isinstance(logits, torch.Tensor)
        return logits


def read_shared(
    causal: Any, cache: DynamicCache, prompts: Sequence[Sequence[int]], shared: int
) -> None:
    """Read the first ``shared`` tokens, equal in all ``prompts``, into the cache of their rows."""
    if not shared:
        return
    device = next(causal.parameters()).device
    beginning = torch.tensor([list(prompts[0][:shared])], device=device)
    causal(
        input_ids=beginning,
        attention_mask=torch.ones_like(beginning),
        position_ids=torch.arange(shared, device=device)[None],
        past_key_values=cache,
        use_cache=True,
        logits_to_keep=1,
    )
    cache.batch_repeat_interleave(len(prompts))


def roomy_cache(config: Any, room: int) -> DynamicCache:
    """transformers' cache of this model, whose plain layers have room for ``room`` tokens more than
    they are first given."""
    cache = DynamicCache(config=config)
    # Layers with a window or a state keep what is theirs to keep.
    cache.layers = [
        _RoomyLayer(room) if type(each) is DynamicLayer else each for each in cache.layers
    ]
    return cache


class _RoomyLayer(DynamicLayer):  # type: ignore[misc]
    """Keys and values (R, heads, tokens, channels) in memory that is longer than they are.

    transformers' own layer copies all of them at every token.
    """

    def __init__(self, room: int) -> None:
        super().__init__()
        self.keys: torch.Tensor
        self.values: torch.Tensor
        self._room = room
        self._memory: dict[str, torch.Tensor] = {}

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *_args: Any, **_unused: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """What there is now, with what is new behind it. (transformers hands over more.)"""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        self.keys = self._longer("keys", self.keys, key_states)
        self.values = self._longer("values", self.values, value_states)
        return self.keys, self.values

    def _longer(self, name: str, known: torch.Tensor, new: torch.Tensor) -> torch.Tensor:
        before = known.shape[-2] if known.numel() else 0
        end = before + new.shape[-2]
        memory = self._memory.get(name)
        # Who selects or repeats rows leaves other memory behind.
        known_is_elsewhere = memory is None or (before and known.data_ptr() != memory.data_ptr())
        if memory is None or known_is_elsewhere or end > memory.shape[-2]:
            memory = new.new_empty(*new.shape[:2], end + self._room, new.shape[-1])
            if before:
                memory[:, :, :before] = known
            self._memory[name] = memory
        memory[:, :, before:end] = new
        return memory[:, :, :end]


def _left_padded(prompts: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Token ids and mask, (R, L). Padding repeats the row's first token.

    No position attends to padding, but 0 x NaN is NaN: a broken embedding spoils only its rows.
    """
    longest = max(map(len, prompts))
    input_ids = torch.zeros((len(prompts), longest), dtype=torch.long)
    mask = torch.zeros((len(prompts), longest), dtype=torch.long)
    for row, prompt in enumerate(prompts):
        input_ids[row, : longest - len(prompt)] = prompt[0]
        input_ids[row, longest - len(prompt) :] = torch.tensor(prompt, dtype=torch.long)
        mask[row, longest - len(prompt) :] = 1
    return input_ids, mask
