"""Which parameters are trained: all of them, an adapter beside them, or the last blocks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import torch
from peft import PeftModel, get_peft_model, get_peft_model_state_dict
from safetensors.torch import load_file
from transformers import PreTrainedModel
from transformers.pytorch_utils import Conv1D

from laras.adapters.learnt_before import LEARNT_BEFORE
from laras.adapters.methods import ADAPTERS, ALL_LINEAR, MOVE_THE_BASE, Place
from laras.errors import UsageError
from laras.models.causal import causal_model
from laras.models.classifier import HEAD
from laras.models.quiet import quiet
from laras.models.tensors import write_tensors
from laras.planning.hyperparameters import Hyperparameters
from laras.translation import _


def prepare_for(
    model: PreTrainedModel, chosen: Hyperparameters, new_ids: Sequence[int] = ()
) -> torch.nn.Module:
    """``model`` made ready for ``chosen.method``; parameters to train have ``requires_grad``.

    ``new_ids``: tokens whose rows are trained beside an adapter. The random state is set here,
    before the adapter draws its first weights, so that equal seeds give equal adapters.
    """
    torch.manual_seed(chosen.seed)
    if chosen.method in ADAPTERS:
        ready: torch.nn.Module = _add_adapter(model, chosen, new_ids)
        return ready
    if chosen.method in LEARNT_BEFORE:
        LEARNT_BEFORE[chosen.method].add(model, chosen.virtual_tokens)
        begun: torch.nn.Module = model
        return begun
    model.requires_grad_(chosen.method == "full")
    if chosen.method == "freeze":
        _train_last_blocks(model, chosen.trained_layers)
    whole: torch.nn.Module = model
    return whole


def _add_adapter(
    model: PreTrainedModel, chosen: Hyperparameters, new_ids: Sequence[int]
) -> PeftModel:
    _refuse_tied(model, chosen.target_modules or [])
    transposed = any(isinstance(part, Conv1D) for part in model.modules())
    place = Place(model.config.model_type, transposed, _rows(model, new_ids))
    try:
        if transposed and chosen.method == "olora":
            raise ValueError("peft decomposes the matrices of GPT-2 the wrong way round")
        with quiet():
            return get_peft_model(model, ADAPTERS[chosen.method](chosen, place))
    except (ValueError, TypeError) as error:
        named = chosen.target_modules is not None
        raise UsageError(
            "tuning.target-modules",
            _("{method} can't be put on the layers {names}: {reason}").format(
                method=chosen.method, names=chosen.target_modules or ALL_LINEAR, reason=error
            ),
            where="target_modules",
            hint=_("Leave target_modules out to use the usual layers.")
            if named
            else _("Name the layers in target_modules, or use lora."),
        ) from error


def _rows(model: PreTrainedModel, new_ids: Sequence[int]) -> dict[str, list[int]] | None:
    """The layers that have a row for each token; where they share it, peft trains one for both."""
    if not new_ids:
        return None
    layers = [model.get_input_embeddings()]
    head = model.get_output_embeddings()
    if head is not None and head.weight is not layers[0].weight:
        layers.append(head)
    names = {id(part): name for name, part in model.named_modules()}
    return {names[id(layer)].rsplit(".", 1)[-1]: list(new_ids) for layer in layers}


def _refuse_tied(model: PreTrainedModel, targets: list[str]) -> None:
    """An adapter on one of two layers that share a weight can't be merged: it would change both."""
    head, embedding = model.get_output_embeddings(), model.get_input_embeddings()
    if head is None or head.weight is not embedding.weight:
        return
    tied = {name for name, part in model.named_modules() if part is head or part is embedding}
    for target in targets:
        if any(name == target or name.endswith(f".{target}") for name in tied):
            raise UsageError(
                "tuning.tied-layer",
                _("No adapter goes on {name}: it shares its weights with another layer.").format(
                    name=target
                ),
                where="target_modules",
                hint=_("Leave it out of target_modules."),
            )


