"""Chat templates that try to fill the memory, to run for ever, or to reach beyond their sandbox."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import psutil
import pytest

from laras.models.template import DEFAULT_DATE, ChatTemplate
from laras.models.template_errors import BrokenTemplate, TemplateObjection
from laras.models.template_process import TemplateProcess
from laras.models.tiny import FAMILIES, tiny_model
from laras.models.tokenizer import Tokenizer
from laras.records import Message

HELLO = "{% for m in messages %}{{ m.content }}{% endfor %}"
MESSAGES = {"messages": [{"role": "user", "content": "Halo"}]}
DOUBLED = (
    "{% set n = namespace(x=['a']) %}{% for i in range(60) %}{% set n.x = [n.x, n.x] %}{% endfor %}"
)
# What a budget of steps and characters sees too late, or not at all.
ROUND_THE_BUDGET = {
    "a list of itself, joined": DOUBLED + "{{ '' ~ n.x }}",
    "a list of itself, formatted": DOUBLED + "{{ '%s' % [n.x] }}",
    "a list of itself, as JSON": DOUBLED + "{{ n.x | tojson }}",
    "many long lists": "{% set n = namespace(x=[]) %}{% for i in range(19000) %}"
    "{% set n.x = [n.x, range(99999) | list] %}{% endfor %}",
    "long lists, sorted": "{% for i in range(19000) %}"
    "{{ (range(99999) | list | sort(reverse=true))[0] }}{% endfor %}",
    "a list of itself, printed": DOUBLED + "{{ n.x }}",
    "products of integers": "{% set n = namespace(x=9) %}{% for i in range(60) %}"
    "{% set n.x = n.x * n.x %}{% endfor %}{{ n.x }}",
}
WITHIN_THE_BUDGET = {
    "fifty megabytes": "{{ 'a' * 50000000 }}",
    "nested loops": "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}",
    "internals": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "modules": "{{ cycler.__init__.__globals__.os.system('true') }}",
    "internals by attr": "{{ (messages | attr('__class__')).mro() }}",
    "recursion": "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "deep nesting": "{% if 1 %}" * 3000 + "{% endif %}" * 3000,
}


@pytest.fixture
def process():
    found = TemplateProcess(timeout_s=1.0)
    yield found
    found.close()


def render(process: TemplateProcess, text: str) -> str:
    return process.render(text, DEFAULT_DATE, MESSAGES)


@pytest.mark.fault(52)
@pytest.mark.parametrize(
    "kind",
    [
        *WITHIN_THE_BUDGET,
        *list(ROUND_THE_BUDGET)[-2:],
        *(pytest.param(kind, marks=pytest.mark.slow) for kind in list(ROUND_THE_BUDGET)[:-2]),
    ],
)
def test_a_template_is_blocked_or_killed_and_this_process_lives(
    process: TemplateProcess, kind: str
) -> None:
    text = {**ROUND_THE_BUDGET, **WITHIN_THE_BUDGET}[kind]
    render(process, HELLO)
    before = psutil.Process().memory_info().rss
    start = time.monotonic()
    with pytest.raises(BrokenTemplate):
        render(process, text)
    assert time.monotonic() - start < 8
    assert psutil.Process().memory_info().rss - before < 100 << 20
    assert render(process, HELLO) == "Halo"


@pytest.mark.fault(52)
def test_the_child_writes_no_file_and_sees_no_secrets(
    process: TemplateProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "x")
    render(process, HELLO)
    status = Path(f"/proc/{process.pid}")
    if not status.is_dir():
        pytest.skip("needs /proc")
    limits = (status / "limits").read_text()
    lines = {line[:25].strip(): line[25:].split()[0] for line in limits.splitlines()}
    assert lines["Max file size"] == "0"
    assert int(lines["Max address space"]) < 1 << 30
    assert b"SECRET_TOKEN" not in (status / "environ").read_bytes()


@pytest.mark.fault(52)
def test_a_child_that_dies_costs_one_rendering(process: TemplateProcess) -> None:
    render(process, HELLO)
    first = process.pid
    os.kill(first, signal.SIGKILL)  # between two
    time.sleep(0.05)
    assert render(process, HELLO) == "Halo"
    second = process.pid
    assert second != first
    os.kill(second, signal.SIGSTOP)  # it takes the request and never answers
    threading.Timer(0.2, os.kill, (second, signal.SIGKILL)).start()
    with pytest.raises(BrokenTemplate):
        render(process, HELLO)
    assert render(process, HELLO) == "Halo"


def test_what_a_template_objects_to_is_told_and_many_may_be_in_use(
    process: TemplateProcess,
) -> None:
    with pytest.raises(TemplateObjection, match="no system"):
        render(process, "{{ raise_exception('no system') }}")
    for round_ in range(2):
        for number in range(40):
            assert render(process, f"{number}{HELLO}") == f"{number}Halo", round_


def test_threads_may_share_the_child(process: TemplateProcess) -> None:
    wrong: list[str] = []

    def many(name: str) -> None:
        variables = {"messages": [{"role": "user", "content": name * 2000}]}
        for _ in range(50):
            found = process.render(HELLO, DEFAULT_DATE, variables)
            if found != name * 2000:
                wrong.append(found)

    threads = [threading.Thread(target=many, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.fault(53)
@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_asked_while_serving_makes_no_control_token(family: str, tmp_path: Path) -> None:
    """A question that spells control tokens has, as a prompt, those of the template alone."""
    tokenizer = Tokenizer.from_folder(tiny_model(family, tmp_path))
    template = ChatTemplate.from_folder(tmp_path, tokenizer)

    def control(question: str) -> list[int]:
        ids = template.encode_prompt([Message("user", question, False)])
        return [number for number in ids if number in tokenizer.control_ids]

    spelled = " ".join(tokenizer._control_texts)
    assert control(f"Halo {spelled}{spelled}") == control("Halo")
