"""Learnt keys and values for transformers' own modules, which are given them as by a cache.

Every layer asks its cache, with the keys and values that it has made, for those that attention is
to read: the one public place where they can be exchanged in any model.

Shapes: R rows of S new tokens; G key heads of D channels; n learnt positions.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from transformers import Cache, PreTrainedModel

from laras.engine.learnt_prefix import PrefixedEmbedding


class PrefixCache(Cache):  # type: ignore[misc]
    """Serves one forward pass over ``ids`` (R, S). ``kept``: the cache that the pass fills; None:
    nothing is kept of it."""

    def __init__(
        self, embedding: PrefixedEmbedding, ids: torch.Tensor, kept: Cache | None = None
    ) -> None:
        # How long sequences are by now is read off the layers.
        super().__init__(layers=[] if kept is None else kept.layers)
        self._kept = kept
        self._pairs = embedding.pairs()
        self._virtual = (ids >= embedding.first)[:, None, :, None]
        self._which = (ids - embedding.first).clamp(min=0)

    def update(
        self,
        key_states: torch.Tensor,
        value_states: torch.Tensor,
        layer_idx: int,
        *_args: Any,
        **_unused: Any,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Keys and values (R, G, ., D) that attention reads, those of virtual tokens exchanged.
        (Some models hand over more, for caches of a fixed size.)"""
        key, value = self._pairs[2 * layer_idx : 2 * layer_idx + 2]
        keys, values = self._placed(key_states, key), self._placed(value_states, value)
        if self._kept is None:
            return keys, values
        read: tuple[torch.Tensor, torch.Tensor] = self._kept.update(keys, values, layer_idx)
        return read

    def _placed(self, states: torch.Tensor, learnt: torch.Tensor) -> torch.Tensor:
        """(R, G, S, D) with ``learnt`` (n, G, D) where the tokens are virtual."""
        picked = F.embedding(self._which, learnt.flatten(1))
        by_head = picked.view(*self._which.shape, *learnt.shape[1:]).transpose(1, 2)
        return torch.where(self._virtual, by_head.to(states.dtype), states)


def give_prefix_cache(model: PreTrainedModel) -> None:
    """Have ``model``, whose embedding is a :class:`PrefixedEmbedding`, find the learnt keys and
    values wherever it is given virtual tokens."""
    embedding = model.get_input_embeddings()
    assert isinstance(embedding, PrefixedEmbedding)
    model.base_model.register_forward_pre_hook(partial(_before, embedding), with_kwargs=True)


def _before(
    embedding: PrefixedEmbedding,
    _module: torch.nn.Module,
    args: tuple[Any, ...],
    named: dict[str, Any],
) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
    ids = named.get("input_ids", args[0] if args else None)
    if ids is None or not bool((ids >= embedding.first).any()):
        return None
    cache = PrefixCache(embedding, ids, named.get("past_key_values"))
    return args, {**named, "past_key_values": cache}
