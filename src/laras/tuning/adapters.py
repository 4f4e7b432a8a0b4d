"""Which parameters are trained: all of them, an adapter beside them, or the last blocks."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import PreTrainedModel
from transformers.pytorch_utils import Conv1D

from laras.errors import UsageError
from laras.models.load import quiet
from laras.planning.hyperparameters import Hyperparameters
from laras.translation import _
from laras.tuning.forward import causal_model

ALL_LINEAR = "all-linear"  # peft's name for every linear layer but the output projection


def prepare_for(model: PreTrainedModel, chosen: Hyperparameters) -> torch.nn.Module:
    """``model`` made ready for ``chosen.method``; parameters to train have ``requires_grad``.

    The random state is set here, before the adapter draws its first weights, so that equal seeds
    give equal adapters.
    """
    torch.manual_seed(chosen.seed)
    if chosen.method == "lora":
        ready: torch.nn.Module = _add_lora(model, chosen)
        return ready
    model.requires_grad_(chosen.method == "full")
    if chosen.method == "freeze":
        _train_last_blocks(model, chosen.trained_layers)
    whole: torch.nn.Module = model
    return whole


def _add_lora(model: PreTrainedModel, chosen: Hyperparameters) -> PeftModel:
    _refuse_tied(model, chosen.target_modules or [])
    config = LoraConfig(
        task_type="CAUSAL_LM",
        r=chosen.rank,
        lora_alpha=chosen.alpha,
        lora_dropout=chosen.dropout,
        target_modules=chosen.target_modules or ALL_LINEAR,
        # GPT-2 stores its projections transposed (Conv1D); peft has to be told, and warns if told
        # in vain.
        fan_in_fan_out=model.config.model_type == "gpt2",
    )
    try:
        with quiet():
            return get_peft_model(model, config)
    except ValueError as error:
        raise UsageError(
            "tuning.target-modules",
            _("LoRA can't be put on the layers {names}: {reason}").format(
                names=chosen.target_modules, reason=error
            ),
            where="target_modules",
            hint=_("Leave target_modules out to use every linear layer of the blocks."),
        ) from error


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
                _("LoRA can't be put on {name}: it shares its weights with another layer.").format(
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
    without embeddings, position tables and the output projection, whose rows are tokens."""
    causal = causal_model(model)
    outer = {
        id(part.weight)
        for part in (causal.get_input_embeddings(), causal.get_output_embeddings())
        if part is not None
    }
    linear = (torch.nn.Linear, Conv1D)
    weights = {id(part.weight) for part in causal.modules() if isinstance(part, linear)}
    return frozenset(weights - outer)


def save_adapter(model: PeftModel, folder: Path, base_name: str) -> None:
    """In peft's own format, so that plain peft and transformers load it.

    ``base_name``: what the adapter's configuration calls its base; peft would write the path that
    the base was loaded from, which belongs to this machine alone.
    """
    with quiet():
        # Told so, peft does not ask a hub whether the base's vocabulary was changed.
        model.save_pretrained(str(folder), safe_serialization=True, save_embedding_layers=False)
    path = folder / "adapter_config.json"
    config = json.loads(path.read_text("utf-8"))
    config["base_model_name_or_path"] = base_name
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", "utf-8")
    (folder / "README.md").unlink(missing_ok=True)  # a card with the same path in it
