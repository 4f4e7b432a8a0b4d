"""The training loop: packed batches, one division by the global weight, exact resumption."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from safetensors.torch import load_file

from laras.batches.pack import Step, group_by_tokens, plan_steps
from laras.batches.token_batch import EncodedExample, TokenBatch, collate
from laras.errors import Interrupted
from laras.planning.hyperparameters import Hyperparameters
from laras.runs.atomic import temporary_sibling
from laras.runs.folder import Run
from laras.runs.progress import Progress
from laras.translation import _
from laras.tuning.adapters import trainable
from laras.tuning.checkpoint import (
    BEST,
    Checkpoints,
    TrainingState,
    link_or_copy,
    restore_random_states,
)
from laras.tuning.forward import PackedForward
from laras.tuning.guards import FiniteGuard, StopSignals
from laras.tuning.objective import Objective
from laras.tuning.optimizer import Optimizers
from laras.tuning.precision import autocast, cast_frozen
from laras.tuning.schedule import learning_rate_factor
from laras.tuning.tensors import write_tensors


class Encoded(Protocol):
    """A sequence of encoded examples, in memory or mapped from disk."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: int) -> EncodedExample: ...


@dataclass(frozen=True, slots=True)
class TrainingData:
    """What is trained on and what is watched. ``validation`` may be empty."""

    train: Encoded
    train_lengths: Sequence[int] | np.ndarray
    validation: Sequence[EncodedExample]


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """How a run went. Losses are mean negative log-likelihoods per token, in nats."""

    steps: int
    tokens: int
    seconds: float
    best_step: int
    best_loss: float | None
    trained_parameters: int


