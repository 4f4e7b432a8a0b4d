"""Training on one GPU: the ceiling of matrix products, Laras's engine, and a peer in the same run.

    python benchmarks/gpu.py [--results FILE] [--seconds S] [--only PART ...] [--tiny]

It needs torch, transformers and peft, no network and no files: models are random, made on the
device from the shapes of Llama-3-8B, Qwen2.5-7B and Llama-3.2-1B; an NF4 base needs bitsandbytes,
too. Each part is a process of its own. All share ``--seconds`` (570): one whose limit is more than
what is left of these is left out, and named. Results go to ``--results`` as they come. ``--tiny``:
small shapes on the processor, in seconds; its figures mean nothing.

tokens/s: median of steps, of the tokens of the examples, padding not counted. Model TFLOP/s:
``gpu_shapes.step_flops``. Fraction: of the fastest bfloat16 product measured in the same run (an
FP8 base is held against that too, and can pass 1). The peer is TRL where it is installed, else
transformers' Trainer with peft.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
WORKER = HERE / "gpu_worker.py"
RESULTS = HERE / "results" / "gpu.json"
LIBRARIES = ("torch", "transformers", "peft", "triton", "accelerate", "trl", "liger_kernel",
             "flash_attn", "bitsandbytes", "numpy")  # fmt: skip
_BOTH = ["full", "mix"]


def _engine(shape: str, **different: Any) -> dict[str, Any]:
    usual = {"kind": "engine", "shape": shape, "method": "lora", "base": "plain",
             "workloads": _BOTH, "micro_batch_tokens": [16_384, 8192, 4096]}  # fmt: skip
    return {**usual, **different}


def _peer(shape: str, **different: Any) -> dict[str, Any]:
    return {**_engine(shape), "kind": "peer", **different}


# In the order of what must not be missing: there is no time for all if each takes what it may.
# ``limit_s``: after so long a part is ended; what it has said until then stays.
PARTS: dict[str, dict[str, Any]] = {
    "ceiling": {"kind": "ceiling", "limit_s": 60},
    "8b-lora": {**_engine("llama-3-8b"), "limit_s": 130},
    "8b-lora-peer": {**_peer("llama-3-8b"), "limit_s": 110},
    "1b-full": {**_engine("llama-3.2-1b", method="full"), "limit_s": 90},
    "8b-lora-fp8": {**_engine("llama-3-8b", base="fp8"), "limit_s": 100},
    "8b-lora-nf4": {
        **_engine("llama-3-8b", base="nf4", micro_batch_tokens=[4096], workloads=["full"]),
        "limit_s": 70,
    },
    "1b-full-peer": {**_peer("llama-3.2-1b", method="full"), "limit_s": 80},
    "7b-lora": {**_engine("qwen2.5-7b"), "limit_s": 90},
    "8b-lora-nf4-recompute": {
        **_engine("llama-3-8b", base="nf4", micro_batch_tokens=[4096], workloads=["full"],
                  recompute=True),
        "limit_s": 60,
    },
    "8b-lora-peer-compiled": {**_peer("llama-3-8b", workloads=["full"], compiled=True),
                              "limit_s": 110},
    "8b-lora-packed": {**_engine("llama-3-8b", fastest="packed"), "limit_s": 90},
}  # fmt: skip
_SETTINGS = {"steps": 8, "warm_up": 3, "context": 4096, "device": "cuda", "tiny": False}
_TINY = {"steps": 2, "warm_up": 1, "context": 64, "device": "cpu", "tiny": True}
_TINY_LIMIT_S = 40.0


def main() -> None:
    """Run the parts and write their rows."""
    arguments = _arguments()
    deadline = time.monotonic() + arguments.seconds
    names = arguments.only or list(PARTS)
    results: dict[str, Any] = {
        "command": " ".join(sys.argv), **_machine(), "left_out": [], "rows": []
    }  # fmt: skip
    for every in _processes(names, arguments.tiny):
        left = deadline - time.monotonic()
        jobs, late = _fitting(every, left)
        results["left_out"] += late
        if late:
            print(f"-- left out: {', '.join(late)} ({left:.0f} s left)", flush=True)
        if not jobs:
            continue
        parts = ", ".join(job["part"] for job in jobs)
        print(f"-- {parts} ({left:.0f} s left)", flush=True)
        for row in _run(jobs, sum(job["limit_s"] for job in jobs)):
            results["rows"].append(row)
            _write(results, arguments.results)
            print(_line(row, _ceiling(results["rows"])), flush=True)
    results["summary"] = _summary(results["rows"])
    _write(results, arguments.results)
    print(json.dumps(results["summary"], indent=1))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--seconds", type=float, default=570.0)
    parser.add_argument("--only", nargs="+", choices=list(PARTS))
    parser.add_argument("--tiny", action="store_true")
    return parser.parse_args()


def _processes(names: list[str], tiny: bool) -> list[list[dict[str, Any]]]:
    """The jobs of each process: one a process, so that each has the device for itself. In tiny
    mode all share one, which is most of its time."""
    settings = _TINY if tiny else _SETTINGS
    jobs = [{"part": name, **settings, **PARTS[name]} for name in names]
    if tiny:
        own = {"micro_batch_tokens": [256], "limit_s": _TINY_LIMIT_S}
        return [[{**job, **own} for job in jobs]]
    return [[job] for job in jobs]


def _fitting(jobs: list[dict[str, Any]], seconds: float) -> tuple[list[dict[str, Any]], list[str]]:
    """Those of a process's jobs whose limits fit into ``seconds`` together, and the parts of the
    others."""
    fitting, late = [], []
    for job in jobs:
        if job["limit_s"] <= seconds:
            fitting.append(job)
            seconds -= job["limit_s"]
        else:
            late.append(job["part"])
    return fitting, late


def _run(jobs: list[dict[str, Any]], limit_s: float) -> Iterator[dict[str, Any]]:
    """Rows of a worker as they come; it is ended when ``limit_s`` have passed."""
    environment = {
        **os.environ,
        "HF_HUB_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "false",
    }
    worker = subprocess.Popen(
        [sys.executable, str(WORKER), json.dumps(jobs)],
        stdout=subprocess.PIPE, text=True, env=environment, start_new_session=True,
    )  # fmt: skip
    lines: queue.Queue[str | None] = queue.Queue()

    def read() -> None:
        assert worker.stdout is not None
        for line in worker.stdout:
            lines.put(line)
        lines.put(None)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    ends = time.monotonic() + limit_s
    said, left_to_end, in_time = 0, False, True
    try:
        while (line := lines.get(timeout=max(0.0, ends - time.monotonic()))) is not None:
            if line.startswith("ROW "):
                said += 1
                yield json.loads(line[4:])
        left_to_end = True
    except queue.Empty:
        in_time = False
        yield {"part": jobs[-1]["part"], "absent": f"ended after {limit_s:.0f} s"}
    finally:
        if not left_to_end and worker.poll() is None:
            os.killpg(worker.pid, signal.SIGKILL)
        status = worker.wait()
        reader.join()
        assert worker.stdout is not None
        worker.stdout.close()
    if in_time and (status or not said):
        yield {"part": jobs[-1]["part"], "absent": f"ended with status {status}"}


def _ceiling(rows: list[dict[str, Any]], dtype: str = "bf16") -> float | None:
    speeds = [row["tflops"] for row in rows if row.get("dtype") == dtype and "tflops" in row]
    return max(speeds, default=None)


def _line(row: dict[str, Any], ceiling: float | None) -> str:
    if "absent" in row:
        what = row.get("workload") or row.get("dtype") or row.get("kernel") or ""
        return f"{row['part']:24} {what}: absent ({row['absent']})"
    if "what" in row:
        name = row.get("dtype") or row.get("kernel")
        return (
            f"{row['part']:24} {row['what']} {name:16} {row['shape']}: {row['tflops']:.1f} TFLOP/s"
        )
    share = "" if ceiling is None else f", {row['model_tflops'] / ceiling:.2f} of the ceiling"
    memory = f", {row['peak_gib']:.1f} GiB" if "peak_gib" in row else ""
    return (
        f"{row['part']:24} {row['workload']:5} {row['tokens_per_s']:10.0f} tokens/s, "
        f"{row['model_tflops']:.1f} TFLOP/s{share}{memory}"
    )


def _summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Ratios of the parts to the peer, and fractions of the ceiling."""
    found = {(row["part"], row["workload"]): row for row in rows if "tokens_per_s" in row}
    ceiling = _ceiling(rows)
    summary: dict[str, Any] = {"ceiling_bf16_tflops": ceiling}
    for (part, workload), row in found.items():
        facts = {"tokens_per_s": row["tokens_per_s"], "peak_gib": row.get("peak_gib")}
        if ceiling is not None:
            facts["fraction_of_ceiling"] = row["model_tflops"] / ceiling
        beginning = "-".join(part.split("-")[:2]) + "-peer"
        peers = [
            other["tokens_per_s"]
            for (name, kind), other in found.items()
            if name.startswith(beginning) and kind == workload
        ]
        if peers and "-peer" not in part:
            facts["times_best_peer"] = row["tokens_per_s"] / max(peers)
        summary[f"{part} {workload}"] = facts
    return summary


def _machine() -> dict[str, Any]:
    versions = {}
    for name in LIBRARIES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "absent"
    try:
        device = subprocess.run(
            ["nvidia-smi", "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"],
            capture_output=True, text=True, check=False,
        ).stdout.strip()  # fmt: skip
    except FileNotFoundError:
        device = "none"
    return {
        "device": device,
        "python": platform.python_version(),
        "versions": versions,
        "date": time.strftime("%Y-%m-%d"),
    }


def _write(results: dict[str, Any], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
