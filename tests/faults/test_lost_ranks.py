"""Several processes train as one does, and losing one of them costs time and nothing else.

Processes are real, started by torch elastic from the command line, and so are the signals that they
get. What a broken training is held against is one of as many processes that was left alone.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch
from safetensors.torch import load_file

from broken_off import ONE_THREAD, assert_same, count, events, said, stderr_of, wait_for
from laras import workflow
from laras.distribution.processes import Processes, Shard
from small_project import small_project

PREPARED = "prepared"
CONTENDERS = (
    "comparison.contenders=[{kind: full, name: whole}, {kind: lora, name: beside, rank: 4, "
    "dropout: 0.1}]"
)
SETTINGS = (
    *("data.sources=[{documents: books}]", "tuning.batch_tokens=256", "tuning.epochs=9"),
    *("tuning.micro_batch_tokens=128", "tuning.patience=99", "tuning.checkpoint_every_steps=3"),
)


# A step is one row in one process, and two that are half as long in two.
ONE_ROW = ("tuning.epochs=3", "tuning.batch_tokens=512", "tuning.micro_batch_tokens=512")


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made: Path = small_project(tmp_path_factory.mktemp("project"))
    workflow.prepare(made, run_folder=made.parent / PREPARED, overrides=SETTINGS)
    return made


def start(recipe: Path, folder: Path, *more: str, fault: str = "") -> subprocess.Popen[bytes]:
    """``laras tune --nproc 2``, under way; the data is prepared."""
    if not folder.exists():
        shutil.copytree(recipe.parent / PREPARED, folder)
    chosen = [part for setting in (*SETTINGS, CONTENDERS) for part in ("--set", setting)]
    laras = [sys.executable, "-m", "laras", "tune", str(recipe), "--run", str(folder)]
    with stderr_of(folder).open("wb") as told:
        return subprocess.Popen(
            [*laras, "--nproc", "2", *chosen, *more],
            env={**os.environ, **ONE_THREAD, "LARAS_FAULT": fault},
            cwd=recipe.parent,
            stdout=subprocess.DEVNULL,
            stderr=told,
        )


def finish(process: subprocess.Popen[bytes], folder: Path) -> None:
    assert process.wait(600) == 0, said(folder)


@pytest.fixture(scope="module")
def unbroken(recipe: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unbroken") / "run"
    finish(start(recipe, folder), folder)
    return folder


def ranks(folder: Path) -> list[int]:
    """Process ids of the ranks that were started last; none before that."""
    started = [event["pids"] for event in events(folder) if event["kind"] == "ranks_started"]
    return list(started[-1]) if started else []


def gone(pid: int) -> bool:
    """Whether a process has ended, be it that nobody has asked for its exit code yet."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    return True


def listening_at(ranks: list[int]) -> set[str]:
    """Addresses at which these processes, and the one that started them, wait for others."""
    there = [psutil.Process(pid) for pid in (*ranks, psutil.Process(ranks[0]).ppid())]
    sockets = [socket for process in there for socket in process.net_connections("inet")]
    return {socket.laddr.ip for socket in sockets if socket.status == psutil.CONN_LISTEN}


def after(more: int, folder: Path, process: subprocess.Popen[bytes]) -> None:
    """Return when so many more steps are done than now."""
    wanted = count(folder, "step_done") + more
    wait_for(lambda: count(folder, "step_done") >= wanted, process, folder)


def trained(
    recipe: Path, folder: Path, processes: int, *settings: str, shard: Shard = "never"
) -> Path:
    shutil.copytree(recipe.parent / PREPARED, folder)
    together = Processes(processes, restarts=0, shard=shard)
    workflow.tune(
        recipe,
        run_folder=folder,
        overrides=(*SETTINGS, *ONE_ROW, *settings),
        processes=together if processes > 1 else Processes(),
    )
    return folder


def weights(folder: Path) -> torch.Tensor:
    """All that was trained, as one vector."""
    (file,) = folder.glob("contenders/*/model/*.safetensors")
    return torch.cat([part.flatten() for _name, part in sorted(load_file(file).items())])


def losses(folder: Path, kind: str = "step_done") -> list[float]:
    return [event["loss"] for event in events(folder) if event["kind"] == kind]


