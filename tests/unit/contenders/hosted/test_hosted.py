"""A contender behind an endpoint: its prompt, what it is asked, and what it can cost."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chat_server import ChatServer
from laras.contenders.hosted.choosing import hosted_key, obtain_hosted
from laras.contenders.hosted.forecast import announce_cost, forecast
from laras.contenders.hosted.left_out import unfinished
from laras.contenders.judged import evaluation_key, judged
from laras.contenders.obtain import key_of, load_candidate, obtain
from laras.errors import EndpointFailed, UsageError
from laras.records import Example, Message
from laras.runs.folder import Run
from laras.runs.progress import Silent
from laras.tuning.assignment import Assignment

Obtaining = Callable[..., Assignment]
Rows = Callable[[int, int], list[Example]]
PRICES = {"price_input": 10.0, "price_output": 40.0}


class Told(Silent):
    """Keeps the notes."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, message: str) -> None:
        self.notes.append(message)


def conversations(first: int, count: int) -> list[Example]:
    """Questions with answers of several words."""
    return [
        Example(
            f"talk{number}", "chat",
            (
                Message("user", f"When does hall {number} open?", False),
                Message("assistant", f"Hall {number} opens at seven.", True),
            ),
            f"talk{number}",
        )
        for number in range(first, first + count)
    ]  # fmt: skip


def judged_in(given: Assignment, folder: Path) -> Any:
    with Run.open(folder) as run:
        return judged(given, run, Silent())


def test_the_best_way_on_few_validation_rows_competes(
    assignment: Obtaining, server: ChatServer, tmp_path: Path
) -> None:
    server.says = lambda messages: (
        "repair" if "broken" in messages[-1]["content"] and len(messages) > 2 else "place"
    )
    given = assignment(prompt_rows=6)
    with Run.open(tmp_path / "run") as run:
        obtain(given, run, Silent())
        (prompt,) = run.read_json("contenders/big/prompt.json")["prompts"]
        prompts = run.read_json("contenders/big/prompts.json")
        (finished,) = [e for e in run.events() if e["kind"] == "contender_finished"]
    assert [each["way"] for each in prompts] == ["zero-shot", "few-shot", "retrieval"]
    assert prompt["way"] == "few-shot"  # the plainest of those that do best
    assert prompt["selected_on"] == {"metric": "macro_f1", "value": 1.0, "rows": 6}
    assert [len(shot) for shot in prompt["shots"]] == [2, 2]
    assert [each["competes"] for each in prompts] == [False, True, False]
    (chosen,) = finished["chosen"]
    assert (chosen["way"], finished["energy_wh"]) == ("few-shot", None)
    assert len(server.requests) == 3 * 6
    asked = server.requests[0]
    assert (asked["model"], asked["temperature"]) == ("big", 0)
    assert [each["role"] for each in asked["messages"]] == ["system", "user"]


def test_where_there_is_one_way_nothing_is_asked_for_it(
    assignment: Obtaining, server: ChatServer, tmp_path: Path
) -> None:
    with Run.open(tmp_path / "run") as run:
        obtain(assignment(ways=["retrieval"], instruction="Name it."), run, Silent())
        (prompt,) = run.read_json("contenders/big/prompt.json")["prompts"]
    assert server.requests == []
    assert (prompt["instruction"], prompt["retrieval"]) == ("Name it.", {"shots": 2})
    assert prompt["selected_on"] == {"metric": "macro_f1", "value": None, "rows": 0}


def test_it_is_judged_by_its_answers_and_nothing_else(
    assignment: Obtaining, server: ChatServer, tmp_path: Path
) -> None:
    found, checks = judged_in(assignment(ways=["zero-shot"]), tmp_path / "run")
    assert checks == {}
    assert set(found.scores) == {
        "macro_f1", "micro_f1", "accuracy", "macro_f1_generated", "micro_f1_generated",
    }  # fmt: skip
    assert found.scores["macro_f1"].value == 1.0
    assert found.cost["stages"]["answers"]["rows"] == 9
    assert found.cost["tokens_in"] == 900
    assert (found.cost["energy_wh"], found.cost["peak_memory_bytes"]) == (None, None)
    assert len(server.requests) == 9


def test_each_kind_of_question_has_its_own_prompt_and_forecast(
    assignment: Obtaining, rows: Rows, server: ChatServer, tmp_path: Path
) -> None:
    given = assignment(
        [*rows(100, 6), *conversations(100, 6)], train=[*rows(0, 9), *conversations(0, 9)],
        test=[*rows(200, 4), *conversations(200, 5)], prompt_rows=4, metrics=["f1", "rouge"],
        endpoint={**PRICES, "budget": 5.0},
    )  # fmt: skip
    with Run.open(tmp_path / "run") as run:
        before = forecast(given, run)
        assert before.estimate.calls == 2 * 3 * 4 + 9
        obtain_hosted(given, run, Silent())
        assert len(server.requests) == 2 * 3 * 4
        kept = run.read_json("contenders/big/prompt.json")["prompts"]
        prompts = run.read_json("contenders/big/prompts.json")
        assert (forecast(given, run).estimate.calls, len(server.requests)) == (9, 24)
        found, _checks = judged(given, run, Silent())
    assert [(each["task"], each["selected_on"]["metric"]) for each in kept] == [
        ("chat", "rougeL"), ("classification", "macro_f1"),
    ]  # fmt: skip
    assert [each["competes"] for each in prompts].count(True) == 2
    assert found.scores["macro_f1"].value == 1.0
    assert len(server.requests) == 24 + 9


