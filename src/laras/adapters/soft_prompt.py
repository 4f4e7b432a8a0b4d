"""A soft prompt: vectors before an example's embedded tokens, the only thing that is trained.

To the rest of the house the vectors are tokens like any other (``models/virtual_tokens.py``). What
is saved is peft's prompt tuning (Lester et al. 2021, https://aclanthology.org/2021.emnlp-main.243).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from peft import PromptTuningConfig
from safetensors.torch import load_file
from transformers import PreTrainedModel

from laras.batches.encoded import EncodedExample
from laras.errors import StorageFailed, UsageError
from laras.models.tensors import write_tensors
from laras.models.virtual_tokens import VirtualTokens
from laras.translation import _

_FILE = "adapter_model.safetensors"
_NAME = "prompt_embeddings"  # peft's


class PromptedEmbedding(VirtualTokens):
    """The embedding ``words`` of V tokens, and rows (n, C) float32 for the ids from V on."""

    def __init__(self, words: torch.nn.Module, rows: torch.Tensor) -> None:
        super().__init__(words, len(rows))
        self.prompt = torch.nn.Parameter(rows)

    def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
        """(..., C) for ids (...)."""
        words = super().forward(input_ids)
        virtual = torch.nn.functional.embedding(
            (input_ids - self.first).clamp(min=0), self.prompt.to(words.dtype)
        )
        return torch.where((input_ids >= self.first)[..., None], virtual, words)


def add_soft_prompt(model: PreTrainedModel, count: int) -> None:
    """``count`` virtual tokens that begin as rows of words drawn by torch's random state; nothing
    but them has a gradient afterwards."""
    model.requires_grad_(False)
    weight = model.get_input_embeddings().weight
    assert isinstance(weight, torch.Tensor)
    # Real tokens are a better start than noise (Lester et al., figure 3b).
    drawn = torch.randint(weight.shape[0], (count,)).to(weight.device)
    _attach(model, weight.detach()[drawn].float().clone())


def refuse_head(name: str, has_head: bool) -> None:
    """UsageError where virtual tokens are to be trained with a classification head."""
    if has_head:
        raise UsageError(
            "tuning.soft-prompt-writes",
            _(
                "{name} learns what stands before an example, and has no classification head."
            ).format(name=name),
            where="objective",
            hint=_("Leave the objective out: the model then writes the labels."),
        )


def load_soft_prompt(model: PreTrainedModel, folder: Path) -> int:
    """Put the saved prompt in ``folder`` before ``model``; how many virtual tokens it has.

    StorageFailed where the file is not that of a prompt for this model.
    """
    tensors = load_file(folder / _FILE)
    rows = tensors.get(_NAME)
    weight = model.get_input_embeddings().weight
    assert isinstance(weight, torch.Tensor)
    if rows is None or rows.ndim != 2 or rows.shape[1] != weight.shape[1]:
        raise StorageFailed(
            "runs.damaged",
            _("The model's files are not what training left."),
            where=str(folder / _FILE),
            hint=_("Run the same command again: `laras run` trains what is damaged anew."),
        )
    _attach(model, rows.float().to(weight.device))
    model.requires_grad_(False)
    return len(rows)


def save_soft_prompt(model: PreTrainedModel, folder: Path, base_name: str) -> None:
    """In peft's own format, so that plain peft puts it before the untouched base."""
    embedding = model.get_input_embeddings()
    assert isinstance(embedding, PromptedEmbedding)
    rows = embedding.prompt.detach().float().cpu().contiguous()
    settings = model.config.get_text_config()
    PromptTuningConfig(
        task_type="CAUSAL_LM",
        num_virtual_tokens=len(rows),
        token_dim=rows.shape[1],
        num_transformer_submodules=1,
        num_attention_heads=settings.num_attention_heads,
        num_layers=settings.num_hidden_layers,
        base_model_name_or_path=base_name,
        inference_mode=True,
    ).save_pretrained(str(folder))
    write_tensors(folder / _FILE, {_NAME: rows})


def begun_with(ids: Sequence[int], example: EncodedExample) -> EncodedExample:
    """``example`` behind the virtual tokens ``ids``, which neither are predicted nor predict: its
    first token stays what it was, one that nothing is said about."""
    count = len(ids)
    if not count:
        return example
    weight = example.weight
    if isinstance(weight, np.ndarray):
        weight = np.concatenate([np.zeros(count, np.float32), weight])
    return replace(
        example,
        input_ids=np.concatenate([np.asarray(ids, np.int32), example.input_ids]),
        trained=np.concatenate([np.zeros(count + 1, np.bool_), example.trained[1:]]),
        weight=weight,
    )


class _Encoded(Protocol):
    def __len__(self) -> int: ...
    def __getitem__(self, index: int) -> EncodedExample: ...


@dataclass(frozen=True, slots=True)
class BegunWith:
    """The examples of a split, each behind the virtual tokens ``ids``."""

    ids: Sequence[int]
    examples: _Encoded

    def __len__(self) -> int:
        return len(self.examples)

    def __getitem__(self, index: int) -> EncodedExample:
        return begun_with(self.ids, self.examples[index])


def _attach(model: PreTrainedModel, rows: torch.Tensor) -> None:
    model.set_input_embeddings(PromptedEmbedding(model.get_input_embeddings(), rows))
