"""Write a model so that Laras and plain transformers can load it again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from laras.models.load import quiet
from laras.models.template import ChatTemplate
from laras.models.tokenizer import Tokenizer


def save_model(
    model: Any, tokenizer: Tokenizer, template: ChatTemplate | None, folder: Path
) -> None:
    """Weights as safetensors, configuration, the tokenizer's own files, the chat template.

    ``model`` is a PreTrainedModel. Weights that are one tensor (tied heads) are written once.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with quiet():
        model.save_pretrained(folder)
    tokenizer.save(folder, None if template is None else template.text)
