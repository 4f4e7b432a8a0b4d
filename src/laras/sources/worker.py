"""The child process in which untrusted files are parsed: ``python -m laras.sources.worker``.

Requests come as JSON lines on standard input, answers leave as JSON lines on standard output, one
each. What a hostile file can reach here is bounded: memory and processor time by the kernel, no
file can be written, and only plain JSON goes back. When the parent is gone, input ends and so
does this process.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import sys
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any

from laras.sources.extraction import Extracted, RefusedError

# Each names a function that takes a path and gives an Extracted, or several for a file of parts.
PARSERS = {
    "docx": "laras.sources.documents.docx:extract",
    "html": "laras.sources.documents.html:extract",
    "pdf": "laras.sources.documents.pdf:extract",
}
_MAX_FACT = 200


def main() -> None:
    """Answer requests until input ends or memory runs out."""
    limits: dict[str, Any] = json.loads(sys.argv[1])
    answers = os.fdopen(os.dup(1), "wb")
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)  # libraries that print must not speak between the answers
    os.dup2(silence, 2)
    _limit_process(limits["memory_bytes"])
    for line in sys.stdin.buffer:
        request = json.loads(line)
        _limit_processor_time(limits["timeout_s"])
        answer = _answer(request["kind"], Path(request["path"]), limits["max_characters"])
        answers.write(json.dumps(answer).encode() + b"\n")
        answers.flush()
        if answer.get("exhausted"):
            return  # memory is in pieces: the parent starts a fresh process


def _answer(kind: str, path: Path, max_characters: int) -> dict[str, Any]:
    try:
        module, function = PARSERS[kind].split(":")
        outcome = getattr(import_module(module), function)(path)
    except RefusedError as error:
        return {"reason": error.reason, "fact": error.fact}
    except MemoryError:
        return {"reason": "parser-failed", "fact": "out of memory", "exhausted": True}
    except Exception as error:  # whatever a parser raises on a broken file is an answer here
        fact = f"{type(error).__name__}: {error}".replace(str(path), path.name)
        return {"reason": "parser-failed", "fact": fact[:_MAX_FACT]}
    parts: list[Extracted] = [outcome] if isinstance(outcome, Extracted) else list(outcome)
    characters = sum(len(part.text) for part in parts)
    if characters > max_characters:
        return {"reason": "too-much-text", "fact": f"{characters} > {max_characters}"}
    return {"extracted": [asdict(part) for part in parts]}


def _limit_process(memory_bytes: int) -> None:
    try:
        import resource
    except ImportError:  # no such limits on this system; the parent's deadline remains
        return
    for limit, value in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        # A system may refuse one of them (macOS: RLIMIT_AS); the others still hold.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(limit, (value, value))


def _limit_processor_time(timeout_s: float) -> None:
    """The kernel ends this process when one file costs more than ``timeout_s`` of processor."""
    try:
        import resource
    except ImportError:
        return
    usage = resource.getrusage(resource.RUSAGE_SELF)
    allowed = math.ceil(usage.ru_utime + usage.ru_stime + timeout_s) + 1
    _soft, hard = resource.getrlimit(resource.RLIMIT_CPU)
    if hard == resource.RLIM_INFINITY or allowed <= hard:
        resource.setrlimit(resource.RLIMIT_CPU, (allowed, hard))


if __name__ == "__main__":
    main()
