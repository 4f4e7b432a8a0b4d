"""What the reference could do and a contender can't is told; what nobody could do is not."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from laras.checks.abilities import LANGUAGES, general_lines, items
from laras.checks.check import Grounds
from laras.checks.forgetting import compare, measure
from laras.checks.replay import replay_mix
from laras.evaluation.candidate import Candidate
from laras.models.load import LoadedModel, load_model
from laras.models.tiny import tiny_model
from laras.recipe.schema import EvaluationSection, ModelSection
from laras.records import Example, Message
from laras.runs.progress import Silent
from laras.translation import set_language

SECTION = EvaluationSection(bootstrap_samples=200)


@pytest.fixture(autouse=True)
def english() -> None:
    set_language("en")


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    folder = tiny_model("llama", tmp_path_factory.mktemp("models") / "llama")
    return load_model(ModelSection(base=str(folder)), folder)


def measured(
    name: str,
    bits: dict[str, float],
    *,
    right: float = 0.3,
    written: int = 0,
    languages: tuple[str, ...] = ("en",),
) -> dict[str, Any]:
    """``bits`` per byte by language (a little more and less in turn), a share of right choices."""
    texts = [
        {
            "id": line.example_id,
            "language": language,
            "kind": kind,
            "nats": 0.6931 * bits[language] * size * (0.9 if at % 2 else 1.1),
            "bytes": size,
        }
        for at, (language, kind, line) in enumerate(general_lines()[::5])
        for size in [len(line.messages[0].content.encode())]
    ]
    choices = [item for item in items() if item.choices]
    forms = [item for item in items() if item.matches]
    return {
        "name": name,
        "training_examples": 950,
        "languages": list(languages),
        "looked_at": list(LANGUAGES),
        "texts": texts,
        "choices": [
            {
                "id": item.name,
                "language": item.language,
                "ability": item.ability,
                "right": (at * 37 % 100) / 100 < right,
            }
            for at, item in enumerate(choices)
        ],
        "written": [
            {
                "id": item.name,
                "language": item.language,
                "ability": item.ability,
                "right": at < written,
            }
            for at, item in enumerate(forms)
        ],
    }


BASE = measured("base", {"en": 1.9, "id": 1.6})


def test_general_text_that_went_worse_is_noticed_with_a_mix_to_prevent_it() -> None:
    found = compare("full", measured("full", {"en": 2.85, "id": 1.6}), BASE, SECTION)
    assert found is not None
    assert found.noticed
    assert "full has forgotten: general text (English) takes 2.85 bits per byte" in found.note
    assert "with base 1.90 (+50%; difference +0.95, 95% interval" in found.note
    assert "25% of it (about 317)" in found.note
    assert found.details["replay"]["share"] == 0.25
    assert json.loads(json.dumps(found.details)) == found.details


def test_some_loss_is_told_and_is_no_fault() -> None:
    found = compare("full", measured("full", {"en": 2.3, "id": 1.6}), BASE, SECTION)
    assert found is not None
    assert not found.noticed
    assert found.details["state"] == "some"
    assert "full has lost some of its general language" in found.note
    assert "5% of it (about 50)" in found.note


def test_a_small_rise_is_no_forgetting() -> None:
    found = compare("full", measured("full", {"en": 1.95, "id": 1.6}), BASE, SECTION)
    assert found is not None
    assert not found.noticed
    assert "general text (English) is not forgotten" in found.note
    assert found.details["replay"] is None


def test_a_language_that_the_data_is_not_in_is_measured_and_not_held_against_anybody() -> None:
    worse = measured("full", {"en": 1.9, "id": 2.6})
    found = compare("full", worse, BASE, SECTION)
    assert found is not None
    assert not found.noticed
    assert [part["counts"] for part in found.details["texts"]] == [True, False]
    both = {"languages": ["en", "id"]}
    assert compare("full", {**worse, **both}, {**BASE, **both}, SECTION).noticed  # type: ignore[union-attr]


def test_data_in_other_languages_says_what_was_not_looked_at() -> None:
    worse = measured("full", {"en": 2.7, "id": 1.6}, languages=("de",))
    found = compare("full", worse, BASE, SECTION)
    assert found is not None
    assert found.noticed
    assert "There is no general text for: de." in found.note
    assert found.details["languages_not_looked_at"] == ["de"]


def test_what_the_reference_never_knew_is_not_forgotten() -> None:
    base = measured("base", {"en": 7.0, "id": 7.5}, right=0.25)
    found = compare("full", measured("full", {"en": 9.0, "id": 9.5}, right=0.1), base, SECTION)
    assert found is not None
    assert not found.noticed
    assert found.details["state"] == "unknown"
    assert "can't be told" in found.note


def test_questions_near_chance_neither_accuse_nor_clear() -> None:
    found = compare("full", measured("full", {"en": 1.9, "id": 1.6}, right=0.1), BASE, SECTION)
    assert found is not None
    assert not found.noticed
    assert found.details["questions"][0]["state"] == "unknown"
    assert "Of general questions, base knows too few to tell." in found.note


def test_general_questions_that_went_wrong_are_noticed() -> None:
    both = ("en", "id")
    base = measured("base", {"en": 1.9, "id": 1.6}, right=0.8, written=20, languages=both)
    worse = measured("full", {"en": 1.9, "id": 1.6}, right=0.5, written=20, languages=both)
    found = compare("full", worse, base, SECTION)
    assert found is not None
    assert found.noticed
    assert "of 128 general questions rightly" in found.note
    assert {part["part"]: part["state"] for part in found.details["questions"]} == {
        "choices": "noticed",
        "written": "clear",
    }
    ability = found.details["by_ability"][0]
    assert set(ability) == {"part", "language", "ability", "questions", "own", "reference"}


def test_forms_that_are_no_longer_kept_to_are_noticed() -> None:
    both = ("en", "id")
    base = measured("base", {"en": 1.9, "id": 1.6}, written=20, languages=both)
    worse = measured("full", {"en": 1.9, "id": 1.6}, written=2, languages=both)
    found = compare("full", worse, base, SECTION)
    assert found is not None
    assert found.noticed


def test_an_equal_contender_has_forgotten_nothing() -> None:
    found = compare("prompt", {**BASE, "name": "prompt"}, BASE, SECTION)
    assert found is not None
    assert not found.noticed
    assert all(part["difference"]["value"] == 0.0 for part in found.details["texts"])


def test_without_a_reference_there_is_no_before() -> None:
    assert compare("full", BASE, None, SECTION) is None


def test_the_mix_grows_with_the_damage() -> None:
    assert replay_mix(False, 950)["examples"] == 50
    assert replay_mix(True, 300) == {**replay_mix(False, 300), "share": 0.25, "examples": 100}


def test_a_real_model_is_measured_without_its_prompt(loaded: LoadedModel) -> None:
    def shouting(example: Example) -> Example:
        return replace(example, messages=(Message("system", "SHOUT!", False), *example.messages))

    given = Grounds([], [], [], {"en": 95, "de": 30, "fr": 2, "unknown": 60})
    few = SECTION.model_copy(update={"check_rows": 6})
    plain = measure(Candidate("base", loaded), given, few, Silent())
    prompted = measure(Candidate("prompt", loaded, rewrite=shouting), given, few, Silent())
    assert plain is not None
    assert prompted == {**plain, "name": "prompt"}
    assert plain["languages"] == ["de", "en"]
    for part in ("texts", "choices", "written"):
        assert len(plain[part]) == 12
        assert [row["language"] for row in plain[part]] == ["en"] * 6 + ["id"] * 6
    assert all(row["nats"] > 0 and row["bytes"] > 20 for row in plain["texts"])
    found = compare("prompt", prompted, plain, few)
    assert found is not None
    assert found.details["state"] == "unknown"  # random weights know no language


def test_single_rows_are_too_few_to_say_anything(loaded: LoadedModel) -> None:
    one = SECTION.model_copy(update={"check_rows": 1})
    given = Grounds([], [], [], {"en": 9})
    base = measure(Candidate("base", loaded), given, one, Silent())
    assert base is not None
    found = compare("full", {**base, "name": "full"}, base, one)
    assert found is not None
    assert found.details["state"] == "unknown"


def test_a_short_context_leaves_out_what_does_not_fit(loaded: LoadedModel) -> None:
    short = replace(loaded, context=16)
    few = SECTION.model_copy(update={"check_rows": 6})
    found = measure(Candidate("base", short), Grounds([], [], [], {}), few, Silent())
    assert found is not None
    assert len(found["texts"]) == 12
