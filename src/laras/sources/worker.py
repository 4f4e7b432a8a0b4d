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

from laras.sources.extraction import Extracted, RefusedError, costs_of

# Each names a function that takes a path and gives an Extracted, or several for a file of parts.
# One that reads a file in pages also takes where to begin.
PARSERS = {
    "docx": "laras.sources.documents.docx:extract",
    "pptx": "laras.sources.documents.pptx:extract",
    "spreadsheet": "laras.sources.documents.spreadsheet:extract",
    "spreadsheet-rows": "laras.sources.documents.spreadsheet:extract_rows",
    "odf": "laras.sources.documents.odf:extract",
    "rtf": "laras.sources.documents.rtf:extract",
    "epub": "laras.sources.documents.epub:extract",
    "html": "laras.sources.documents.html:extract",
    "html-page": "laras.sources.documents.html:extract_page",
    "subtitles": "laras.sources.documents.subtitles:extract",
    "letter": "laras.sources.documents.mail:extract",
    "mailbox": "laras.sources.documents.mbox:extract",
    "outlook": "laras.sources.documents.outlook:extract",
    "rst": "laras.sources.documents.rst:extract",
    "asciidoc": "laras.sources.documents.asciidoc:extract",
    "parquet": "laras.sources.tables.parquet_rows:extract",
    "pdf": "laras.sources.documents.pdf:extract",
    "pdf-recognised": "laras.sources.documents.pdf:extract_recognised",
    "article-pdf": "laras.sources.journals.paper_pdf:extract",
    "article-pdf-recognised": "laras.sources.journals.paper_pdf:extract_recognised",
    "docling": "laras.sources.documents.pdf_docling:extract",
    "docling-recognised": "laras.sources.documents.pdf_docling:extract_recognised",
    "article-docling": "laras.sources.journals.paper_pdf:extract_docling",
    "article-docling-recognised": "laras.sources.journals.paper_pdf:extract_docling_recognised",
    "jats": "laras.sources.journals.jats:extract",
    "latex": "laras.sources.journals.latex:extract",
    "bibtex": "laras.sources.journals.bibtex:extract",
    "ris": "laras.sources.journals.ris:extract",
}
_MAX_FACT = 200


def main() -> None:
    """Answer requests until input ends or memory runs out."""
    limits: dict[str, Any] = json.loads(sys.argv[1])
    answers = os.fdopen(os.dup(1), "wb")
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)  # libraries that print must not speak between the answers
    os.dup2(silence, 2)
    _limit_process()
    for line in sys.stdin.buffer:
        request = json.loads(line)
        costs = costs_of(request["kind"])
        _limit_memory(int(limits["memory_bytes"] * costs.memory))
        _limit_processor_time(limits["timeout_s"] * costs.time)
        answer = _answer(request, limits["max_characters"])
        answers.write(json.dumps(answer).encode() + b"\n")
        answers.flush()
        if answer.get("exhausted"):
            return  # memory is in pieces: the parent starts a fresh process


def _answer(request: dict[str, Any], max_characters: int) -> dict[str, Any]:
    path = Path(request["path"])
    page = [request["start"]] if "start" in request else []
    try:
        module, function = PARSERS[request["kind"]].split(":")
        outcome = getattr(import_module(module), function)(path, *page)
        parts: list[Extracted] = [outcome] if isinstance(outcome, Extracted) else list(outcome)
    except RefusedError as error:
        return {"reason": error.reason, "fact": error.fact}
    except MemoryError:
        return {"reason": "parser-failed", "fact": "out of memory", "exhausted": True}
    except Exception as error:  # whatever a parser raises on a broken file is an answer here
        fact = f"{type(error).__name__}: {error}".replace(str(path), path.name)
        return {"reason": "parser-failed", "fact": fact[:_MAX_FACT]}
    characters = sum(len(part.text) for part in parts)
    if characters > max_characters:
        return {"reason": "too-much-text", "fact": f"{characters} > {max_characters}"}
    return {"extracted": [asdict(part) for part in parts]}


def _limit_process() -> None:
    try:
        import resource
    except ImportError:  # no such limits on this system; the parent's deadline remains
        return
    for limit in (resource.RLIMIT_FSIZE, resource.RLIMIT_CORE):
        # A system may refuse one of them; the others still hold.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(limit, (0, 0))


def _limit_memory(memory_bytes: int) -> None:
    """Bytes of address space that the parser of the next file may use."""
    try:
        import resource
    except ImportError:
        return
    with contextlib.suppress(ValueError, OSError):  # macOS refuses it
        _soft, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, hard))


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
