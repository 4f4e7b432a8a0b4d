"""Prompt or tune, on three public data sets: each a recipe, run as a user would.

    python benchmarks/evidence.py --material FOLDER [--only smsa] [--folder runs/bench/evidence]

The recipes in benchmarks/evidence name their data under ``material/``, which is linked to FOLDER
beside a copy of them. Each is run by ``laras run`` in a process of its own, on the starter model:
base, the prompts, soft prompt, LoRA and full tuning in one comparison. What the verdicts say, the
figures with their intervals, seconds and memory of each contender, and the minutes of the whole run
are written to ``--results``; the report of each stays in its run folder.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from laras.runs.machine import describe_machine

HERE = Path(__file__).parent
RECIPES = HERE / "evidence"
RESULTS = HERE / "results" / "evidence.json"
BAR_MINUTES = 25


def run(recipe: Path, material: Path, folder: Path) -> dict[str, Any]:
    """``laras run`` on a copy of ``recipe`` in ``folder``: its verdict and the minutes."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copyfile(recipe, folder / recipe.name)
    (folder / "material").symlink_to(material.resolve())
    began = time.monotonic()
    subprocess.run(
        [sys.executable, "-m", "laras", "run", recipe.name, "--run", "run"], cwd=folder, check=True
    )
    minutes = (time.monotonic() - began) / 60
    verdict = json.loads((folder / "run" / "verdict.json").read_text(encoding="utf-8"))
    return {"minutes": minutes, "within": minutes < BAR_MINUTES, **summary(verdict)}


def summary(verdict: dict[str, Any]) -> dict[str, Any]:
    """What a reader of the verdict would take away."""
    primary = verdict["primary"]["metric"]
    return {
        "sentence": verdict["sentence"],
        "outcome": verdict["outcome"],
        "recommendation": verdict["recommendation"],
        "primary": primary,
        "figures": {
            contender["name"]: {
                name: {key: figure[key] for key in ("value", "low", "high", "n")}
                for name, figure in contender["metrics"].items()
            }
            for contender in verdict["contenders"]
        },
        "pairs": [pair for pair in verdict["pairs"] if pair["metric"] == primary],
        "checks": {
            check: {each["contender"]: each["note"] for each in verdict[check] or []}
            for check in ("overfitting", "memorisation", "wording", "forgetting", "bias")
        },
        "minimal_detectable_effect": verdict["minimal_detectable_effect"],
        "cost": verdict["cost"],
        "break_even": verdict["break_even"],
    }


def show(name: str, found: dict[str, Any]) -> None:
    """A table of the run on the terminal."""
    print(f"\n{name}: {found['minutes']:.1f} minutes. {found['sentence']}")
    metrics = list(dict.fromkeys(m for each in found["figures"].values() for m in each))
    print("| contender | " + " | ".join(metrics) + " |")
    print("|---" * (len(metrics) + 1) + "|")
    for contender, figures in found["figures"].items():
        cells = [f"{figures[m]['value']:.3f}" if m in figures else "" for m in metrics]
        print(f"| {contender} | " + " | ".join(cells) + " |")
    for check, notes in found["checks"].items():
        for contender, note in notes.items():
            print(f"- {check}, {contender}: {note}")


def main() -> None:
    """Run what ``--only`` selects, and keep the others' results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--material", type=Path, required=True)
    parser.add_argument("--folder", type=Path, default=Path("runs/bench/evidence"))
    parser.add_argument("--only", help="names of recipes, separated by commas")
    parser.add_argument("--results", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    names = sorted(path.stem for path in RECIPES.glob("*.yaml"))
    chosen = arguments.only.split(",") if arguments.only else names
    found: dict[str, Any] = {"command": "python benchmarks/evidence.py --material FOLDER"}
    if arguments.results.exists():
        found = json.loads(arguments.results.read_text(encoding="utf-8"))
    found["machine"] = describe_machine()
    for name in chosen:
        recipe = RECIPES / f"{name}.yaml"
        found[name] = run(recipe, arguments.material, arguments.folder / name)
        show(name, found[name])
        arguments.results.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(found, indent=1, ensure_ascii=False) + "\n"
        arguments.results.write_text(text, encoding="utf-8")
    sys.exit(any(not found[name]["within"] for name in chosen))


if __name__ == "__main__":
    main()
