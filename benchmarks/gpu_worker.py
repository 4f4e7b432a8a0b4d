"""A process of the GPU benchmark: jobs as JSON on the command line, rows as JSON on its output.

    python gpu_worker.py '[{"kind": "engine", ...}]'

Each line that begins with ``ROW`` is a result, written as soon as it is known. A part of its own
process has memory of its own, and can be ended when its time is up.
"""

from __future__ import annotations

import json
import sys
import time
import traceback
from pathlib import Path

STARTED = time.perf_counter()
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

import laras  # noqa: E402, F401  (sets what has to be set before torch is imported)


def main() -> None:
    """Run the jobs of the command line in turn; one that fails leaves a row that says so."""
    import gpu_ceiling
    import gpu_engine
    import gpu_peer
    import torch

    kinds = {"ceiling": gpu_ceiling, "engine": gpu_engine, "peer": gpu_peer}
    for job in json.loads(sys.argv[1]):
        try:
            for row in kinds[job["kind"]].measure(job):
                row["since_start_s"] = time.perf_counter() - STARTED
                say(job["part"], row)
        except Exception as error:  # the other parts still count
            traceback.print_exc()
            say(job["part"], {"absent": f"{type(error).__name__}: {error}"[:500]})
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


def say(part: str, row: dict[str, object]) -> None:
    """One result, at once."""
    print("ROW " + json.dumps({"part": part, **row}), flush=True)


if __name__ == "__main__":
    main()