def _train_last_blocks(model: PreTrainedModel, count: int | None) -> None:
    blocks = transformer_blocks(model)
    trained = count if count is not None else max(1, len(blocks) // 4)
    if trained > len(blocks):
        raise UsageError(
            "tuning.trained-layers",
            _("trained_layers is {trained}, but the model has {blocks} blocks.").format(
                trained=trained, blocks=len(blocks)
            ),
            where="trained_layers",
        )
    for block in blocks[len(blocks) - trained :]:
        block.requires_grad_(True)


def transformer_blocks(model: PreTrainedModel) -> list[torch.nn.Module]:
    """The model's blocks in order: its longest list of equal modules."""
    lists = [list(part) for part in model.modules() if isinstance(part, torch.nn.ModuleList)]
    return max(lists, key=len, default=[])


def trainable(model: torch.nn.Module) -> dict[str, torch.nn.Parameter]:
    """Names and parameters that are trained, in a fixed order; tied ones once."""
    return {name: part for name, part in model.named_parameters() if part.requires_grad}


def hidden_matrices(model: torch.nn.Module) -> frozenset[int]:
    """Identities of the weights that map hidden states to hidden states: those of linear layers,
    without embeddings, position tables, the output projection, whose rows are tokens, and a
    classification head, whose rows are classes."""
    causal = causal_model(model)
    outer = {
        id(part.weight)
        for part in (
            *(causal.get_input_embeddings(), causal.get_output_embeddings()),
            getattr(causal, HEAD, None),
        )
        if part is not None
    }
    linear = (torch.nn.Linear, Conv1D)
    weights = {id(part.weight) for part in causal.modules() if isinstance(part, linear)}
    return frozenset(weights - outer)


def first_weights(model: PeftModel, chosen: Hyperparameters) -> dict[str, torch.Tensor] | None:
    """Copies of A and B before training, where they were taken out of the base's weights."""
    if chosen.method not in MOVE_THE_BASE:
        return None
    state = get_peft_model_state_dict(model, save_embedding_layers=False)
    return {name: part.detach().clone() for name, part in state.items() if "lora_" in name}


def save_adapter(
    model: PeftModel, folder: Path, base_name: str, first: dict[str, torch.Tensor] | None = None
) -> None:
    """In peft's own format, so that plain peft and transformers load it on the untouched base.

    ``base_name``: what the adapter's configuration calls its base; peft would write the path that
    the base was loaded from, which belongs to this machine alone. ``first``: of
    :func:`first_weights`; what training added to them is then saved, as a LoRA of twice the rank:
    B A - B0 A0 = [B, -B0] [A; A0].
    """
    with quiet():
        # Told so, peft does not ask a hub whether the base's vocabulary was changed.
        model.save_pretrained(str(folder), safe_serialization=True, save_embedding_layers=False)
    path = folder / "adapter_config.json"
    config = json.loads(path.read_text("utf-8"))
    config["base_model_name_or_path"] = base_name
    if first is not None:
        file = folder / "adapter_model.safetensors"
        write_tensors(file, _since(load_file(file), first))
        # The scale alpha / rank stays.
        doubled = {"r": 2 * config["r"], "lora_alpha": 2 * config["lora_alpha"]}
        config.update(doubled, init_lora_weights=True)
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", "utf-8")
    (folder / "README.md").unlink(missing_ok=True)  # a card with the same path in it


def _since(
    last: dict[str, torch.Tensor], first: dict[str, torch.Tensor]
) -> dict[str, torch.Tensor]:
    joined = dict(last)
    for name, begun in first.items():
        if "lora_A" in name:
            joined[name] = torch.cat([last[name], begun.to(last[name])], dim=0)
        elif "lora_B" in name:
            joined[name] = torch.cat([last[name], -begun.to(last[name])], dim=1)
    return joined
