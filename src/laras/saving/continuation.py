"""What a training run goes on from after a stop: its checkpoints, and the best weights so far.

While a training runs, both are copied to the main memory and written from there by a thread, so
that a step waits for the copy alone. Where there is no memory for one, it waits for the disk.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, replace

import torch

from laras.errors import StorageFailed, is_out_of_memory
from laras.models.tensors import write_tensors
from laras.runs.atomic import temporary_sibling
from laras.runs.failures import storage_errors
from laras.runs.folder import Run
from laras.runs.hashing import file_facts
from laras.runs.progress import Progress
from laras.saving.background import Background
from laras.saving.checkpoint import (
    Best,
    Checkpoints,
    Contents,
    Skipped,
    damaged,
    link_or_copy,
    load_tensors,
    proceed,
    refuse_other_shapes,
    with_room,
)
from laras.saving.host_copy import WrittenBeside
from laras.saving.random_states import random_states, restore_random_states
from laras.saving.state import Scale, Stateful, TrainingState
from laras.saving.verified import BEST, OPTIMIZER, RANDOM, WEIGHTS, Verified
from laras.translation import _


@dataclass(frozen=True, slots=True)
class Parts:
    """What a step changes, beside the :class:`TrainingState`. ``refresh`` is called when weights
    were changed from outside."""

    parameters: Mapping[str, torch.Tensor]
    optimizers: Stateful
    average: Stateful
    loss_scale: Scale
    refresh: Callable[[], None]

    @torch.no_grad()
    def load_weights(self, weights: Mapping[str, torch.Tensor]) -> None:
        """Copy ``weights`` into the parameters of these names."""
        for name, part in self.parameters.items():
            part.copy_(weights[name])
        self.refresh()


@dataclass(frozen=True, slots=True)
class Saved:
    """A checkpoint that is published; seconds that its writing took. ``copied``: it was written
    from a copy, while training went on."""

    step: int
    bytes: int
    seconds: float
    copied: bool


class Continuation:
    """The files of one contender's training, and the events that tell of them."""

    def __init__(self, run: Run, contender: str, keep: int, progress: Progress) -> None:
        folder = run.contender(contender)
        self._run = run
        self._contender = contender
        self._progress = progress
        self._checkpoints = Checkpoints(folder / "checkpoints", keep)
        self._path = folder / BEST
        self._best: Best | None = None
        self._background: Background | None = None
        self._whole, self._weights = WrittenBeside(), WrittenBeside()
        self._saved: list[Saved] = []
        self._waited_s: dict[int, float] = {}  # by step: that training stood still for a save

    @contextmanager
    def beside_training(self) -> Iterator[None]:
        """Within it, files are written while the training goes on, and all of them are when it
        ends; but for an end that is to be at once."""
        self._background = background = Background("laras-saving")
        try:
            yield
            background.wait()
        except Exception:
            # What was asked for before something failed is still worth finishing; and if that
            # fails as well, the first failure is the one to tell of.
            background.close()
            raise
        except BaseException:
            background.give_up()
            raise
        else:
            background.close()
        finally:
            self._background = None
            self._tell()

    @property
    def busy(self) -> bool:
        """Whether a checkpoint is still being written."""
        return self._whole.busy

    def look(self) -> None:
        """Tell of what was saved since the last look. Raises what went wrong with it."""
        self._tell()
        if self._background is not None:
            self._background.check()

    def wait(self) -> None:
        """Until everything is written. Raises what went wrong."""
        if self._background is not None:
            self._background.wait()
        self._tell()

    def save(
        self,
        state: TrainingState,
        parts: Parts,
        first: Callable[[], None] | None = None,
        rotate: bool = True,
    ) -> None:
        """A checkpoint of everything as it is now, after ``first`` was called where it is written.
        ``rotate``: older ones may go for it. Raises StorageFailed, of this one or of one before."""
        started = time.monotonic()
        state = replace(deepcopy(state), loss_scale=parts.loss_scale.state())
        weights = {**parts.parameters, **parts.average.state()}
        tensors = {_name(WEIGHTS, name): tensor for name, tensor in weights.items()}
        for name, tensor in parts.optimizers.state().items():
            tensors[_name(OPTIMIZER, name)] = tensor
        random, going_on = random_states(), self._going_on()

        def write(kept: Mapping[str, torch.Tensor], copied: bool) -> None:
            began = time.monotonic()
            if first is not None:
                first()
            contents = Contents(state, _of(WEIGHTS, kept), _of(OPTIMIZER, kept), random)
            best = self._best if state.best_loss is not None else None
            # What the events tell reaches at least as far as the checkpoint.
            self._run.sync_events()
            size = self._checkpoints.save(contents, best, going_on, rotate)
            self._saved.append(Saved(state.step, size, time.monotonic() - began, copied))

        self._whole.write(tensors, write, self._background)
        self._waited_s[state.step] = time.monotonic() - started
        self._tell()

    def resume(self, key: str, parts: Parts) -> TrainingState:
        """Bring ``parts`` to the newest checkpoint of ``key`` that verifies; the state of it, or
        of a run that begins, where there is none.

        Raises StorageFailed where there are checkpoints and none of them can be gone on from: to
        begin again from the start is not for us to decide.
        """
        found, skipped = self._checkpoints.newest(key)
        for skip in skipped:
            self._run.event(
                "checkpoint_skipped", contender=self._contender, name=skip.name, reason=skip.reason
            )
            self._progress.note(
                _("Checkpoint {name} is not used: {reason}.").format(
                    name=skip.name, reason=skip.reason
                )
            )
        if found is None:
            self._refuse_to_begin_again(skipped)
            self.clear()  # best weights that no checkpoint knows of
            return TrainingState(key=key)
        self._restore(found, parts)
        step = found.state.step
        self._run.event("training_resumed", contender=self._contender, step=step)
        self._progress.note(_("Continuing from step {step}.").format(step=step))
        return found.state

    def _restore(self, found: Verified, parts: Parts) -> None:
        folder, state = found.folder, found.state
        weights = load_tensors(folder / WEIGHTS)
        refuse_other_shapes(weights, parts.parameters, folder)
        optimizer, random = load_tensors(folder / OPTIMIZER), load_tensors(folder / RANDOM)
        try:
            parts.load_weights(weights)
            parts.average.load_state(weights)
            parts.loss_scale.load_state(state.loss_scale)
            parts.optimizers.load_state(optimizer)
            restore_random_states(random)
        except (LookupError, RuntimeError, TypeError, ValueError, ArithmeticError) as error:
            if is_out_of_memory(error):
                raise
            # Its hashes are right, so it was written so: by something else than this program.
            raise damaged(error, folder) from error
        if state.best_loss is not None:
            with temporary_sibling(self._path) as temporary:
                link_or_copy(folder / BEST, temporary)
            self._best = Best(self._path, found.files[BEST])

    def _refuse_to_begin_again(self, skipped: list[Skipped]) -> None:
        if not skipped:
            return
        raise StorageFailed(
            "tuning.no-sound-checkpoint",
            _("{name} has checkpoints, and none of them can be used ({reasons}).").format(
                name=self._contender,
                reasons="; ".join(f"{skip.name}: {skip.reason}" for skip in skipped),
            ),
            where=str(self._checkpoints.folder),
            hint=_(
                "Put a copy of one back in its place; or delete this folder to train from the "
                "start again."
            ),
        )

    def keep_best(self, parameters: Mapping[str, torch.Tensor]) -> None:
        """``parameters`` are the best weights so far. Raises StorageFailed, of these or of what was
        saved before."""
        going_on = self._going_on()

        def write_once(kept: Mapping[str, torch.Tensor]) -> Best:
            with storage_errors(self._path.parent):
                self._path.parent.stat()  # a run folder that was deleted meanwhile stays away
            with temporary_sibling(self._path) as temporary:
                facts = write_tensors(temporary, kept, lambda written, size: going_on())
                going_on()
            return Best(self._path, facts)

        def write(kept: Mapping[str, torch.Tensor], copied: bool) -> None:
            self._best = with_room(lambda: write_once(kept), lambda: None)

        self._weights.write(parameters, write, self._background)

    def best(self) -> dict[str, torch.Tensor]:
        """What was last kept as the best. StorageFailed where it is not what was written."""
        self.wait()
        assert self._best is not None, "no best weights were kept"
        if file_facts(self._path) != self._best.facts:
            raise StorageFailed(
                "tuning.best-damaged",
                _("The file of the best weights is no longer what was written to it."),
                where=str(self._path),
                hint=_("Check the disk. The same command goes on from a checkpoint."),
            )
        return load_tensors(self._path)

    def drop_after(self, step: int) -> None:
        """Remove checkpoints of later steps, where there is one of that step or before."""
        self.wait()
        self._checkpoints.drop_after(step)

    def clear(self) -> None:
        """Remove all: the run they belong to is finished, or was changed."""
        self._checkpoints.clear()
        self._path.unlink(missing_ok=True)

    def _going_on(self) -> Callable[[], None]:
        return proceed if self._background is None else self._background.going_on

    def _tell(self) -> None:
        while self._saved:
            saved = self._saved.pop(0)
            self._run.event(
                "checkpoint_saved",
                contender=self._contender,
                step=saved.step,
                bytes=saved.bytes,
                seconds=saved.seconds,
                waited_s=self._waited_s.pop(saved.step, None),
                copied=saved.copied,
            )


def _name(file: str, name: str) -> str:
    """Of a tensor among those of all files."""
    return f"{file}/{name}"


def _of(file: str, tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Those of ``tensors`` that go into ``file``, by their own names."""
    begin = _name(file, "")
    return {n.removeprefix(begin): t for n, t in tensors.items() if n.startswith(begin)}
