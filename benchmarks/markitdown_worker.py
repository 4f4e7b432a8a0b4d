"""The peer's side of ``benchmarks/sources.py``; run by the interpreter that has markitdown.

Paths come as JSON lines on standard input; for each one JSON line goes back: the text, or the
error, and the CPU seconds that the conversion took. The first line says what starting cost.
"""

from __future__ import annotations

import json
import os
import sys
import time


def main() -> None:
    """Answer until input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    from importlib.metadata import version

    from markitdown import MarkItDown

    converter = MarkItDown()
    started = {"version": version("markitdown"), "cpu_s": time.process_time()}
    print(json.dumps(started), file=answers, flush=True)
    for line in sys.stdin:
        before = time.process_time()
        text, error = "", ""
        try:
            text = converter.convert(json.loads(line)).text_content
        except Exception as failure:  # what it can't read is part of the comparison
            error = type(failure).__name__
        cpu_s = time.process_time() - before
        answer = {"text": text, "error": error, "cpu_s": cpu_s}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