def test_a_kind_with_nothing_to_show_is_asked_as_it_is(
    assignment: Obtaining, rows: Rows, server: ChatServer, tmp_path: Path
) -> None:
    given = assignment(
        [*rows(100, 4), *conversations(100, 4)], train=conversations(0, 6),
        test=[*rows(200, 2), *conversations(200, 3)], ways=["retrieval"], shots=2,
        metrics=["f1", "rouge"], endpoint={**PRICES, "budget": 5.0},
    )  # fmt: skip
    given.prepared.audit["splits"]["test"] = {"tasks": {"chat": 3, "classification": 2}}
    told = Told()
    with Run.open(tmp_path / "run") as run:
        assert forecast(given, run).estimate.calls == 5
        obtain_hosted(given, run, told)
        assert forecast(given, run).estimate.calls == 5
        judged(given, run, Silent())
    assert told.notes == ["big has no prompt for labels, which are asked as they are."]
    assert sorted(len(request["messages"]) for request in server.requests) == [1, 1, 6, 6, 6]


def test_what_is_forecast_is_what_is_asked(
    assignment: Obtaining, server: ChatServer, tmp_path: Path
) -> None:
    given = assignment(prompt_rows=4, endpoint={**PRICES, "budget": 5.0})
    with Run.open(tmp_path / "run") as run:
        before = forecast(given, run)
        assert not (run.folder / "contenders").exists()
        assert before.estimate.calls == 3 * 4 + 9
        obtain_hosted(given, run, Silent())
        between = forecast(given, run)
        assert (between.estimate.calls, between.kept) == (9, 0)
        assert between.spent == pytest.approx(12 * (100 * 10 + 4 * 40) / 1e6)
        assert between.estimate.money < before.estimate.money
        judged(given, run, Silent())
        after = forecast(given, run)
    assert (after.estimate.calls, after.estimate.money, after.kept) == (0, 0.0, 9)
    sent = sum(len(m["content"]) for request in server.requests for m in request["messages"])
    assert before.estimate.input_tokens >= sent / 2.5
    assert {request["max_tokens"] for request in server.requests} == {16}


def test_the_cost_is_told_and_refused_before_the_first_call(
    assignment: Obtaining, server: ChatServer, tmp_path: Path
) -> None:
    told = Told()
    with Run.open(tmp_path / "run") as run:
        cheap = assignment(endpoint={**PRICES, "budget": 5.0, "currency": "IDR"})
        announce_cost(cheap, evaluation_key(cheap), run, told)
        (note,) = told.notes
        assert "big asks big at http" in note
        assert "45 times" in note  # three ways on all 12 rows, and the test
        assert "of 5.00 IDR are spent" in note
        dear = assignment(endpoint={**PRICES, "budget": 0.001})
        with pytest.raises(UsageError) as refused:
            announce_cost(dear, evaluation_key(dear), run, told)
        fewer = assignment(endpoint={**PRICES, "budget": 0.02}, ways=["zero-shot"], max_rows=2)
        announce_cost(fewer, evaluation_key(fewer), run, told)
    assert refused.value.identifier == "endpoints.above-budget"
    assert refused.value.where == "comparison.contenders.big.endpoint.budget"
    assert "evaluation.max_rows" in str(refused.value.hint)
    assert "prompt_rows" in str(refused.value.hint)
    assert server.requests == []


def test_a_key_that_is_not_set_is_told_before_the_first_call(
    assignment: Obtaining, tmp_path: Path
) -> None:
    given = assignment(endpoint={"api_key_variable": "NO_SUCH_KEY"})
    with Run.open(tmp_path / "run") as run, pytest.raises(UsageError, match="NO_SUCH_KEY"):
        announce_cost(given, evaluation_key(given), run, Silent())


def test_an_endpoint_that_fails_leaves_its_contender_unfinished_and_goes_on_later(
    assignment: Obtaining, server: ChatServer, tmp_path: Path
) -> None:
    given = assignment(ways=["zero-shot"])
    server.fails_after = 5
    folder = tmp_path / "run"
    with Run.open(folder) as run:
        (folder / "contenders/big").mkdir(parents=True)
        (folder / "contenders/big/scores.json").write_text("{}")  # of an earlier recipe
        assert judged(given, run, Silent()) is None
        facts = json.loads((folder / "contenders/big/unfinished.json").read_text())
        assert (facts["reason"], facts["answers"], facts["spent"]) == ("endpoint", 5, None)
        assert "HTTP 401" in facts["what"]
        assert not (folder / "contenders/big/scores.json").exists()
        server.fails_after = None
        found = judged(given, run, Silent())
        assert found is not None
    assert not (folder / "contenders/big/unfinished.json").exists()
    assert len(server.requests) == 5 + 1 + 4


