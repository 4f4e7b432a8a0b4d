"""What Laras' settings of the machine are worth: each apart, together, alone and beside others.

    python benchmarks/machine.py --repeats 5 --out benchmarks/results/machine.json

Each row is a process of its own (a setting can't be taken back), the rows in turn in every
repeat, and the medians are shown: of a short parallel step (an addition of 300,000 numbers), and of
training a Llama of 4 blocks on packed rows, in bfloat16 where the processor has it. "Beside
another" runs two of the same at once, and shows what one of them reaches. A row takes about 20 s
in each repeat.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

# Whatever the caller has set would be a choice, and left alone.
CLEARED = ("OMP_", "GOMP_", "KMP_", "MALLOC_", "GLIBC_", "LARAS_MACHINE", "THP_")
BOUND = {"OMP_PROC_BIND": "true", "OMP_WAIT_POLICY": "PASSIVE"}
# Names that are set count as chosen: so is one half of Laras' settings kept from the other.
NO_THREADS, NO_HEAP = {"KMP_BLOCKTIME": "200"}, {"GLIBC_TUNABLES": ""}
_SMALL_PAGES = "BENCH_SMALL_PAGES"  # this process gets none of 2 MiB
_NO_HUGE_PAGES = 41  # PR_SET_THP_DISABLE in prctl.h
SETTINGS: dict[str, dict[str, str]] = {
    "the system's defaults": {"LARAS_MACHINE": "off"},
    "waiting asleep": {"LARAS_MACHINE": "off", "OMP_WAIT_POLICY": "PASSIVE"},
    "bound for good, 500 turns": {"LARAS_MACHINE": "off", **BOUND, "GOMP_SPINCOUNT": "500"},
    "bound for good, 20,000 turns": {"LARAS_MACHINE": "off", **BOUND, "GOMP_SPINCOUNT": "20000"},
    "threads alone": NO_HEAP,
    "memory alone": NO_THREADS,
    "as Laras sets it": {},
    "the same, small pages": {_SMALL_PAGES: "1"},
}
FIGURES = ("step_mean_us", "step_p90_us", "step_p99_us", "tokens_per_s", "first_step_s", "peak_mib")
_ELEMENTS = 300_000
_LENGTHS = (60, 340, 120, 210, 90, 480, 150, 260)


def work(step_s: float, steps: int) -> dict[str, float]:
    """What one row measures, in this process."""
    if os.environ.get(_SMALL_PAGES):
        ctypes.CDLL(None).prctl(_NO_HUGE_PAGES, 1, 0, 0, 0)
    import laras.threads  # noqa: I001  (before torch: it sets what torch reads)
    import numpy as np
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from laras.batches.token_batch import EncodedExample, collate
    from laras.engine.forward import PackedForward
    from laras.runs.heap import reused_memory
    from laras.devices.memory import peak_memory_bytes
    from laras.engine.precision import autocast, choose

    device = torch.device("cpu")
    precision = choose("auto", device)
    torch.manual_seed(0)
    with reused_memory(), laras.threads.placed() as look:
        left, right, result = torch.ones(_ELEMENTS), torch.ones(_ELEMENTS), torch.ones(_ELEMENTS)
        times: list[float] = []
        end = time.perf_counter() + step_s
        while (began := time.perf_counter()) < end:
            torch.add(left, right, out=result)
            times.append(time.perf_counter() - began)
        times.sort()
        model = LlamaForCausalLM(
            LlamaConfig(
                hidden_size=256,
                intermediate_size=688,
                num_hidden_layers=4,
                num_attention_heads=4,
                num_key_value_heads=4,
                vocab_size=8192,
                tie_word_embeddings=True,
            )
        )
        forward = PackedForward(model, precision)
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, fused=True)
        model.train()
        seconds = []
        for number in range(steps + 2):  # the first two are not counted
            look()
            # Other lengths in every step, as in real data.
            rows = [np.arange(size + 7 * number, dtype=np.int32) * 31 % 8192 for size in _LENGTHS]
            examples = [
                EncodedExample(str(size), row, np.ones(len(row), dtype=bool))
                for size, row in zip(_LENGTHS, rows, strict=True)
            ]
            batch = collate(examples)
            began = time.perf_counter()
            with autocast(precision, device):
                loss = forward.loss_sum(batch.scaled(float(batch.tokens)))
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            forward.refresh()
            seconds.append((time.perf_counter() - began) / batch.tokens)
        first = seconds[0] * sum(_LENGTHS)
    return {
        "step_mean_us": statistics.mean(times) * 1e6,
        "step_p90_us": times[len(times) * 9 // 10] * 1e6,
        "step_p99_us": times[len(times) * 99 // 100] * 1e6,
        "tokens_per_s": 1 / statistics.mean(seconds[2:]),
        "first_step_s": first,
        "peak_mib": peak_memory_bytes(device) / 2**20,
    }


def row(environment: dict[str, str], at_once: int, step_s: float, steps: int) -> dict[str, float]:
    """The figures of ``at_once`` processes that run side by side, their means."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(CLEARED)}
    command = [sys.executable, __file__, "--work", str(step_s), str(steps)]
    children = [
        subprocess.Popen(command, env={**kept, **environment}, stdout=subprocess.PIPE, text=True)
        for _number in range(at_once)
    ]
    answers = []
    for child in children:
        text, _errors = child.communicate()
        if child.returncode:
            raise SystemExit(f"a row failed under {environment}")
        answers.append(json.loads(text.splitlines()[-1]))
    return {name: statistics.mean(answer[name] for answer in answers) for name in FIGURES}


def measure(repeats: int, step_s: float, steps: int) -> dict[str, Any]:
    """Every setting, alone and beside another, in turn."""
    found: dict[str, dict[str, list[dict[str, float]]]] = {"alone": {}, "beside another": {}}
    for _repeat in range(repeats):
        for at_once, place in enumerate(found, start=1):
            for name, environment in SETTINGS.items():
                result = row(environment, at_once, step_s, steps)
                found[place].setdefault(name, []).append(result)
    return {
        place: {
            name: {
                "median": {key: statistics.median(r[key] for r in rows) for key in FIGURES},
                "repeats": rows,
            }
            for name, rows in settings.items()
        }
        for place, settings in found.items()
    }


def show(places: dict[str, Any]) -> None:
    """The medians, as a table."""
    for place, settings in places.items():
        print(f"\n{place:30}" + "".join(f"{name:>14}" for name in FIGURES))
        for name, facts in settings.items():
            median = facts["median"]
            print(f"{name:30}" + "".join(f"{median[figure]:14.1f}" for figure in FIGURES))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--step-s", type=float, default=1.0, help="seconds of short steps")
    parser.add_argument("--steps", type=int, default=12, help="training steps that count")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--work", nargs=2, type=float, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        print(json.dumps(work(options.work[0], int(options.work[1]))))
        return
    load = os.getloadavg()[0]
    places = measure(options.repeats, options.step_s, options.steps)
    show(places)
    if options.out:
        from laras.runs.machine import describe_machine, huge_pages, library_versions

        command = f"python benchmarks/machine.py --repeats {options.repeats}"
        result = {
            "command": command,
            "load_before": load,
            "machine": {**describe_machine(), "huge_pages": huge_pages()},
            "versions": {name: library_versions()[name] for name in ("torch", "transformers")},
            "settings": SETTINGS,
            "results": places,
        }
        options.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
