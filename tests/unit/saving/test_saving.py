"""Checkpoints are written while the training goes on, and are those of their step all the same."""

from __future__ import annotations

import errno
import os
import random
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from transformers import PreTrainedModel

from laras.adapters.prepare import prepare_for, trainable
from laras.errors import Interrupted, StorageFailed
from laras.objectives.supervised import NextToken
from laras.planning.hyperparameters import Hyperparameters, resolve
from laras.recipe.schema import Contender, TuningSection
from laras.runs.folder import Run
from laras.runs.progress import Silent
from laras.saving import checkpoint, host_copy
from laras.saving.host_copy import HostCopy
from laras.saving.random_states import random_states, restore_random_states
from laras.tuning.loop import Training
from laras.tuning.training_data import TrainingData
from packed_examples import examples

Fresh = Callable[[str], PreTrainedModel]
LENGTHS = [int(n) for n in np.random.default_rng(5).integers(4, 60, 40)]
DEFAULTS, _ = resolve(TuningSection(), Contender(kind="full", name="tuned"), 0)
CHOSEN = replace(
    DEFAULTS, epochs=2.0, learning_rate=1e-3, batch_tokens=256, micro_batch_tokens=256,
    patience=100, checkpoint_every_s=1e9, checkpoint_every_steps=3, averaging_decay=0.9,
)  # fmt: skip


