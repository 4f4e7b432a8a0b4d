"""One call to an endpoint that speaks OpenAI's chat protocol: what it needs, what it may say.

Nothing here runs unless a recipe names an endpoint. The key comes from the environment alone and
stands in no message; redirects are not followed, so that it goes nowhere else.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import httpx2

from laras.errors import EndpointFailed, UsageError
from laras.recipe.endpoint import Access
from laras.runs.redaction import remember
from laras.translation import _

ATTEMPTS = 5
_LONGEST_WAIT_S = 30.0
_MOST_TOKENS = 10**9
_MOST_BYTES = 4 << 20
_LOCAL = ("localhost", "127.0.0.1", "::1")
# What may pass when asked again; other refusals of an endpoint are the same each time.
_TEMPORARY = frozenset((408, 409, 425, 429, 500, 502, 503, 504, 529))
# What is wrong with one question, perhaps, and not with the next: too long, or not allowed there.
_OF_ONE_QUESTION = frozenset((400, 413, 422))
REFUSED = "endpoints.refused"  # identifier of the error that tells of it
_LEAST_KEY = 8  # characters; less would stand in ordinary text, too


@dataclass(frozen=True, slots=True)
class Reply:
    """What the model wrote, and the tokens that the endpoint counted (0 where it doesn't).

    ``finished``: it ended its answer itself. ``seconds`` that the answer took. ``lost``: how often
    no answer came in time before it did; such attempts are paid for, most likely. ``estimated``:
    the tokens are not the endpoint's count.
    """

    text: str
    input_tokens: int
    output_tokens: int
    finished: bool = True
    seconds: float = 0.0
    lost: int = 0
    estimated: bool = False


class Endpoint:
    """Calls to ``section.endpoint``; use as a context manager. Threads may share it.

    ``where``: the recipe path of ``section``, for messages.
    """

    def __init__(self, section: Access, where: str) -> None:
        self.section = section
        self.where = where
        self._address = section.endpoint.rstrip("/") + "/chat/completions"
        headers = {"content-type": "application/json"}
        self._key = api_key(section, where)
        if self._key:
            headers["authorization"] = f"Bearer {self._key}"
        self._unwanted: set[str] = set()  # parameters that the model does not take
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

    def ask(
        self,
        messages: list[dict[str, str]],
        max_tokens: int,
        lose: Callable[[], None] = lambda: None,
    ) -> Reply:
        """The model's answer to ``messages``, asked for again where the trouble may pass.

        ``lose`` is called before another attempt after one that got no answer in time: it is paid
        for, most likely. Raises :class:`EndpointFailed` where the trouble doesn't pass; with the
        identifier ``REFUSED`` where other questions may well be answered.
        """
        wait_s = 0.5
        lost = 0
        for attempt in range(1, ATTEMPTS + 1):
            started = time.monotonic()
            try:
                body = self._body(messages, max_tokens)
                status, answer, asked_wait_s = self._post(body)
            except httpx2.HTTPError as error:
                trouble = type(error).__name__
                asked_wait_s = None
                lost += isinstance(error, httpx2.ReadTimeout)
            else:
                if status == 200:
                    return self._reply(answer, time.monotonic() - started, lost)
                trouble = f"HTTP {status}"
                if self._learns_from(answer, body):
                    continue
                if status in _OF_ONE_QUESTION:
                    raise self._refusal(trouble)
                if status not in _TEMPORARY:
                    raise self._failure(trouble)
            if attempt == ATTEMPTS or self.stop.wait(min(asked_wait_s or wait_s, _LONGEST_WAIT_S)):
                break
            if trouble == httpx2.ReadTimeout.__name__:
                lose()
            wait_s *= 2
        raise self._failure(trouble)

    def _body(self, messages: list[dict[str, str]], max_tokens: int) -> dict[str, Any]:
        body: dict[str, Any] = {"model": self.section.model, "messages": messages}
        name = "max_completion_tokens" if "max_tokens" in self._unwanted else "max_tokens"
        body[name] = max_tokens
        if "temperature" not in self._unwanted:
            body["temperature"] = 0
        return body

    def _learns_from(self, answer: Any, body: Mapping[str, Any]) -> bool:
        """Whether the endpoint names a parameter of ``body`` that can be called otherwise, or left
        out: models that think take ``max_completion_tokens`` for ``max_tokens``, and no
        temperature."""
        error = answer.get("error") if isinstance(answer, dict) else None
        name = error.get("param") if isinstance(error, dict) else None
        if name not in ("max_tokens", "temperature") or name not in body:
            return False
        self._unwanted.add(name)
        return True

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
        try:
            return response.status_code, json.loads(received), wait_s
        except (ValueError, RecursionError) as error:
            if response.status_code != 200:
                return response.status_code, None, wait_s
            raise self._failure(_("its answer is not JSON")) from error

    def _reply(self, answer: Any, seconds: float, lost: int) -> Reply:
        try:
            choice = answer["choices"][0]
            text = choice["message"]["content"]
            if text is not None and not isinstance(text, str):
                raise TypeError(type(text).__name__)
        except (LookupError, TypeError) as error:
            raise self._failure(_("its answer has no message")) from error
        usage = answer.get("usage")
        counts = usage if isinstance(usage, dict) else {}
        return Reply(
            self._without_key(text or ""),
            token_count(counts.get("prompt_tokens")),
            token_count(counts.get("completion_tokens")),
            finished=choice.get("finish_reason") != "length",
            seconds=seconds,
            lost=lost,
        )

    def _without_key(self, text: str) -> str:
        """An endpoint that repeats what it was sent must not bring the key into the files."""
        return text.replace(self._key, "[key]") if len(self._key) >= _LEAST_KEY else text

    def _refusal(self, trouble: str) -> EndpointFailed:
        return EndpointFailed(
            "endpoints.refused",
            _("The endpoint {address} refused a question: {trouble}.").format(
                address=self._address, trouble=trouble
            ),
            where=f"{self.where}.endpoint",
            hint=_("What was answered is kept; the same command goes on from there."),
        )

    def _failure(self, trouble: str) -> EndpointFailed:
        return EndpointFailed(
            "endpoints.failed",
            _("The endpoint {address} gave no usable answer: {trouble}.").format(
                address=self._address, trouble=trouble
            ),
            where=f"{self.where}.endpoint",
            hint=_("What was answered is kept; the same command goes on from there."),
        )


def api_key(section: Access, where: str) -> str:
    """The key from the environment, "" where the recipe names none. ``where``: its recipe path.

    Raises :class:`UsageError` where the variable is not set, or where a key would travel over a
    network unprotected.
    """
    name = section.api_key_variable
    if name is None:
        return ""
    if not (key := os.environ.get(name, "").strip()):
        raise UsageError(
            "endpoints.no-api-key",
            _("The environment variable {name} is not set.").format(name=name),
            where=f"{where}.api_key_variable",
            hint=_("Set it to the key of the endpoint."),
        )
    if not (key.isascii() and key.isprintable()):
        raise UsageError(
            "endpoints.unusable-key",
            _("The environment variable {name} holds characters that no key has.").format(
                name=name
            ),
            where=f"{where}.api_key_variable",
            hint=_("Set it to the key of the endpoint."),
        )
    parts = urlsplit(section.endpoint)
    if parts.scheme == "http" and parts.hostname not in _LOCAL:
        raise UsageError(
            "endpoints.key-in-the-open",
            _("The key would be sent to {host} without encryption.").format(host=parts.hostname),
            where=f"{where}.endpoint",
            hint=_("Use https, or an endpoint on this machine."),
        )
    remember(key)
    return key


def token_count(value: Any) -> int:
    """Of tokens, as the endpoint tells it; what can't be a count is none."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if is_number and 0 < value <= _MOST_TOKENS else 0
