"""Tiny models of each family, and batches of examples of unequal length."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from transformers import AutoModelForCausalLM, PreTrainedModel

from laras.batches.token_batch import EncodedExample
from laras.models.tiny import tiny_model

FAMILIES = ("llama", "gpt2", "falcon", "mistral", "qwen2", "gpt_neox")


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Folder of a tiny random model of the family, made once."""
    folder = tmp_path_factory.mktemp("tiny")
    made: dict[str, Path] = {}

    def of(family: str) -> Path:
        if family not in made:
            made[family] = tiny_model(family, folder / family)
        return made[family]

    return of


@pytest.fixture
def fresh(tiny: Callable[[str], Path]) -> Callable[[str], PreTrainedModel]:
    """The tiny model, newly loaded in float32 and evaluation mode."""
    return lambda family: AutoModelForCausalLM.from_pretrained(tiny(family)).float().eval()


def examples(lengths: list[int], *, seed: int = 0, trained: float = 0.6) -> list[EncodedExample]:
    """Random tokens; about ``trained`` of them have a label, at least one in each example."""
    generator = np.random.default_rng(seed)
    made = []
    for index, length in enumerate(lengths):
        mask = generator.random(length) < trained
        mask[0], mask[-1] = False, True
        ids = generator.integers(5, 200, length).astype(np.int32)
        made.append(EncodedExample(f"example-{index}", ids, mask, weight=1.0))
    return made
