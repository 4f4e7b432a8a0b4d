"""From a packed row of tokens to the losses of its trained positions, for any causal LM.

There are two ways through a model. The packed way runs the row as it is, with ``attention.py``,
and applies the vocabulary projection to trained positions only. The padded way lays the examples
out as (N, L) with a mask and uses nothing but the model's own forward: slower, right for every
model. Which one a model can take is not looked up in a list of families: it is found out once, by
running two short examples both ways and comparing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from peft import PeftModel
from transformers import PreTrainedModel

from laras.batches.token_batch import IGNORED, EncodedExample, TokenBatch, collate
from laras.models.load import quiet
from laras.tuning.attention import ATTENTION_NAME, Packing, UnsupportedByPacking
from laras.tuning.loss import cross_entropy_each, cross_entropy_sum


def causal_model(model: torch.nn.Module) -> PreTrainedModel:
    """The transformers model inside ``model``, which may be wrapped by peft."""
    inner = model.get_base_model() if isinstance(model, PeftModel) else model
    assert isinstance(inner, PreTrainedModel)
    return inner


@dataclass(frozen=True, slots=True)
class Route:
    """What was found out about a model: can it run packed; is its head a plain projection."""

    packed: bool
    plain_head: bool


class PackedForward:
    """Losses of a causal language model on :class:`TokenBatch` rows."""

    def __init__(self, model: torch.nn.Module) -> None:
        self.model = model
        self.causal = causal_model(model)
        with quiet():  # what a model can't do is found out here, not told to people
            self.route = self._find_route()

    def loss_sum(self, batch: TokenBatch) -> torch.Tensor:
        """Sum over trained positions of weight x negative log-likelihood (natural log)."""
        selected, labels, weights = _trained(batch)
        if self.route.packed and self.route.plain_head:
            try:
                hidden = self._hidden(batch).index_select(0, selected)
            except UnsupportedByPacking:
                self._leave_packing()
                return self.loss_sum(batch)
            return cross_entropy_sum(hidden, self._head(), labels, weights)
        return (
            F.cross_entropy(self._logits(batch, selected), labels, reduction="none") * weights
        ).sum()

    def token_losses(self, batch: TokenBatch) -> torch.Tensor:
        """Negative log-likelihood (T,) float32 at labelled positions, 0 elsewhere; unweighted."""
        selected, labels, _ = _trained(batch)
        losses = torch.zeros(batch.tokens, dtype=torch.float32, device=batch.input_ids.device)
        if self.route.packed and self.route.plain_head:
            try:
                hidden = self._hidden(batch).index_select(0, selected)
            except UnsupportedByPacking:
                self._leave_packing()
                return self.token_losses(batch)
            each = cross_entropy_each(hidden, self._head(), labels)
        else:
            each = F.cross_entropy(self._logits(batch, selected), labels, reduction="none")
        return losses.index_copy(0, selected, each.float())

    def _head(self) -> torch.nn.Module:
        head = self.causal.get_output_embeddings()
        assert isinstance(head, torch.nn.Module)
        return head

    def _hidden(self, batch: TokenBatch) -> torch.Tensor:
        """Last hidden states (T, hidden) of a packed row."""
        with _packed_attention(self.causal):
            output = self.causal.base_model(
                input_ids=batch.input_ids[None],
                position_ids=batch.position_ids[None],
                use_cache=False,
                packing=Packing.of(batch),
            )
        hidden = output[0][0]
        assert isinstance(hidden, torch.Tensor)
        return hidden

    def _logits(self, batch: TokenBatch, selected: torch.Tensor) -> torch.Tensor:
        """Logits (selected, vocabulary) in float32 by the model's own forward."""
        if self.route.packed:
            try:
                return self._packed_logits(batch, selected).float()
            except UnsupportedByPacking:
                self._leave_packing()
        return self._padded_logits(batch).index_select(0, selected).float()

    def _packed_logits(self, batch: TokenBatch, selected: torch.Tensor) -> torch.Tensor:
        with _packed_attention(self.causal):
            logits = self.causal(
                input_ids=batch.input_ids[None],
                position_ids=batch.position_ids[None],
                use_cache=False,
                packing=Packing.of(batch),
                logits_to_keep=selected,
            ).logits[0]
        assert isinstance(logits, torch.Tensor)
        return logits

    def _leave_packing(self) -> None:
        """From now on the padded way: a batch had what packing can't do (a window, say)."""
        self.route = Route(packed=False, plain_head=False)

    def _padded_logits(self, batch: TokenBatch) -> torch.Tensor:
        """Logits (T, vocabulary): one right-padded row per example, then padding taken out."""
        lengths = (batch.cu_seqlens[1:] - batch.cu_seqlens[:-1]).long()
        column = torch.arange(batch.max_seqlen, device=lengths.device)[None, :]
        real = column < lengths[:, None]
        input_ids = torch.zeros(real.shape, dtype=torch.long, device=lengths.device)
        input_ids[real] = batch.input_ids
        logits = self.causal(
            input_ids=input_ids, attention_mask=real.long(), use_cache=False
        ).logits
        kept = logits[real]
        assert isinstance(kept, torch.Tensor)
        return kept

    @torch.no_grad()
    def _find_route(self) -> Route:
        """Run two examples both ways, in evaluation mode and float32 mathematics."""
        size = min(self.causal.get_input_embeddings().weight.shape[0], 64)
        ids = [np.arange(5, dtype=np.int32) % size, (np.arange(9, dtype=np.int32) * 3 + 1) % size]
        probe = collate(
            [
                EncodedExample(str(i), row, np.ones(len(row), dtype=bool))
                for i, row in enumerate(ids)
            ]
        ).to(next(self.causal.parameters()).device)
        training = self.model.training
        self.model.eval()
        try:
            expected = self._padded_logits(probe)
            scale = max(1.0, float(expected.abs().max()))
            # bfloat16 weights round differently in another order of work; float32 must agree.
            tolerance = (1e-4 if expected.dtype == torch.float32 else 5e-2) * scale
            try:
                hidden = self._hidden(probe)
                by_head = self._head()(hidden)
                if _agree(by_head, expected, tolerance):
                    return Route(packed=True, plain_head=_is_plain(self._head()))
                everything = torch.arange(probe.tokens, device=probe.input_ids.device)
                agrees = _agree(self._packed_logits(probe, everything), expected, tolerance)
                return Route(packed=agrees, plain_head=False)
            except (UnsupportedByPacking, TypeError):
                # TypeError: the model's forward takes no packing at all.
                return Route(packed=False, plain_head=False)
        finally:
            self.model.train(training)


def _trained(batch: TokenBatch) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    selected = (batch.labels != IGNORED).nonzero().squeeze(1)
    return selected, batch.labels[selected], batch.weights[selected]


def _agree(left: torch.Tensor, right: torch.Tensor, tolerance: float) -> bool:
    return left.shape == right.shape and bool((left - right).abs().max() <= tolerance)


def _is_plain(head: torch.nn.Module) -> bool:
    """A weight and no bias, not wrapped by an adapter: then its weight is all there is to it."""
    return isinstance(head, torch.nn.Linear) and head.bias is None


@contextmanager
def _packed_attention(causal: PreTrainedModel) -> Iterator[None]:
    """Run with ``attention.py``, and leave the model as it was for everyone else."""
    before = causal.config._attn_implementation
    causal.set_attn_implementation(ATTENTION_NAME)
    if causal.config._attn_implementation != ATTENTION_NAME:
        raise UnsupportedByPacking("this model's attention can't be replaced")
    try:
        yield
    finally:
        causal.set_attn_implementation(before)
