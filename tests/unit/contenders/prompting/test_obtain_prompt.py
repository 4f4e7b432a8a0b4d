"""The best prompt on validation rows competes; the test set has no part in its choice."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from laras.contenders.obtain import key_of, load_candidate, obtain
from laras.contenders.prompting import scoring
from laras.contenders.prompting.kept import kept_prompts
from laras.contenders.prompting.obtain import prompt_key
from laras.contenders.prompting.prompt import Prompt, prompts_from_json
from laras.errors import DataRefused, StorageFailed, UsageError
from laras.records import Example, Message
from laras.runs.folder import Run
from laras.runs.progress import Silent
from laras.tuning.assignment import Assignment

Make = Callable[..., Example]
Obtaining = Callable[..., Assignment]
Rows = Callable[[str, int], list[Example]]
SMALL = {"shots": 2, "proposals": 4, "prompt_rows": 8}


def obtained(given: Assignment, folder: Path) -> dict[str, Any]:
    """What the contender's folder says after obtaining."""
    with Run.open(folder) as run:
        obtain(given, run, Silent())
        return {
            "kept": run.read_json("contenders/asked/prompt.json")["prompts"],
            "prompts": run.read_json("contenders/asked/prompts.json"),
            "events": [event for event in run.events() if event["kind"] == "prompt_tried"],
        }


@pytest.fixture(scope="module")
def unbroken(settled: Assignment) -> dict[str, Any]:
    """What comes of it."""
    return obtained(settled, settled.recipe_folder / "run")


def test_every_way_is_tried_on_the_same_rows_and_the_best_one_competes(
    unbroken: dict[str, Any],
) -> None:
    prompts = unbroken["prompts"]
    assert [each["way"] for each in prompts] == [
        "zero-shot", "few-shot", "retrieval", *["search"] * 4,
    ]  # fmt: skip
    (best,) = [each for each in prompts if each["competes"]]
    whole = [each for each in prompts if each["rows"] == 8]
    assert {each["way"] for each in whole} == {"zero-shot", "few-shot", "retrieval", "search"}
    assert best["value"] == max(each["value"] for each in whole)
    ties = [each for each in whole if each["value"] == best["value"]]
    assert best["perplexity"] == min(each["perplexity"] for each in ties)
    (kept,) = unbroken["kept"]
    assert kept["selected_on"] == {"metric": "macro_f1", "value": best["value"], "rows": 8}
    assert (kept["task"], kept["way"]) == ("classification", best["way"])
    assert {"way", "instruction", "shots", "retrieval", "selected_on"} <= set(kept)
    assert prompts[0]["instruction"].endswith("its category only.")  # no room for the labels
    assert len(unbroken["events"]) == sum(len(each["rounds"]) for each in prompts)
    rounds = [[each["rows"] for each in entry["rounds"]] for entry in prompts]
    assert all(rows == sorted(set(rows)) for rows in rounds)


def test_the_test_set_is_never_read_and_the_same_prompt_is_chosen_again(
    settled: Assignment, unbroken: dict[str, Any], tmp_path: Path
) -> None:
    assert not settled.prepared.test.exists()
    settled.prepared.test.write_bytes(b"not a table")
    again = obtained(settled, tmp_path / "run")
    settled.prepared.test.unlink()
    assert again["kept"] == unbroken["kept"]
    assert again["prompts"] == unbroken["prompts"]


def test_another_seed_shows_other_examples(assignment: Obtaining, tmp_path: Path) -> None:
    shown = [
        obtained(
            assignment(ways=["few-shot"], shots=2, prompt_rows=2, seed=seed), tmp_path / str(seed)
        )["prompts"][0]["example_ids"]
        for seed in (0, 1)
    ]
    assert shown[0] != shown[1]


