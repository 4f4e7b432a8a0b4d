"""Tiny models of each family."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from transformers import AutoModelForCausalLM, PreTrainedModel

from laras.models.tiny import tiny_model


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
