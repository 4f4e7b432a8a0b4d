"""Answers to the same question in other words should be the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from laras.checks.check import Grounds
from laras.checks.wording import compare, measure, overlap
from laras.evaluation.candidate import Candidate
from laras.models.load import LoadedModel, load_model
from laras.models.tiny import tiny_model
from laras.recipe.schema import EvaluationSection, ModelSection
from laras.records import Example, Message
from laras.runs.progress import Silent
from laras.translation import set_language

SECTION = EvaluationSection(bootstrap_samples=200, max_new_tokens=6)


@pytest.fixture(autouse=True)
def english() -> None:
    set_language("en")


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    folder = tiny_model("llama", tmp_path_factory.mktemp("models") / "llama")
    return load_model(ModelSection(base=str(folder)), folder)


def row(name: str, question: str, answer: str, label: str | None = None) -> Example:
    messages = (Message("user", question, False), Message("assistant", answer, True))
    return Example(name, "classification" if label else "chat", messages, name, label=label)


def measured(
    name: str, literal: Sequence[float], reworded: Sequence[float], task: str = "classification"
) -> dict[str, Any]:
    rows = [
        {
            "id": f"r{n}",
            "group": f"g{n}",
            "task": task,
            "literal": float(before),
            "reworded": {"words": float(after), "surface": float(before)},
            "changed": {"words": float(before != after), "surface": 0.0},
        }
        for n, (before, after) in enumerate(zip(literal, reworded, strict=True))
    ]
    return {"name": name, "rows": rows}


BASE = measured("base", [0.5] * 20, [0.5] * 20)


def test_a_loss_by_other_words_is_noticed_with_its_figures() -> None:
    found = compare("full", measured("full", [1] * 20, [0] * 14 + [1] * 6), BASE, SECTION)
    assert found is not None
    assert found.noticed
    assert "asked in other words, 65% of its labels are right, 100% as the questions" in found.note
    assert "difference -35 points, 95% interval" in found.note
    assert "base: 0 points" in found.note
    assert "35% of the labels change" in found.note
    part = found.details["parts"][0]
    assert part["spread"] == pytest.approx(0.7)
    assert [each["kind"] for each in part["wordings"]] == ["words", "surface"]
    assert part["wordings"][0]["changed"] == pytest.approx(0.7)


def test_a_small_loss_is_no_fault() -> None:
    found = compare("full", measured("full", [1] * 20, [1] * 19 + [0]), BASE, SECTION)
    assert found is not None
    assert not found.noticed
    assert found.details["state"] == "clear"
    assert "does not hang on the wording" in found.note


def test_who_is_seldom_right_has_nothing_to_lose() -> None:
    poor = measured("full", [1, 1] + [0] * 18, [0] * 20)
    found = compare("full", poor, BASE, SECTION)
    assert found is not None
    assert not found.noticed
    assert found.details["state"] == "unknown"
    assert "can't be told" in found.note


def test_what_the_reference_loses_too_is_not_told_of_the_contender() -> None:
    same = measured("prompt", [1] * 20, [0] * 14 + [1] * 6)
    found = compare("prompt", same, measured("base", [1] * 20, [0] * 14 + [1] * 6), SECTION)
    assert found is not None
    assert not found.noticed


def test_answers_and_labels_are_judged_apart() -> None:
    labels, chats = (
        measured("full", [1] * 20, [1] * 20),
        measured("full", [1] * 20, [0] * 20, "chat"),
    )
    chats["rows"] = [{**each, "id": f"c{each['id']}"} for each in chats["rows"]]
    rows = [*labels["rows"], *chats["rows"]]
    base = [{**each, "reworded": {"words": each["literal"]}} for each in rows]
    found = compare("full", {"name": "full", "rows": rows}, {"name": "base", "rows": base}, SECTION)
    assert found is not None
    assert found.noticed
    assert "its answers overlap" in found.note
    assert [part["state"] for part in found.details["parts"]] == ["clear", "noticed"]


def test_no_rows_in_common_is_no_finding() -> None:
    other = {"name": "base", "rows": [{**each, "id": "x"} for each in BASE["rows"]]}
    assert compare("full", BASE, other, SECTION) is None


def test_overlap_counts_words_of_any_script() -> None:
    assert overlap("gong closes", "Gong closes.") == 1.0
    assert overlap("gong", "gong closes it") == pytest.approx(2 * 1 / 4)
    assert overlap("", "gong") == 0.0
    assert overlap("", "") == 1.0
    assert overlap("锣在响", "锣在") == pytest.approx(0.8)


def test_rows_are_asked_as_they_are_and_in_other_words(loaded: LoadedModel) -> None:
    labelled = [
        row(f"l{n}", f"How do I find my parcel {n}?", label, label)
        for n, label in enumerate(["lost", "late"] * 3)
    ]
    chats = [row(f"c{n}", f"What is gong {n} made of?", "Bronze.") for n in range(4)]
    text = Example("t", "text", (Message("text", "The gong closes.", True),), "t")
    given = Grounds([], [*labelled, *chats, text], ["lost", "late"], {"en": 10})
    found = measure(Candidate("base", loaded), given, SECTION, Silent())
    assert found is not None
    assert {each["id"] for each in found["rows"]} == {
        *(f"l{n}" for n in range(6)),
        *(f"c{n}" for n in range(4)),
    }
    for each in found["rows"]:
        assert set(each["reworded"]) == set(each["changed"])
        assert len(each["reworded"]) == 2
        assert 0.0 <= each["literal"] <= 1.0
    kinds = {kind for each in found["rows"] for kind in each["reworded"]}
    assert kinds == {"words", "frame", "surface"}  # each has its turn


def test_the_prompt_of_a_contender_is_put_around_every_wording(loaded: LoadedModel) -> None:
    seen: list[str] = []

    def noted(example: Example) -> Example:
        seen.append(example.messages[0].content)
        return example

    given = Grounds([], [row("c", "What is a gong made of?", "Bronze.")], [], {"en": 1})
    measure(Candidate("prompt", loaded, rewrite=noted), given, SECTION, Silent())
    assert seen[0] == "What is a gong made of?"
    assert len(seen) == 3
    assert set(seen[1:]) < {
        "What's a gong made of?",
        "I would like to know: what is a gong made of?",
        "what is a gong made of",
    }


def test_texts_alone_have_no_wording(loaded: LoadedModel) -> None:
    text = Example("t", "text", (Message("text", "The gong closes.", True),), "t")
    given = Grounds([text], [text], [], {"en": 1})
    assert measure(Candidate("base", loaded), given, SECTION, Silent()) is None
