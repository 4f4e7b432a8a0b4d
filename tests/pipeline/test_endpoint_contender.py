"""A hosted model beside a small one in a whole run: compared, refused, failed, resumed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chat_server import ChatServer, chat_server
from laras import workflow
from laras.delivery.chat import Conversation
from laras.errors import EndpointFailed, UsageError
from laras.runs.folder import Run
from laras.runs.progress import Silent
from laras.translation import set_language

KEY = "sk-of-the-big-one"


@pytest.fixture(autouse=True)
def english() -> None:
    set_language("en")


class Told(Silent):
    """Keeps the notes."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, message: str) -> None:
        self.notes.append(message)


def knows_labels(messages: list[dict[str, str]]) -> str:
    return "repair" if "broken" in messages[-1]["content"] else "place"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatServer]:
    """An endpoint that knows the labels, and wants a key."""
    monkeypatch.setenv("BIG_KEY", KEY)
    with chat_server() as running:
        running.says = knows_labels
        yield running


def changes(server: ChatServer, kinds: str = "base, ", **settings: Any) -> list[str]:
    """The recipe of labels, with an endpoint that has ``settings``."""
    endpoint = {
        "endpoint": server.address,
        "model": "big-one",
        "api_key_variable": "BIG_KEY",
        "parallel": 1,
        "price_input": 2.0,
        "price_output": 8.0,
        "budget": 5.0,
        **settings,
    }
    return [
        "data.sources=[{examples: labels.csv}]",
        "evaluation.checks=[]",
        "evaluation.max_rows=40",
        f"comparison.contenders=[{kinds}{{kind: api, name: big, shots: 1, prompt_rows: 3, "
        f"endpoint: {json.dumps(endpoint)}}}]",
    ]


