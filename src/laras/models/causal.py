"""The transformers model inside of what is trained."""

from __future__ import annotations

import torch
from peft import PeftModel
from transformers import PreTrainedModel


def causal_model(model: torch.nn.Module) -> PreTrainedModel:
    """The transformers model inside ``model``, which may be wrapped by peft."""
    inner = model.get_base_model() if isinstance(model, PeftModel) else model
    assert isinstance(inner, PreTrainedModel)
    return inner
