"""What tells which ways a model can take: two short examples, how near two results have to be, and
what so short a probe can't show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from transformers import PreTrainedModel

from laras.batches.token_batch import EncodedExample, TokenBatch, collate
from laras.kernels.packing import Packing
from laras.models.virtual_tokens import virtual_ids

Way = Literal["fast", "packed", "padded"]


@dataclass(frozen=True, slots=True)
class Route:
    """What was found out about a model. ``plain_head``: its last hidden states need nothing but a
    product with a matrix (and a soft cap); ``reason``: why no faster way was taken."""

    way: Way
    plain_head: bool
    reason: str = ""


def two_examples(causal: PreTrainedModel) -> TokenBatch:
    """Short ones, on the device of the model."""
    weight = causal.get_input_embeddings().weight
    size = min(weight.shape[0], 64)
    rows = [[at % size for at in range(5)], [(3 * at + 1) % size for at in range(9)]]
    ids = [np.array([*virtual_ids(causal), *row], dtype=np.int32) for row in rows]
    examples = [EncodedExample(str(n), row, np.ones(len(row), bool)) for n, row in enumerate(ids)]
    return collate(examples).to(weight.device)


def agree(left: torch.Tensor, right: torch.Tensor, precision: torch.dtype = torch.float32) -> bool:
    """Whether the differences are those of rounding: for float32 in the worst place, in bfloat16
    (8 bits) over all places together."""
    if left.shape != right.shape:
        return False
    difference = left.float() - right.float()
    if precision == torch.float32 and right.dtype == torch.float32:
        return bool(difference.abs().max() <= 1e-4 * max(1.0, float(right.abs().max())))
    return bool(difference.norm() <= 3e-2 * right.float().norm())


def what_no_probe_shows(causal: PreTrainedModel, packing: Packing) -> tuple[Way, str]:
    """``packed`` unless the configuration has a kind of attention that did not reach ours."""
    config: Any = causal.config
    kinds = set(getattr(config, "layer_types", None) or ())
    windowed = "sliding_attention" in kinds
    if not kinds and getattr(config, "use_sliding_window", True):
        windowed = getattr(config, "sliding_window", None) is not None
    if windowed and not packing.windows:
        return "padded", "the model keeps its window to itself"
    if kinds - {"full_attention", "sliding_attention"} or hasattr(config, "attention_chunk_size"):
        return "padded", f"kinds of attention: {', '.join(sorted(kinds))}"
    dropped = any(getattr(config, name, 0) for name in ("attention_dropout", "attn_pdrop"))
    if dropped and causal.device.type == "cuda":
        return "padded", "attention dropout on a GPU"
    return "packed", ""
