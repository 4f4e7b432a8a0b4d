"""From a packed row of tokens to the losses of its trained positions, for any causal LM.

There are three ways through a model. ``fast``: our own decoder over the model's weights, for the
families that ``families.py`` describes. ``packed``: transformers' modules with our attention, the
row as it is. ``padded``: examples as (N, L) with a mask and nothing but the model's own
forward: slower, right for every model. Which one a model can take is found out once, by running
two short examples each way and comparing (``route.py``); there is no list to trust.

Shapes: T tokens of the row, C channels, n labelled positions, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch
import torch.nn.functional as F
from torch.autograd.graph import save_on_cpu
from transformers import PreTrainedModel

from laras.batches.token_batch import TokenBatch
from laras.engine.attention import ATTENTION_NAME, UnsupportedByPacking
from laras.engine.decoder import Decoder, rotates_by_length, whole_rows
from laras.engine.loss import cross_entropy_each, cross_entropy_sum
from laras.engine.projection import UnsupportedLayerError
from laras.engine.route import Route, Way, agree, two_examples, what_no_probe_shows
from laras.kernels.packing import Packing
from laras.models.causal import causal_model
from laras.models.quiet import quiet


class PackedForward:
    """Losses of a causal language model on :class:`TokenBatch` rows.

    ``precision``: of the products in training; None where nothing is trained, and then the model's
    own modules are used. ``fastest``: the fastest way that may be taken.
    """

    def __init__(
        self,
        model: torch.nn.Module,
        precision: torch.dtype | None = None,
        fastest: Way = "fast",
    ) -> None:
        self.model = model
        self.causal = causal_model(model)
        self.precision = precision
        self.softcap: float | None = getattr(self.causal.config, "final_logit_softcapping", None)
        self.decoder: Decoder | None = None
        self.recomputes = False
        self._offloads = False
        self._matrix: torch.Tensor | None = None
        self._matrix_is_old = True
        with quiet():  # what a model can't do is found out here, not told to people
            self.route = self._find_route(fastest)
        self.refresh()

    @property
    def shares_prefixes(self) -> bool:
        """Whether a row may hold a beginning once that several of its examples share."""
        apart = self.route.way == "padded" or rotates_by_length(self.causal.base_model)
        return not apart and self.causal.device.type == "cpu"

    def loss_sum(self, batch: TokenBatch) -> torch.Tensor:
        """Sum over trained positions of weight x negative log-likelihood (natural log)."""
        labels, weights = batch.labels[batch.selected], batch.weights[batch.selected]
        if self.route.plain_head:
            selected, labels, weights = _filled(batch.selected, labels, weights)
            hidden = self.hidden_states(batch, selected)
            return cross_entropy_sum(
                hidden, self._head(), labels, weights, self._head_matrix(), self.softcap
            )
        each = F.cross_entropy(self._logits(batch), labels, reduction="none")
        return (each * weights).sum()

    def token_losses(self, batch: TokenBatch) -> torch.Tensor:
        """Negative log-likelihood (T,) float32 at labelled positions, 0 elsewhere; unweighted and
        without gradient."""
        labels = batch.labels[batch.selected]
        with torch.no_grad():
            if self.route.plain_head:
                hidden = self.hidden_states(batch, batch.selected)
                each = cross_entropy_each(
                    hidden, self._head(), labels, self._head_matrix(), self.softcap
                )
            else:
                each = F.cross_entropy(self._logits(batch), labels, reduction="none")
        losses = torch.zeros(batch.tokens, dtype=torch.float32, device=batch.input_ids.device)
        return losses.index_copy(0, batch.selected, each.float())

    def hidden_states(self, batch: TokenBatch, selected: torch.Tensor) -> torch.Tensor:
        """Normalised last hidden states (n, C) at the row's positions ``selected`` (n,)."""
        if self.decoder is not None:
            # Its steps choose their own precision; autocast would round the attention scores.
            away = save_on_cpu(pin_memory=True) if self._offloads else nullcontext()
            with torch.autocast(self.causal.device.type, enabled=False), away:
                return self.decoder.run(batch, selected, batch.first_block, batch.hidden)
        if self.route.way == "packed":
            rows: torch.Tensor = self._packed(batch, self.causal.base_model)[0]
            return rows.index_select(0, selected)
        return self._padded(batch, self.causal.base_model).index_select(0, selected)

    @torch.no_grad()
    def refresh(self) -> None:
        """Renew what is kept of the model's weights: after a step, after weights were loaded."""
        if self.decoder is not None:
            self.decoder.refresh()
        self._matrix_is_old = True

    @torch.no_grad()
    def _head_matrix(self) -> torch.Tensor | None:
        """The vocabulary projection's weight in the precision of the products; renewed here, so
        that an objective with a head of its own never pays for it."""
        if self.precision is None or not self._matrix_is_old:
            return self._matrix
        self._matrix_is_old = False
        weight = self._head().weight
        assert isinstance(weight, torch.Tensor)
        if self._matrix is None:
            self._matrix = weight.detach().to(self.precision)
            tied = weight is self.causal.get_input_embeddings().weight
            if not weight.requires_grad and not tied:
                weight.data = self._matrix  # held once
        elif weight.requires_grad and self._matrix.data_ptr() != weight.data_ptr():
            self._matrix.copy_(weight)
        return self._matrix

    def for_both_passes(self) -> AbstractContextManager[None]:
        """What a forward pass and its backward pass run in: blocks that run again in the backward
        pass have to find the attention of the forward pass."""
        if self.recomputes and self.route.way == "packed":
            return packed_attention(self.causal)
        return nullcontext()

    def recompute_activations(self, offload: bool = False) -> None:
        """Keep only the input of each block for the backward pass, and run blocks again then.

        ``offload``: on a GPU these inputs wait in the main memory. What the loss keeps does not:
        among it is the gradient of the vocabulary's matrix, gigabytes that are wanted at once.
        """
        self.recomputes = True
        offload = offload and self.causal.device.type == "cuda"
        if self.decoder is not None:
            self.decoder.recompute, self._offloads = True, offload
            return
        # Its older name, the only one before transformers 5.23, warns from then on.
        enable = getattr(self.causal, "activation_checkpointing_enable", None)
        enable = enable or self.causal.gradient_checkpointing_enable
        enable({"use_reentrant": False}, offload=offload)

    def hold_float8(self) -> str:
        """Hold frozen weights in FP8; the model's own modules can't run until :meth:`release`.
        Why it is not done, or "": the fast way alone can, and shapes have to be what its products
        take."""
        if self.decoder is None:
            return self.route.reason
        return "" if self.decoder.hold_float8() else "a layer's size is no multiple of 16"

    def release(self) -> None:
        """Give the model's layers memory of their own again; this forward is not used after it."""
        if self.decoder is not None:
            self.decoder.release()

    def _head(self) -> torch.nn.Module:
        head = self.causal.get_output_embeddings()
        assert isinstance(head, torch.nn.Module)
        return head

    def _logits(self, batch: TokenBatch) -> torch.Tensor:
        """Logits (n, V) float32 of labelled positions, where the head is not a plain product."""
        if self.decoder is not None:
            logits = self._head()(self.hidden_states(batch, batch.selected))
            return _capped(logits.float(), self.softcap)
        if self.route.way == "packed":
            kept = self._packed(batch, self.causal, logits_to_keep=batch.selected).logits[0]
            return kept.float()  # type: ignore[no-any-return]
        return self._padded(batch, self.causal).index_select(0, batch.selected).float()

    def _packed(
        self, batch: TokenBatch, part: Any, packing: Packing | None = None, **more: torch.Tensor
    ) -> Any:
        with packed_attention(self.causal):
            output = part(
                input_ids=batch.input_ids[None],
                position_ids=batch.position_ids[None],
                use_cache=False,
                packing=packing or Packing.of(batch),
                **more,
            )
        return output[0] if part is not self.causal else output

    def _padded(self, batch: TokenBatch, part: Any) -> torch.Tensor:
        """First output (T, C or V): one right-padded row per example, then padding taken out."""
        lengths = (batch.cu_seqlens[1:] - batch.cu_seqlens[:-1]).long()
        column = torch.arange(batch.max_seqlen, device=lengths.device)[None, :]
        real = column < lengths[:, None]
        input_ids = torch.zeros(real.shape, dtype=torch.long, device=lengths.device)
        input_ids[real] = batch.input_ids
        output = part(input_ids=input_ids, attention_mask=real.long(), use_cache=False)[0]
        kept = output[real]
        assert isinstance(kept, torch.Tensor)
        return kept

    @torch.no_grad()
    def _find_route(self, fastest: Way) -> Route:
        """Run two examples each way, in evaluation mode."""
        probe = two_examples(self.causal)
        training = self.model.training
        self.model.eval()
        try:
            expected = self._padded(probe, self.causal)
            head = self._head()
            own = _capped(head(self._padded(probe, self.causal.base_model)), self.softcap)
            plain = _is_plain(head) and agree(own, expected)
            if fastest == "padded":
                return Route("padded", plain)
            if self.causal.device.type not in ("cpu", "cuda"):
                return Route("padded", plain, f"packed rows are not for {self.causal.device.type}")
            problem = None
            if fastest == "fast" and self.precision in (torch.float32, torch.bfloat16):
                problem = self._try_decoder(probe, expected)
                if problem is None:
                    return Route("fast", plain)
            way, reason = self._try_packing(probe, expected)
            return Route(way, plain, problem or reason)
        finally:
            self.model.train(training)

    def _try_packing(self, probe: TokenBatch, expected: torch.Tensor) -> tuple[Way, str]:
        packing = Packing.of(probe)
        try:
            logits = self._packed(probe, self.causal, packing).logits[0]
            if not agree(logits, expected):
                return "padded", "packed rows give other logits"
            # The probe is shorter than any window, and has no dropout: what it can't show is asked.
            return what_no_probe_shows(self.causal, packing)
        except (UnsupportedByPacking, TypeError) as error:
            # TypeError: the model's forward takes no packing at all.
            return "padded", str(error).splitlines()[0]

    def _try_decoder(self, probe: TokenBatch, expected: torch.Tensor) -> str | None:
        """Make the decoder if it computes what the model does, else say what is in the way."""
        assert self.precision is not None
        try:
            decoder = Decoder.of(self.causal, self.precision)
        except (UnsupportedLayerError, AttributeError, KeyError, ValueError) as error:
            return f"the decoder does not know a part: {error}"
        if decoder is None:
            return f"no fast way for {self.causal.config.model_type}"
        hidden = decoder.run(probe, torch.arange(probe.tokens, device=probe.input_ids.device))
        weight = self._head().weight
        assert isinstance(weight, torch.Tensor)
        logits = _capped(F.linear(hidden, weight.to(hidden.dtype)).float(), self.softcap)
        if not agree(logits, expected, self.precision):
            decoder.release()
            return "the decoder gives other logits"
        self.decoder = decoder
        return None


