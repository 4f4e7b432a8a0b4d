"""How much of the machine's matrix-product peak training reaches, and where the rest goes.

    python benchmarks/training/peak.py [--workloads S,M] [--route fast]

The peak is the best rate of the shapes that training multiplies, in the precision that is trained
in: of many repeats the fastest, since a peak that others disturbed would flatter us.
Floating-point operations of training are counted from the shapes: what the result needs, so that
anything computed twice or for nothing lowers the share. The profile is torch's own (own time of
operators, in a process that trains three steps more after the timed ones). Everything runs in the
tuned environment, in processes of their own.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from campaign import RESULTS, describe_machine
from contenders import ENVIRONMENT, MODES, TOUCHED_GB, TUNED_ENVIRONMENT
from meter import STARTED, TOUCHED, command_line
from workload import WORKLOADS, Workload, make

HERE = Path(__file__).parent
_WATCHED_S = 0.5
_PRODUCTS_A_REPEAT = 3
_POSITIONS = 1536


def peak_gflops(workload: Workload) -> dict[str, float]:
    """Best rate of each product of training, by its (rows, columns, inner) shape."""
    import torch

    shape = workload.shape
    hidden, inner = shape["hidden_size"], shape["intermediate_size"]
    rates = {}
    for columns, depth in (
        (hidden, hidden),
        (2 * inner, hidden),
        (hidden, inner),
        (shape["vocab_size"], hidden),
    ):
        left = torch.randn(_POSITIONS, depth, dtype=torch.bfloat16)
        weight = torch.randn(columns, depth, dtype=torch.bfloat16)
        gradient = torch.randn(_POSITIONS, columns, dtype=torch.bfloat16)
        products = {
            "forward": lambda left=left, weight=weight: left @ weight.t(),
            "backward to the input": lambda g=gradient, weight=weight: g @ weight,
            "backward to the weight": lambda g=gradient, left=left: g.t() @ left,
        }
        for name, product in products.items():
            seconds = _seconds(product)
            rates[f"{name} {_POSITIONS}x{columns}x{depth}"] = (
                2 * _POSITIONS * columns * depth / seconds / 1e9
            )
    return rates


def _seconds(product: Any) -> float:
    product()
    best = float("inf")
    until = time.perf_counter() + _WATCHED_S
    while time.perf_counter() < until:
        started = time.perf_counter()
        for _each in range(_PRODUCTS_A_REPEAT):
            product()
        best = min(best, (time.perf_counter() - started) / _PRODUCTS_A_REPEAT)
    return best


def operations(workload: Workload, mode: str, rows: list[dict[str, list[int]]]) -> float:
    """Floating-point operations that one step over ``rows`` needs.

    Two for each multiply-add: forward once, backward to the input once, and to the weight once
    where it is trained (Kaplan et al. 2020, section 2.1). Attention is causal, so half of its
    square. The vocabulary projection counts where an answer is trained.
    """
    full = mode == "full"
    shape = workload.shape
    tokens = sum(len(row["input_ids"]) for row in rows)
    trained = sum(sum(row["completion_mask"]) for row in rows)
    passes = 3 if full else 2
    products = 2 * passes * workload.body_parameters * tokens
    products += 2 * passes * workload.head_parameters * trained
    if not full:  # forward, to the input and to both matrices of the adapter
        products += 6 * _adapter_parameters(workload) * tokens
    squares = sum(len(row["input_ids"]) ** 2 for row in rows) / 2
    width = shape["hidden_size"] * shape["num_hidden_layers"]
    # Two products forward, five backward (the scores are computed again).
    return float(products + 2 * 7 * width * squares)


def _adapter_parameters(workload: Workload, rank: int = 16) -> int:
    shape = workload.shape
    hidden, inner = shape["hidden_size"], shape["intermediate_size"]
    pairs = hidden * shape["num_key_value_heads"] // shape["num_attention_heads"]
    outputs = (hidden, pairs, pairs, hidden, inner, inner, hidden)
    inputs = (hidden, hidden, hidden, hidden, hidden, hidden, inner)
    return int(shape["num_hidden_layers"] * rank * (sum(outputs) + sum(inputs)))


def profiled(folder: Path, workload: str, mode: str, route: str) -> dict[str, Any]:
    """What the worker finds when it is asked to profile itself; in a process of its own."""
    request = {
        "workload": str((folder / workload).resolve()),
        "mode": mode,
        "steps": ["warm", "mixed"],
        "settings": {"route": route, "profile": True},
    }
    return _answer("laras_worker.py", {TOUCHED: str(TOUCHED_GB[workload])}, json.dumps(request))


def _answer(script: str, given: dict[str, str], *arguments: str) -> dict[str, Any]:
    environment = os.environ | ENVIRONMENT | TUNED_ENVIRONMENT | {STARTED: str(time.time())} | given
    command = [sys.executable, str(HERE / script), *arguments]
    process = subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    answer: dict[str, Any] = json.loads(process.stdout.splitlines()[-1])
    return answer


def main() -> None:
    """Measure the peak, read the campaign's speeds, profile, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--folder", type=Path, default=Path("runs/bench/training"))
    parser.add_argument("--workloads", default="S,M")
    parser.add_argument("--route", default="fast")
    parser.add_argument("--results", type=Path, default=RESULTS / "training-peak.json")
    parser.add_argument("--products-of", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.products_of:
        print(json.dumps(peak_gflops(WORKLOADS[arguments.products_of])))
        return
    make(arguments.folder)
    found: dict[str, Any] = {
        "command": command_line(),
        "machine": describe_machine(),
        "peak_gflops": {},
        "cells": [],
    }
    for name in arguments.workloads.split(","):
        workload = WORKLOADS[name]
        rates = _answer(Path(__file__).name, {}, "--products-of", name)
        peak = max(rates.values())
        found["peak_gflops"][name] = rates
        rows = json.loads((arguments.folder / name / "rows.json").read_text(encoding="utf-8"))
        plans = json.loads((arguments.folder / name / "plans.json").read_text(encoding="utf-8"))
        for mode in MODES:
            answer = profiled(arguments.folder, name, mode, arguments.route)
            timed = [rows[number] for step in plans["mixed"] for number in step]
            needed = operations(workload, mode, timed)
            # The profiler slows what it watches, so the rate is that of the unwatched steps.
            seconds = sum(step["seconds"] for step in answer["steps"])
            cell = {
                "cell": f"{name}-{mode}",
                "tokens_per_s": answer["tokens_per_s"],
                "others_share": answer["others_share"],
                "gflops": needed / seconds / 1e9,
                "share_of_peak": needed / seconds / 1e9 / peak,
                "profile": answer["profile"],
            }
            found["cells"].append(cell)
            shares = ", ".join(f"{kind} {share:.0%}" for kind, share in cell["profile"].items())
            print(
                f"{cell['cell']}: {cell['tokens_per_s']:.0f} tokens/s, {cell['gflops']:.0f} of "
                f"{peak:.0f} GFLOP/s = {cell['share_of_peak']:.0%} "
                f"(others {cell['others_share']:.1%}); {shares}",
                flush=True,
            )
    arguments.results.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
