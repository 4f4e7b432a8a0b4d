"""Pairs from an endpoint: a real server on this machine, asked through the real protocol."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from laras.errors import EndpointFailed, UsageError
from laras.preparation.generation.endpoint import api_key
from laras.preparation.generation.generate import Generated, generate, passages_of
from laras.preparation.generation.grounding import grounding
from laras.preparation.generation.wording import read_answer
from laras.recipe.preparing import GenerationSection
from laras.records import examples_from
from laras.runs.progress import Silent

PASSAGE = (
    "Simpanan pokok koperasi Telaga Biru sebesar Rp 1.500.000 dibayar satu kali saat mendaftar. "
    "Simpanan wajib dibayar setiap bulan paling lambat tanggal 10. Pinjaman diajukan di loket "
    "dengan membawa KTP dan kartu anggota, dan diputus dalam tiga hari kerja oleh pengurus."
)


@dataclass
class Server:
    """What the endpoint saw, and how it is to behave."""

    address: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    failures: list[int] = field(default_factory=list)  # statuses to answer with first
    reply: Any = None  # instead of the ordinary one


@pytest.fixture
def server() -> Iterator[Server]:
    state = Server()
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            with lock:
                state.requests.append(body)
                state.keys.append(self.headers.get("authorization", ""))
                status = state.failures.pop(0) if state.failures else 200
            passage = body["messages"][1]["content"].split("\n\n", 1)[1]
            content = state.reply if state.reply is not None else pairs_about(passage)
            answer = {
                "choices": [{"message": {"content": content}}],
                "usage": {"prompt_tokens": 100, "completion_tokens": 40},
            }
            self.send_response(status)
            self.send_header("location", "http://127.0.0.1:9/elsewhere")
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, format: str, *args: Any) -> None:
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=httpd.serve_forever)
    thread.start()
    state.address = f"http://127.0.0.1:{httpd.server_address[1]}/v1"
    yield state
    httpd.shutdown()
    thread.join()
    httpd.server_close()


def pairs_about(passage: str) -> str:
    first = re.split(r"(?<=\.)\s", passage)[0]
    rows = [
        {"question": "Apa kata kalimat pertama?", "answer": first},
        {"question": "Berapa biayanya?", "answer": f"{first} Biayanya Rp 99.999."},
        {"question": "apa kata kalimat PERTAMA?", "answer": first},
    ]
    return f"```json\n{json.dumps(rows)}\n```"


def documents(count: int) -> list[dict[str, Any]]:
    return [
        {
            "document_id": f"d{n}",
            "path": f"{n}.md",
            "locator": "",
            "title": f"Buku {n}",
            "split_group": f"record:d{n}",
            "source": "books",
            "text": PASSAGE,
        }
        for n in range(count)
    ]


def section(server: Server, **settings: Any) -> GenerationSection:
    return GenerationSection(endpoint=server.address, model="writer", **settings)


def ask(server: Server, folder: Path, count: int = 2, **settings: Any) -> Generated:
    asked = passages_of(documents(count), 2000, {"books": 2.0})
    return generate(asked, section(server, **settings), folder / "replies.jsonl", Silent())


def test_grounded_pairs_become_examples_that_point_to_their_passage(
    server: Server, tmp_path: Path
) -> None:
    made = ask(server, tmp_path)
    examples = list(examples_from(made.examples))
    assert [example.example_id for example in examples] == ["d0@0!0", "d1@0!0"]
    example = examples[0]
    assert example.messages[0].content == "Apa kata kalimat pertama?"
    assert [message.trained for message in example.messages] == [False, True]
    assert (example.group, example.weight, example.spans[0].path) == ("record:d0", 2.0, "0.md")
    assert [(row.reason, row.rows) for row in made.rejections] == [
        ("not-grounded", 0),
        ("asked-twice", 0),
    ] * 2
    assert "99999" in made.rejections[0].detail
    assert made.facts["input_tokens"] == 200


def test_what_was_answered_is_not_asked_again(server: Server, tmp_path: Path) -> None:
    first = ask(server, tmp_path)
    store = tmp_path / "replies.jsonl"
    store.write_text(store.read_text() + '{"key": "torn', encoding="utf-8")
    assert ask(server, tmp_path).examples.equals(first.examples)
    assert len(server.requests) == 2
    ask(server, tmp_path, count=3)
    assert len(server.requests) == 3


def test_an_endpoint_that_fails_for_a_while_is_asked_again(server: Server, tmp_path: Path) -> None:
    server.failures = [503, 429]
    assert ask(server, tmp_path, parallel=1).facts["pairs"] == 2
    assert len(server.requests) == 4


def test_what_was_answered_before_a_failure_is_kept(server: Server, tmp_path: Path) -> None:
    server.failures = [200, 401]
    with pytest.raises(EndpointFailed, match="HTTP 401"):
        ask(server, tmp_path, count=3, parallel=1)
    kept = len((tmp_path / "replies.jsonl").read_text().splitlines())
    assert kept >= 1
    before = len(server.requests)
    assert ask(server, tmp_path, count=3, parallel=1).facts["pairs"] == 3
    assert len(server.requests) - before == 3 - kept


def test_nothing_is_sent_when_it_would_cost_too_much(server: Server, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="limit is") as refused:
        ask(server, tmp_path, input_price=1000.0, output_price=1000.0, max_cost=0.01)
    assert refused.value.identifier == "preparation.cost-above-limit"
    assert server.requests == []
    made = ask(server, tmp_path, input_price=1000.0, output_price=1000.0, max_cost=100.0)
    assert made.facts["cost"] == pytest.approx(2 * 140 * 1000 / 1e6)
    assert made.facts["cost"] <= made.facts["estimated_cost"]


def test_redirects_are_not_followed(server: Server, tmp_path: Path) -> None:
    server.failures = [307]
    with pytest.raises(EndpointFailed, match="HTTP 307"):
        ask(server, tmp_path, count=1)


@pytest.mark.parametrize("reply", ["no JSON here", "[1, 2]", '[{"question": 3}]', "", "[" * 9000])
def test_an_answer_in_another_form_goes_to_the_ledger(
    server: Server, tmp_path: Path, reply: str
) -> None:
    server.reply = reply
    made = ask(server, tmp_path, count=1)
    assert made.examples.num_rows == 0
    assert [row.reason for row in made.rejections] == ["answer-unreadable"]


def test_the_key_comes_from_the_environment_and_stays_out_of_messages(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match="WRITER_KEY"):
        ask(server, tmp_path, api_key_variable="WRITER_KEY")
    monkeypatch.setenv("WRITER_KEY", "secret-value")
    server.failures = [403]
    with pytest.raises(EndpointFailed) as failed:
        ask(server, tmp_path, count=1, api_key_variable="WRITER_KEY")
    assert "secret-value" not in str(failed.value)
    assert server.keys == ["Bearer secret-value"]
    assert "secret-value" not in (tmp_path / "replies.jsonl").read_text()
    in_the_open = GenerationSection(
        endpoint="http://example.org/v1", model="m", api_key_variable="WRITER_KEY"
    )
    with pytest.raises(UsageError, match="without encryption"):
        api_key(in_the_open)


def test_a_sample_of_passages_stays_the_same(server: Server, tmp_path: Path) -> None:
    few = ask(server, tmp_path, count=8, max_passages=3)
    assert few.facts["passages"] == 3
    again = ask(server, tmp_path / "other", count=8, max_passages=3)
    assert few.examples.equals(again.examples)


@pytest.mark.parametrize(
    ("answer", "numbers", "names"),
    [
        ("Simpanan pokok sebesar Rp 1,500,000.", (), ()),
        ("Simpanan pokok sebesar Rp 1.600.000.", ("1600000",), ()),
        ("Pinjaman diputus oleh Bank Indonesia.", (), ("Bank", "Indonesia")),
        ("Koperasi Telaga Biru meminta KTP.", (), ()),
    ],
)
def test_numbers_and_names_must_stand_in_the_passage(
    answer: str, numbers: tuple[str, ...], names: tuple[str, ...]
) -> None:
    found = grounding(answer, PASSAGE)
    assert (found.numbers, found.names) == (numbers, names)


def test_an_answer_of_other_words_is_not_grounded() -> None:
    assert not grounding("Kucing suka tidur siang di atas kasur.", PASSAGE).holds(0.6)
    assert grounding("Simpanan wajib dibayar tiap bulan.", PASSAGE).holds(0.6)


def test_more_pairs_than_asked_for_are_left_out() -> None:
    rows = [{"question": f"q{n}", "answer": f"a{n}"} for n in range(5)]
    found = read_answer(json.dumps(rows), 2)
    assert found is not None
    assert len(found) == 2
