"""A text's vector is the mean of the hidden states over its tokens, whatever stands beside it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModel

from laras.errors import ModelRefused
from laras.models import embedding
from laras.models.embedding import Embedding
from laras.models.load import STARTER
from laras.models.tokenizer import Tokenizer
from laras.recipe.schema import ModelSection

TEXTS = ["Jam berapa kantor buka?", "", "Barang saya rusak. " * 30, "Halo"]


def test_vectors_are_means_of_the_last_hidden_states() -> None:
    found = Embedding(ModelSection(), Path())(TEXTS)
    model = AutoModel.from_pretrained(STARTER, dtype=torch.float32).eval()
    tokenizer = Tokenizer.from_folder(STARTER)
    assert found.dtype == np.float32
    assert found.shape == (4, model.config.hidden_size)
    for text, vector in zip(TEXTS, found, strict=True):
        ids = tokenizer.encode(text)
        expected = np.zeros_like(vector)
        if ids:
            with torch.inference_mode():
                hidden = model(input_ids=torch.tensor([ids])).last_hidden_state
            expected = hidden[0].mean(0).numpy()
        np.testing.assert_allclose(vector, expected, atol=1e-5)


def test_the_size_of_batches_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Embedding(ModelSection(), Path())(TEXTS)
    monkeypatch.setattr(embedding, "BATCH_TOKENS", 8)
    monkeypatch.setattr(embedding, "_TEXTS_AT_ONCE", 3)
    np.testing.assert_allclose(Embedding(ModelSection(), Path())(TEXTS), whole, atol=1e-5)


def test_texts_past_the_context_are_cut() -> None:
    section = ModelSection(context=16)
    long, same = Embedding(section, Path())(["halo " * 200, "halo " * 400])
    np.testing.assert_allclose(long, same, atol=1e-6)


def test_nothing_gives_no_rows() -> None:
    assert Embedding(ModelSection(), Path())([]).shape[0] == 0


def test_a_folder_that_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelRefused):
        Embedding(ModelSection(), tmp_path, "./absent")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelRefused):
        Embedding(ModelSection(), tmp_path, "./empty")(["a"])
