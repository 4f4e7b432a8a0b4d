"""A real endpoint on this machine that plays a judge."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_PART = re.compile(
    r"^([A-Z ]+) ([0-9a-f]{16}) BEGINS\n(.*?)\n\1 \2 ENDS$", re.DOTALL | re.MULTILINE
)


@dataclass
class Shown:
    """What one request showed the judge; ``reference`` None: it was not shown."""

    question: str
    reference: str | None
    a: str
    b: str


Plays = Callable[[Shown], str]


def always_a(shown: Shown) -> str:
    """Goes by the place alone."""
    return "VERDICT: A"


def longer(shown: Shown) -> str:
    """Prefers the longer answer, and thinks aloud about it."""
    if len(shown.a) == len(shown.b):
        return "VERDICT: TIE"
    better = "A" if len(shown.a) > len(shown.b) else "B"
    return f"Answer {better} says more.\n\n**Verdict: {better}**"


def nonsense(shown: Shown) -> str:
    """Says nothing that could be read."""
    return f"Both {shown.a} and A or B, who knows: VERDICT"


@dataclass
class JudgeServer:
    """What the endpoint saw, and how it is to behave."""

    address: str = ""
    plays: Plays = always_a
    requests: list[dict[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    most_at_once: int = 0
    fails_after: int | None = None  # so many answers come, then only HTTP 401
    dislikes: str | None = None  # a question with this is refused: HTTP 400
    slow_s: float = 0.0
    tokens: tuple[int, int] | None = (100, 4)

    @property
    def shown(self) -> list[Shown]:
        """What the requests showed."""
        return [shown_by(request) for request in self.requests]


def shown_by(request: dict[str, Any]) -> Shown:
    """The parts of a request's conversation."""
    found = _PART.findall(request["messages"][-1]["content"])
    parts = {title: text for title, _code, text in found}
    return Shown(parts["QUESTION"], parts.get("REFERENCE"), parts["ANSWER A"], parts["ANSWER B"])


@contextmanager
def judge_server() -> Iterator[JudgeServer]:
    """The endpoint, while it runs."""
    state = JudgeServer()
    lock = threading.Lock()
    under_way = 0

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            nonlocal under_way
            request = json.loads(self.rfile.read(int(self.headers["content-length"])))
            with lock:
                under_way += 1
                state.most_at_once = max(state.most_at_once, under_way)
                state.requests.append(request)
                state.paths.append(self.path)
                state.keys.append(self.headers.get("authorization", ""))
                refuses = state.fails_after is not None and len(state.requests) > state.fails_after
            threading.Event().wait(state.slow_s)
            shown = shown_by(request)
            answer: dict[str, Any] = {"choices": [{"message": {"content": state.plays(shown)}}]}
            if state.tokens is not None:
                names = ("prompt_tokens", "completion_tokens")
                answer["usage"] = dict(zip(names, state.tokens, strict=True))
            with lock:
                under_way -= 1
            try:
                disliked = state.dislikes is not None and state.dislikes in shown.question
                self.send_response(401 if refuses else 400 if disliked else 200)
                self.end_headers()
                self.wfile.write(json.dumps(answer).encode())
            except OSError:  # who asked stopped waiting
                return

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        state.address = f"http://127.0.0.1:{server.server_port}/v1"
        try:
            yield state
        finally:
            server.shutdown()
            thread.join()
