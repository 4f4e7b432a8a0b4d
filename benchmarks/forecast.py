"""Six small runs, each planned and then done: memory and time as forecast and as measured.

    python benchmarks/forecast.py [--folder runs/bench/forecast] [--only starter-full-short]

Two models (the starter; 135 million random weights in the shape of SmolLM2), full tuning and LoRA,
two lengths of rows. Each is planned by ``laras plan`` and then run by ``laras run`` in the same
folder, as a user would, each in a process of its own. Memory is the most that tuning held. Time is
that of all stages but the preparation, which the plan has done already: loading, tuning, saving
and judging of both contenders.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "training"))

from laras.runs.events import read_events  # noqa: E402
from laras.runs.machine import describe_machine  # noqa: E402

RESULTS = HERE / "results"
ROWS = 400
MEMORY_WITHIN, TIME_WITHIN = 0.15, 0.20
# Words of a row's question and answer: medians of two log-normal distributions.
LENGTHS = {"short": (20, 12), "long": (150, 90)}
_RECIPE = """\
model:
  base: {base}
  context: {context}
data:
  sources:
    - examples: rows.jsonl
  test_share: 0.1
  validation_share: 0.1
tuning:
  epochs: 50
  max_steps: {steps}
  batch_tokens: {batch_tokens}
  patience: 100
  checkpoint_every_s: 15
evaluation:
  max_rows: 20
  max_new_tokens: 16
  bootstrap_samples: 100
  checks: []
comparison:
  contenders: [base, {kind}]
"""


@dataclass(frozen=True)
class Cell:
    """One run; ``steps`` of ``batch_tokens`` tokens."""

    model: str
    kind: str
    length: str
    steps: int
    batch_tokens: int

    @property
    def name(self) -> str:
        """``starter-full-short``."""
        return f"{self.model}-{self.kind}-{self.length}"


CELLS = (
    Cell("starter", "full", "short", 70, 2048),
    Cell("starter", "full", "long", 60, 2048),
    Cell("starter", "lora", "short", 70, 2048),
    Cell("M", "full", "short", 20, 512),
    Cell("M", "lora", "short", 26, 512),
    Cell("M", "lora", "long", 14, 1024),
)


def measure(cell: Cell, folder: Path, base: str) -> dict[str, Any]:
    """Plan and run ``cell``; what both said."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    _write_rows(folder / "rows.jsonl", cell)
    recipe = folder / "recipe.yaml"
    context = 512 if cell.length == "long" else 256
    settings = {"steps": cell.steps, "batch_tokens": cell.batch_tokens, "kind": cell.kind}
    recipe.write_text(_RECIPE.format(base=base, context=context, **settings), encoding="utf-8")
    planning = _laras("plan", recipe, folder / "run")
    running = _laras("run", recipe, folder / "run")
    plan = json.loads((folder / "run/plan.json").read_text(encoding="utf-8"))
    rows = json.loads((folder / "run/forecast.json").read_text(encoding="utf-8"))
    compared = {(row["what"], row["source"]): row for row in rows}
    tuned = next(entry for entry in plan["contenders"] if entry["kind"] == cell.kind)
    judging = sum(entry["judging_seconds"]["value"] for entry in plan["contenders"])
    tuning = tuned["tuning_seconds"]["value"]
    took = {"tune": 0.0, "evaluate": 0.0, "prepare": 0.0, "report": 0.0}
    for event in read_events(folder / "run"):
        if event["kind"] == "stage_finished":
            took[event["stage"].split("-")[0]] += event["seconds"]
    peak = compared["peak_memory_bytes", "rehearsal"]
    by_sizes = compared["peak_memory_bytes", "sizes"]
    own = compared["training_seconds", "first steps"]
    return {
        "cell": cell.name,
        "steps": cell.steps,
        "planning_seconds": planning,
        "running_seconds": running,
        "memory": _pair(peak["forecast"], peak["measured"]),
        "time": _pair(tuning + judging, took["tune"] + took["evaluate"]),
        "tuning": _pair(tuning, took["tune"]),
        "judging": _pair(judging, took["evaluate"]),
        "memory_by_sizes": _pair(by_sizes["forecast"], by_sizes["measured"]),
        "training_by_first_steps": _pair(own["forecast"], own["measured"]),
    }


