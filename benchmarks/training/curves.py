"""Loss curves: ours beside TRL's in float32, and what bfloat16 changes.

    python benchmarks/training/curves.py --trainers .venv-bench-trainers/bin/python

Workload S, 50 steps of eight rows, the same rows in the same order, AdamW with a constant rate and
without warm-up. LoRA starts from the same matrices: the untrained adapter that peft drew for ours
is saved, and TRL loads it.

In float32 the losses of the same steps are compared one by one. bfloat16 is compared by the loss
on rows that are not trained on, every ten steps: its distance from float32 beside the distance
between two float32 runs that differ in the order of their rows (and LoRA's first weights).
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from pathlib import Path
from typing import Any

from campaign import RESULTS, Job, describe_machine, measure
from contenders import MODES, Contender
from meter import command_line
from workload import ROWS_A_STEP, make

TOLERANCE = 1e-4
_STEPS = 50
_HELD_OUT_ROWS = 64
_LEARNING_RATE = 1e-3


def write_orders(folder: Path) -> tuple[str, list[int]]:
    """Workload S with two orders of its training rows as plans; the held-out rows beside."""
    source = folder / "S"
    place = folder / "S-curves"
    place.mkdir(exist_ok=True)
    if not (place / "model").exists():
        (place / "model").symlink_to(Path("..") / "S" / "model", target_is_directory=True)
    rows = json.loads((source / "rows.json").read_text(encoding="utf-8"))
    count = _STEPS * ROWS_A_STEP
    plans = {}
    for seed in range(2):
        order = list(range(count))
        random.Random(seed).shuffle(order)
        steps = [order[at : at + ROWS_A_STEP] for at in range(0, count, ROWS_A_STEP)]
        plans[f"order-{seed}"] = steps
    (place / "rows.json").write_text(json.dumps(rows), encoding="utf-8")
    (place / "plans.json").write_text(json.dumps(plans), encoding="utf-8")
    return place.name, list(range(count, count + _HELD_OUT_ROWS))


class Curves:
    """Runs one training after another and keeps what they say."""

    def __init__(self, folder: Path, trainers: str, route: str, adapters: Path) -> None:
        self.folder = folder
        self.workload, self.held_out = write_orders(folder)
        self.pythons = {"own": sys.executable, "trainers": trainers}
        self.route = route
        self.adapters = adapters

    def run(self, who: str, mode: str, precision: str, order: int) -> dict[str, Any]:
        """Losses of ``who`` (``laras``, ``trl``)."""
        settings: dict[str, Any] = {"precision": precision, "learning_rate": _LEARNING_RATE}
        if mode == "lora":
            settings["adapter"] = str(self.adapters / f"seed-{order}")
        if who == "laras":
            settings |= {"route": self.route, "held_out_rows": self.held_out, "seed": order}
            contender = Contender(who, "laras_worker.py", "own", "ours", "", settings)
        else:
            settings["constant"] = True
            contender = Contender(who, "trl_worker.py", "trainers", "peers", "", settings)
        answer = measure(
            _Ordered("curves", self.workload, mode, contender, order), self.pythons, self.folder
        )
        if "failed" in answer:
            raise SystemExit(f"{who} {mode} {precision}: {answer['failed']}")
        return answer


class _Ordered(Job):
    """A job whose steps are one order of the rows, nothing of it warm-up."""

    def steps(self) -> list[str]:
        """The plan of this order."""
        return [f"order-{self.repeat}"]


def main() -> None:
    """Train, compare, print; exit code 1 where a bound is not kept."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--folder", type=Path, default=Path("runs/bench/training"))
    parser.add_argument("--trainers", required=True)
    parser.add_argument("--route", default="fast")
    parser.add_argument("--results", type=Path, default=RESULTS / "training-curves.json")
    arguments = parser.parse_args()
    make(arguments.folder)
    found: dict[str, Any] = {
        "command": command_line(),
        "machine": describe_machine(),
        "learning_rate": _LEARNING_RATE,
        "modes": {},
    }
    kept = True
    with tempfile.TemporaryDirectory() as adapters:
        trainers = str(Path(arguments.trainers).absolute())
        curves = Curves(arguments.folder, trainers, arguments.route, Path(adapters))
        for mode in MODES:
            compared = _compare(curves, mode)
            found["modes"][mode] = compared
            kept = kept and compared["equal"] and compared["bfloat16_within_spread"]
            print(
                f"{mode}: loss {compared['laras_float32'][0]:.4f} to "
                f"{compared['laras_float32'][-1]:.4f}; largest difference to TRL in float32 "
                f"{compared['largest_difference']:.1e} (bound {TOLERANCE:.0e}); held-out loss, "
                f"bfloat16 against float32 {compared['bfloat16_distance']:.1e}, two orders in "
                f"float32 {compared['spread_of_orders']:.1e}",
                flush=True,
            )
    arguments.results.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    if not kept:
        raise SystemExit(1)


def _compare(curves: Curves, mode: str) -> dict[str, Any]:
    ours = curves.run("laras", mode, "float32", 0)
    theirs = curves.run("trl", mode, "float32", 0)
    low = curves.run("laras", mode, "bfloat16", 0)
    other = curves.run("laras", mode, "float32", 1)
    pairs = zip(ours["losses"], theirs["losses"], strict=True)
    largest = max(abs(one - two) for one, two in pairs)
    distance = _largest(ours["held_out_losses"], low["held_out_losses"])
    spread = _largest(ours["held_out_losses"], other["held_out_losses"])
    return {
        "largest_difference": largest,
        "equal": largest < TOLERANCE,
        "bfloat16_distance": distance,
        "spread_of_orders": spread,
        "bfloat16_within_spread": distance < spread,
        "laras_float32": ours["losses"],
        "trl_float32": theirs["losses"],
        "laras_bfloat16": low["losses"],
        "laras_float32_other_order": other["losses"],
        "held_out": {
            "float32": ours["held_out_losses"],
            "bfloat16": low["held_out_losses"],
            "float32_other_order": other["held_out_losses"],
        },
        "versions": {"laras": ours["versions"], "trl": theirs["versions"]},
    }


def _largest(left: list[float], right: list[float]) -> float:
    return max(abs(one - two) for one, two in zip(left, right, strict=True))


if __name__ == "__main__":
    main()
