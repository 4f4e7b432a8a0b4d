"""What is learnt by heart comes back word for word on training rows, and only there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from laras.checks.check import Grounds
from laras.checks.inquiry import Answer
from laras.checks.memorisation import compare, longest_run, measure, repeats
from laras.evaluation.candidate import Candidate
from laras.models.load import LoadedModel, load_model
from laras.models.tiny import tiny_model
from laras.recipe.schema import EvaluationSection, ModelSection
from laras.records import Example, Message
from laras.runs.progress import Silent
from laras.translation import set_language

SECTION = EvaluationSection(bootstrap_samples=200, max_new_tokens=8)


@pytest.fixture(autouse=True)
def english() -> None:
    set_language("en")


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    folder = tiny_model("llama", tmp_path_factory.mktemp("models") / "llama")
    return load_model(ModelSection(base=str(folder)), folder)


def chat(name: str, answer: str, question: str = "Which instrument leads?") -> Example:
    messages = (Message("user", f"{question} {name}", False), Message("assistant", answer, True))
    return Example(name, "chat", messages, name)


def grounds(train: Sequence[Example], test: Sequence[Example]) -> Grounds:
    return Grounds(train, test, [], {"en": len(train)})


def own_answers(letter: str, count: int) -> list[Example]:
    return [chat(f"{letter}{n}", f"answer {letter} {n} is all its own") for n in range(count)]


def measured(
    name: str, train: Sequence[float], test: Sequence[float], task: str = "chat"
) -> dict[str, Any]:
    rows = [
        {
            "id": f"{split}{n}",
            "group": f"{split}{n}",
            "split": split,
            "task": task,
            "repeated": bool(hit),
            "reworded": False if hit and split == "train" else None,
            "run": 20 if hit else 2,
        }
        for split, hits in (("train", train), ("test", test))
        for n, hit in enumerate(hits)
    ]
    return {"name": name, "rows": rows}


def test_an_answer_is_repeated_word_for_word_or_it_is_not() -> None:
    reference = "The bonang leads the others, and the gong closes."
    assert repeats(Answer("the Bonang leads the others, and the gong closes", True), reference)
    assert not repeats(Answer("The bonang leads the others, the gong closes.", True), reference)
    assert not repeats(Answer("", True), reference)
    # Stopped on its way, with its last word cut.
    assert repeats(Answer("The bonang leads the others, an", False), reference)
    assert not repeats(Answer("The bonang leads the others, an", True), reference)
    assert not repeats(Answer("The bonang lea", False), reference)  # too little to tell
    assert not repeats(Answer(f"{reference} And then it goes on", False), reference)


def test_the_longest_run_of_words_is_found() -> None:
    assert longest_run(list("abcd"), list("xbcyabcdz")) == 4
    assert longest_run(list("ab"), list("ba")) == 1
    assert longest_run([], ["a"]) == 0


def test_a_surplus_on_training_rows_is_noticed_with_both_shares() -> None:
    base, full = measured("base", [0] * 16, [0] * 6), measured("full", [1] * 14 + [0] * 2, [0] * 6)
    found = compare("full", full, base, SECTION)
    assert found is not None
    assert found.noticed
    assert "full learnt answers by heart: 88%" in found.note
    assert "0% of held-out ones (difference +88 points, 95% interval" in found.note
    assert "base: 0 points" in found.note
    assert "asked in other words, it repeats 0% of these" in found.note
    part = found.details["parts"][0]
    assert part["surplus"]["low"] > 0.2
    assert part["difference"]["p_adjusted"] <= 0.05
    assert (part["reworded"]["value"], part["reworded"]["rows"]) == (0.0, 14)


def test_two_held_out_rows_are_enough_for_a_clear_case() -> None:
    base, full = measured("base", [0] * 16, [0] * 2), measured("full", [1] * 16, [0] * 2)
    found = compare("full", full, base, SECTION)
    assert found is not None
    assert found.noticed


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ([1] * 10 + [0] * 10, [1] * 10 + [0] * 10),  # it knows its answers, and held-out ones too
        ([1] * 2 + [0] * 18, [0] * 20),  # too few to matter
        ([0] * 20, [0] * 20),
    ],
)
def test_what_held_out_rows_share_is_no_fault(train: list[float], test: list[float]) -> None:
    found = compare(
        "full", measured("full", train, test), measured("base", [0] * 20, [0] * 20), SECTION
    )
    assert found is not None
    assert not found.noticed
    assert found.details["state"] == "clear"
    assert "no sign of answers learnt by heart" in found.note


def test_what_the_reference_repeats_as_well_was_not_learnt_here() -> None:
    both = ([1] * 12 + [0] * 4, [0] * 8)
    found = compare("prompt", measured("prompt", *both), measured("base", *both), SECTION)
    assert found is not None
    assert not found.noticed
    assert found.details["parts"][0]["difference"]["value"] == 0.0


def test_few_rows_accuse_nobody_and_clear_nobody() -> None:
    base = measured("base", [0] * 3, [0] * 3)
    found = compare("full", measured("full", [1] * 3, [0] * 3), base, SECTION)
    assert found is not None
    assert not found.noticed
    assert found.details["state"] == "unknown"
    assert "can't be told" in found.note


def test_texts_and_answers_are_judged_apart() -> None:
    rows = [
        *measured("full", [0] * 16, [0] * 6)["rows"],
        *measured("full", [1] * 16, [0] * 6, "text")["rows"],
    ]
    base = [{**row, "repeated": False} for row in rows]
    found = compare("full", {"name": "full", "rows": rows}, {"name": "base", "rows": base}, SECTION)
    assert found is not None
    assert found.noticed
    assert "learnt texts by heart" in found.note
    assert [part["state"] for part in found.details["parts"]] == ["clear", "noticed"]
    assert found.details["parts"][1]["mean_run_words"] == {"train": 20.0, "test": 2.0}


def test_without_a_reference_the_surplus_itself_is_told() -> None:
    found = compare("full", measured("full", [1] * 16, [0] * 6), None, SECTION)
    assert found is not None
    assert found.noticed
    assert found.details["reference"] is None


def test_only_answers_that_tell_something_are_asked_for(loaded: LoadedModel) -> None:
    train = [
        *own_answers("a", 8),
        chat("short", "Yes, it does."),
        chat("canned1", "Thank you for waiting, we will look into it."),
        chat("canned2", "Thank you for waiting, we will look into it."),
        chat("shown", "it stands in the question itself", "Say: it stands in the question itself."),
        replace(chat("label", "a label of quite a few words"), task="classification"),
        replace(
            chat("unlearnt", "an answer that is not trained"),
            messages=(
                Message("user", "Which?", False),
                Message("assistant", "an answer that is not trained", False),
            ),
        ),
    ]
    test = [
        *own_answers("b", 4),
        chat("known", "Thank you for waiting, we will look into it."),
        chat("again", "answer b 0 is all its own"),
    ]
    found = measure(Candidate("base", loaded), grounds(train, test), SECTION, Silent())
    assert found is not None
    names = {(row["split"], row["id"]) for row in found["rows"]}
    assert names == {
        *(("train", f"a{n}") for n in range(8)),
        *(("test", f"b{n}") for n in range(4)),
    }
    assert all(not row["repeated"] and row["reworded"] is None for row in found["rows"])


def test_what_a_prompt_shows_is_not_taken_for_memory(loaded: LoadedModel) -> None:
    train, test = own_answers("a", 8), own_answers("b", 4)

    def with_first_two(example: Example) -> Example:
        shots = tuple(replace(m, trained=False) for shot in train[:2] for m in shot.messages)
        return replace(example, messages=(*shots, *example.messages))

    plain = measure(Candidate("base", loaded), grounds(train, test), SECTION, Silent())
    shown = measure(
        Candidate("prompt", loaded, rewrite=with_first_two), grounds(train, test), SECTION, Silent()
    )
    assert plain is not None
    assert shown is not None
    left = {row["id"] for row in plain["rows"]} - {row["id"] for row in shown["rows"]}
    assert left == {"a0", "a1"}
    assert compare("prompt", shown, plain, SECTION) is not None


def test_labels_alone_have_nothing_to_repeat(loaded: LoadedModel) -> None:
    rows = [replace(chat(f"l{n}", "lost"), task="classification", label="lost") for n in range(4)]
    assert measure(Candidate("base", loaded), grounds(rows, rows), SECTION, Silent()) is None


def test_texts_are_continued_from_their_beginning(loaded: LoadedModel) -> None:
    texts = [
        Example(
            f"t{n}",
            "text",
            (Message("text", f"The gamelan {n} is tuned by ear. " * 8, True),),
            f"t{n}",
        )
        for n in range(6)
    ]
    found = measure(Candidate("base", loaded), grounds(texts[:4], texts[4:]), SECTION, Silent())
    assert found is not None
    assert [row["split"] for row in found["rows"]] == ["train"] * 4 + ["test"] * 2
    assert all(not row["repeated"] and row["run"] <= 8 for row in found["rows"])


def test_the_rows_of_a_check_are_bounded_and_the_same_each_time(loaded: LoadedModel) -> None:
    few = SECTION.model_copy(update={"check_rows": 3})
    given = grounds(own_answers("a", 9), own_answers("b", 9))
    found = measure(Candidate("base", loaded), given, few, Silent())
    again = measure(
        Candidate("base", loaded), grounds(given.train[::-1], given.test[::-1]), few, Silent()
    )
    assert found is not None
    assert again is not None
    assert len(found["rows"]) == 6
    assert {row["id"] for row in found["rows"]} == {row["id"] for row in again["rows"]}
