"""Reads a source in a process of its own and says what it cost: ``read_apart(folder, path, ...)``.

The kernel keeps the most memory that a process ever held; in the process of the tests it would be
that of all tests before.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Reading:
    """What came of it: records by kind, ledger rows by reason, and the most memory in megabytes,
    of the reading process and of its parser."""

    records: dict[str, int]
    reasons: dict[str, int]
    characters: int
    details: list[str]
    megabytes: float
    parser_megabytes: float
    seconds: float


def read_apart(folder: Path, path: str, kind: str = "documents", **settings: Any) -> Reading:
    """Read ``path`` below ``folder``; fails where the reading process does not live to the end."""
    request = {"folder": str(folder), "source": {kind: path}, **settings}
    done = subprocess.run(
        [sys.executable, __file__, json.dumps(request)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return Reading(**json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    """Answer the request of the command line on standard output."""
    from laras.recipe.schema import DataSection, Source
    from laras.records import Dialogue, Document, Rejection
    from laras.sources.read import read_source

    request = json.loads(sys.argv[1])
    source = Source.model_validate(request["source"])
    data = DataSection(sources=[source], **request.get("data", {}))
    records: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    details: list[str] = []
    characters = 0
    start = time.process_time()
    for record in read_source(source, Path(request["folder"]), data):
        records[type(record).__name__] += 1
        if isinstance(record, Rejection):
            reasons[record.reason] += 1
            if len(details) < 20:
                details.append(f"{record.path}:{record.locator}: {record.detail}")
        elif isinstance(record, Document):
            characters += len(record.text)
        elif isinstance(record, Dialogue):
            characters += sum(len(turn.content) for turn in record.turns)
    seconds = time.process_time() - start
    print(
        json.dumps(
            {
                "records": records,
                "reasons": reasons,
                "characters": characters,
                "details": details,
                "megabytes": _peak() / 1e6,
                "parser_megabytes": _peak_of_children() / 1e6,
                "seconds": seconds,
            }
        )
    )


def _peak() -> float:
    """Bytes. By the kernel's own mark where there is one: what getrusage says of a process that
    was just started includes the one that started it."""
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = (each for each in status.read_text().split("\n") if each.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    return _unit() * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _peak_of_children() -> float:
    return _unit() * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss


def _unit() -> int:
    return 1 if sys.platform == "darwin" else 1024


if __name__ == "__main__":
    main()
