"""What length costs: tokens per second and memory of LoRA on workload M, rows of one length.

    python benchmarks/training/length.py [--lengths 256,1024,4096,8192] [--route fast]

A step is one row, so that memory shows what a row of this length needs; the short lengths are also
measured with several rows in a step, as they are trained. Memory above that of 256 tokens, divided
by the tokens above 256, is the same at every length where memory grows linearly.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
from pathlib import Path
from typing import Any

from campaign import RESULTS, Job, describe_machine, measure
from contenders import Contender
from meter import command_line
from workload import WORKLOADS, make

_TRAINED = 0.55
_TOKENS_A_STEP = 1024
_TIMED_STEPS = 2


def write_rows(folder: Path, length: int, rows_a_step: int) -> str:
    """A workload with M's model and rows of ``length`` tokens; returns its name."""
    import numpy as np

    workload = WORKLOADS["M"]
    name = f"M-{length}x{rows_a_step}"
    place = folder / name
    place.mkdir(exist_ok=True)
    if not (place / "model").exists():
        (place / "model").symlink_to(Path("..") / "M" / "model", target_is_directory=True)
    generator = np.random.default_rng(length)
    steps = 1 + _TIMED_STEPS
    rows = []
    for _row in range(steps * rows_a_step):
        ids = generator.integers(4, workload.shape["vocab_size"], length).tolist()
        trained = round(length * _TRAINED)
        mask = [0] * (length - trained) + [1] * trained
        rows.append({"input_ids": ids, "completion_mask": mask})
    plan = [list(range(step * rows_a_step, (step + 1) * rows_a_step)) for step in range(steps)]
    plans = {"warm": plan[:1], "timed": plan[1:]}
    (place / "rows.json").write_text(json.dumps(rows), encoding="utf-8")
    (place / "plans.json").write_text(json.dumps(plans), encoding="utf-8")
    return name


def main() -> None:
    """Measure every length by turns, print, keep."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--folder", type=Path, default=Path("runs/bench/training"))
    parser.add_argument("--lengths", default="256,1024,4096,8192")
    parser.add_argument("--route", default="fast")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--results", type=Path, default=RESULTS / "training-length.json")
    arguments = parser.parse_args()
    make(arguments.folder)
    lengths = [int(length) for length in arguments.lengths.split(",")]
    shapes = [(length, rows) for length in lengths for rows in _rows_a_step(length)]
    contender = Contender(
        "laras", "laras_worker.py", "own", "ours", "timed", {"route": arguments.route}
    )
    runs: dict[tuple[int, int], list[dict[str, Any]]] = {}
    for repeat in range(arguments.repeats):
        for shape in shapes:
            job = Job("length", write_rows(arguments.folder, *shape), "lora", contender, repeat)
            run = measure(job, {"own": sys.executable}, arguments.folder)
            runs.setdefault(shape, []).append(run)
            print(shape, _told(run), flush=True)
    rows = [_row(*shape, found) for shape, found in runs.items()]
    least = next(row for row in rows if row["rows_a_step"] == 1)
    print("\n| tokens in a row | rows | tokens/s | GB | MB for 1,000 tokens more |")
    print("|---|---|---|---|---|")
    for row in rows:
        more = row["length"] - least["length"]
        grown = row["peak_memory_bytes"] - least["peak_memory_bytes"]
        if row["rows_a_step"] == 1 and more:
            row["bytes_for_each_token_more"] = grown / more
        each = f"{grown / more / 1e3:.0f}" if "bytes_for_each_token_more" in row else ""
        print(
            f"| {row['length']} | {row['rows_a_step']} | {row['tokens_per_s']:.0f} | "
            f"{row['peak_memory_bytes'] / 1e9:.2f} | {each} |"
        )
    found = {
        "command": command_line(),
        "machine": describe_machine(),
        "cores": os.cpu_count(),
        "rows": rows,
    }
    arguments.results.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def _rows_a_step(length: int) -> tuple[int, ...]:
    return (1, _TOKENS_A_STEP // length) if length < _TOKENS_A_STEP else (1,)


def _row(length: int, rows_a_step: int, runs: list[dict[str, Any]]) -> dict[str, Any]:
    quiet = [run for run in runs if not run["disturbed"]] or runs
    return {
        "length": length,
        "rows_a_step": rows_a_step,
        "tokens_per_s": statistics.median(run["tokens_per_s"] for run in quiet),
        "peak_memory_bytes": statistics.median(run["peak_memory_bytes"] for run in runs),
        "undisturbed": sum(not run["disturbed"] for run in runs),
    }


def _told(run: dict[str, Any]) -> str:
    if "failed" in run:
        raise SystemExit(run["failed"])
    share = run["others_share"]
    return f"{run['tokens_per_s']:.0f} tokens/s, others {share:.1%}, {run['wall_s']:.0f} s in all"


if __name__ == "__main__":
    main()
