"""The child process that parses untrusted files: one for many, and none of them can harm it."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from laras.sources.extraction import RefusedError
from laras.sources.parsing import ParserLimits, ParserProcess


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "page.html"
    path.write_text("<p>Text of a page.</p>")
    return path


def test_one_child_serves_many_files_and_ends_with_its_parent(page):
    with ParserProcess() as parser:
        assert parser.pid is None
        parser.extract("html", page)
        pid = parser.pid
        for _ in range(5):
            assert parser.extract("html", page)[0].text == "Text of a page."
        assert parser.pid == pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_child_killed_between_files_is_replaced(page):
    with ParserProcess() as parser:
        parser.extract("html", page)
        first = parser.pid
        os.kill(first, signal.SIGKILL)
        time.sleep(0.05)
        assert parser.extract("html", page)[0].text == "Text of a page."
        assert parser.pid != first


@pytest.mark.fault(32)
def test_a_file_that_kills_the_child_costs_only_itself(page):
    with ParserProcess() as parser:
        parser.extract("html", page)
        child = parser.pid
        os.kill(child, signal.SIGSTOP)  # it takes the request and never answers
        threading.Timer(0.2, os.kill, (child, signal.SIGKILL)).start()
        with pytest.raises(RefusedError) as caught:
            parser.extract("html", page)
        assert (caught.value.reason, caught.value.fact) == ("parser-failed", "SIGKILL")
        assert parser.extract("html", page)[0].text == "Text of a page."


def test_a_file_that_stalls_is_given_up(page, monkeypatch):
    monkeypatch.setattr("laras.sources.parsing._GRACE_S", 0.2)
    with ParserProcess(ParserLimits(timeout_s=10)) as parser:
        parser.extract("html", page)
        parser.limits = ParserLimits(timeout_s=0.1)
        os.kill(parser.pid, signal.SIGSTOP)
        with pytest.raises(RefusedError) as caught:
            parser.extract("html", page)
        assert caught.value.reason == "timeout"
        parser.limits = ParserLimits()
        assert parser.extract("html", page)[0].text == "Text of a page."


def test_a_file_that_needs_too_much_memory_is_a_rejection(read, write):
    write("docs/big.html", "<p>" + "word " * 6_000_000 + "</p>")
    write("docs/small.html", "<p>Small.</p>")
    limits = ParserLimits(memory_bytes=300 << 20)
    big, small = read("docs", limits=limits)
    assert big.reason == "parser-failed"
    assert small.text == "Small."


def test_too_much_text_out_of_one_file_is_a_rejection(read, write):
    write("a.html", "<p>" + "word " * 500 + "</p>")
    (rejection,) = read("a.html", limits=ParserLimits(max_characters=1000))
    assert rejection.reason == "too-much-text"


def test_the_child_can_write_no_file_and_sees_no_secrets(page, tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET_TOKEN", "x")
    with ParserProcess() as parser:
        parser.extract("html", page)
        status = Path(f"/proc/{parser.pid}")
        if not status.is_dir():
            pytest.skip("needs /proc")
        limits = (status / "limits").read_text()
        assert next(line for line in limits.split("\n") if "file size" in line).split()[3] == "0"
        assert b"SECRET_TOKEN" not in (status / "environ").read_bytes()


def test_a_message_about_a_failure_has_no_absolute_path(read, write, tmp_path):
    write("a.pdf", b"%PDF-1.7 broken")
    (rejection,) = read("a.pdf")
    assert str(tmp_path) not in rejection.detail
