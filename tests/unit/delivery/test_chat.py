"""A conversation begins with a model that is whole, and says what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from laras.delivery.chat import Conversation
from laras.errors import StorageFailed, UsageError
from laras.models.tiny import tiny_model
from laras.recipe.load import recipe_from_mapping, resolved_yaml
from laras.runs.folder import Run


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    """A run in which nothing is trained yet."""
    tiny_model("llama", tmp_path / "base")
    recipe = {
        "model": {"base": "base"},
        "data": {"sources": [{"documents": "handbook"}]},
        "comparison": {"contenders": ["base", "lora"]},
    }
    with Run.open(tmp_path / "run") as run:
        run.write_text("recipe.yaml", resolved_yaml(recipe_from_mapping(recipe, tmp_path)))
        run.write_json("origin.json", {"recipe_folder": str(tmp_path)})
    return tmp_path / "run"


def test_who_is_not_trained_yet_does_not_talk(run_folder: Path) -> None:
    with pytest.raises(UsageError, match="not trained yet"):
        Conversation(run_folder, "lora")


@pytest.mark.parametrize("content", [None, "5", "[1]", "{}", "{"])
def test_a_run_that_lost_its_origin_is_damaged(run_folder: Path, content: str | None) -> None:
    (run_folder / "origin.json").unlink()
    if content is not None:
        (run_folder / "origin.json").write_text(content)
    with pytest.raises(StorageFailed) as raised:
        Conversation(run_folder, "base")
    assert raised.value.identifier == "runs.damaged"


@pytest.mark.parametrize("temperature", [0.0, 1e-300, 1e-40, 1e-5, 1e-4])
def test_a_tiny_temperature_takes_the_likeliest_token(run_folder: Path, temperature: float) -> None:
    conversation = Conversation(run_folder, "base", temperature=temperature)
    logits = torch.tensor([1.0, 3e37, 2.0])
    assert conversation._choose(logits) == 1
