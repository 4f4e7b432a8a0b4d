"""What a training run goes on from after a stop: its checkpoints, and the best weights so far."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import torch
from safetensors.torch import load_file

from laras.models.tensors import write_tensors
from laras.runs.atomic import temporary_sibling
from laras.runs.folder import Run
from laras.runs.progress import Progress
from laras.translation import _
from laras.tuning.averaging import WeightAverage
from laras.tuning.checkpoint import (
    BEST,
    Checkpoints,
    TrainingState,
    link_or_copy,
    restore_random_states,
)
from laras.tuning.optimizer import Optimizers
from laras.tuning.precision import LossScale


@dataclass(frozen=True, slots=True)
class Parts:
    """What a step changes, beside the :class:`TrainingState`. ``refresh`` is called when weights
    were changed from outside."""

    parameters: Mapping[str, torch.nn.Parameter]
    optimizers: Optimizers
    average: WeightAverage
    loss_scale: LossScale
    refresh: Callable[[], None]

    @torch.no_grad()
    def load_weights(self, weights: Mapping[str, torch.Tensor]) -> None:
        """Copy ``weights`` into the parameters of these names."""
        for name, part in self.parameters.items():
            part.copy_(weights[name])
        self.refresh()


class Continuation:
    """The files of one contender's training, and the events that tell of them."""

    def __init__(self, run: Run, contender: str, keep: int, progress: Progress) -> None:
        folder = run.contender(contender)
        self._run = run
        self._contender = contender
        self._progress = progress
        self._checkpoints = Checkpoints(folder / "checkpoints", keep)
        self._best = folder / "best.safetensors"

    def save(self, state: TrainingState, parts: Parts) -> None:
        """A checkpoint of everything. Raises StorageFailed."""
        started = time.monotonic()
        size = self._checkpoints.save(
            replace(state, loss_scale=parts.loss_scale.state()),
            {**parts.parameters, **parts.average.state()},
            parts.optimizers.state(),
            self._best if state.best_loss is not None else None,
        )
        self._run.event(
            "checkpoint_saved",
            contender=self._contender,
            step=state.step,
            bytes=size,
            seconds=time.monotonic() - started,
        )

    def resume(self, key: str, parts: Parts) -> TrainingState:
        """Bring ``parts`` to the newest checkpoint of ``key`` that verifies; the state of it, or
        of a run that begins, where there is none."""
        folder, state, skipped = self._checkpoints.newest(key)
        for skip in skipped:
            self._run.event(
                "checkpoint_skipped", contender=self._contender, name=skip.name, reason=skip.reason
            )
            self._progress.note(
                _("Checkpoint {name} is not used: {reason}.").format(
                    name=skip.name, reason=skip.reason
                )
            )
        if folder is None or state is None:
            # Left by a run with other settings, perhaps; this one has found no best yet.
            self.clear()
            return TrainingState(key=key)
        weights, optimizer, random_states = self._checkpoints.restore(folder)
        parts.load_weights(weights)
        parts.average.load_state(weights)
        parts.loss_scale.load_state(state.loss_scale)
        parts.optimizers.load_state(optimizer)
        restore_random_states(random_states)
        if state.best_loss is not None:
            with temporary_sibling(self._best) as temporary:
                link_or_copy(folder / BEST, temporary)
        self._run.event("training_resumed", contender=self._contender, step=state.step)
        self._progress.note(_("Continuing from step {step}.").format(step=state.step))
        return state

    def keep_best(self, parameters: Mapping[str, torch.Tensor]) -> None:
        """``parameters`` are the best weights so far."""
        with temporary_sibling(self._best) as temporary:
            write_tensors(temporary, dict(parameters))

    def best(self) -> dict[str, torch.Tensor]:
        """What was last kept as the best."""
        return load_file(self._best)

    def clear(self) -> None:
        """Remove all: the run they belong to is finished, or was changed."""
        self._checkpoints.clear()
        self._best.unlink(missing_ok=True)