def _pair(forecast: float, measured: float) -> dict[str, float]:
    return {"forecast": forecast, "measured": measured, "ratio": measured / forecast}


def _laras(verb: str, recipe: Path, run: Path) -> float:
    """Seconds of a command."""
    started = time.monotonic()
    command = [sys.executable, "-m", "laras", verb, str(recipe), "--run", str(run), "--json"]
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.monotonic() - started


def _write_rows(path: Path, cell: Cell) -> None:
    """Rows of random words: of Laras's documentation, or of the larger model's vocabulary."""
    import numpy as np
    from workload import word

    generator = np.random.default_rng(7)
    if cell.model == "starter":
        texts = [page.read_text("utf-8") for page in sorted((HERE.parent / "docs").glob("*.md"))]
        known = sorted({part for text in texts for part in text.split() if part.isalpha()})
    else:
        known = [word(number) for number in range(4, 40_000)]
    question, answer = LENGTHS[cell.length]
    with path.open("w", encoding="utf-8") as file:
        for _row in range(ROWS):
            sizes = [max(3, int(generator.lognormal(np.log(n), 0.6))) for n in (question, answer)]
            said = [" ".join(generator.choice(known, size)) for size in sizes]
            file.write(json.dumps({"question": said[0], "answer": said[1]}) + "\n")


def within(row: dict[str, Any]) -> bool:
    """Whether memory and time are as near as they should be."""
    memory, seconds = row["memory"]["ratio"], row["time"]["ratio"]
    return abs(memory - 1) <= MEMORY_WITHIN and abs(seconds - 1) <= TIME_WITHIN


def _line(row: dict[str, Any]) -> str:
    def cell(what: str, scale: float) -> str:
        pair = row[what]
        forecast, measured = pair["forecast"] / scale, pair["measured"] / scale
        return f"{forecast:8.2f} {measured:8.2f} {pair['ratio']:5.2f}"

    gigabytes, seconds = cell("memory", 1e9), cell("time", 1)
    return (
        f"{row['cell']:20s} {gigabytes}   {seconds}   "
        f"{row['tuning']['ratio']:5.2f} {row['judging']['ratio']:5.2f}   "
        f"{row['memory_by_sizes']['ratio']:5.2f} {row['training_by_first_steps']['ratio']:5.2f}   "
        f"{row['planning_seconds']:5.0f} s{'' if within(row) else '   OUTSIDE'}"
    )


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--folder", type=Path, default=Path("runs/bench/forecast"))
    parser.add_argument("--only", default=",".join(cell.name for cell in CELLS))
    parser.add_argument("--results", type=Path, default=RESULTS / "forecast.json")
    arguments = parser.parse_args()
    asked = arguments.only.split(",")
    # Where only some are measured, the others keep their figures.
    again = len(asked) < len(CELLS) and arguments.results.exists()
    from workload import make

    make(arguments.folder / "models")
    larger = str((arguments.folder / "models/M/model").resolve())
    heads = f"{'GB: forecast, measured, ratio':>25s} {'seconds':>16s} {'of: tuning, judging':>28s}"
    print(f"{'':20s} {heads}")
    print("(last: memory by sizes alone, training by its first steps, seconds of planning)")
    found = []
    for cell in CELLS:
        if cell.name in asked:
            base = "starter" if cell.model == "starter" else larger
            found.append(measure(cell, arguments.folder / cell.name, base))
            print(_line(found[-1]), flush=True)
    kept = json.loads(arguments.results.read_text("utf-8"))["runs"] if again else []
    place = [cell.name for cell in CELLS].index
    found = sorted(
        [row for row in kept if row["cell"] not in asked] + found,
        key=lambda row: place(row["cell"]),
    )
    result = {
        "command": "python benchmarks/forecast.py",
        "machine": describe_machine(),
        "within": {"memory": MEMORY_WITHIN, "time": TIME_WITHIN},
        "met": all(within(row) for row in found),
        "runs": found,
    }
    arguments.results.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print("all within" if result["met"] else "not all within", f"({arguments.results})")


if __name__ == "__main__":
    main()
