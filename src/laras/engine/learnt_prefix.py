"""Prefix tuning: learnt keys and values that every example finds before its own, in every layer.

(Li and Liang 2021, https://aclanthology.org/2021.acl-long.353.) An example begins with n virtual
tokens, and their keys and values are overwritten in each layer by the learnt ones: behind the
rotary positions, as what is cached stands there. Whatever else a block makes of a virtual token is
read by nobody, since later tokens see no more of it than its key and value. Rows are therefore
packed, and beginnings shared, as ever, and real tokens stand at positions from n on, as behind a
cache of n.

Shapes: n learnt positions; L layers, G key heads of D channels; T tokens of a row, m of them
virtual; N columns of the joined projection.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch.autograd.function import once_differentiable

from laras.engine.attend import Heads, Rotation
from laras.engine.block import Attention
from laras.engine.functions import run
from laras.kernels.attention_cpu import Scores
from laras.kernels.packing import Packing
from laras.models.virtual_tokens import VirtualTokens


class PrefixedEmbedding(VirtualTokens):
    """Holds ``prefix`` (n, 2 L G D) float32, in peft's order: for each position and layer the key
    of all ``groups`` heads of ``channels``, then the value."""

    def __init__(
        self, words: torch.nn.Module, prefix: torch.Tensor, groups: int, channels: int
    ) -> None:
        super().__init__(words, len(prefix))
        self.prefix = torch.nn.Parameter(prefix)
        self.groups = groups
        self.channels = channels

    def pairs(self) -> tuple[torch.Tensor, ...]:
        """Keys and values of the layers in turn, 2 L tensors (n, G, D)."""
        return self.prefix.view(self.count, -1, self.groups, self.channels).unbind(1)

    def fits(self, heads: Heads) -> bool:
        """Whether keys that lie as ``heads`` says are of its shape."""
        return (self.groups, self.channels) == (heads.groups, heads.channels)


@dataclass(frozen=True, slots=True)
class LearntPrefix:
    """The prefix as it stands in a row: its ``pairs``, the ``places`` (m,) of virtual tokens, and
    ``which`` (m,) of the n positions each of them is."""

    pairs: tuple[torch.Tensor, ...]
    places: torch.Tensor
    which: torch.Tensor

    @classmethod
    def of(cls, embedding: torch.nn.Module, ids: torch.Tensor) -> LearntPrefix | None:
        """That of ``embedding`` in a row of ``ids`` (T,); None where there is none."""
        if not isinstance(embedding, PrefixedEmbedding):
            return None
        places = (ids >= embedding.first).nonzero().squeeze(1)
        if not len(places):
            return None
        return cls(embedding.pairs(), places, ids[places] - embedding.first)

    def attention(self, layer: int, attention: Attention) -> Attention:
        """``attention`` of ``layer``, to rows that have the learnt keys and values in them."""
        return partial(self._attend, layer, attention)

    def _attend(
        self,
        layer: int,
        attention: Attention,
        rows: torch.Tensor,
        heads: Heads,
        scores: Scores,
        rotation: Rotation | None,
        packing: Packing,
        room: int,
    ) -> torch.Tensor:
        key, value = self.pairs[2 * layer : 2 * layer + 2]
        rows = run(_Place, rows, key, value, self.places, self.which, heads, rotation)
        return attention(rows, heads, scores, None, packing, room)


class _Place(torch.autograd.Function):
    """Turn queries and keys of rows (T, N), then put ``key`` and ``value`` (n, G, D) where virtual
    tokens stand, in place."""

    @staticmethod
    def forward(
        ctx: Any,
        rows: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        places: torch.Tensor,
        which: torch.Tensor,
        heads: Heads,
        rotation: Rotation | None,
    ) -> torch.Tensor:
        if rotation is not None:
            rotation.apply_(rows, heads, inverse=False)
        _query, *own = heads.split(rows)
        for part, learnt in zip(own, (key, value), strict=True):
            part[places] = learnt[which].to(rows.dtype)
        ctx.mark_dirty(rows)
        ctx.save_for_backward(places, which)
        ctx.facts = heads, rotation, len(key)
        return rows

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        heads, rotation, count = ctx.facts
        places, which = ctx.saved_tensors
        d_rows = gradient.clone(memory_format=torch.contiguous_format)  # not ours to change
        # A product, not sums into places: on a GPU these come in another order each time.
        owners = F.one_hot(which, count).t().float()
        learnt = []
        for part in heads.split(d_rows)[1:]:
            each = part[places].flatten(1).float()
            learnt.append((owners @ each).view(count, *part.shape[1:]))
            part[places] = 0.0
        if rotation is not None:
            rotation.apply_(d_rows, heads, inverse=True)
        return d_rows, *learnt, None, None, None, None
