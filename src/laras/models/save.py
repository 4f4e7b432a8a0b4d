"""Write a model so that Laras and plain transformers can load it again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from laras.models.quiet import quiet
from laras.models.template import ChatTemplate
from laras.models.tokenizer import Tokenizer


def save_model(
    model: Any, tokenizer: Tokenizer, template: ChatTemplate | None, folder: Path
) -> None:
    """Weights as safetensors, configuration, the tokenizer's own files, the chat template.

    ``model`` is a PreTrainedModel. Weights that are one tensor (tied heads) are written once; a
    head that is a tensor of its own is written, whatever the base's configuration said.
    """
    folder.mkdir(parents=True, exist_ok=True)
    head, embedding = model.get_output_embeddings(), model.get_input_embeddings()
    if head is not None:
        model.config.tie_word_embeddings = head.weight is embedding.weight
    with quiet():
        model.save_pretrained(folder)
    tokenizer.save(folder, None if template is None else template.text)
