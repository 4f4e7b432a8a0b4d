"""One call to an endpoint that speaks OpenAI's chat protocol: what it needs, what it may say.

Nothing here runs unless a recipe names an endpoint. The key comes from the environment alone and
stands in no message; redirects are not followed, so that it goes nowhere else.
"""

from __future__ import annotations

import json
import os
import threading
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import httpx2

from laras.errors import EndpointFailed, UsageError
from laras.recipe.preparing import GenerationSection
from laras.translation import _

ATTEMPTS = 5
_LONGEST_WAIT_S = 30.0
_MOST_TOKENS = 10**9
_MOST_BYTES = 4 << 20
_LOCAL = ("localhost", "127.0.0.1", "::1")
# What may pass when asked again; other refusals of an endpoint are the same each time.
_TEMPORARY = frozenset((408, 409, 425, 429, 500, 502, 503, 504, 529))


@dataclass(frozen=True, slots=True)
class Reply:
    """What the model wrote, and the tokens that the endpoint counted (0 where it doesn't)."""

    text: str
    input_tokens: int
    output_tokens: int


class Endpoint:
    """Calls to ``section.endpoint``; use as a context manager. Threads may share it."""

    def __init__(self, section: GenerationSection) -> None:
        self.section = section
        self._address = section.endpoint.rstrip("/") + "/chat/completions"
        headers = {"content-type": "application/json"}
        if key := api_key(section):
            headers["authorization"] = f"Bearer {key}"
        self._client = httpx2.Client(
            headers=headers,
            timeout=section.timeout_s,
            follow_redirects=False,
            trust_env=False,  # neither proxies nor passwords that the recipe doesn't speak of
        )
        self.stop = threading.Event()
        """Set when nobody waits for answers any more."""

    def __enter__(self) -> Endpoint:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop.set()
        self._client.close()

    def ask(self, messages: list[dict[str, str]], max_tokens: int) -> Reply:
        """The model's answer to ``messages``, asked for again where the trouble may pass.

        Raises :class:`EndpointFailed` where it doesn't.
        """
        body = {
            "model": self.section.model,
            "messages": messages,
            "max_tokens": max_tokens,
            "temperature": 0,
        }
        wait_s = 0.5
        for attempt in range(1, ATTEMPTS + 1):
            try:
                status, answer, asked_wait_s = self._post(body)
            except httpx2.HTTPError as error:
                trouble = type(error).__name__
                asked_wait_s = None
            else:
                if status == 200:
                    return self._reply(answer)
                trouble = f"HTTP {status}"
                if status not in _TEMPORARY:
                    raise self._failure(trouble)
            if attempt == ATTEMPTS or self.stop.wait(min(asked_wait_s or wait_s, _LONGEST_WAIT_S)):
                break
            wait_s *= 2
        raise self._failure(trouble)

    def _post(self, body: dict[str, Any]) -> tuple[int, Any, float | None]:
        """Status, parsed body and the wait that the endpoint asks for.

        The client's own limit is for each read; an answer that drips must end, too.
        """
        deadline = time.monotonic() + self.section.timeout_s
        with self._client.stream("POST", self._address, json=body) as response:
            received = bytearray()
            for block in response.iter_bytes():
                received += block
                if time.monotonic() > deadline:
                    raise httpx2.ReadTimeout("")
                if len(received) > _MOST_BYTES:
                    raise self._failure(_("its answer is larger than allowed"))
            retry_after = response.headers.get("retry-after", "")
            wait_s = float(retry_after) if retry_after.isdecimal() else None
            if response.status_code != 200:
                return response.status_code, None, wait_s
        try:
            return 200, json.loads(received), wait_s
        except (ValueError, RecursionError) as error:
            raise self._failure(_("its answer is not JSON")) from error

    def _reply(self, answer: Any) -> Reply:
        try:
            text = answer["choices"][0]["message"]["content"]
        except (LookupError, TypeError) as error:
            raise self._failure(_("its answer has no message")) from error
        usage = answer.get("usage")
        counts = usage if isinstance(usage, dict) else {}
        return Reply(
            text if isinstance(text, str) else "",
            token_count(counts.get("prompt_tokens")),
            token_count(counts.get("completion_tokens")),
        )

    def _failure(self, trouble: str) -> EndpointFailed:
        return EndpointFailed(
            "preparation.endpoint-failed",
            _("The endpoint {address} gave no usable answer: {trouble}.").format(
                address=self._address, trouble=trouble
            ),
            where="preparation.generation.endpoint",
            hint=_("What was answered is kept; the same command goes on from there."),
        )


def api_key(section: GenerationSection) -> str:
    """The key from the environment, "" where the recipe names none.

    Raises :class:`UsageError` where the variable is not set, or where a key would travel over a
    network unprotected.
    """
    name = section.api_key_variable
    if name is None:
        return ""
    if not (key := os.environ.get(name, "").strip()):
        raise UsageError(
            "preparation.no-api-key",
            _("The environment variable {name} is not set.").format(name=name),
            where="preparation.generation.api_key_variable",
            hint=_("Set it to the key of the endpoint."),
        )
    parts = urlsplit(section.endpoint)
    if parts.scheme == "http" and parts.hostname not in _LOCAL:
        raise UsageError(
            "preparation.key-in-the-open",
            _("The key would be sent to {host} without encryption.").format(host=parts.hostname),
            where="preparation.generation.endpoint",
            hint=_("Use https, or an endpoint on this machine."),
        )
    return key


def token_count(value: Any) -> int:
    """Of tokens, as the endpoint tells it; what can't be a count is none."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if is_number and 0 < value <= _MOST_TOKENS else 0
