"""A real pretrained model through Laras: the text it is known to write, token for token."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from laras.evaluation.generation import greedy_answers
from laras.models.load import LoadedModel, load_model
from laras.recipe.schema import ModelSection

pytestmark = pytest.mark.material


@pytest.fixture(scope="module")
def stories(material: Path) -> tuple[LoadedModel, dict[str, Any]]:
    folder = material / "models/stories260K"
    expected = json.loads((folder / "expected.json").read_text("utf-8"))
    return load_model(ModelSection(base=str(folder)), Path.cwd()), expected


def test_the_tokenizer_gives_the_known_ids(stories: tuple[LoadedModel, dict[str, Any]]) -> None:
    loaded, expected = stories
    ids = loaded.tokenizer.encode("Once upon a time, there was a little")
    assert [loaded.tokenizer.bos_id, *ids] == expected["encode_hello"]


def test_the_greedy_text_is_the_published_one(
    stories: tuple[LoadedModel, dict[str, Any]],
) -> None:
    loaded, expected = stories
    assert loaded.tokenizer.bos_id is not None
    (answer,) = greedy_answers(
        loaded.model,
        [[loaded.tokenizer.bos_id]],
        stop_ids=loaded.template.stop_ids,
        max_new_tokens=256,
        context=loaded.context,
        batch_tokens=4096,
    )
    text = loaded.tokenizer.decode(answer.token_ids).strip()
    assert text == expected["greedy_from_bos_256"].strip()
