"""Rotary positions and attention on the rows of the joined projection, as one differentiable step.

Queries, keys and values stay where the projection has put them, and so do their gradients: nothing
is split or joined again on the way. Rotary positions are applied in place, and taken back in place
from the gradient.

Shapes: T tokens; N columns of the joined projection; G key heads, Q query heads of each, D channels
of a head.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch.autograd.function import once_differentiable

from laras.engine.functions import run
from laras.kernels import elementwise
from laras.kernels.attention_cpu import Scores, attention_backward, attention_forward
from laras.kernels.attention_cuda import variable_length_attention
from laras.kernels.packing import Packing


@dataclass(frozen=True, slots=True)
class Heads:
    """How queries, keys and values lie in a row of the joined projection.

    ``by_group``: for each key head its query heads, then the key, then the value (GPT-NeoX,
    Falcon); else all queries, then all keys, then all values.
    """

    groups: int
    queries: int
    channels: int
    by_group: bool = False

    @property
    def width(self) -> int:
        """Channels of all query heads."""
        return self.groups * self.queries * self.channels

    def split(self, rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Views (T, G, Q, D), (T, G, D), (T, G, D) of (T, N)."""
        groups, queries, channels = self.groups, self.queries, self.channels
        if self.by_group:
            parts = _unfold(rows, groups, queries + 2, channels)
            return parts[:, :, :-2], parts[:, :, -2], parts[:, :, -1]
        middle = self.width + groups * channels
        return (
            _unfold(rows[:, : self.width], groups, queries, channels),
            _unfold(rows[:, self.width : middle], groups, channels),
            _unfold(rows[:, middle:], groups, channels),
        )

    def rotated(self, rows: torch.Tensor) -> list[torch.Tensor]:
        """Views (T, heads, D) of all that rotary positions apply to."""
        if not self.by_group:
            end = self.width + self.groups * self.channels
            return [_unfold(rows[:, :end], -1, self.channels)]
        parts = _unfold(rows, self.groups, self.queries + 2, self.channels)
        return [parts[:, :, head] for head in range(self.queries + 1)]


@dataclass(frozen=True, slots=True)
class Rotation:
    """Cosines and sines (T, R / 2) in float32 of each token's position, R <= D."""

    cos: torch.Tensor
    sin: torch.Tensor

    def apply_(self, rows: torch.Tensor, heads: Heads, inverse: bool) -> None:
        """Turn queries and keys in place, or back."""
        for part in heads.rotated(rows):
            elementwise.rotate_(part, self.cos, self.sin, inverse)


def attend(
    rows: torch.Tensor,
    heads: Heads,
    scores: Scores,
    rotation: Rotation | None,
    packing: Packing,
    room: int,
) -> torch.Tensor:
    """(T, N) of the joined projection -> (T, H D + ``room``), the room not initialised.

    ``rows`` is overwritten: nobody else may hold it.
    """
    if rows.device.type == "cuda":
        return _attend_on_gpu(rows, heads, scores, rotation, packing, room)
    result: torch.Tensor = run(_Attend, rows, heads, scores, rotation, packing, room)
    return result


class _Attend(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        rows: torch.Tensor,
        heads: Heads,
        scores: Scores,
        rotation: Rotation | None,
        packing: Packing,
        room: int,
    ) -> torch.Tensor:
        if rotation is not None:
            rotation.apply_(rows, heads, inverse=False)
        wide = rows.new_empty(len(rows), heads.width + room)
        sums = attention_forward(*heads.split(rows), _by_head(wide, heads), packing, scores)
        # .data: the projection that reads this writes into its room, which is none of ours.
        ctx.save_for_backward(rows, wide.data, *sums)
        ctx.facts = heads, scores, rotation, packing
        return wide

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        heads, scores, rotation, packing = ctx.facts
        rows, wide, *sums = ctx.saved_tensors
        d_rows = torch.zeros_like(rows) if packing.shared else torch.empty_like(rows)
        query, key, value = heads.split(rows)
        d_query, d_key, d_value = heads.split(d_rows)
        attention_backward(
            query,
            key,
            value,
            _by_head(wide, heads),
            _by_head(gradient, heads),
            sums,
            d_query,
            d_key,
            d_value,
            packing,
            scores,
        )
        if rotation is not None:
            rotation.apply_(d_rows, heads, inverse=True)
        return d_rows, None, None, None, None, None


def _by_head(wide: torch.Tensor, heads: Heads) -> torch.Tensor:
    return _unfold(wide[:, : heads.width], heads.groups, heads.queries, heads.channels)


def _unfold(rows: torch.Tensor, *sizes: int) -> torch.Tensor:
    """(T, product of the sizes) -> (T, sizes), a view."""
    return rows.view(len(rows), *sizes)


class _Rotate(torch.autograd.Function):
    """Rotary positions alone, for devices whose attention kernel has its own backward pass."""

    @staticmethod
    def forward(ctx: Any, rows: torch.Tensor, heads: Heads, rotation: Rotation) -> torch.Tensor:
        rotation.apply_(rows, heads, inverse=False)
        ctx.mark_dirty(rows)
        ctx.facts = heads, rotation
        return rows

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        heads, rotation = ctx.facts
        turned = gradient.clone(memory_format=torch.contiguous_format)  # not ours to change
        rotation.apply_(turned, heads, inverse=True)
        return turned, None, None


def _attend_on_gpu(
    rows: torch.Tensor,
    heads: Heads,
    scores: Scores,
    rotation: Rotation | None,
    packing: Packing,
    room: int,
) -> torch.Tensor:
    if rotation is not None:
        rows = run(_Rotate, rows, heads, rotation)
    query, key, value = heads.split(rows)
    out = variable_length_attention(
        query.flatten(1, 2),
        key,
        value,
        packing.cu_seqlens,
        packing.max_seqlen,
        scores.scale,
        scores.window,
        scores.softcap,
    ).flatten(1)
    return torch.nn.functional.pad(out, (0, room)) if room else out
