"""The child process in which chat templates run: ``python -m laras.models.template_worker``.

Requests come as JSON lines on standard input, answers leave as JSON lines on standard output, one
each. The sandbox and its budget stop most templates that mean harm; what they miss ends here, where
the kernel bounds memory and processor time and no file can be written. When the parent is gone,
input ends and so does this process.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import sys
from datetime import date
from functools import cached_property
from typing import Any

import jinja2

from laras.models.opaque import Frames
from laras.models.sandbox import compile_template
from laras.models.template_errors import TemplateObjection

_LONGEST_REASON = 500


class Template:
    """One template of a model: what it makes of messages, and its frames."""

    def __init__(self, text: str, today: date) -> None:
        self._text, self._today = text, today
        self.render = compile_template(text, today)

    @cached_property
    def frames(self) -> Frames:
        return Frames(self._text, self._today)


def main() -> None:
    """Answer requests until input ends or memory runs out."""
    limits: dict[str, Any] = json.loads(sys.argv[1])
    answers = os.fdopen(os.dup(1), "wb")
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    templates: dict[str, Template] = {}
    _forbid_files()
    for line in sys.stdin.buffer:
        _limit(limits["memory_bytes"] + limits["memory_each_byte"] * len(line), limits["timeout_s"])
        answer = _answer(json.loads(line), templates)
        answers.write(json.dumps(answer).encode() + b"\n")
        answers.flush()
        if answer.get("exhausted"):
            return  # memory is in pieces: the parent starts a fresh process


def _answer(request: dict[str, Any], templates: dict[str, Template]) -> dict[str, Any]:
    try:
        return {"value": _value(request, templates)}
    except TemplateObjection as error:
        return {"objection": str(error)[:_LONGEST_REASON]}
    except MemoryError:
        return {"broken": "the template takes too much memory", "exhausted": True}
    except jinja2.TemplateError as error:
        return {"broken": str(error)[:_LONGEST_REASON]}
    except Exception as error:  # whatever else Python says of what a template does
        return {"broken": f"{type(error).__name__}: {error}"[:_LONGEST_REASON]}


def _value(request: dict[str, Any], templates: dict[str, Template]) -> Any:
    name = request["template"]
    if "text" in request:
        templates[name] = Template(request["text"], date.fromisoformat(request["today"]))
        return None
    template = templates[name]
    if "roles" in request:
        return template.frames.frame(request["roles"], request["variables"])
    rendered = template.render(request["variables"])
    rendered.encode()  # half a character is no text
    return rendered


def _forbid_files() -> None:
    try:
        import resource
    except ImportError:  # no such limits on this system; the parent's deadline remains
        return
    for limit in (resource.RLIMIT_FSIZE, resource.RLIMIT_CORE):
        with contextlib.suppress(ValueError, OSError):  # a system may refuse one of them
            resource.setrlimit(limit, (0, 0))


def _limit(memory_bytes: int, timeout_s: float) -> None:
    """Address space, and processor seconds for the next request."""
    try:
        import resource
    except ImportError:
        return
    usage = resource.getrusage(resource.RUSAGE_SELF)
    seconds = math.ceil(usage.ru_utime + usage.ru_stime + timeout_s) + 1
    for limit, most in ((resource.RLIMIT_AS, memory_bytes), (resource.RLIMIT_CPU, seconds)):
        with contextlib.suppress(ValueError, OSError):  # macOS refuses the first
            hard = resource.getrlimit(limit)[1]
            resource.setrlimit(limit, (most, hard))


if __name__ == "__main__":
    main()
