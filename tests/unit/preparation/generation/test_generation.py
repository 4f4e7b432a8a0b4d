"""Pairs from an endpoint: a real server on this machine, asked through the real protocol."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from laras.endpoints.client import api_key
from laras.errors import EndpointFailed, UsageError
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
    slow_s: float = 0.0  # before an answer that is no failure
    drip_s: float = 0.0  # between the bytes of an answer
    usage: Any = None
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
            written = state.reply(passage) if callable(state.reply) else state.reply
            content = pairs_about(passage) if written is None else written
            answer = {
                "choices": [{"message": {"content": content}}],
                "usage": state.usage or {"prompt_tokens": 100, "completion_tokens": 40},
            }
            # A failure comes when the other calls are under way, but before their answers.
            time.sleep(state.slow_s if status == 200 else state.slow_s / 2)
            with suppress(OSError):  # who asked may have stopped waiting
                self.send_response(status)
                self.send_header("location", "http://127.0.0.1:9/elsewhere")
                self.end_headers()
                content = json.dumps(answer).encode()
                for place in range(0, len(content), 8 if state.drip_s else len(content)):
                    self.wfile.write(content[place : place + 8] if state.drip_s else content)
                    self.wfile.flush()
                    time.sleep(state.drip_s)

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


def test_personal_data_that_the_model_invents_is_neither_kept_nor_trained_on(
    server: Server, tmp_path: Path
) -> None:
    first = PASSAGE.split(". ")[0]
    rows = [
        {"question": "Berapa nomor budi@contoh.id?", "answer": first},
        {"question": "Apa kata kalimat pertama?", "answer": first},
        {"question": "Siapa yang dihubungi?", "answer": f"{first}: 0812-3456-7890."},
    ]
    server.reply = json.dumps(rows).replace("@", "\\u0040")
    store = tmp_path / "replies.jsonl"

    def made(*kinds: str) -> Generated:
        asked = passages_of(documents(1), 2000, {})
        return generate(asked, section(server), store, Silent(), kinds)

    made()
    assert "0812-3456-7890" in store.read_text()
    again = made("email", "phone")  # what an earlier run kept is no exception
    assert len(server.requests) == 1
    store.unlink()
    fresh = made("email", "phone")
    assert fresh.examples.equals(again.examples)
    assert fresh.rejections == again.rejections
    assert [row.detail for row in fresh.rejections] == ["<EMAIL>", "<PHONE>"]
    assert [e.messages[0].content for e in examples_from(fresh.examples)] == [rows[1]["question"]]
    kept = store.read_text()
    assert "contoh.id" not in kept
    assert "7890" not in kept


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
        api_key(in_the_open, "preparation.generation")


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


def test_answers_under_way_are_kept_when_another_call_fails(server: Server, tmp_path: Path) -> None:
    server.failures = [400]
    server.slow_s = 2.0
    with pytest.raises(EndpointFailed, match="HTTP 400"):
        ask(server, tmp_path, count=4, parallel=4)
    assert len((tmp_path / "replies.jsonl").read_text().splitlines()) == 3


def test_an_answer_that_drips_ends_at_its_time(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("laras.endpoints.client.ATTEMPTS", 1)
    server.drip_s = 0.05
    started = time.monotonic()
    with pytest.raises(EndpointFailed, match="ReadTimeout"):
        ask(server, tmp_path, count=1, timeout_s=0.5)
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_ends_the_waiting_at_once(server: Server, tmp_path: Path, name: str) -> None:
    server.slow_s = 30.0
    (tmp_path / "texts").mkdir()
    for number in range(4):
        text = f"# Buku {number}\n\n{PASSAGE} Nomor {number}."
        (tmp_path / "texts" / f"{number}.md").write_text(text, encoding="utf-8")
    (tmp_path / "recipe.yaml").write_text(
        "data: {sources: {documents: texts}}\n"
        f"preparation: {{generation: {{endpoint: '{server.address}', model: m}}}}\n"
    )
    work = subprocess.Popen(
        [sys.executable, "-m", "laras", "prepare", "--quiet"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "LARAS_LANG": "en"},
    )
    deadline = time.monotonic() + 60
    while not server.requests and time.monotonic() < deadline:
        time.sleep(0.05)
    assert server.requests
    work.send_signal(getattr(signal, name))
    output, _none = work.communicate(timeout=20)
    assert work.returncode == 5, output.decode()


@pytest.mark.parametrize(
    ("reply", "usage"),
    [
        ('[{"question": "\\ud800?", "answer": "a"}]', None),
        (None, {"prompt_tokens": 10**400, "completion_tokens": -3}),
    ],
)
def test_nonsense_of_an_endpoint_poisons_nothing(
    server: Server, tmp_path: Path, reply: str | None, usage: Any
) -> None:
    server.reply, server.usage = reply, usage
    first = ask(server, tmp_path, count=1)
    assert first.facts["cost"] == 0.0
    assert ask(server, tmp_path, count=1).examples.equals(first.examples)


def test_where_personal_data_is_replaced_none_is_sent_and_none_is_kept(
    server: Server, tmp_path: Path
) -> None:
    (tmp_path / "texts").mkdir()
    for number, subject in enumerate(("kopi", "padi", "jagung", "teh", "kapas", "tebu")):
        words = " ".join(f"{subject}{place}" for place in range(60))
        text = f"Hubungi 0812-3456-7890 perihal {subject}. Isinya {words}."
        (tmp_path / "texts" / f"{number}.md").write_text(text, encoding="utf-8")
    (tmp_path / "recipe.yaml").write_text(
        "data: {sources: {documents: texts}}\n"
        "preparation:\n  personal_data: replace\n  quality: 'off'\n"
        f"  generation: {{endpoint: '{server.address}', model: m}}\n"
    )

    def reply(passage: str) -> str:
        first = passage.split(". ")[0]
        rows = [
            {"question": "Apa kata kalimat pertama?", "answer": first},
            {"question": "Siapa budi@contoh.id?", "answer": first},
        ]
        return json.dumps(rows)

    server.reply = reply
    done = subprocess.run(
        [sys.executable, "-m", "laras", "prepare", "--quiet"],
        cwd=tmp_path,
        capture_output=True,
        timeout=120,
        check=False,
        env={**os.environ, "LARAS_LANG": "en"},
    )
    assert done.returncode == 0, done.stderr.decode()
    sent = json.dumps(server.requests)
    assert "<PHONE_1>" in sent
    assert "7890" not in sent
    (replies,) = tmp_path.rglob("replies.jsonl")
    assert "Apa kata kalimat pertama?" in replies.read_text()
    for path in tmp_path.rglob("*"):
        if path.is_file() and path.parent.name != "texts":
            assert b"budi@contoh" not in path.read_bytes(), path