def test_two_processes_have_the_losses_of_one_with_the_same_batch(
    recipe: Path, tmp_path: Path
) -> None:
    one, two = trained(recipe, tmp_path / "one", 1), trained(recipe, tmp_path / "two", 2)
    assert len(losses(one)) > 20
    assert losses(two) == pytest.approx(losses(one), abs=1e-5, rel=0)
    validated = "validation_done"
    assert losses(two, validated) == pytest.approx(losses(one, validated), abs=1e-5, rel=0)
    rows = [
        [event["rows_sha256"] for event in events(folder) if event["kind"] == "step_done"]
        for folder in (one, two)
    ]
    assert rows[0] == rows[1]
    kinds = [event["kind"] for event in events(two)]
    assert kinds.count("ranks_started") == kinds.count("contender_finished") == 1
    assert not (two / "contenders" / "full" / "ranks.log").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [
        ("comparison.contenders=[{kind: full, name: tuned}]", "tuning.averaging_decay=0.9"),
        ("comparison.contenders=[{kind: lora, name: tuned, rank: 4}]", "model.base=qwen2"),
        (
            "comparison.contenders=[{kind: freeze, name: tuned}]",
            "tuning.recompute_activations=never",
            "tuning.patience=1",
        ),
    ],
    ids=["full", "lora", "freeze"],
)
def test_a_model_divided_among_two_processes_learns_as_one_that_is_whole(
    recipe: Path, tmp_path: Path, settings: tuple[str, ...]
) -> None:
    one = trained(recipe, tmp_path / "one", 1, *settings)
    two = trained(recipe, tmp_path / "two", 2, *settings, shard="always")
    assert len(losses(one)) > 5
    assert losses(two) == pytest.approx(losses(one), abs=1e-5, rel=0)
    validated = "validation_done"
    assert losses(two, validated) == pytest.approx(losses(one, validated), abs=1e-5, rel=0)
    assert torch.allclose(weights(two), weights(one), atol=1e-4)
    (planned,) = [event for event in events(two) if event["kind"] == "training_planned"]
    assert planned["divided"]


