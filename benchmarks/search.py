"""A search of twelve trials on the starter: what it finds, and that a kill changes nothing.

    python benchmarks/search.py [--trials 12] [--runs runs/bench-search] [--results FILE]

LoRA on the demo's material, searched by its default space. The search is done once unbroken; then
again, killed (SIGKILL) in the middle of two trials and continued by the same command each time.
Both must end with the same best trial. At last the recipe as it stands and what was found are
judged on the test set, which no trial was given.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from laras.runs.machine import describe_machine
from laras.workflow import demo_recipe

RESULTS = Path(__file__).parent / "results"
RECIPE = [
    *("comparison.contenders=[base, lora]", "tuning.epochs=0.5", "tuning.batch_tokens=2048"),
    *("tuning.learning_rate=null", "tuning.validations_per_epoch=4"),
    *("tuning.validation_rows=80", "tuning.checkpoint_every_steps=5"),
]


def settings(trials: int) -> list[str]:
    """Options of the command."""
    return [part for each in (*RECIPE, f"search.trials={trials}") for part in ("--set", each)]


def command(verb: str, folder: Path, *more: str) -> list[str]:
    """``laras VERB`` with the demo's recipe."""
    return [sys.executable, "-m", "laras", verb, str(demo_recipe()), "--run", str(folder), *more]


def told(folder: Path) -> dict[str, Any]:
    """What the search has written down."""
    facts: dict[str, Any] = json.loads((folder / "search/search.json").read_text("utf-8"))
    return facts


def steps_of(folder: Path) -> int:
    """How many steps a trial has done."""
    path = folder / "events.jsonl"
    return path.read_text("utf-8").count('"step_done"') if path.exists() else 0


def kill_in(folder: Path, trial: int, step: int, options: list[str]) -> None:
    """Start or continue the search, and kill it in the middle of ``trial``."""
    process = subprocess.Popen(command("search", folder, "--quiet", *options))
    while steps_of(folder / f"search/trial-{trial:03}") < step:
        if process.poll() is not None:
            raise SystemExit(f"the search ended before trial {trial} had done {step} steps")
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    print(f"killed in trial {trial} after {step} steps")


def without_times(facts: dict[str, Any]) -> list[dict[str, Any]]:
    """The trials, but for how long they took."""
    return [{k: v for k, v in trial.items() if k != "seconds"} for trial in facts["trials"]]


def main() -> None:
    """Search, search with kills, compare, judge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=12)
    parser.add_argument("--runs", type=Path, default=Path("runs/bench-search"))
    parser.add_argument("--results", type=Path, default=RESULTS / "search.json")
    given = parser.parse_args()
    shutil.rmtree(given.runs, ignore_errors=True)
    options = settings(given.trials)
    unbroken, broken = given.runs / "unbroken", given.runs / "broken"

    started = time.monotonic()
    done = subprocess.run(
        command("search", unbroken, "--json", *options), check=True, stdout=subprocess.PIPE
    )
    seconds = time.monotonic() - started
    print(f"{given.trials} trials in {seconds:.0f} s")
    for trial in told(unbroken)["trials"]:
        values = {path.rpartition(".")[2]: value for path, value in trial["values"].items()}
        loss = "-" if trial["loss"] is None else f"{trial['loss']:.4f}"
        print(
            f"  {trial['number']:2} {trial['state']:9} {loss:>7} {trial['seconds']:5.1f} s {values}"
        )
    print(told(unbroken)["sentence"])

    for trial, step in ((given.trials // 4, 5), (2 * given.trials // 3, 7)):
        kill_in(broken, trial, step, options)
    subprocess.run(
        command("search", broken, "--quiet", *options), check=True, stdout=subprocess.DEVNULL
    )
    first, second = told(unbroken), told(broken)
    if without_times(first) != without_times(second) or first["best"] != second["best"]:
        raise SystemExit("the search that was killed ended otherwise")
    print(f"killed twice and continued: the same trials, the same best: {first['best']}")

    print("On the test set, which no trial was given (perplexity):")
    only = ["--set", "evaluation.metrics=[perplexity]", "--set", "evaluation.checks=[]"]
    found = [part for each in json.loads(done.stdout)["settings"] for part in ("--set", each)]
    scores = {}
    for name, more in (("the recipe as it stands", []), ("what was found", found)):
        judged = subprocess.run(
            command("evaluate", unbroken, "--json", "--quiet", *options, *only, *more),
            check=True,
            stdout=subprocess.PIPE,
        )
        score = json.loads(judged.stdout)["scores"]["lora"]["metrics"]["perplexity"]
        scores[name] = {key: round(score[key], 2) for key in ("value", "low", "high")}
        print(f"  {name}: {score['value']:.2f} ({score['low']:.2f} to {score['high']:.2f})")
    result = {
        "command": "python benchmarks/search.py",
        "machine": describe_machine(),
        "seconds": round(seconds),
        "trials": first["trials"],
        "best": first["best"],
        "same_after_kills": True,  # else it has ended above
        "test_perplexity": scores,
    }
    given.results.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
