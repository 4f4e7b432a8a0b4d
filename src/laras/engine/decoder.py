"""A decoder of our own over the weights of a transformers model, for packed rows.

It owns no weights: parameters stay those of the model (perhaps wrapped by peft), so optimizers,
checkpoints and saving see what they always see. What it holds is joined copies or views of them
(``projection.py``), which :meth:`Decoder.refresh` renews after each optimizer step.

Shapes: T tokens, C channels, V vocabulary, n wanted positions.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from torch.utils.checkpoint import checkpoint
from transformers import PreTrainedModel

from laras.batches.token_batch import TokenBatch
from laras.engine.attend import Rotation, attend
from laras.engine.block import Attention, Block, Stream, run_block
from laras.engine.families import (
    Names,
    embedding_dropout,
    linear_layers,
    names_of,
    read_block,
    read_norm,
)
from laras.engine.learnt_prefix import LearntPrefix, PrefixedEmbedding
from laras.engine.projection import UnsupportedLayerError, check_layers
from laras.kernels.packing import Packing

# A GPU's kernels want rows in multiples of 8, in 8 bits of 16; oneDNN loses a fifth of its speed
# where a few rows are left over from its blocks (1,393 against 1,392 rows of 576).
_ROWS_MULTIPLE = 16
_ROWS_BITS = 5


def whole_rows(count: int) -> int:
    """Rows to compute where ``count`` are needed: a number that products are quick for, and one of
    few. oneDNN compiles a kernel for each shape that it has not seen lately, 1 to 2 ms each, which
    is a tenth of a small model's step and more; so there are 32 numbers between powers of two,
    above 512 on average 1 % more than needed."""
    finest = (count - 1).bit_length() - 1 - _ROWS_BITS
    step = max(_ROWS_MULTIPLE, 1 << max(0, finest))
    return -(-count // step) * step


class Decoder:
    """Runs packed rows through the model's blocks in ``dtype`` (float32 or bfloat16).

    ``recompute``: blocks keep nothing for the backward pass but their input, and run again then.
    """

    def __init__(self, causal: PreTrainedModel, names: Names, dtype: torch.dtype) -> None:
        self._base: Any = causal.base_model
        self._embed = causal.get_input_embeddings()
        self._positions = None if names.positions is None else getattr(self._base, names.positions)
        self._dropout = embedding_dropout(causal.config)
        blocks = getattr(self._base, names.blocks)
        self.dtype = dtype
        self.recompute = False
        self.final_norm = read_norm(getattr(self._base, names.final_norm), names)
        for block in blocks:  # before anything of the model is changed
            check_layers(linear_layers(block, names))
        self.blocks = [
            read_block(block, index, names, causal.config, dtype)
            for index, block in enumerate(blocks)
        ]
        if isinstance(self._embed, PrefixedEmbedding) and not all(
            self._embed.fits(block.heads) for block in self.blocks
        ):
            self.release()
            raise UnsupportedLayerError("a learnt prefix of another shape than the key heads'")
        # Half precision residuals on a GPU, where memory and its bandwidth are the limit.
        self._residual = torch.float32 if self._embed.weight.device.type != "cuda" else dtype

    @classmethod
    def of(cls, causal: PreTrainedModel, dtype: torch.dtype) -> Decoder | None:
        """The decoder of ``causal``, or None where its family has no row in ``families.py``.

        Raises UnsupportedLayerError where a layer is not what its family usually has.
        """
        names = names_of(causal)
        return None if names is None else cls(causal, names, dtype)

    def embed(self, batch: TokenBatch) -> torch.Tensor:
        """(T,) ids -> (T, C) residual stream, by the model's own module (and its hooks)."""
        return self.embed_tokens(batch.input_ids, batch.position_ids)

    def embed_tokens(self, input_ids: torch.Tensor, position_ids: torch.Tensor) -> torch.Tensor:
        """The same of ids (T,) at positions (T,)."""
        hidden = self._embed(input_ids[None])[0]
        if self._positions is not None:
            hidden = hidden + self._positions(position_ids)
        hidden = F.dropout(hidden, self._dropout, self._base.training) if self._dropout else hidden
        return hidden.to(self._residual)

    def prefix(self, input_ids: torch.Tensor) -> LearntPrefix | None:
        """The learnt keys and values in a row of ids (T,), where it has virtual tokens."""
        return LearntPrefix.of(self._embed, input_ids)

    def run(
        self,
        batch: TokenBatch,
        wanted: torch.Tensor,
        first_block: int = 0,
        hidden: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Normalised last hidden states (n, C) in ``dtype`` at row positions ``wanted`` (n,).

        ``hidden`` (T, C): the stream before ``first_block``, where it is known already.
        """
        rows = self.embed(batch) if hidden is None else hidden.to(self._residual)
        batch = replace(batch, hidden=None).filled(whole_rows(batch.tokens))
        rows = F.pad(rows, (0, 0, 0, batch.tokens - len(rows)))
        stream = self._through(batch, Stream(rows, None), first_block, len(self.blocks), wanted)
        _total, normed = self.final_norm(stream.residual, stream.pending, self.dtype)
        return normed

    @torch.no_grad()
    def stream_before(self, batch: TokenBatch, block: int) -> torch.Tensor:
        """The residual stream (T, C) before ``block``, for those who keep it."""
        tokens, rows = batch.tokens, self.embed(batch)
        batch = batch.filled(whole_rows(tokens))
        rows = F.pad(rows, (0, 0, 0, batch.tokens - tokens))
        stream = self._through(batch, Stream(rows, None), 0, block, None)
        total = stream.residual if stream.pending is None else stream.residual + stream.pending
        return total[:tokens]

    def _through(
        self, batch: TokenBatch, stream: Stream, first: int, last: int, wanted: torch.Tensor | None
    ) -> Stream:
        packing = Packing.of(batch)
        rotations = self.rotations(batch, stream.residual)
        training, prefix = self._base.training, self.prefix(batch.input_ids)
        for index in range(first, last):
            rows = wanted if index == len(self.blocks) - 1 else None
            own = attend if prefix is None else prefix.attention(index, attend)
            run = partial(_run, self.blocks[index], rotations, packing, training, rows, own)
            if self.recompute and torch.is_grad_enabled():
                stream = Stream(*checkpoint(run, *stream.parts, use_reentrant=False))
            else:
                stream = Stream(*run(*stream.parts))
        return stream

    def rotations(self, batch: TokenBatch, like: torch.Tensor) -> dict[str, Rotation]:
        """The model's own rotary tables at the positions of the row; ``like``: of its device."""
        kinds = {block.rotary for block in self.blocks} - {None}
        tables: dict[str, Rotation] = {}
        reference = like.new_empty(0, dtype=torch.float32)
        for kind in sorted(str(kind) for kind in kinds):
            rotary = self._base.rotary_emb
            extra = (kind,) if len(kinds) > 1 or hasattr(rotary, "layer_types") else ()
            borders = [0, batch.tokens]
            if rotates_by_length(self._base):  # an example's angles are not its neighbours' affair
                borders = batch.cu_seqlens.tolist()
            parts = [
                rotary(reference, batch.position_ids[None, start:end], *extra)
                for start, end in pairwise(borders)
            ]
            cos, sin = (torch.cat(tensors, dim=1) for tensors in zip(*parts, strict=True))
            half = cos.shape[-1] // 2
            # Both halves of the table are the same angles.
            tables[kind] = Rotation(cos[0, :, :half].contiguous(), sin[0, :, :half].contiguous())
        return tables

    def hold_float8(self) -> bool:
        """Hold frozen weights in FP8, all of them or, where one's shape does not fit, none."""
        projections = [each for block in self.blocks for each in block.projections]
        if not all(projection.fits_float8 for projection in projections):
            return False
        for projection in projections:
            projection.hold_float8()
        return True

    def refresh(self) -> None:
        """After an optimizer step or after weights were loaded."""
        for block in self.blocks:
            for projection in block.projections:
                projection.refresh()

    def release(self) -> None:
        """Give the model's layers memory of their own again."""
        for block in self.blocks:
            for projection in block.projections:
                projection.release()


def rotates_by_length(base: torch.nn.Module) -> bool:
    """Whether rotary angles depend on the length of what they are asked for, as those of long
    contexts do (Phi-3's two tables, dynamic NTK): transformers asks for a whole batch at once."""
    kinds = getattr(getattr(base, "rotary_emb", None), "rope_type", "default")
    return not {"dynamic", "longrope"}.isdisjoint(
        kinds.values() if isinstance(kinds, dict) else [kinds]
    )


def _run(
    block: Block,
    rotations: dict[str, Rotation],
    packing: Packing,
    training: bool,
    wanted: torch.Tensor | None,
    attention: Attention,
    residual: torch.Tensor,
    pending: torch.Tensor | None,
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """:func:`run_block` in tensors alone, as recomputing wants it."""
    stream = Stream(residual, pending)
    return run_block(block, stream, rotations, packing, training, wanted, attention).parts