def test_a_budget_that_is_reached_ends_the_asking_for_this_recipe(
    assignment: Obtaining, server: ChatServer, tmp_path: Path
) -> None:
    server.usage = {"prompt_tokens": 5000, "completion_tokens": 100}  # more than was estimated
    endpoint = {**PRICES, "budget": 0.2}
    given = assignment(ways=["zero-shot"], endpoint=endpoint)
    told = Told()
    with Run.open(tmp_path / "run") as run:
        announce_cost(given, evaluation_key(given), run, told)
        assert judged(given, run, told) is None
        assert "left out of the verdict" in told.notes[-1]
        count = len(server.requests)
        assert 0 < count < 9
        # The same command is no mistake, and pays for nothing more.
        announce_cost(given, evaluation_key(given), run, told)
        assert judged(given, run, told) is None
        assert len(server.requests) == count
        little = assignment(ways=["zero-shot"], endpoint={**endpoint, "budget": 0.21})
        with pytest.raises(UsageError, match=r"of the budget of 0\.21 USD are spent"):
            announce_cost(little, evaluation_key(little), run, told)
        more = assignment(ways=["zero-shot"], endpoint={**endpoint, "budget": 9.0})
        announce_cost(more, evaluation_key(more), run, told)
        assert judged(more, run, told) is not None
    assert len(server.requests) == 9


def test_one_refused_question_in_many_counts_as_answered_wrongly(
    assignment: Obtaining, server: ChatServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = assignment(ways=["zero-shot"])
    server.failures = [200, 400]
    assert judged_in(given, tmp_path / "few") is None  # one of nine is not one in many
    monkeypatch.setattr("laras.contenders.hosted.source._REFUSED_SHARE", 9)
    server.failures = [200, 400]
    found, _checks = judged_in(given, tmp_path / "many")
    assert found.scores["accuracy"].value == pytest.approx(8 / 9)
    assert any("1 of 9 questions were refused" in each for each in found.warnings)


def test_an_endpoint_that_only_refuses_has_failed(
    assignment: Obtaining, server: ChatServer, tmp_path: Path
) -> None:
    server.failures = [400] * 99
    assert judged_in(assignment(ways=["zero-shot"]), tmp_path / "run") is None


@pytest.mark.parametrize(
    "change",
    [
        {"endpoint": {"model": "other"}}, {"ways": ["zero-shot"]}, {"shots": 3},
        {"instruction": "Say it."}, {"prompt_rows": 3}, {"metrics": ["exact_match", "f1"]},
    ],
)  # fmt: skip
def test_each_setting_that_decides_changes_the_key(
    assignment: Obtaining, change: dict[str, Any]
) -> None:
    before = assignment()
    assert key_of(before) == hosted_key(before)
    same = change == {"metrics": ["exact_match", "f1"]}  # the prompt is chosen by the same metric
    assert (hosted_key(assignment(**change)) == hosted_key(before)) == same


def test_its_model_can_not_be_loaded(assignment: Obtaining, tmp_path: Path) -> None:
    given = assignment()
    with Run.open(tmp_path / "run") as run, pytest.raises(UsageError) as refused:
        load_candidate(given.contender, given.model, tmp_path, run)
    assert refused.value.identifier == "contender.behind-endpoint"


def test_a_validation_set_of_other_tasks_is_refused(assignment: Obtaining, tmp_path: Path) -> None:
    empty: list[Example] = []
    with Run.open(tmp_path / "run") as run:
        with pytest.raises(Exception, match="No validation example can be asked"):
            obtain_hosted(assignment(empty), run, Silent())
        assert unfinished_of(run) == []


def unfinished_of(run: Run) -> list[dict[str, Any]]:
    from laras.recipe.schema import Recipe

    recipe = Recipe.model_validate({"data": {"sources": [{"documents": "a"}]}})
    return unfinished(recipe, run, [])


def test_nonsense_leaves_the_contender_unfinished(
    assignment: Obtaining, server: ChatServer, tmp_path: Path
) -> None:
    given = assignment(ways=["zero-shot"])
    with Run.open(tmp_path / "run") as run:
        for raw in (b"<html>", b'{"choices": 1}', b'"' + b"a" * (5 << 20) + b'"'):
            server.raw = raw
            assert judged(given, run, Silent()) is None
        server.raw = None
        server.says = lambda messages: ""
        found = judged(given, run, Silent())
    assert found is not None
    assert found[0].scores["accuracy"].value == 0.0
    assert any("9 of 9 answers (100.0%) name no label" in each for each in found[0].warnings)


def test_a_failure_in_the_choice_of_the_prompt_is_told_alike(
    assignment: Obtaining, server: ChatServer, tmp_path: Path
) -> None:
    server.fails_after = 3
    with Run.open(tmp_path / "run") as run:
        with pytest.raises(EndpointFailed):
            obtain_hosted(assignment(), run, Silent())
        assert judged(assignment(), run, Silent()) is None
        assert run.read_json("contenders/big/unfinished.json")["answers"] == 3
