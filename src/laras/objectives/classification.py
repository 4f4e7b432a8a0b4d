"""Sequence classification: a linear head on the hidden state of a prompt's last token.

An example is its prompt and, as its answer, one id that is no token but the number of its class
(``batches/encode.py``). So it is packed, cut and weighted like any other, and the label of the
prompt's last position is the class.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F

from laras.batches.token_batch import TokenBatch
from laras.errors import DataRefused
from laras.models.classifier import HEAD
from laras.objectives.objective import Objective, objectives, weight_of
from laras.translation import _

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from laras.engine.forward import PackedForward


class Classification:
    """Cross-entropy over the classes of the head."""

    tasks = frozenset({"classification"})
    has_head = True

    def weight(self, batch: TokenBatch) -> float:
        """Sum of the weights of the examples."""
        return weight_of(batch)

    def loss(self, forward: PackedForward, batch: TokenBatch) -> torch.Tensor:
        """Weighted sum of negative log-likelihoods of the classes, in nats."""
        hidden = forward.hidden_states(batch, batch.selected)
        head = forward.causal.get_submodule(HEAD)
        # A few hundred products in float32 cost nothing, and labels that are close stay apart.
        with torch.autocast(hidden.device.type, enabled=False):
            logits = head(hidden.float())
        each = F.cross_entropy(logits, batch.labels[batch.selected], reduction="none")
        return (each * batch.weights[batch.selected]).sum()


def classes_of(audit: Mapping[str, Any], objective: Objective) -> tuple[str, ...] | None:
    """The labels that a head is to tell apart: those that are trained on, in order; None where the
    objective has no head. DataRefused where there are fewer than two."""
    if not objective.has_head:
        return None
    labels = tuple(sorted(audit["splits"]["train"]["labels"]))
    if len(labels) < 2:
        raise DataRefused(
            "tuning.too-few-labels",
            _("A head needs two labels at least; the training data has: {labels}.").format(
                labels=", ".join(labels) or _("none")
            ),
            where="objective",
            hint=_("Give labelled rows under data.sources (examples), or leave it out."),
        )
    return labels


def add_head(causal: PreTrainedModel, classes: int) -> torch.nn.Linear:
    """A trained head (C -> ``classes``, float32, without bias as in transformers' own) on a model
    that was made ready for training.

    It begins with zeros: every class is as likely as any other, whatever the seed. The output
    projection gets no gradient any more and is not trained, unless it is the embedding too.
    """
    output, embedding = causal.get_output_embeddings(), causal.get_input_embeddings()
    if output is not None and output.weight is not embedding.weight:
        output.requires_grad_(False)
    size = causal.config.get_text_config().hidden_size
    head = torch.nn.Linear(size, classes, bias=False, device=causal.device, dtype=torch.float32)
    torch.nn.init.zeros_(head.weight)
    causal.add_module(HEAD, head)
    return head


objectives.register("classification", Classification())
