"""One block function for every family: what differs between families is configuration.

A block adds to the residual stream twice: attention and a feed-forward part, one after the other or
(``parallel``) side by side from the same stream. The last addition is left pending and made
together with the next block's norm, which reads the same row.

Shapes: T tokens, C channels; n positions that are wanted of the last block.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F

from laras.engine.attend import Heads, Rotation, attend
from laras.engine.projection import Projection
from laras.engine.steps import Norm, activated, gated
from laras.kernels.attention_cpu import Scores
from laras.kernels.packing import Packing

# As :func:`attend`: whoever keeps keys and values of what was read has another one.
Attention = Callable[[torch.Tensor, Heads, Scores, Rotation | None, Packing, int], torch.Tensor]


@dataclass(frozen=True, slots=True)
class Block:
    """A decoder block in one family's shape. ``mlp_norm`` None: the feed-forward part reads what
    attention reads. ``after_attention`` and ``after_mlp``: norms of what is added (Gemma 2, 3).
    ``query_norm`` and ``key_norm``: norms of single heads (Qwen 3). ``dropout``: of what is added,
    while training. ``rotary``: which of the model's rotary tables, None for none."""

    attention_norm: Norm
    qkv: Projection
    heads: Heads
    scores: Scores
    rotary: str | None
    out: Projection
    mlp_norm: Norm | None
    up: Projection
    down: Projection
    activation: str
    gated: bool
    parallel: bool = False
    after_attention: Norm | None = None
    after_mlp: Norm | None = None
    query_norm: Norm | None = None
    key_norm: Norm | None = None
    dropout: float = 0.0

    @property
    def projections(self) -> tuple[Projection, ...]:
        """Its four products."""
        return self.qkv, self.out, self.up, self.down


@dataclass(frozen=True, slots=True)
class Stream:
    """The residual stream (T, C) and an addition to it that is still to be made, or None."""

    residual: torch.Tensor
    pending: torch.Tensor | None = None

    @property
    def parts(self) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Both, for those who know tensors only."""
        return self.residual, self.pending


def run_block(
    block: Block,
    stream: Stream,
    rotations: dict[str, Rotation],
    packing: Packing,
    training: bool,
    wanted: torch.Tensor | None = None,
    attention: Attention = attend,
) -> Stream:
    """The stream after ``block``; only its rows ``wanted`` (n,) if given.

    What no later position and no loss will read is not computed: behind the last block's
    attention only trained positions go on (on a model of 8 blocks 5 % of a step).
    """
    dtype = block.qkv.dtype
    # Room for one reader only: where the feed-forward part reads the same rows, none is made.
    own = 0 if block.mlp_norm is None else block.qkv.rank
    residual, normed = block.attention_norm(stream.residual, stream.pending, dtype, own)
    rows = _norm_heads(block, block.qkv(normed))
    scores = block.scores
    if scores.dropout:
        # Drawn from torch's own state, so that a resumed run draws the same.
        chance = scores.dropout if training else 0.0
        scores = replace(scores, dropout=chance, seed=int(torch.randint(2**31, ())))
    rotation = None if block.rotary is None else rotations[block.rotary]
    attended = attention(rows, block.heads, scores, rotation, packing, block.out.rank)
    if wanted is not None:
        attended, residual = attended.index_select(0, wanted), residual.index_select(0, wanted)
        normed = normed.index_select(0, wanted)
    added = _finish(block.out(attended), block.after_attention, block.dropout, training)
    if block.parallel:
        if block.mlp_norm is not None:
            residual, normed = block.mlp_norm(residual, None, dtype, block.up.rank)
        stream = Stream(residual + added, None)
    elif block.mlp_norm is not None:
        residual, normed = block.mlp_norm(residual, added, dtype, block.up.rank)
        stream = Stream(residual, None)
    inner = block.up(normed)
    activate = gated if block.gated else activated
    fed = block.down(activate(inner, block.activation, block.down.rank))
    return Stream(stream.residual, _finish(fed, block.after_mlp, block.dropout, training))


def _finish(added: torch.Tensor, norm: Norm | None, dropout: float, training: bool) -> torch.Tensor:
    if norm is not None:
        _total, added = norm(added, None, added.dtype)
    return F.dropout(added, dropout, training) if dropout else added


def _norm_heads(block: Block, rows: torch.Tensor) -> torch.Tensor:
    """Each query head and key head normalised by itself, where a family does that."""
    if block.query_norm is None or block.key_norm is None:
        return rows
    query, key, value = block.heads.split(rows)
    channels = block.heads.channels
    _total, query = block.query_norm(query.reshape(-1, channels), None, rows.dtype)
    _total, key = block.key_norm(key.reshape(-1, channels), None, rows.dtype)
    parts = [query.view(len(rows), -1), key.view(len(rows), -1), value.flatten(1)]
    return torch.cat(parts, dim=1)
