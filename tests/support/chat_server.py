"""A real endpoint on this machine that speaks OpenAI's chat protocol, well or badly."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

NO_USAGE: dict[str, Any] = {}


@dataclass
class ChatServer:
    """What the endpoint saw, and how it is to behave."""

    address: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    failures: list[int] = field(default_factory=list)  # statuses to answer with first
    fails_after: int | None = None  # requests that are answered; then 401 for all
    retry_after: str | None = None
    slow_s: float = 0.0
    usage: Any = None  # as sent; NO_USAGE for none
    finish_reason: str = "stop"
    says: Callable[[list[dict[str, str]]], Any] = lambda messages: messages[-1]["content"]
    raw: bytes | None = None  # the whole body, instead of an answer
    error: Any = None  # the body of a failure
    paths: list[str] = field(default_factory=list)
    under_way: int = 0
    most_at_once: int = 0

    def body(self, request: dict[str, Any]) -> bytes:
        """The answer to ``request``."""
        if self.raw is not None:
            return self.raw
        answer: dict[str, Any] = {
            "choices": [
                {
                    "message": {"content": self.says(request["messages"])},
                    "finish_reason": self.finish_reason,
                }
            ]
        }
        if self.usage != NO_USAGE:
            answer["usage"] = self.usage or {"prompt_tokens": 100, "completion_tokens": 4}
        return json.dumps(answer).encode()

    def status(self) -> int:
        """Of the request that came last."""
        if self.failures:
            return self.failures.pop(0)
        if self.fails_after is not None and len(self.requests) > self.fails_after:
            return 401
        return 200


@contextmanager
def chat_server() -> Iterator[ChatServer]:
    """One that runs until the block ends."""
    state = ChatServer()
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["content-length"])))
            with lock:
                state.requests.append(request)
                state.keys.append(self.headers.get("authorization", ""))
                state.paths.append(self.path)
                state.under_way += 1
                state.most_at_once = max(state.most_at_once, state.under_way)
                status = state.status()
            time.sleep(state.slow_s)
            with lock:
                state.under_way -= 1
            with suppress(OSError):  # who asked may have stopped waiting
                self.send_response(status)
                if state.retry_after is not None:
                    self.send_header("retry-after", state.retry_after)
                self.end_headers()
                failed = json.dumps(state.error).encode()
                self.wfile.write(state.body(request) if status == 200 else failed)

        def log_message(self, format: str, *args: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        state.address = f"http://127.0.0.1:{httpd.server_address[1]}/v1"
        try:
            yield state
        finally:
            httpd.shutdown()
            thread.join()