class Watched(Training):
    """Remembers what its weights were when it saved, and whether steps found a save under way."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.at_save: dict[int, dict[str, torch.Tensor]] = {}
        self.steps_beside = 0
        self.fail_at: int | None = None
        self.failure: BaseException = RuntimeError("in a step")

    def _step(self, now: Any) -> None:
        self.steps_beside += self.continuation.busy
        if self.state.step == self.fail_at:
            raise self.failure
        super()._step(now)

    def _save(self) -> None:
        super()._save()
        self.at_save[self.state.step] = {
            name: part.detach().clone() for name, part in trainable(self.model).items()
        }


def training(model: PreTrainedModel, run: Run, chosen: Hyperparameters = CHOSEN) -> Watched:
    rows = examples(LENGTHS)
    return Watched(
        model=prepare_for(model, chosen),
        data=TrainingData(rows, LENGTHS, examples([20, 9], seed=9)),
        chosen=chosen,
        objective=NextToken(),
        run=run,
        contender="tuned",
        precision=torch.float32,
        key="key",
        progress=Silent(),
    )


def at(point: str, do: Callable[[], None]) -> Callable[[str], bool]:
    def fault_point(name: str) -> bool:
        if name == point:
            do()
        return False

    return fault_point


def full() -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def saved(run: Run) -> list[dict[str, Any]]:
    return [event for event in run.events() if event["kind"] == "checkpoint_saved"]


def checkpoints(run: Run) -> list[str]:
    return sorted(path.name for path in run.contender("tuned").glob("checkpoints/*"))


def test_a_checkpoint_is_of_its_step_although_the_training_went_on(
    fresh: Fresh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint, "fault_point", at("saving", lambda: time.sleep(0.1)))
    threads = threading.active_count()
    with Run.open(tmp_path) as run:
        made = training(fresh("llama"), run)
        made.run()
        events = saved(run)
        assert [event["step"] for event in events] == sorted(made.at_save)
        assert all(event["copied"] for event in events)
        assert all(event["seconds"] > 0.1 for event in events)
        for name in checkpoints(run):
            found = load_file(run.contender("tuned") / "checkpoints" / name / "weights.safetensors")
            for parameter, part in made.at_save[int(name.removeprefix("step-"))].items():
                assert torch.equal(found[parameter], part)
    assert made.steps_beside > 0
    assert threading.active_count() == threads


def test_without_memory_for_a_copy_the_training_waits_and_ends_with_the_same_weights(
    fresh: Fresh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for name in ("copied", "waits"):
        if name == "waits":
            monkeypatch.setattr(host_copy, "available_memory_bytes", lambda: 0)
        with Run.open(tmp_path / name) as run:
            made = training(fresh("llama"), run)
            made.run()
            assert {event["copied"] for event in saved(run)} == {name == "copied"}
            assert bool(made.steps_beside) <= (name == "copied")
            found.append((checkpoints(run), dict(trainable(made.model))))
    assert found[0][0] == found[1][0]
    assert all(torch.equal(part, found[1][1][name]) for name, part in found[0][1].items())


def test_a_save_that_fails_ends_the_training_at_one_of_the_next_steps(
    fresh: Fresh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Run.open(tmp_path) as run:
        made = training(fresh("llama"), run)
        monkeypatch.setattr(checkpoint, "fault_point", at("before-rename", full))
        with pytest.raises(StorageFailed) as raised:
            made.run()
        assert raised.value.exit_code == 6
        assert made.state.step <= 6, "the next save would have had to wait for the first"
        assert checkpoints(run) == []
    monkeypatch.undo()
    with Run.open(tmp_path) as run:
        assert training(fresh("llama"), run).run().steps == len(made.steps)


def test_room_that_is_found_the_second_time_costs_nothing(
    fresh: Fresh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = iter([full])

    def once() -> None:
        next(times, lambda: None)()

    monkeypatch.setattr(checkpoint, "fault_point", at("before-rename", once))
    with Run.open(tmp_path) as run:
        made = training(fresh("llama"), run)
        made.run()
        assert [event["step"] for event in saved(run)] == sorted(made.at_save)


def test_a_save_under_way_is_finished_when_a_step_fails(
    fresh: Fresh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint, "fault_point", at("saving", lambda: time.sleep(0.2)))
    with Run.open(tmp_path) as run:
        made = training(fresh("llama"), run)
        made.fail_at = 3
        with pytest.raises(RuntimeError, match="in a step"):
            made.run()
        assert checkpoints(run) == ["step-3"]
        assert [event["step"] for event in saved(run)] == [3]


def test_who_stops_at_once_does_not_wait_for_a_save_and_nothing_of_it_is_published_later(
    fresh: Fresh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, held, passed = threading.Event(), threading.Event(), threading.Event()

    def hang() -> None:
        began.set()
        held.wait()
        passed.set()

    with Run.open(tmp_path) as run:
        made = training(fresh("llama"), run)
        original = made._step

        def step(now: Any) -> None:
            if made.state.step == 3:
                made.continuation.wait()
                monkeypatch.setattr(checkpoint, "fault_point", at("saving", hang))
            if made.state.step == 6:  # its save is under way
                assert began.wait(10)
                raise KeyboardInterrupt
            original(now)

        made._step = step  # type: ignore[method-assign]
        with pytest.raises(KeyboardInterrupt):
            made.run()
        assert not passed.is_set()
        held.set()
        assert passed.wait(10)
        time.sleep(0.1)
        assert [name for name in checkpoints(run) if name.startswith("step")] == ["step-3"]


def stopped_at(made: Training, step: int) -> None:
    """A SIGTERM that arrives during ``step``."""
    original = made._step

    def counted(now: Any) -> None:
        original(now)
        if made.state.step == step:
            os.kill(os.getpid(), signal.SIGTERM)

    made._step = counted  # type: ignore[method-assign]


@pytest.mark.parametrize("step", [3, 5, 8])
def test_patience_and_the_best_weights_are_those_of_an_unbroken_training(
    fresh: Fresh, tmp_path: Path, step: int
) -> None:
    chosen = replace(
        CHOSEN, epochs=60.0, patience=3, learning_rate=2e-2, schedule="constant",
        averaging_decay=None, checkpoint_every_steps=1000,
    )  # fmt: skip
    results, found = [], []
    for name in ("unbroken", "broken"):
        with Run.open(tmp_path / name) as run:
            if name == "broken":
                first = training(fresh("llama"), run, chosen)
                stopped_at(first, step)
                with pytest.raises(Interrupted):
                    first.run()
                # Nothing of what is needed may be in the events alone.
                (run.folder / "events.jsonl").write_bytes(b"")
            made = training(fresh("llama"), run, chosen)
            results.append(replace(made.run(), seconds=0.0))
            found.append(dict(trainable(made.model)))
            assert made.state.step < len(made.steps), "it stops early"
    assert results[0] == results[1]
    assert all(torch.equal(part, found[1][name]) for name, part in found[0].items())


def test_best_weights_that_are_not_what_was_written_are_not_delivered(
    fresh: Fresh, tmp_path: Path
) -> None:
    with Run.open(tmp_path) as run:
        made = training(fresh("llama"), run)
        take = made._take_best_weights

        def spoilt() -> None:
            path = run.contender("tuned") / "best.safetensors"
            content = bytearray(path.read_bytes())
            content[-3] ^= 1
            path.write_bytes(content)
            take()

        made._take_best_weights = spoilt  # type: ignore[method-assign]
        with pytest.raises(StorageFailed) as raised:
            made.run()
    assert raised.value.identifier == "tuning.best-damaged"


def test_all_random_states_come_back(tmp_path: Path) -> None:
    random.gauss(0, 1)  # Python and numpy keep the second normal number for later
    np.random.normal()
    states = random_states()

    def drawn() -> list[float]:
        torch_, numpy_ = torch.rand(1).item(), [np.random.normal(), np.random.random()]
        return [torch_, *numpy_, random.gauss(0, 1), random.random()]

    expected = drawn()
    drawn()
    restore_random_states(states)
    assert drawn() == expected
    restore_random_states({"cpu": states["cpu"]})  # as an earlier version has saved them
    assert drawn()[0] == expected[0]


def test_a_copy_is_made_in_the_same_place_each_time() -> None:
    copy, live = HostCopy(), {"a": torch.zeros(5), "step": torch.tensor(1.0)}
    first = copy.take(live)
    assert first is not None
    live["a"] += 1
    assert first["a"].tolist() == [0.0] * 5
    places = {name: part.data_ptr() for name, part in first.items()}
    second = copy.take(live)
    assert second is not None
    assert {name: part.data_ptr() for name, part in second.items()} == places
    assert second["a"].tolist() == [1.0] * 5
