"""``benchmarks/gpu.py`` on a processor: every part runs, and what it counts is counted right."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

BENCHMARKS = Path(__file__).resolve().parents[3] / "benchmarks"


@pytest.fixture
def shapes(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return pytest.importorskip("gpu_shapes")


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return pytest.importorskip("gpu")


@pytest.mark.slow
def test_every_part_of_the_gpu_benchmark_runs_tiny_on_a_processor(tmp_path: Path) -> None:
    file = tmp_path / "gpu.json"
    command = [sys.executable, str(BENCHMARKS / "gpu.py"), "--tiny", "--results", str(file)]
    if importlib.util.find_spec("bitsandbytes") is None:
        pytest.skip("an NF4 base needs bitsandbytes")
    subprocess.run(command, check=True, capture_output=True)
    results = json.loads(file.read_text())
    rows = {(row["part"], row.get("workload")): row for row in results["rows"]}
    for part in ("8b-lora", "8b-lora-peer", "1b-full", "1b-full-peer", "7b-lora"):
        for workload in ("full", "mix"):
            assert rows[part, workload]["tokens_per_s"] > 0
            # Weights are random: all words of 512 are about equally likely.
            assert rows[part, workload]["loss"] == pytest.approx(6.24, abs=0.15)
    for part in ("8b-lora", "8b-lora-fp8", "8b-lora-nf4", "8b-lora-nf4-recompute", "1b-full"):
        assert rows[part, "full"]["route"] == "fast"
    assert rows["8b-lora-packed", "full"]["route"] == "packed"
    assert results["summary"]["8b-lora full"]["times_best_peer"] > 0
    assert results["left_out"] == []
    assert results["versions"]["torch"] == torch.__version__


@pytest.mark.parametrize("name", ["llama-3-8b", "qwen2.5-7b", "llama-3.2-1b"])
def test_the_flops_of_a_step_are_those_that_torch_counts(shapes: ModuleType, name: str) -> None:
    shape = shapes.tiny(shapes.SHAPES[name])
    model = shape.model("cpu", torch.float32, "eager")
    length = 32
    [row] = shapes.rows("full", length, length, shape.vocabulary, 0)
    ids = torch.from_numpy(row.input_ids).long()[None]
    with FlopCounterMode(display=False) as counter:
        model(input_ids=ids, labels=ids).loss.backward()
    # Plain attention computes all pairs, and the last position has no label.
    pairs = length * length - length * (length + 1) / 2
    counted = counter.get_total_flops()
    counted -= 12 * shape.layers * shape.heads * shape.head_channels * pairs
    counted -= 6 * shape.vocabulary * shape.channels
    # Angles of rotary positions are a product too, which is not counted here.
    assert shapes.step_flops(shape, [row], adapter=False) == pytest.approx(counted, rel=1e-3)


def test_shapes_have_the_parameters_of_the_models_they_are_named_after(shapes: ModuleType) -> None:
    def all_of(shape: object) -> int:
        tables = 1 if shape.tied else 2  # type: ignore[attr-defined]
        own = shape.linear_parameters + tables * shape.vocabulary * shape.channels  # type: ignore[attr-defined]
        return int(own)

    assert all_of(shapes.SHAPES["llama-3-8b"]) == pytest.approx(8.03e9, rel=1e-3)
    assert all_of(shapes.SHAPES["qwen2.5-7b"]) == pytest.approx(7.62e9, rel=1e-3)
    assert all_of(shapes.SHAPES["llama-3.2-1b"]) == pytest.approx(1.236e9, rel=1e-3)
    assert shapes.SHAPES["llama-3-8b"].adapter_parameters(16) == 41_943_040


def test_parts_share_the_time_and_what_no_longer_fits_is_named(
    runner: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker, file = tmp_path / "worker.py", tmp_path / "gpu.json"
    worker.write_text(
        "import json, sys\n"
        "for job in json.loads(sys.argv[1]):\n"
        "    print('ROW ' + json.dumps({'part': job['part'], 'absent': 'nothing'}))\n"
    )
    monkeypatch.setattr(runner, "WORKER", worker)
    command = ["gpu.py", "--results", str(file), "--seconds", "100", "--only"]
    for more in ([], ["--tiny"]):  # a process for each, or one for all
        monkeypatch.setattr(sys, "argv", [*command, "8b-lora", "ceiling", "7b-lora", *more])
        runner.main()
        results = json.loads(file.read_text())
        begun = [row["part"] for row in results["rows"]]
        # At full size the first may take 130 s: too long. What ends early leaves time to others.
        expected = ["8b-lora", "ceiling"] if more else ["ceiling", "7b-lora"]
        assert begun == expected
        assert results["left_out"] == (["7b-lora"] if more else ["8b-lora"])


def test_a_part_whose_time_is_up_is_ended_and_what_it_said_stays(
    runner: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = tmp_path / "worker.py"
    worker.write_text('import time\nprint(\'ROW {"part": "x"}\', flush=True)\ntime.sleep(60)\n')
    monkeypatch.setattr(runner, "WORKER", worker)
    rows = list(runner._run([{"part": "x"}], 2.0))
    assert rows[0] == {"part": "x"}
    assert rows[1]["absent"].startswith("ended after")
    worker.write_text("raise SystemExit(3)\n")
    assert "status 3" in next(iter(runner._run([{"part": "x"}], 20.0)))["absent"]
