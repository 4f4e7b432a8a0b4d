"""Questions are asked once, within the budget, and what is spent is counted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from chat_server import NO_USAGE, ChatServer
from laras.endpoints.client import Reply
from laras.endpoints.kept import ask_kept, key_of
from laras.endpoints.spending import (
    BUDGET_REACHED,
    Question,
    Spending,
    estimate,
    refuse_cost,
    spent_on,
    text_tokens,
)
from laras.endpoints.store import ReplyStore
from laras.errors import EndpointFailed, UsageError
from laras.recipe.endpoint import EndpointSection

PRICES = {"price_input": 1000.0, "price_output": 2000.0}


def section(server: ChatServer | None = None, **settings: Any) -> EndpointSection:
    address = "http://127.0.0.1:9/v1" if server is None else server.address
    return EndpointSection(endpoint=address, model="big", **settings)


def questions(count: int, given: EndpointSection) -> dict[str, Question]:
    made = [Question(({"role": "user", "content": f"Question {n}?"},), 10) for n in range(count)]
    return {key_of(question, given): question for question in made}


def asked(
    server: ChatServer, folder: Path, count: int = 6, refusals: int = 0, **settings: Any
) -> list[str | None]:
    given = section(server, **settings)
    with ReplyStore(folder / "replies.jsonl") as store:
        replies = ask_kept(questions(count, given), given, store, "here", refusals=refusals)
    return [None if reply is None else reply.text for reply in replies.values()]


def test_each_question_is_asked_once(server: ChatServer, tmp_path: Path) -> None:
    assert asked(server, tmp_path, 3) == ["Question 0?", "Question 1?", "Question 2?"]
    assert asked(server, tmp_path, 5)[4] == "Question 4?"
    assert len(server.requests) == 5


def test_what_was_answered_before_a_failure_is_kept(server: ChatServer, tmp_path: Path) -> None:
    server.fails_after = 4
    with pytest.raises(EndpointFailed, match="HTTP 401"):
        asked(server, tmp_path, parallel=1)
    server.fails_after = None
    assert None not in asked(server, tmp_path, parallel=1)
    assert len(server.requests) == 5 + 2


def test_some_refusals_are_borne_and_not_kept(server: ChatServer, tmp_path: Path) -> None:
    server.failures = [200, 400, 422]
    found = asked(server, tmp_path, parallel=1, refusals=2)
    assert [place for place, text in enumerate(found) if text is None] == [1, 2]
    assert None not in asked(server, tmp_path)
    server.failures = [400, 400]
    with pytest.raises(EndpointFailed, match="refused a question"):
        asked(server, tmp_path / "other", parallel=1, refusals=1)


def test_no_call_is_begun_that_could_go_beyond_the_budget(
    server: ChatServer, tmp_path: Path
) -> None:
    given = section(server, **PRICES, budget=1.0)
    each = estimate([*questions(1, given).values()], given).money
    server.usage = {"prompt_tokens": 14, "completion_tokens": 10}  # 0.034
    budget = 3 * 0.034 + each  # three answers, and room to begin a fourth
    with pytest.raises(EndpointFailed) as failed:
        asked(server, tmp_path, parallel=1, **PRICES, budget=budget)
    assert failed.value.identifier == BUDGET_REACHED
    assert len(server.requests) == 4
    with ReplyStore(tmp_path / "replies.jsonl") as store:
        assert spent_on(store.replies(), given) == pytest.approx(4 * 0.034)
    before = len(server.requests)
    with pytest.raises(EndpointFailed):
        asked(server, tmp_path, parallel=1, **PRICES, budget=budget)
    assert len(server.requests) == before


def test_calls_under_way_at_once_stay_within_the_budget(server: ChatServer, tmp_path: Path) -> None:
    given = section(server, **PRICES, budget=1.0)
    each = estimate([*questions(1, given).values()], given).money
    server.slow_s = 0.2
    with pytest.raises(EndpointFailed):
        asked(server, tmp_path, parallel=6, **PRICES, budget=2.5 * each)
    assert len(server.requests) == 2


def test_a_budget_of_the_estimate_suffices(server: ChatServer, tmp_path: Path) -> None:
    given = section(server, **PRICES, budget=1.0)
    most = estimate([*questions(60, given).values()], given)
    server.usage = {"prompt_tokens": 13, "completion_tokens": 10}
    assert most.calls == 60
    assert None not in asked(server, tmp_path, 60, **PRICES, budget=most.money)


def test_tokens_that_the_endpoint_does_not_count_are_estimated(
    server: ChatServer, tmp_path: Path
) -> None:
    server.usage = NO_USAGE
    asked(server, tmp_path, 1)
    with ReplyStore(tmp_path / "replies.jsonl") as store:
        (reply,) = store.replies()
    assert reply.estimated
    assert reply.input_tokens == text_tokens("Question 0?") + 8
    assert reply.output_tokens == text_tokens("Question 0?")


def test_what_got_no_answer_in_time_is_paid_for_too() -> None:
    given = section(**PRICES, budget=1.0)
    assert spent_on([Reply("a", 10, 5, lost=2)], given) == pytest.approx(3 * 0.02)


def test_an_estimate_is_refused_beside_what_is_spent() -> None:
    given = section(**PRICES, budget=0.1)
    found = estimate([*questions(2, given).values()], given)
    refuse_cost("big", found, 0.0, given, "here", "hint")
    with pytest.raises(UsageError, match=r"0\.05 USD of the budget of 0\.10 USD") as no:
        refuse_cost("big", found, 0.05, given, "here", "Ask less.")
    assert (no.value.identifier, no.value.where) == ("endpoints.above-budget", "here.budget")
    refuse_cost("big", found, 9.0, section(), "here", "without prices there is no budget")


def test_a_question_that_was_refused_costs_nothing() -> None:
    given = section(**PRICES, budget=0.04)
    spending = Spending(given, [], "here")
    (question,) = questions(1, given).values()
    spending.begin(question)
    with pytest.raises(EndpointFailed):
        spending.begin(question)
    spending.give_back(question)
    spending.begin(question)


@pytest.mark.parametrize("text", ["anak-anak", "読み書き", "слово", "\ud800", ""])
def test_tokens_are_estimated_on_the_high_side(text: str) -> None:
    assert text_tokens(text) >= len(text) / 2.5


def test_prices_want_a_budget_and_a_budget_wants_prices() -> None:
    with pytest.raises(ValueError, match="no budget"):
        section(price_input=1.0)
    with pytest.raises(ValueError, match="no price is set"):
        section(budget=1.0)


def test_attempts_that_were_lost_stay_within_the_budget(server: ChatServer, tmp_path: Path) -> None:
    server.slow_s = 0.6
    (question,) = questions(1, section(server)).values()
    dearest = section(server, **PRICES, budget=1.0).money(question.input_tokens, 10)
    with pytest.raises(EndpointFailed) as failed:
        asked(server, tmp_path, 1, timeout_s=0.1, **PRICES, budget=1.5 * dearest)
    assert failed.value.identifier == BUDGET_REACHED
    assert len(server.requests) <= 1


def test_an_answer_that_is_not_counted_is_not_free() -> None:
    given = section(**PRICES, budget=1.0)
    spending = Spending(given, [], "here")
    question = Question(({"role": "user", "content": "How?"},), 100)
    spending.begin(question)
    reply = spending.end(question, Reply("In four words, so.", 7, 0))
    assert (reply.input_tokens, reply.estimated) == (7, True)
    assert reply.output_tokens == text_tokens("In four words, so.")
