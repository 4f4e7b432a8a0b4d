"""A single text stands for a list of one, and languages are named by codes that exist."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from laras.errors import UsageError
from laras.recipe.languages import CODES
from laras.recipe.load import json_schema, load_recipe, recipe_from_mapping
from laras.recipe.schema import Recipe


def recipe(tmp_path: Path, preparation: dict[str, Any], **source: Any) -> Recipe:
    data = {"sources": [{"conversations": "chats/", **source}]}
    return recipe_from_mapping({"data": data, "preparation": preparation}, tmp_path).recipe


@pytest.mark.parametrize(
    ("key", "text"), [("assistant", "CS Telaga"), ("fallbacks", "Maaf"), ("pairs", "questions")]
)
def test_a_text_of_a_source_is_a_list_of_one(key: str, text: str, tmp_path: Path) -> None:
    kind = "documents" if key == "pairs" else "conversations"
    data = {"sources": {kind: "a/", key: text}}
    (source,) = recipe_from_mapping({"data": data}, tmp_path).recipe.data.sources
    assert getattr(source, key) == [text]


@pytest.mark.parametrize(
    ("key", "text"),
    [("accept", "test-leak"), ("languages", "id"), ("personal_data_kinds", "nik")],
)
def test_a_text_of_the_preparation_is_a_list_of_one(key: str, text: str, tmp_path: Path) -> None:
    assert getattr(recipe(tmp_path, {key: text}).preparation, key) == [text]


def test_editors_take_a_single_text_too() -> None:
    definitions = json_schema()["$defs"]
    for section, key in (
        *(("Source", key) for key in ("assistant", "fallbacks", "pairs")),
        *(("PreparationSection", key) for key in ("accept", "languages", "personal_data_kinds")),
    ):
        options = definitions[section]["properties"][key]["anyOf"]
        assert {option.get("type") for option in options} >= {"string", "array"}, key


def test_a_mistake_in_a_single_text_is_shown_where_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(
        "data:\n  sources:\n    - documents: a\npreparation:\n  accept: test-leek\n",
        encoding="utf-8",
    )
    with pytest.raises(UsageError) as caught:
        load_recipe(path)
    assert "recipe.yaml:5" in str(caught.value.where)
    assert "test-leak" in str(caught.value)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("indonesia", "id"),
        ("Indonesian", "id"),
        ("bahasa indonesia", "id"),
        ("in", "id"),
        ("id-ID", "id"),
        ("ID", "id"),
        ("inggris", "en"),
        ("sunda", "su"),
        ("indonesai", "id"),
    ],
)
def test_the_name_of_a_language_is_refused_with_its_code(
    written: str, meant: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=f"Did you mean '{meant}'"):
        recipe(tmp_path, {"languages": [written]})


def test_every_language_that_is_told_can_be_asked_for() -> None:
    from laras.preparation.language import _identifier
    from laras.preparation.language_words import WORDS

    assert {*map(str, _identifier().nb_classes), *WORDS, "unknown"} == CODES
