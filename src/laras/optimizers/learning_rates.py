"""What each parameter's learning rate is multiplied by: where it stands, and what it is."""

from __future__ import annotations

import torch

from laras.adapters.methods import learning_rate_scale
from laras.adapters.prepare import trainable, transformer_blocks
from laras.models.causal import causal_model
from laras.planning.hyperparameters import Hyperparameters
from laras.runs.progress import Progress
from laras.translation import _


def learning_rate_scales(model: torch.nn.Module, chosen: Hyperparameters) -> dict[str, float]:
    """Trained parameter -> its share of the peak learning rate.

    With ``layer_decay`` x, block i of n learns at x^(n - 1 - i), the embeddings below the blocks at
    x^n, the final norm and the head at 1: lower layers hold what is general and are changed less
    (Howard & Ruder 2018, "Universal Language Model Fine-tuning", section 3.2). A weight that is
    embedding and head at once learns as an embedding. LoRA+ has a factor for each of its matrices.
    """
    return {
        name: chosen.layer_decay**depth * learning_rate_scale(name, chosen)
        for name, depth in _depths(model).items()
    }


def tell_of_idle_decay(
    model: torch.nn.Module, chosen: Hyperparameters, contender: str, progress: Progress
) -> None:
    """A note where ``layer_decay`` is set and all that is trained has one rate all the same: how
    many blocks that is may only be known when the model is."""
    if chosen.layer_decay != 1.0 and len(set(_depths(model).values())) == 1:
        progress.note(
            _(
                "tuning.layer_decay changes nothing for {name}: no block that it trains lies below "
                "another."
            ).format(name=contender)
        )


def _depths(model: torch.nn.Module) -> dict[str, int]:
    """Trained parameter -> how many blocks lie above its own; of an embedding all, of the final
    norm and the head none."""
    blocks = transformer_blocks(causal_model(model))
    depths = {id(part): len(blocks) for part in _embeddings(model)}
    for index, block in enumerate(blocks):
        depths.update({id(part): len(blocks) - 1 - index for part in block.parameters()})
    return {name: depths.get(id(part), 0) for name, part in trainable(model).items()}


def _embeddings(model: torch.nn.Module) -> list[torch.nn.Parameter]:
    """Parameters of embeddings of tokens and positions, and of adapters on them."""
    tokens = causal_model(model).get_input_embeddings()
    return [
        parameter
        for part in model.modules()
        if part is tokens or isinstance(part, torch.nn.Embedding)
        for parameter in part.parameters()
    ]