def _filled(
    selected: torch.Tensor, labels: torch.Tensor, weights: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Positions, labels and weights with the last position repeated at a weight of zero: products
    over trained positions have a number of rows that kernels like."""
    lacking = whole_rows(len(selected)) - len(selected)
    if not lacking or not len(selected):
        return selected, labels, weights
    more = [torch.cat([rows, rows[-1:].expand(lacking)]) for rows in (selected, labels)]
    return more[0], more[1], F.pad(weights, (0, lacking))


def _is_plain(head: torch.nn.Module) -> bool:
    """A weight and no bias, not wrapped by an adapter: then its weight is all there is to it."""
    return isinstance(head, torch.nn.Linear) and head.bias is None


def _capped(logits: torch.Tensor, softcap: float | None) -> torch.Tensor:
    return logits if softcap is None else softcap * torch.tanh(logits / softcap)


@contextmanager
def packed_attention(causal: PreTrainedModel) -> Iterator[None]:
    """Run with ``attention.py``, and leave the model as it was for everyone else."""
    before = causal.config._attn_implementation
    causal.set_attn_implementation(ATTENTION_NAME)
    if causal.config._attn_implementation != ATTENTION_NAME:
        raise UnsupportedByPacking("this model's attention can't be replaced")
    try:
        yield
    finally:
        causal.set_attn_implementation(before)
