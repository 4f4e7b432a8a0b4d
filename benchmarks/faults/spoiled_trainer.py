"""Faults in transformers' Trainer, which TRL and LLaMA-Factory train with.

``FAULT=NAME@COUNT`` in the environment, as with Laras's own fault points: the COUNT-th time that
the process comes by NAME, it is killed (``loss`` makes the loss NaN). Where the Trainer has no such
place the nearest one is taken, and said so in ``PLACES``.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

PLACES = {
    "step": "before the forward pass of a step",
    "backward": "after the backward pass, before the update",
    "weights-file": "model.safetensors half written",
    "before-manifest": "before trainer_state.json, the last file",
    "before-rename": "optimizer.pt half written (nothing is renamed)",
    "after-rename": "all files written, nothing rotated",
    "rotation": "an older checkpoint half deleted",
    "evaluation": "in the middle of an evaluation",
}


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def spoil(records: Path) -> None:
    """Put the fault of the environment into the classes of transformers; loss of every step goes
    to ``records``, as a line of JSON."""
    import torch
    import transformers
    from transformers import Trainer, TrainerState, modeling_utils, trainer

    name, _at, count = os.environ.get("FAULT", "@").partition("@")
    passed = itertools.count(1)

    def reached(place: str) -> bool:
        return place == name and next(passed) == int(count or 1)

    _write_losses(transformers, records)
    train_step = Trainer.training_step

    def training_step(self: Any, *given: Any, **named: Any) -> Any:
        if reached("step"):
            _die()
        loss = train_step(self, *given, **named)
        if reached("backward"):
            _die()
        return loss

    Trainer.training_step = training_step

    initialise = Trainer.__init__

    def initialised(self: Any, *given: Any, **named: Any) -> None:
        initialise(self, *given, **named)
        compute, predict = self.compute_loss, self.prediction_step  # of whichever class

        def compute_loss(*given: Any, **named: Any) -> Any:
            found = compute(*given, **named)
            if not self.model.training or not reached("loss"):
                return found
            spoiled = float("nan")
            if isinstance(found, tuple):
                return (found[0] * spoiled, *found[1:])
            return found * spoiled

        def prediction_step(*given: Any, **named: Any) -> Any:
            if reached("evaluation"):
                _die()
            return predict(*given, **named)

        self.compute_loss, self.prediction_step = compute_loss, prediction_step

    Trainer.__init__ = initialised

    _halve(modeling_utils, "safe_save_file", "weights-file", reached, lambda given: given[1])
    _halve(torch, "save", "before-rename", reached, lambda given: given[1], "optimizer.pt")
    for module, function, place in (
        (TrainerState, "save_to_json", "before-manifest"),
        (trainer, "rotate_checkpoints", "after-rename"),
    ):
        _before(module, function, place, reached)
    remove = shutil.rmtree

    def rmtree(path: Any, *given: Any, **named: Any) -> None:
        if "checkpoint-" in str(path) and reached("rotation"):
            files = sorted(Path(path).iterdir())
            for file in files[: len(files) // 2]:
                file.unlink()
            _die()
        remove(path, *given, **named)

    shutil.rmtree = rmtree


def _before(module: Any, function: str, place: str, reached: Callable[[str], bool]) -> None:
    original = getattr(module, function)

    def called(*given: Any, **named: Any) -> Any:
        if reached(place):
            _die()
        return original(*given, **named)

    setattr(module, function, called)


def _halve(
    module: Any,
    function: str,
    place: str,
    reached: Callable[[str], bool],
    path_of: Callable[[Any], Any],
    only: str = "",
) -> None:
    """Kill when half of the file is written."""
    original = getattr(module, function)

    def called(*given: Any, **named: Any) -> Any:
        result = original(*given, **named)
        path = path_of(given) if len(given) > 1 else None
        if isinstance(path, str | os.PathLike) and only in str(path) and reached(place):
            os.truncate(path, Path(path).stat().st_size // 2)
            _die()
        return result

    setattr(module, function, called)


def _write_losses(transformers: Any, records: Path) -> None:
    """Every Trainer of the process tells each step's loss and the hash of the rows in it."""
    original = transformers.Trainer.__init__

    class Losses(transformers.TrainerCallback):  # type: ignore[misc]
        def on_log(
            self, arguments: Any, state: Any, control: Any, logs: Any = None, **_: Any
        ) -> None:
            if logs and "loss" in logs:
                with records.open("a", encoding="utf-8") as file:
                    fact = {"step": state.global_step, "loss": logs["loss"]}
                    file.write(json.dumps(fact) + "\n")

    def initialise(self: Any, *given: Any, **named: Any) -> None:
        original(self, *given, **named)
        self.add_callback(Losses())

    transformers.Trainer.__init__ = initialise
