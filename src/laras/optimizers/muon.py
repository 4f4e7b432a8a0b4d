"""Muon on every matrix that a weight holds: fused projections and stacked experts taken apart."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from transformers import PretrainedConfig
from transformers.pytorch_utils import Conv1D

from laras.adapters.prepare import hidden_matrices, trainable
from laras.models.causal import causal_model

# Last names of layers that hold query, key and value below each other, in this order.
_QUERY_KEY_VALUE = ("qkv_proj", "c_attn", "Wqkv")
_GATE_UP = "gate_up_proj"


class Cut:
    """How a weight is taken apart: ``sizes`` along ``dimension``, or as it is if there is one."""

    def __init__(self, dimension: int, sizes: list[int], stacked: bool = False) -> None:
        self.dimension, self.sizes, self.stacked = dimension, sizes, stacked

    def views(self, weight: torch.Tensor) -> list[torch.Tensor]:
        """Matrices that share the memory of ``weight``."""
        if self.stacked:
            return list(weight.unbind(0))
        return list(torch.split(weight, self.sizes, self.dimension))


def cuts(model: torch.nn.Module) -> dict[str, Cut]:
    """Trained weights that map hidden states to hidden states, by name, and how each is cut.

    Orthogonalised as one, query, key and value would share one spectrum: what is large in the
    gradient of one hides the others (Jordan 2024, "Muon", on separate Q, K and V). Layers that mix
    the three head by head (``query_key_value``) are taken as they are.
    """
    causal = causal_model(model)
    parameters = {id(part): name for name, part in trainable(model).items()}
    matrices = hidden_matrices(model)
    found = {}
    for name, module in causal.named_modules():
        for part in module.parameters(recurse=False):
            if id(part) not in parameters:
                continue
            if id(part) in matrices:
                # Conv1D stores (in, out), a linear layer (out, in).
                dimension = 1 if isinstance(module, Conv1D) else 0
                sizes = _sizes(name.rsplit(".", 1)[-1], part.shape[dimension], causal.config)
                found[parameters[id(part)]] = Cut(dimension, sizes)
            elif part.ndim == 3:  # experts of one layer
                found[parameters[id(part)]] = Cut(0, [], stacked=True)
    return found


def _sizes(layer: str, rows: int, config: PretrainedConfig) -> list[int]:
    if layer == _GATE_UP and rows % 2 == 0:
        return [rows // 2] * 2
    if layer in _QUERY_KEY_VALUE:
        heads = config.num_attention_heads
        size = getattr(config, "head_dim", None) or config.hidden_size // heads
        keys = (getattr(config, "num_key_value_heads", None) or heads) * size
        if rows == heads * size + 2 * keys:
            return [heads * size, keys, keys]
    return [rows]


class Muon(torch.optim.Muon):
    """torch's Muon over the pieces of ``weights``, which are updated where they lie.

    The update has the size of AdamW's (Liu et al. 2025, "Muon is Scalable for LLM Training",
    section 2.2: 0.2 x sqrt(max(rows, columns))), so that one learning rate serves both.
    """

    def __init__(
        self,
        weights: Mapping[str, torch.nn.Parameter],
        how: Mapping[str, Cut],
        groups: Mapping[tuple[float, float], list[str]],
    ) -> None:
        """``groups``: names of weights by (learning rate, weight decay)."""
        self.pieces: dict[str, list[torch.nn.Parameter]] = {
            name: [torch.nn.Parameter(view) for view in how[name].views(weight.data)]
            for name, weight in weights.items()
        }
        self.weights, self._how = weights, how
        super().__init__(
            [
                {
                    "params": [piece for name in names for piece in self.pieces[name]],
                    "lr": rate,
                    "weight_decay": decay,
                }
                for (rate, decay), names in groups.items()
            ],
            adjust_lr_fn="match_rms_adamw",
        )

    def names(self) -> dict[int, str]:
        """Identity of each piece -> what its state is called in checkpoints."""
        return {
            id(piece): f"{name}[{index}]"
            for name, pieces in self.pieces.items()
            for index, piece in enumerate(pieces)
        }

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Update each piece by its share of the whole weight's gradient."""
        for name, weight in self.weights.items():
            views = self._how[name].views
            gradients = (
                [None] * len(self.pieces[name]) if weight.grad is None else views(weight.grad)
            )
            for piece, view, gradient in zip(
                self.pieces[name], views(weight.data), gradients, strict=True
            ):
                # Looked up anew: whoever moves or replaces the weight's data need not know of us.
                piece.data, piece.grad = view, gradient
        super().step(closure)  # type: ignore[no-untyped-call]
        for pieces in self.pieces.values():
            for piece in pieces:
                piece.grad = None