class Training:
    """One contender's training run, from a model made ready by ``adapters.prepare_for``."""

    def __init__(
        self,
        model: torch.nn.Module,
        data: TrainingData,
        chosen: Hyperparameters,
        objective: Objective,
        run: Run,
        contender: str,
        precision: torch.dtype,
        key: str,
        progress: Progress,
    ) -> None:
        self.model = model
        self.data = data
        self.chosen = chosen
        self.objective = objective
        self.run_folder = run
        self.contender = contender
        self.precision = precision
        self.progress = progress
        self.device = next(model.parameters()).device
        self.parameters = trainable(model)
        # The probe inside compares in float32, so the cast comes after it.
        self.forward = PackedForward(model)
        cast_frozen(model, precision)
        self.optimizers = Optimizers(model, chosen)
        self.guard = FiniteGuard(chosen.non_finite_limit)
        self.state = TrainingState(key=key)
        folder = run.contender(contender)
        self.checkpoints = Checkpoints(folder / "checkpoints", chosen.keep_checkpoints)
        self.best_file = folder / "best.safetensors"
        self.steps = plan_steps(
            data.train_lengths, chosen.batch_tokens, chosen.epochs, chosen.seed, chosen.max_steps
        )
        of_first_epoch = sum(step.epoch == self.steps[0].epoch for step in self.steps)
        self.validate_every = max(1, of_first_epoch // chosen.validations_per_epoch)

    def run(self) -> TrainingResult:
        """Train to the end, from the newest checkpoint if there is one.

        The model holds the best weights afterwards. Raises Interrupted after a signal (state
        saved), GuardStopped, StorageFailed.
        """
        self._resume()
        self.model.train()
        begun = time.monotonic() - self.state.seconds
        saved_at = time.monotonic()
        with StopSignals() as signals:
            while self.state.step < len(self.steps) and not self._out_of_patience():
                self._step(self.steps[self.state.step])
                self.state.seconds = time.monotonic() - begun
                if self.state.step % self.validate_every == 0 or self._at_end():
                    self._validate()
                if signals.requested:
                    self._save()
                    raise self._interrupted()
                if self._checkpoint_due(time.monotonic() - saved_at):
                    self._save()
                    saved_at = time.monotonic()
        self._take_best_weights()
        return TrainingResult(
            steps=self.state.step,
            tokens=self.state.tokens,
            seconds=self.state.seconds,
            best_step=self.state.best_step,
            best_loss=self.state.best_loss,
            trained_parameters=sum(part.numel() for part in self.parameters.values()),
        )

    def _step(self, step: Step) -> None:
        """One optimizer step over as many micro-batches as memory asks for."""
        started = time.monotonic()
        batches = self._micro_batches(step)
        # Known before the first backward pass: every micro-batch is divided by the same weight,
        # so accumulation equals one large batch, the last partial step of an epoch included.
        weight = sum(self.objective.weight(batch) for batch in batches)
        loss = 0.0
        for batch in batches:
            with autocast(self.precision, self.device):
                total = self.objective.loss(self.forward, batch.to(self.device))
            mean = total / max(weight, 1e-12)
            mean.backward()  # type: ignore[no-untyped-call]
            loss += float(mean.detach())
        norm = float(
            torch.nn.utils.clip_grad_norm_(
                list(self.parameters.values()),
                self.chosen.max_gradient_norm,
                error_if_nonfinite=False,
            )
        )
        factor = learning_rate_factor(
            self.state.step, len(self.steps), self.chosen.warmup_share, self.chosen.schedule
        )
        names = [name for batch in batches for name in batch.example_ids]
        self.state.step += 1
        tokens = sum(batch.tokens for batch in batches)
        self.state.tokens += tokens
        if math.isfinite(loss) and math.isfinite(norm):
            self.optimizers.step(factor)
            self.guard.good()
        else:
            self.optimizers.drop_gradients()
            what = _("the loss") if not math.isfinite(loss) else _("the gradient")
            self.run_folder.event(
                "step_skipped",
                contender=self.contender,
                step=self.state.step,
                reason=what,
                rows=names,
            )
            self.guard.bad(self.state.step, what, names)
        self.state.non_finite_in_a_row = self.guard.in_a_row
        self._report(step, loss, norm, factor, tokens, time.monotonic() - started)

    def _micro_batches(self, step: Step) -> list[TokenBatch]:
        # Longest first within the step: equal work, and less padding inside attention.
        lengths = self.data.train_lengths
        by_length = sorted(step.examples, key=lambda index: (-int(lengths[index]), index))
        groups = group_by_tokens(by_length, lengths, self.chosen.micro_batch_tokens)
        return [collate([self.data.train[index] for index in group]) for group in groups]

    def _report(
        self, step: Step, loss: float, norm: float, factor: float, tokens: int, seconds: float
    ) -> None:
        done, steps = self.state.step, len(self.steps)
        facts = {
            "step": done,
            "steps": steps,
            "epoch": step.epoch,
            # JSON has no NaN: null is what a reader can tell from a number.
            "loss": loss if math.isfinite(loss) else None,
            "learning_rate": self.chosen.learning_rate * factor,
            "gradient_norm": norm if math.isfinite(norm) else None,
            "tokens": tokens,
            "tokens_per_s": tokens / max(seconds, 1e-9),
            "eta_s": self.state.seconds / max(done - 1, 1) * (steps - done),
        }
        self.run_folder.event("step_done", contender=self.contender, **facts)
        self.progress.advance(done, **facts)

    @torch.no_grad()
    def _validate(self) -> None:
        """Token-weighted mean loss on the validation examples; keeps the best weights."""
        if not self.data.validation:
            return
        self.model.eval()
        lengths = [len(example) for example in self.data.validation]
        by_length = sorted(range(len(lengths)), key=lambda index: -lengths[index])
        total = weight = 0.0
        for group in group_by_tokens(by_length, lengths, self.chosen.micro_batch_tokens):
            batch = collate([self.data.validation[index] for index in group])
            with autocast(self.precision, self.device):
                part = self.objective.loss(self.forward, batch.to(self.device))
            total += float(part.double())
            weight += self.objective.weight(batch)
        self.model.train()
        loss = total / max(weight, 1e-12)
        better = math.isfinite(loss) and (
            self.state.best_loss is None or loss < self.state.best_loss
        )
        if better:
            self.state.best_loss, self.state.best_step = loss, self.state.step
            self.state.validations_without_gain = 0
            with temporary_sibling(self.best_file) as temporary:
                write_tensors(temporary, self.parameters)  # type: ignore[arg-type]
        else:
            self.state.validations_without_gain += 1
        self.run_folder.event(
            "validation_done",
            contender=self.contender,
            step=self.state.step,
            loss=loss if math.isfinite(loss) else None,
            best=better,
        )

    def _out_of_patience(self) -> bool:
        return self.state.validations_without_gain >= self.chosen.patience

    def _at_end(self) -> bool:
        return self.state.step == len(self.steps)

    def _checkpoint_due(self, seconds: float) -> bool:
        every = self.chosen.checkpoint_every_steps
        if every is not None:
            return self.state.step % every == 0
        return seconds >= self.chosen.checkpoint_every_s

    def _save(self) -> None:
        started = time.monotonic()
        size = self.checkpoints.save(
            self.state,
            dict(self.parameters),
            self.optimizers.state(),
            self.best_file if self.state.best_loss is not None else None,
        )
        self.run_folder.event(
            "checkpoint_saved",
            contender=self.contender,
            step=self.state.step,
            bytes=size,
            seconds=time.monotonic() - started,
        )

    def _resume(self) -> None:
        folder, state, skipped = self.checkpoints.newest(self.state.key)
        for skip in skipped:
            self.run_folder.event(
                "checkpoint_skipped", contender=self.contender, name=skip.name, reason=skip.reason
            )
            self.progress.note(
                _("Checkpoint {name} is not used: {reason}.").format(
                    name=skip.name, reason=skip.reason
                )
            )
        if folder is None or state is None:
            # Left by a run with other settings, perhaps; this one has found no best yet.
            self.checkpoints.clear()
            self.best_file.unlink(missing_ok=True)
            return
        weights, optimizer, random_states = self.checkpoints.restore(folder)
        self._load_weights(weights)
        self.optimizers.load_state(optimizer)
        restore_random_states(random_states)
        if state.best_loss is not None:
            with temporary_sibling(self.best_file) as temporary:
                link_or_copy(folder / BEST, temporary)
        self.state = state
        self.guard.in_a_row = state.non_finite_in_a_row
        self.run_folder.event("training_resumed", contender=self.contender, step=state.step)
        self.progress.note(_("Continuing from step {step}.").format(step=state.step))

    @torch.no_grad()
    def _load_weights(self, weights: dict[str, torch.Tensor]) -> None:
        for name, part in self.parameters.items():
            part.copy_(weights[name])

    def _take_best_weights(self) -> None:
        if self.state.best_loss is not None:
            self._load_weights(load_file(self.best_file))

    def _interrupted(self) -> Interrupted:
        return Interrupted(
            "tuning.interrupted",
            _("Stopped at step {step} of {steps}; everything is saved.").format(
                step=self.state.step, steps=len(self.steps)
            ),
            hint=_("Run the same command again: it continues."),
        )