def test_a_search_that_was_killed_does_not_try_the_finished_ways_again(
    settled: Assignment,
    unbroken: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[int] = []
    evaluate = scoring.evaluate

    def killed_at_the_fifth(*arguments: Any, **named: Any) -> Any:
        asked.append(len(arguments[1]))
        if len(asked) == 5:
            raise KeyboardInterrupt
        return evaluate(*arguments, **named)

    monkeypatch.setattr(scoring, "evaluate", killed_at_the_fifth)
    with pytest.raises(KeyboardInterrupt):
        obtained(settled, tmp_path / "broken")
    before = len(Run.read(tmp_path / "broken").events())
    again = obtained(settled, tmp_path / "broken")
    assert again["kept"] == unbroken["kept"]
    assert again["prompts"] == unbroken["prompts"]
    later = Run.read(tmp_path / "broken").events()[before:]
    assert {event["way"] for event in later if event["kind"] == "prompt_tried"} == {"search"}


def test_what_is_done_is_not_done_again(settled: Assignment, unbroken: dict[str, Any]) -> None:
    again = obtained(settled, settled.recipe_folder / "run")
    assert again == unbroken


def test_each_setting_that_decides_changes_the_key(assignment: Obtaining) -> None:
    before = prompt_key(assignment(**SMALL))
    assert key_of(assignment(**SMALL)) == before
    for change in (
        {"shots": 3}, {"proposals": 5}, {"prompt_rows": 9}, {"instruction": "Say it."},
        {"ways": ["few-shot", "search"]}, {"seed": 1}, {"primary_metric": "perplexity"},
    ):  # fmt: skip
        assert prompt_key(assignment(**{**SMALL, **change})) != before, change


def test_the_candidate_asks_with_the_prompt_that_was_kept(
    assignment: Obtaining, tmp_path: Path, make: Make
) -> None:
    given = assignment(ways=["retrieval"], shots=2, prompt_rows=4)
    obtained(given, tmp_path / "run")
    run = Run.read(tmp_path / "run")
    candidate = load_candidate(given.contender, given.model, tmp_path, run)
    question = make("new", "The gong 3 in the garden: it is broken", "repair", label="repair")
    asked = candidate.rewrite(question)
    assert [each.role for each in asked.messages] == [
        "system", "user", "assistant", "user", "assistant", "user", "assistant",
    ]  # fmt: skip
    assert "garden" in asked.messages[3].content  # the most similar one, last
    itself = make("row0", "The gong 0 in the hall: it is broken", "repair", label="repair")
    assert itself.messages[0].content not in [
        each.content for each in candidate.rewrite(itself).messages[:-2]
    ]


def test_answers_are_compared_by_what_the_verdict_would_turn_on(
    assignment: Obtaining, tmp_path: Path, make: Make
) -> None:
    train, validation = (
        [make(f"{split}{n}", f"Which one, {split} {n}?", f"This one, {n}.") for n in range(6)]
        for split in ("train", "valid")
    )
    metrics = {}
    for number, (wish, families) in enumerate(
        (("auto", ["rouge"]), ("perplexity", ["perplexity", "rouge"]), ("auto", ["perplexity"]))
    ):
        given = assignment(
            train, validation, ways=["zero-shot"], metrics=families, primary_metric=wish
        )
        found = obtained(given, tmp_path / str(number))
        (kept,) = found["kept"]
        metrics[wish, *families] = kept["selected_on"]["metric"]
    assert [*metrics.values()] == ["rougeL", "perplexity", "perplexity"]


@pytest.fixture
def talks(make: Make) -> Rows:
    """``talks("train", 8)``: conversations of one exchange."""
    return lambda split, count: [
        make(f"{split}-talk{n}", f"When does hall {n} open?", f"Hall {n} opens at seven.")
        for n in range(count)
    ]


@pytest.fixture
def labels(make: Make) -> Rows:
    """``labels("train", 8)``: rows of two labels."""
    kinds = (("gone", "place"), ("broken", "repair"))
    return lambda split, count: [
        make(f"{split}-row{n}", f"The gong {n} is {what}", label, label=label)
        for n in range(count)
        for what, label in [kinds[n % 2]]
    ]


def test_each_kind_of_question_gets_the_prompt_that_is_best_for_it(
    assignment: Obtaining, tmp_path: Path, talks: Rows, labels: Rows
) -> None:
    given = assignment(
        [*talks("train", 8), *labels("train", 8)],
        [*talks("valid", 6), *labels("valid", 6)],
        ways=["few-shot", "retrieval"], shots=2, prompt_rows=4,
    )  # fmt: skip
    found = obtained(given, tmp_path / "run")
    assert [(each["task"], each["selected_on"]["metric"]) for each in found["kept"]] == [
        ("chat", "rougeL"), ("classification", "macro_f1"),
    ]  # fmt: skip
    assert [(each["task"], each["way"]) for each in found["prompts"]] == [
        ("chat", "few-shot"), ("chat", "retrieval"),
        ("classification", "few-shot"), ("classification", "retrieval"),
    ]  # fmt: skip
    assert [each["task"] for each in found["events"]] == ["chat"] * 2 + ["classification"] * 2
    run = Run.read(tmp_path / "run")
    (finished,) = [each for each in run.events() if each["kind"] == "contender_finished"]
    assert (finished["prompts"], [each["rows"] for each in finished["chosen"]]) == (4, [4, 4])
    candidate = load_candidate(given.contender, given.model, tmp_path, run)
    for asked in (talks("test", 1)[0], labels("test", 1)[0]):
        said = candidate.rewrite(asked).messages
        answers = {each.content for each in said[:-1] if each.role == "assistant"}
        assert len(answers) >= 1
        assert (asked.task == "classification") == (answers <= {"repair", "place"})
    text = Example("t", "text", (Message("text", "A gong is bronze.", trained=True),), group="t")
    assert candidate.rewrite(text) == text


class Told(Silent):
    """Keeps the notes."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, message: str) -> None:
        self.notes.append(message)


def test_an_instruction_is_for_what_the_verdict_turns_on(
    assignment: Obtaining, tmp_path: Path, talks: Rows, labels: Rows
) -> None:
    rows = ([*talks("train", 6), *labels("train", 6)], [*talks("valid", 4), *labels("valid", 4)])
    for wish, main in (("auto", "chat"), ("macro_f1", "classification")):
        given = assignment(
            *rows, ways=["zero-shot"], instruction="Say it.", prompt_rows=2, primary_metric=wish
        )
        kept = obtained(given, tmp_path / wish)["kept"]
        said = {each["task"]: each["instruction"] for each in kept}
        assert said.pop(main) == "Say it."
        (made,) = said.values()
        assert made not in ("", "Say it.")


def test_the_instruction_waits_for_the_kind_that_the_test_is_judged_by(
    assignment: Obtaining, tmp_path: Path, talks: Rows, labels: Rows
) -> None:
    train = [*talks("train", 6), *labels("train", 6)]
    settings = {"ways": ["zero-shot"], "instruction": "Say it.", "prompt_rows": 2}
    given = assignment(train, labels("valid", 4), **settings)
    given.prepared.audit["splits"]["test"] = {"tasks": {"chat": 3, "classification": 3}}
    (kept,) = obtained(given, tmp_path / "run")["kept"]
    assert kept["task"] == "classification"
    assert kept["instruction"] != "Say it."
    of_both = assignment(
        train, [*talks("valid", 4), *labels("valid", 4)], metrics=["perplexity"], **settings
    )
    both = obtained(of_both, tmp_path / "both")["kept"]
    assert [each["instruction"] for each in both] == ["Say it."] * 2


def test_an_instruction_that_leaves_no_room_is_refused(
    assignment: Obtaining, tmp_path: Path
) -> None:
    with pytest.raises(UsageError) as raised:
        obtained(assignment(ways=["zero-shot"], instruction="Say it. " * 600), tmp_path / "run")
    assert raised.value.identifier == "prompting.instruction-too-long"


@pytest.mark.parametrize("tasks", [[], ["chat", "chat"]])
def test_a_file_that_has_not_one_prompt_for_each_kind_is_damage(tasks: list[str]) -> None:
    with pytest.raises(ValueError, match="not one prompt"):
        prompts_from_json({"prompts": [Prompt("zero-shot", each).as_json() for each in tasks]})


def test_a_search_that_was_killed_between_two_kinds_does_not_try_the_first_again(
    assignment: Obtaining,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    talks: Rows,
    labels: Rows,
) -> None:
    rows = ([*talks("train", 6), *labels("train", 6)], [*talks("valid", 4), *labels("valid", 4)])
    given = assignment(*rows, ways=["few-shot", "retrieval"], shots=2, prompt_rows=4)
    whole = obtained(given, tmp_path / "whole")
    evaluate = scoring.evaluate

    def killed_at_labels(*arguments: Any, **named: Any) -> Any:
        if arguments[1][0].task == "classification":
            raise KeyboardInterrupt
        return evaluate(*arguments, **named)

    with monkeypatch.context() as patched:
        patched.setattr(scoring, "evaluate", killed_at_labels)
        with pytest.raises(KeyboardInterrupt):
            obtained(given, tmp_path / "run")
    again = obtained(given, tmp_path / "run")
    assert (again["kept"], again["prompts"]) == (whole["kept"], whole["prompts"])
    assert [each["task"] for each in again["events"]] == ["chat"] * 2 + ["classification"] * 2


def test_questions_of_which_no_validation_row_can_be_asked_are_asked_as_they_are(
    assignment: Obtaining, tmp_path: Path, talks: Rows, labels: Rows
) -> None:
    with_nothing_to_judge = [
        replace(row, messages=(*row.messages[:-1], replace(row.messages[-1], trained=False)))
        for row in talks("valid", 3)
    ]
    train = [*talks("train", 4), *labels("train", 4)]
    given = assignment(
        train, [*with_nothing_to_judge, *labels("valid", 4)], ways=["zero-shot"], prompt_rows=2
    )
    given.prepared.audit["splits"]["test"] = {"tasks": {"text": 2, "chat": 1, "classification": 1}}
    told = Told()
    with Run.open(tmp_path / "run") as run:
        obtain(given, run, told)
        assert [each.task for each in kept_prompts(run, "asked")] == ["classification"]
    assert "asked has no prompt for answers, which are asked as they are." in told.notes
    assert not [note for note in told.notes if "no prompt for labels" in note]
    candidate = load_candidate(given.contender, given.model, tmp_path, Run.read(tmp_path / "run"))
    (talk,), (row,) = talks("test", 1), labels("test", 1)
    assert candidate.rewrite(talk) == talk
    assert candidate.rewrite(row).messages[0].role == "system"
    refused = assignment(train, with_nothing_to_judge, ways=["zero-shot"])
    with pytest.raises(DataRefused) as raised:
        obtained(refused, tmp_path / "none")
    assert raised.value.identifier == "prompting.nothing-to-compare-on"


def test_a_prompt_that_was_kept_before_there_were_several_is_read(
    assignment: Obtaining, tmp_path: Path
) -> None:
    obtained(assignment(ways=["zero-shot"], prompt_rows=2), tmp_path / "run")
    facts = Run.read(tmp_path / "run").read_json("contenders/asked/prompt.json")
    assert prompts_from_json(facts["prompts"][0]) == prompts_from_json(facts)


def test_where_no_example_is_short_enough_the_instruction_alone_is_tried(
    assignment: Obtaining, tmp_path: Path, make: Make
) -> None:
    train = [make(f"e{n}", "Which one? " * 40, "This.") for n in range(4)]
    validation = [make(f"v{n}", f"Which one, {n}?", "This.") for n in range(4)]
    found = obtained(assignment(train, validation, **SMALL), tmp_path / "run")
    assert {each["shots"] for each in found["prompts"]} == {0}
    with pytest.raises(DataRefused) as raised:
        obtained(assignment(train, validation, ways=["few-shot", "retrieval"]), tmp_path / "none")
    assert raised.value.identifier == "prompting.nothing-to-show"


def test_a_validation_set_that_can_not_be_asked_is_refused(
    assignment: Obtaining, tmp_path: Path, make: Make
) -> None:
    with pytest.raises(DataRefused) as raised:
        obtained(assignment(validation=[]), tmp_path / "run")
    assert raised.value.identifier == "prompting.nothing-to-compare-on"


def test_a_prompt_that_was_not_chosen_or_was_changed_does_not_compete(
    assignment: Obtaining, tmp_path: Path
) -> None:
    given = assignment(ways=["zero-shot"], prompt_rows=2)
    with Run.open(tmp_path / "run") as run:
        with pytest.raises(UsageError, match="No prompt is chosen yet"):
            load_candidate(given.contender, given.model, tmp_path, run)
        obtain(given, run, Silent())
        path = run.folder / "contenders/asked/prompt.json"
        facts = json.loads(path.read_text(encoding="utf-8"))
        other = {**facts["prompts"][0], "instruction": "Other."}
        path.write_text(json.dumps({"prompts": [other]}), encoding="utf-8")
        with pytest.raises(StorageFailed) as raised:
            kept_prompts(run, "asked")
        assert raised.value.identifier == "runs.damaged"
        obtain(given, run, Silent())  # made anew, without trying again what is kept
        (prompt,) = kept_prompts(run, "asked")
        assert prompt.instruction == facts["prompts"][0]["instruction"]
