"""One call to an endpoint: what is borne, what is refused, and that the key stays inside."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from chat_server import NO_USAGE, ChatServer
from laras.endpoints import client
from laras.endpoints.client import REFUSED, Endpoint, Reply
from laras.errors import EndpointFailed, UsageError
from laras.recipe.endpoint import Access

MESSAGES = [{"role": "user", "content": "Halo?"}]


def ask(server: ChatServer, **settings: Any) -> Reply:
    section = Access(endpoint=server.address, model="big", **settings)
    with Endpoint(section, "here") as endpoint:
        return endpoint.ask(MESSAGES, 8)


def test_an_answer_comes_with_what_it_took(server: ChatServer) -> None:
    reply = ask(server)
    assert (reply.text, reply.input_tokens, reply.output_tokens) == ("Halo?", 100, 4)
    assert reply.finished
    assert 0 < reply.seconds < 10
    server.finish_reason = "length"
    assert not ask(server).finished


def test_a_busy_endpoint_is_asked_again_when_it_says(server: ChatServer) -> None:
    server.failures, server.retry_after = [429, 500], "1"
    started = time.monotonic()
    assert ask(server).text == "Halo?"
    assert time.monotonic() - started >= 2  # it would be half a second, then one
    assert len(server.requests) == 3


def test_an_endpoint_that_fails_for_good_is_asked_no_more(
    server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.failures = [401]
    with pytest.raises(EndpointFailed, match="HTTP 401") as failed:
        ask(server)
    assert failed.value.where == "here.endpoint"
    assert len(server.requests) == 1
    monkeypatch.setattr(client, "ATTEMPTS", 2)
    server.failures = [500] * 9
    with pytest.raises(EndpointFailed, match="HTTP 500"):
        ask(server)
    assert len(server.requests) == 3


def test_answers_that_do_not_come_in_time_are_counted(server: ChatServer) -> None:
    server.slow_s = 0.4

    def late_once(messages: list[dict[str, str]]) -> str:
        server.slow_s = 0.0
        return "late"

    server.says = late_once
    reply = ask(server, timeout_s=0.2)
    assert (reply.text, reply.lost) == ("late", 1)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"<html>", "not JSON"),
        (b"", "not JSON"),
        (b"[" * 90_000, "not JSON"),
        (b"[]", "no message"),
        (b"3", "no message"),
        (b'{"choices": []}', "no message"),
        (b'{"choices": {"0": 1}}', "no message"),
        (b'{"choices": [{"message": {"content": 7}}]}', "no message"),
        (b'{"choices": [{"message": {"content": ["a"]}}]}', "no message"),
        (b'{"choices": [{"message": null}]}', "no message"),
        (b'"' + b"a" * (5 << 20) + b'"', "larger than allowed"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_nonsense_is_a_failure(server: ChatServer, raw: bytes, said: str) -> None:
    server.raw = raw
    with pytest.raises(EndpointFailed, match=said):
        ask(server)


def test_nothing_said_is_an_answer(server: ChatServer) -> None:
    server.says = lambda messages: None
    assert ask(server).text == ""


@pytest.mark.parametrize(
    "usage",
    [NO_USAGE, "many", {"prompt_tokens": "7", "completion_tokens": -2}, {"prompt_tokens": {}}],
)
def test_a_count_that_is_none_counts_nothing(server: ChatServer, usage: Any) -> None:
    server.usage = usage
    reply = ask(server)
    assert (reply.input_tokens, reply.output_tokens) == (0, 0)


def test_a_parameter_that_the_model_does_not_take_is_called_otherwise_or_left_out(
    server: ChatServer,
) -> None:
    section = Access(endpoint=server.address, model="big")
    with Endpoint(section, "here") as endpoint:
        for name in ("max_tokens", "temperature"):
            server.failures, server.error = [400], {"error": {"param": name}}
            assert endpoint.ask(MESSAGES, 8).text == "Halo?"
        endpoint.ask(MESSAGES, 8)
    last = server.requests[-1]
    assert {name for name in last if name != "messages"} == {"model", "max_completion_tokens"}
    assert len(server.requests) == 5


@pytest.mark.parametrize("error", [None, 3, {"error": "no"}, {"error": {"param": ["a"]}}])
def test_a_refused_question_is_told_from_an_endpoint_that_fails(
    server: ChatServer, error: Any
) -> None:
    server.failures, server.error = [400], error
    with pytest.raises(EndpointFailed) as failed:
        ask(server)
    assert failed.value.identifier == REFUSED


@pytest.mark.fault(61)
def test_the_key_is_sent_and_comes_back_in_nothing(
    server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BIG_KEY", "sk-very-secret")
    server.says = lambda messages: f"You sent {server.keys[-1]}"
    assert ask(server, api_key_variable="BIG_KEY").text == "You sent Bearer [key]"
    assert server.keys == ["Bearer sk-very-secret"]
    server.failures, server.error = [403], {"error": {"message": "sk-very-secret"}}
    with pytest.raises(EndpointFailed) as failed:
        ask(server, api_key_variable="BIG_KEY")
    assert "sk-very" not in json.dumps(failed.value.as_json()) + repr(failed.value)
    monkeypatch.delenv("BIG_KEY")
    with pytest.raises(UsageError, match="BIG_KEY") as absent:
        ask(server, api_key_variable="BIG_KEY")
    assert absent.value.where == "here.api_key_variable"


@pytest.mark.parametrize("address", ["https://sk@host/v1", "http://a:b@host", "https://h/v1?key=1"])
def test_an_address_holds_no_secret(address: str) -> None:
    with pytest.raises(ValueError, match="the key is in the environment"):
        Access(endpoint=address, model="big")


@pytest.mark.parametrize("address", ["http://", "http://127.0.0.1:abc", "http://h/v1#part"])
def test_what_is_no_address_is_refused_before_anything(address: str) -> None:
    with pytest.raises(ValueError, match="is not an address"):
        Access(endpoint=address, model="big")


def test_a_key_that_no_header_can_hold_is_told(
    server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BIG_KEY", "schl\u00fcssel\nx")
    with pytest.raises(UsageError, match="characters that no key has"):
        ask(server, api_key_variable="BIG_KEY")