@pytest.mark.slow
@pytest.mark.fault(33, 34)
def test_a_divided_model_is_saved_whole_and_resumed_by_one_process(
    recipe: Path, unbroken: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    process = start(recipe, folder, "--shard", "always")
    after(7, folder, process)
    os.kill(ranks(folder)[1], signal.SIGKILL)
    after(7, folder, process)
    process.send_signal(signal.SIGTERM)
    assert process.wait(120) == 5, said(folder)
    finish(start(recipe, folder, "--nproc", "1"), folder)
    for name in ("whole", "beside"):
        expected = [event for event in events(unbroken) if event.get("contender") == name]
        told = [event for event in events(folder) if event.get("contender") == name]
        # The second of them draws its dropout in one process in another way than in two.
        if name == "whole":
            assert _by_step(told) == pytest.approx(_by_step(expected), abs=1e-5, rel=0)
        assert len(_by_step(told)) == len(_by_step(expected))


@pytest.mark.slow
@pytest.mark.fault(33)
def test_ten_killed_ranks_cost_nothing_but_time(
    recipe: Path, unbroken: Path, tmp_path: Path
) -> None:
    folder, when = tmp_path / "run", random.Random(33)
    process = start(recipe, folder, "--max-restarts", "10")
    killed = set[int]()
    for _kill in range(10):
        wait_for(lambda: ranks(folder) and ranks(folder)[1] not in killed, process, folder)
        after(when.randint(1, 8), folder, process)
        victim = ranks(folder)[1]
        os.kill(victim, signal.SIGKILL)
        killed.add(victim)
    finish(process, folder)
    assert len(killed) == 10
    assert_same(folder, unbroken)


@pytest.mark.slow
@pytest.mark.fault(33)
@pytest.mark.parametrize("rank", [0, 1])
def test_a_rank_that_hangs_is_given_up_and_costs_nothing_but_time(
    recipe: Path, unbroken: Path, tmp_path: Path, rank: int
) -> None:
    folder = tmp_path / "run"
    process = start(recipe, folder, "--rank-timeout", "6")
    after(7, folder, process)
    hung = ranks(folder)[rank]
    os.kill(hung, signal.SIGSTOP)
    finish(process, folder)
    assert gone(hung)
    assert [event["attempt"] for event in events(folder) if event["kind"] == "ranks_started"] == [
        *(0, 1),
        0,
    ]
    assert_same(folder, unbroken)


@pytest.mark.slow
@pytest.mark.fault(34)
def test_at_the_limit_of_restarts_it_fails_cleanly_and_one_process_goes_on(
    recipe: Path, unbroken: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    process = start(recipe, folder, "--max-restarts", "0")
    after(7, folder, process)
    os.kill(ranks(folder)[1], signal.SIGKILL)
    assert process.wait(120) == 4
    assert "distribution.ranks-lost" in said(folder)
    assert all(map(gone, ranks(folder)))
    finish(start(recipe, folder, "--nproc", "1"), folder)
    resumed = [event["step"] for event in events(folder) if event["kind"] == "training_resumed"]
    assert resumed
    assert resumed[0] >= 3
    whole = [event for event in events(folder) if event.get("contender") == "whole"]
    expected = [event for event in events(unbroken) if event.get("contender") == "whole"]
    assert _by_step(whole) == pytest.approx(_by_step(expected), abs=1e-5, rel=0)


def _by_step(told: list[dict[str, Any]]) -> dict[int, float]:
    return {event["step"]: event["loss"] for event in told if event["kind"] == "step_done"}


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["term", "interrupt"])
def test_a_signal_lets_all_ranks_save_and_stop_at_one_step(
    recipe: Path, unbroken: Path, tmp_path: Path, number: int
) -> None:
    folder = tmp_path / "run"
    process = start(recipe, folder)
    after(7, folder, process)
    process.send_signal(number)
    assert process.wait(60) == 5, said(folder)
    assert "everything is saved" in said(folder)
    assert all(map(gone, ranks(folder)))
    done = max(event["step"] for event in events(folder) if event["kind"] == "step_done")
    assert (folder / "contenders" / "whole" / "checkpoints" / f"step-{done}").is_dir()
    finish(start(recipe, folder), folder)
    assert_same(folder, unbroken)


@pytest.mark.slow
def test_a_signal_before_the_first_step_ends_all_ranks_without_a_restart(
    recipe: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    process = start(recipe, folder)
    wait_for(lambda: ranks(folder), process, folder)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 5, said(folder)
    assert all(map(gone, ranks(folder)))
    assert count(folder, "ranks_started") == 1


@pytest.mark.slow
def test_a_second_interrupt_ends_all_ranks_at_once(recipe: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    process = start(recipe, folder)
    after(7, folder, process)
    os.kill(ranks(folder)[1], signal.SIGSTOP)  # nobody will come to the end of this step
    process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 5
    assert all(map(gone, ranks(folder)))


@pytest.mark.slow
def test_ranks_do_not_outlive_the_command_that_started_them(
    recipe: Path, unbroken: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    process = start(recipe, folder)
    after(7, folder, process)
    orphans = ranks(folder)
    assert listening_at(orphans) <= {"127.0.0.1", "::1"}
    process.kill()
    process.wait()
    deadline = time.monotonic() + 10
    while not all(map(gone, orphans)):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    finish(start(recipe, folder), folder)
    assert_same(folder, unbroken)


@pytest.mark.slow
@pytest.mark.fault(13, 33)
def test_what_one_rank_alone_finds_ends_all_without_a_restart(
    recipe: Path, unbroken: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    process = start(recipe, folder, fault="saving@2+:full")
    assert process.wait(120) == 6, said(folder)
    assert [event["attempt"] for event in events(folder) if event["kind"] == "ranks_started"] == [0]
    finish(start(recipe, folder), folder)
    assert_same(folder, unbroken)


@pytest.mark.slow
def test_a_rank_that_dies_before_the_first_step_is_started_again(
    recipe: Path, unbroken: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    process = start(recipe, folder)
    wait_for(lambda: ranks(folder), process, folder)
    os.kill(ranks(folder)[0], signal.SIGKILL)
    finish(process, folder)
    assert_same(folder, unbroken)
