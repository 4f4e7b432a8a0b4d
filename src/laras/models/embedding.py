"""Texts as vectors, by the base model itself or by any model folder: for finding paraphrases.

A text's vector is the mean of the model's last hidden states over its tokens. Those of a
generator all point in much the same direction: similarities of unlike texts are often above 0.9,
so a threshold must be higher than it would be for a model that was made for embedding.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from transformers import AutoModel

from laras.errors import ModelRefused, is_out_of_memory
from laras.models.configuration import library_configuration
from laras.models.inspection import inspect_folder
from laras.models.load import context_of, resolve_model
from laras.models.quiet import quiet
from laras.models.tokenizer import Tokenizer
from laras.recipe.schema import ModelSection
from laras.translation import _

OWN_MODEL = "model"
BATCH_TOKENS = 8192
_TEXTS_AT_ONCE = 4096  # sorted by length together


class Embedding:
    """Callable: texts to (n, d) float32. The model is loaded when it is first asked."""

    def __init__(self, section: ModelSection, folder: Path, chosen: str = OWN_MODEL) -> None:
        """``chosen``: "model" for the base model of ``section``, else a folder as seen from the
        recipe's ``folder``."""
        self._section = section
        if chosen != OWN_MODEL:
            own = {"base": chosen, "download": False, "revision": None}
            self._section = section.model_copy(update=own)
        self.source = resolve_model(self._section, folder)

    def __call__(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """One row for each text, which is read up to the model's context; a text without tokens
        has all zeros."""
        parts = [
            self._some(texts[start : start + _TEXTS_AT_ONCE])
            for start in range(0, len(texts), _TEXTS_AT_ONCE)
        ]
        width = int(self._model.config.get_text_config().hidden_size)
        return np.concatenate([np.empty((0, width), dtype=np.float32), *parts])

    def _some(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        ids = [found[: self._context] for found in self._tokenizer.encode_batch(texts)]
        rows = np.zeros(
            (len(ids), int(self._model.config.get_text_config().hidden_size)), np.float32
        )
        order = sorted((n for n in range(len(ids)) if ids[n]), key=lambda n: len(ids[n]))
        while order:
            # The longest last, so that a batch is as wide as its last text.
            count = max(1, BATCH_TOKENS // len(ids[order[-1]]))
            some, order = order[-count:], order[:-count]
            rows[some] = self._means([ids[n] for n in some])
        return rows

    @torch.inference_mode()
    def _means(self, ids: list[list[int]]) -> npt.NDArray[np.float32]:
        width = max(map(len, ids))
        tokens = torch.zeros(len(ids), width, dtype=torch.long)
        mask = torch.zeros(len(ids), width, dtype=torch.long)
        for row, numbers in enumerate(ids):
            tokens[row, : len(numbers)] = torch.tensor(numbers)
            mask[row, : len(numbers)] = 1
        tokens, mask = tokens.to(self._device), mask.to(self._device)
        hidden = self._model(input_ids=tokens, attention_mask=mask).last_hidden_state.float()
        kept = mask.unsqueeze(-1).to(hidden.dtype)
        means: npt.NDArray[np.float32] = ((hidden * kept).sum(1) / kept.sum(1)).cpu().numpy()
        return means

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        return Tokenizer.from_folder(self.source)

    @cached_property
    def _device(self) -> torch.device:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")

    @cached_property
    def _context(self) -> int:
        return context_of(self._model.config, self._section)

    @cached_property
    def _model(self) -> Any:
        """The model without any head, from safetensors, no code of its own run."""
        configuration = inspect_folder(self.source)
        try:
            with quiet():
                settings = library_configuration(configuration)
                model = AutoModel.from_pretrained(
                    self.source,
                    config=settings,
                    dtype=torch.float32,
                    use_safetensors=True,
                    local_files_only=True,
                    trust_remote_code=False,
                )
        except Exception as error:  # whatever a library makes of a bad configuration
            if is_out_of_memory(error):
                raise
            raise ModelRefused(
                "model.no-embedding",
                _("This model can't be used for embedding: {reason}").format(
                    reason=str(error).strip().splitlines()[0]
                    if str(error)
                    else type(error).__name__
                ),
                where=str(self.source),
                hint=_("Name another folder in preparation.semantic_model."),
            ) from error
        return model.requires_grad_(False).eval().to(self._device)
