"""What is left of a run after a fault: Laras beside TRL and LLaMA-Factory, on the same tiny model.

    python benchmarks/faults_peers.py --trainers PYTHON --llamafactory PYTHON [--rows 1,16,53]

Each trainer is run as its documentation shows, saves every second of twelve steps and keeps two
checkpoints. Then something goes wrong; the same command is given again, and the end is held
against a run that nothing happened to: the same weights and losses, bit for bit, or what else came
of it. Rows are numbered as in docs/faults.md. The disk that runs full is a small tmpfs, which needs
the right to mount one; without it that row is left out.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "faults"))

from spoiled_trainer import PLACES  # noqa: E402
from trainers import trainers  # noqa: E402
from tries import WHAT, Bench, outcome  # noqa: E402

RESULTS = HERE / "results"
WORDS = "gong bonang saron kendang suling rebab slenthem of bronze iron teak".split()  # noqa: SIM905


def make_work(work: Path) -> None:
    """The model and the rows that everyone gets."""
    from laras.models.tiny import tiny_model

    tiny_model("qwen2", work / "model")
    generator = random.Random(0)

    def words(count: int) -> str:
        return " ".join(generator.choices(WORDS, k=count))

    rows = [
        {
            "messages": [
                {"role": "user", "content": f"{words(8)}?"},
                {"role": "assistant", "content": f"{words(6)}."},
            ]
        }
        for _row in range(60)
    ]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (work / "rows.jsonl").write_text(text, encoding="utf-8")


def main() -> None:
    """Try every fault on every trainer, print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trainers", type=Path, help="Python of an environment with TRL")
    parser.add_argument("--llamafactory", type=Path, help="Python of one with LLaMA-Factory")
    parser.add_argument("--only", help="some of laras,trl,llamafactory")
    parser.add_argument("--rows", default=",".join(str(row) for row in WHAT))
    parser.add_argument("--results", type=Path, default=RESULTS / "faults-peers.json")
    given = parser.parse_args()
    asked = [row for row in WHAT if str(row) in given.rows.split(",")]
    found: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        make_work(work)
        for trainer in trainers(given.trainers, given.llamafactory):
            if given.only and trainer.name not in given.only.split(","):
                continue
            bench = Bench(trainer, work)
            for row in asked:
                came = outcome(bench, row)
                told = came.told.replace(str(work), "...")
                found.setdefault(WHAT[row], {})[trainer.name] = {"good": came.good, "told": told}
                mark = "good" if came.good else "BAD "
                print(f"{trainer.name:13s} {row:>4} {WHAT[row]:40s} {mark} {told}", flush=True)
    write(given.results, found)


def write(path: Path, found: dict[str, dict[str, Any]]) -> None:
    """JSON, and the same as a Markdown table beside it. What was not tried this time keeps what
    came of it the last time."""
    from laras.runs.machine import describe_machine

    kept = json.loads(path.read_text("utf-8"))["rows"] if path.exists() else []
    before = {row["fault"]: row["outcomes"] for row in kept}
    rows = [
        {
            "row": int(row),
            "fault": what,
            "outcomes": {**before.get(what, {}), **found.get(what, {})},
        }
        for row, what in WHAT.items()
    ]
    result = {
        "command": "python benchmarks/faults_peers.py --trainers python --llamafactory python",
        "machine": describe_machine(),
        "rows": rows,
    }
    path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    names = ["laras", "trl", "llamafactory"]
    lines = [f"| row | fault | {' | '.join(names)} |", f"| ---: | --- |{' --- |' * len(names)}"]
    for row in rows:
        cells = [_cell(row["outcomes"].get(name)) for name in names]
        lines.append(f"| {row['row']} | {row['fault']} | {' | '.join(cells)} |")
    lines += [
        "",
        "Laras is killed at its own fault points; transformers' Trainer, which the others train",
    ]
    lines += ["with, at the nearest place that it has:", ""]
    lines += [f"- {name}: {place}" for name, place in PLACES.items()]
    path.with_suffix(".md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _cell(outcome: dict[str, Any] | None) -> str:
    if outcome is None:
        return ""
    told = outcome["told"].replace("|", "/")
    return f"yes: {told}" if outcome["good"] else f"**no**: {told}"


if __name__ == "__main__":
    main()
