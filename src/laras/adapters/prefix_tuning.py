"""Prefix tuning put on a model, and saved as peft saves it.

The keys and values are trained themselves, without the network that Li and Liang (2021) make them
by. They begin as those of real words, which is better than chance where data are few (section 7.4).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from peft import PrefixTuningConfig
from safetensors.torch import load_file
from transformers import DynamicCache, PreTrainedModel

from laras.engine.learnt_prefix import PrefixedEmbedding
from laras.engine.prefix_cache import give_prefix_cache
from laras.errors import StorageFailed, UsageError, is_out_of_memory
from laras.models.quiet import quiet
from laras.models.tensors import write_tensors
from laras.models.virtual_tokens import virtual_ids
from laras.translation import _

_FILE = "adapter_model.safetensors"
_NAME = "prompt_embeddings"  # peft's
_TOLERANCE = 1e-3  # of the largest logit, which may have been rounded to bfloat16


def add_prefix(model: PreTrainedModel, count: int) -> None:
    """``count`` learnt positions in each layer, which begin as keys and values of words drawn by
    torch's random state; nothing but them has a gradient afterwards.

    UsageError where the model can't be given keys and values.
    """
    model.requires_grad_(False)
    weight = model.get_input_embeddings().weight
    assert isinstance(weight, torch.Tensor)
    drawn = torch.randint(weight.shape[0], (count,)).to(weight.device)
    try:
        layers = _layers(model, drawn)
        _attach(model, torch.stack(layers, dim=1).flatten(1), *layers[0].shape[1:])
        if not _reads_prefix(model):
            raise ValueError("it passes keys and values by that it is given")
    except (AttributeError, IndexError, RuntimeError, TypeError, ValueError) as error:
        if is_out_of_memory(error):
            raise
        raise UsageError(
            "tuning.no-prefix",
            _("This model ({family}) can't be given keys and values: {reason}").format(
                family=model.config.model_type,
                reason=(str(error) or type(error).__name__).splitlines()[0],
            ),
            where="prefix",
            hint=_("Use soft-prompt."),
        ) from error


def load_prefix(model: PreTrainedModel, folder: Path) -> int:
    """Put the saved prefix in ``folder`` before ``model``; how many positions it has.

    StorageFailed where the file is not that of a prefix for this model.
    """
    rows = load_file(folder / _FILE).get(_NAME)
    layers = _layers(model, torch.zeros(1, dtype=torch.long, device=model.device))
    _one, groups, channels = layers[0].shape
    if rows is None or rows.ndim != 2 or rows.shape[1] != len(layers) * groups * channels:
        raise StorageFailed(
            "runs.damaged",
            _("The model's files are not what training left."),
            where=str(folder / _FILE),
            hint=_("Run the same command again: `laras run` trains what is damaged anew."),
        )
    _attach(model, rows.float().to(model.device), groups, channels)
    model.requires_grad_(False)
    return len(rows)


def save_prefix(model: PreTrainedModel, folder: Path, base_name: str) -> None:
    """In peft's own format, so that plain peft puts it before the untouched base."""
    embedding = model.get_input_embeddings()
    assert isinstance(embedding, PrefixedEmbedding)
    rows = embedding.prefix.detach().float().cpu().contiguous()
    width = embedding.groups * embedding.channels
    PrefixTuningConfig(
        task_type="CAUSAL_LM",
        num_virtual_tokens=len(rows),
        # What peft divides: all key heads together, and how many there are.
        token_dim=width,
        num_attention_heads=embedding.groups,
        num_transformer_submodules=1,
        num_layers=rows.shape[1] // (2 * width),
        base_model_name_or_path=base_name,
        inference_mode=True,
    ).save_pretrained(str(folder))
    write_tensors(folder / _FILE, {_NAME: rows})


def _attach(model: PreTrainedModel, rows: torch.Tensor, groups: int, channels: int) -> None:
    words = model.get_input_embeddings()
    model.set_input_embeddings(PrefixedEmbedding(words, rows, groups, channels))
    give_prefix_cache(model)


def _layers(model: PreTrainedModel, ids: torch.Tensor) -> list[torch.Tensor]:
    """Keys and values of the layers in turn, (n, G, D) float32 each, that ``model`` makes of the
    ``ids`` (n,). ValueError where these are not of one shape."""
    cache = DynamicCache()  # plain layers: nothing is left out, however short a window is
    _last_logits(model, ids[None], cache)
    found = [part for layer in cache.layers for part in (layer.keys, layer.values)]
    if any(part is None or part.shape != found[0].shape for part in found):
        raise ValueError("they differ in shape from layer to layer")
    return [part[0].transpose(0, 1).float() for part in found]


def _reads_prefix(model: PreTrainedModel) -> bool:
    """Whether ``model`` reads a word behind virtual tokens as it reads it behind a cache that holds
    their keys and values."""
    embedding = model.get_input_embeddings()
    assert isinstance(embedding, PrefixedEmbedding)
    word = torch.zeros((1, 1), dtype=torch.long, device=model.device)
    cached = DynamicCache()
    parts = [part.detach().transpose(0, 1)[None].to(model.dtype) for part in embedding.pairs()]
    for layer in range(len(parts) // 2):
        cached.update(parts[2 * layer], parts[2 * layer + 1], layer)
    expected = _last_logits(model, word, cached)
    ids = torch.tensor([virtual_ids(model)], device=model.device)
    found = _last_logits(model, torch.cat([ids, word], dim=1), None)
    apart = float((found - expected).abs().max())
    return apart <= _TOLERANCE * max(1.0, float(expected.abs().max()))


@torch.no_grad()
def _last_logits(model: Any, ids: torch.Tensor, cache: DynamicCache | None) -> torch.Tensor:
    """Logits (V,) behind ``ids`` (1, S), without dropout; ``cache`` is read, and filled."""
    training = model.training
    model.eval()
    try:
        with quiet():
            output = model(input_ids=ids, past_key_values=cache, use_cache=cache is not None)
    finally:
        model.train(training)
    logits = output.logits[0, -1]
    assert isinstance(logits, torch.Tensor)
    return logits.float()