@pytest.fixture(scope="module")
def prepared(recipe: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run in which the base model is judged; for copies."""
    folder = tmp_path_factory.mktemp("base") / "run"
    with chat_server() as running:
        only_base = [*changes(running)[:-1], "comparison.contenders=[base]"]
        workflow.run(recipe, run_folder=folder, overrides=only_base)
    return folder


@pytest.fixture
def folder(prepared: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(prepared, tmp_path / "run"))


def test_a_hosted_model_is_compared_with_a_small_one(
    recipe: Path, folder: Path, server: ChatServer
) -> None:
    told = Told()
    finished = workflow.run(recipe, run_folder=folder, overrides=changes(server), progress=told)
    verdict = finished.verdict
    assert [each["name"] for each in verdict["contenders"]] == ["base", "big"]
    assert (verdict["primary"]["metric"], verdict["unfinished"]) == ("macro_f1", None)
    assert finished.scores["big"]["metrics"]["macro_f1"]["value"] == 1.0
    assert not {"perplexity", "calibration_error"} & set(finished.scores["big"]["metrics"])
    assert "perplexity" in finished.scores["base"]["metrics"]
    assert {pair["metric"] for pair in verdict["pairs"]} >= {"macro_f1", "accuracy"}
    assert (verdict["recommendation"], verdict["outcome"]) == ("big", "better")
    cost = verdict["cost"][1]
    assert cost["per_1000_answers"]["money"] == pytest.approx(1000 * (100 * 2 + 4 * 8) / 1e6)
    assert (cost["currency"], cost["per_1000_answers"]["energy_wh"]) == ("USD", None)
    assert any("big asks big-one at" in note for note in told.notes)
    kept = json.loads((folder / "contenders/big/prompt.json").read_text(encoding="utf-8"))
    (prompt,) = kept["prompts"]
    assert prompt["instruction"][:20] in (folder / "report.html").read_text(encoding="utf-8")
    for path in folder.rglob("*"):
        assert path.is_dir() or KEY.encode() not in path.read_bytes(), path
    assert set(server.keys) == {f"Bearer {KEY}"}
    asked = len(server.requests)
    again = workflow.run(recipe, run_folder=folder, overrides=changes(server))
    assert len(server.requests) == asked
    assert again.verdict == verdict


def test_what_could_cost_too_much_is_refused_before_anything_is_asked_or_trained(
    recipe: Path, tmp_path: Path, server: ChatServer
) -> None:
    with pytest.raises(UsageError) as refused:
        workflow.run(
            recipe,
            run_folder=tmp_path / "run",
            overrides=changes(server, "base, full, ", budget=0.0001),
        )
    assert refused.value.identifier == "endpoints.above-budget"
    assert server.requests == []
    assert not (tmp_path / "run/contenders/full").exists()


def test_a_run_that_was_killed_pays_for_nothing_twice(
    recipe: Path, folder: Path, server: ChatServer
) -> None:
    class Killed(Silent):
        def advance(self, done: int, **facts: float | int | str | None) -> None:
            if len(server.requests) >= 12:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        workflow.run(recipe, run_folder=folder, overrides=changes(server), progress=Killed())
    assert not (folder / "contenders/big/scores.json").exists()
    finished = workflow.run(recipe, run_folder=folder, overrides=changes(server))
    needed = 3 * 3 + finished.scores["big"]["test"]["rows"]
    lines = (folder / "contenders/big/replies.jsonl").read_text().splitlines()
    assert len(lines) == needed
    # What was under way when it was killed is all that is asked again.
    assert needed <= len(server.requests) <= needed + 1


def test_the_others_have_their_verdict_where_the_endpoint_fails(
    recipe: Path, folder: Path, server: ChatServer
) -> None:
    server.fails_after = 11
    told = Told()
    done = workflow.run(recipe, run_folder=folder, overrides=changes(server), progress=told)
    verdict = done.verdict
    assert "big is not compared: its endpoint did not answer" in verdict["sentence"]
    assert any("left out of the verdict" in note for note in told.notes)
    assert list(done.scores) == ["base"]
    assert [each["name"] for each in verdict["contenders"]] == ["base"]
    (left_out,) = verdict["unfinished"]
    assert (left_out["contender"], left_out["reason"], left_out["answers"]) == (
        "big", "endpoint", 11,
    )  # fmt: skip
    assert "HTTP 401" in left_out["what"]
    assert "HTTP 401" in (folder / "verdict.md").read_text(encoding="utf-8")
    assert "HTTP 401" in (folder / "report.html").read_text(encoding="utf-8")
    with pytest.raises(UsageError, match="answers from an endpoint"):
        Conversation(folder, "big")
    server.fails_after = None
    finished = workflow.run(recipe, run_folder=folder, overrides=changes(server))
    assert finished.verdict["unfinished"] is None
    assert [each["name"] for each in finished.verdict["contenders"]] == ["base", "big"]


def test_where_nobody_else_is_there_a_failure_is_an_error(
    recipe: Path, folder: Path, server: ChatServer
) -> None:
    server.failures = [401]
    with pytest.raises(EndpointFailed, match="No contender could be judged") as failed:
        workflow.evaluate(recipe, run_folder=folder, overrides=changes(server, ""))
    assert failed.value.identifier == "comparison.nobody-judged"


def test_preparing_tuning_and_planning_ask_nobody(
    recipe: Path, folder: Path, server: ChatServer
) -> None:
    given = changes(server)
    workflow.tune(recipe, run_folder=folder, overrides=given)
    plan = workflow.plan(recipe, run_folder=folder, overrides=given)
    assert server.requests == []
    (entry,) = [each for each in plan["contenders"] if each["name"] == "big"]
    assert (entry["state"], entry["asking"]["model"]) == ("unknown", "big-one")
    assert entry["asking"]["calls"] > 9
    assert 0 < entry["asking"]["money"] < 5.0
    assert not (folder / "contenders/big").exists()


@pytest.mark.parametrize(
    ("change", "identifier"),
    [
        ("comparison.primary_metric=perplexity", "comparison.no-likelihood"),
        ("evaluation.metrics=[perplexity, calibration, rouge]", "comparison.answers-not-judged"),
    ],
)
def test_a_verdict_on_likelihoods_is_refused(
    recipe: Path, folder: Path, server: ChatServer, change: str, identifier: str
) -> None:
    with pytest.raises(UsageError) as refused:
        workflow.run(recipe, run_folder=folder, overrides=[*changes(server), change])
    assert refused.value.identifier == identifier


def test_answers_in_free_text_are_judged(recipe: Path, tmp_path: Path, server: ChatServer) -> None:
    server.says = lambda messages: f"Yes, the thing may leave {messages[-1]['content'][-9:-1]}."
    given = ["data.sources=[{documents: handbook}, {conversations: chats.jsonl}]"]
    finished = workflow.run(
        recipe, run_folder=tmp_path / "run", overrides=[*changes(server, ""), *given]
    )
    verdict = finished.verdict
    assert verdict["primary"]["metric"] == "rougeL"
    assert {"rougeL", "bleu"} <= set(finished.scores["big"]["metrics"])
    assert finished.scores["big"]["metrics"]["rougeL"]["value"] > 0.3
    assert Run.read(tmp_path / "run").read_json("contenders/big/checks.json") == {}
    assert verdict["outcome"] == "alone"
