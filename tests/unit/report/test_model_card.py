"""A card that the Hub reads: metadata, figures and limits; no path, no text of the data."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import ModelCard

from laras import translation
from laras.models.licence import licence_of
from laras.recipe.load import recipe_from_mapping
from laras.recipe.schema import Recipe
from laras.report.model_card import (
    CardFacts,
    base_name,
    licence_on_card,
    merged_card,
    model_card,
    slug,
    source_name,
    write_cards,
)
from laras.runs.folder import Run

HOSTILE = "x\n---\nlicense: evil\n# <img src=x onerror=alert(1)> | [a](https://example.org)"


def recipe(**changes: Any) -> Recipe:
    content = {
        "model": {"base": "/home/sri/models/Llama small"},
        "data": {
            "sources": [
                {"conversations": "/home/sri/private/chats/", "name": "chats"},
                {"examples": "C:\\Users\\sri\\enquiries.csv"},
            ]
        },
        "comparison": {"contenders": ["base", "lora", "full"]},
        **changes,
    }
    return recipe_from_mapping(content, Path.cwd()).recipe


def contender_of(given: Recipe, name: str) -> Any:
    return next(each for each in given.comparison.contenders if each.name == name)


@pytest.fixture
def cards(run_folder: Path) -> dict[str, str]:
    """The cards of a finished run, by contender."""
    for name in ("base", "lora", "full"):
        (run_folder / "contenders" / name / "model").mkdir()
    path = run_folder / "verdict.json"
    verdict = json.loads(path.read_text(encoding="utf-8"))
    verdict["sentences"] = {"en": verdict["sentence"], "id": "Pakai full."}
    path.write_text(json.dumps(verdict), encoding="utf-8")
    notes = {"lora": ["lora: no overfitting seen."], "full": ["full treats people differently."]}
    with Run.open(run_folder) as run:
        paths = write_cards(run, recipe(), notes, "apache-2.0")
    return {path.parent.name: path.read_text(encoding="utf-8") for path in paths}


def test_every_tuned_contender_has_a_card_beside_its_model(
    cards: dict[str, str], run_folder: Path
) -> None:
    assert list(cards) == ["lora", "full"]
    assert list((run_folder / "contenders/lora/model").iterdir()) == []  # its files are hashed


def test_the_metadata_is_what_the_hub_reads(cards: dict[str, str]) -> None:
    data = ModelCard(cards["lora"]).data
    assert data.base_model == "Llama-small"
    assert data.license == "apache-2.0"
    assert data.language == ["id", "en"]
    assert data.library_name == "peft"
    assert data.pipeline_tag == "text-generation"
    assert data.datasets == ["chats", "enquiries.csv"]
    assert data.model_name == "Llama-small-lora"
    assert ModelCard(cards["full"]).data.library_name == "transformers"
    results = {result.metric_name: result for result in data.eval_results}
    f1 = results["F1, macro"]
    assert (f1.metric_type, f1.metric_value) == ("f1", 0.772)
    assert f1.metric_args == {"low": 0.7334, "high": 0.8106, "confidence": 0.95, "rows": 120}
    assert {"perplexity", "bleu", "rouge"} <= set(data.metrics)


def test_the_sections_tell_what_how_how_good_and_how_not(cards: dict[str, str]) -> None:
    text = cards["full"]
    assert re.findall(r"^## (.+)$", text, flags=re.MULTILINE) == [
        "What it is",
        "How it was trained",
        "How it was evaluated",
        "Limits",
        "How to use it",
    ]
    assert "The base model Llama-small, trained in full, by Laras 0.1.0." in text
    assert "On chats, enquiries.csv: 3,400 examples in 3,397 groups, languages: id, en." in text
    assert "| learning rate | 0.002 |" in text
    assert "| F1, macro ↑ | 0.841 | 0.799 – 0.883 | 0.061 | **+0.780** | 120 |" in text
    assert "Verdict of the run: Use full" in text
    assert "- full treats people differently." in text
    assert "- Not measured: overfitting, memorised training data" in text
    assert 'AutoModelForCausalLM.from_pretrained("FOLDER")' in text
    assert "recommends another contender: full" in cards["lora"]
    assert 'PeftModel.from_pretrained(model, "FOLDER")' in cards["lora"]


def test_no_way_to_a_file_and_no_text_of_the_data_is_told(
    cards: dict[str, str], run_folder: Path
) -> None:
    for text in cards.values():
        for private in ("/home", "sri", "private", "Users", str(run_folder), "Ganti PIN"):
            assert private not in text


@pytest.mark.parametrize("language", ["en", "id"])
def test_the_card_is_in_english_whatever_the_language_in_use(
    run_folder: Path, cards: dict[str, str], language: str
) -> None:
    translation.set_language(language)
    with Run.open(run_folder) as run:
        (path, *_rest) = write_cards(
            run, recipe(), {"lora": ["lora: no overfitting seen."]}, "apache-2.0"
        )
    assert path.read_text(encoding="utf-8") == cards["lora"]
    assert translation.language() == language


@pytest.mark.fault(55)
def test_hostile_names_stay_names(run_folder: Path) -> None:
    given = recipe(data={"sources": [{"examples": "a.csv", "name": HOSTILE}]})
    facts = CardFacts(
        contender_of(given, "lora"),
        given,
        scores={"metrics": {HOSTILE: {"value": 1.0, "n": 3, "unit": HOSTILE}}},
        planned={"settings": {"target_modules": [HOSTILE]}, "precision": HOSTILE},
        notes=[f"goes to {HOSTILE}"],
    )
    text = model_card(facts)
    card = ModelCard(text)
    assert card.data.license is None
    assert set(card.data.to_dict()) <= {
        *("base_model", "datasets", "language", "library_name", "metrics", "pipeline_tag"),
        *("tags", "model-index"),
    }
    body = text.split("\n---\n", 1)[1]
    assert not re.search(r"(?<!\\)<img", body)
    assert not re.search(r"(?<!\\)\]\(|https:", body)
    assert not re.search(r"^---$|^license", body, flags=re.MULTILINE)
    assert len(re.findall(r"^#+ ", body, flags=re.MULTILINE)) == 6


def test_a_card_can_be_made_of_next_to_nothing() -> None:
    given = recipe()
    text = model_card(CardFacts(contender_of(given, "lora"), given))
    assert "## How to use it" in text
    assert "## How it was evaluated" not in text
    assert ModelCard(text).data.license is None


def test_figures_that_are_no_numbers_are_left_out_of_the_metadata() -> None:
    given = recipe()
    metrics = {"perplexity": {"value": float("inf")}, "bleu": {"value": None}, "chrf": "damaged"}
    text = model_card(CardFacts(contender_of(given, "full"), given, scores={"metrics": metrics}))
    assert ModelCard(text).data.eval_results is None


def test_a_classifier_is_described_as_one() -> None:
    given = recipe(
        comparison={"contenders": ["base", {"full": {"objective": "classification"}}]},
    )
    text = model_card(CardFacts(contender_of(given, "full"), given))
    assert ModelCard(text).data.pipeline_tag == "text-classification"
    assert "AutoModelForSequenceClassification" in text
    assert "It names labels and writes nothing." in text


def test_the_card_of_a_merged_model_is_that_of_a_whole_one(cards: dict[str, str]) -> None:
    before, after = ModelCard(cards["lora"]), ModelCard(merged_card(cards["lora"]))
    assert after.data.library_name == "transformers"
    assert after.text == before.text
    assert after.data.eval_results == before.data.eval_results
    assert after.data.base_model == before.data.base_model


@pytest.mark.parametrize(
    ("readme", "licence"),
    [
        ("---\nlicense: MIT\n---\n# Model", "mit"),
        ("---\nlicense: [a, b]\n---\n# Model", None),  # two are not one of a list
        ("---\nlicense: {{ x\n---\nLicence: Apache-2.0.", "apache-2.0"),
        ("# Starter\n\n- Licence: Apache-2.0.\n", "apache-2.0"),
        ("# Model\n\n**License:** CC-BY-4.0\n", "cc-by-4.0"),
        ("# Model\n\nThe license is in LICENSE.\n", None),
        ('---\nlicense: "evil\\n# x"\n---\n', None),
        ("", None),
    ],
)
def test_the_licence_of_the_base_is_read_from_its_folder(
    tmp_path: Path, readme: str, licence: str | None
) -> None:
    (tmp_path / "README.md").write_text(readme, encoding="utf-8")
    found = licence_of(tmp_path)
    assert (None if found is None else licence_on_card(found.name)) == licence


def test_names_for_the_hub() -> None:
    assert base_name("meta-llama/Llama-3.2-1B") == "meta-llama/Llama-3.2-1B"
    assert base_name("starter") == "starter"
    assert base_name("../models/My Model/") == "My-Model"
    assert base_name("C:\\models\\Qwen") == "Qwen"
    assert slug("data ünd --- x..y") == "data-und-x.y"
    assert slug("数据") == "unnamed"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("chats/", "chats"),
        ("/home/ali/secret/enquiries.csv", "enquiries.csv"),
        ("docs/**/*.md", "docs"),
        ("C:\\Users\\ali\\a.xlsx", "a.xlsx"),
        ("../..", "data"),
    ],
)
def test_a_source_without_a_name_is_called_by_the_end_of_its_path(path: str, name: str) -> None:
    given = recipe(data={"sources": [{"documents": path}]})
    assert source_name(given.data.sources[0]) == name
