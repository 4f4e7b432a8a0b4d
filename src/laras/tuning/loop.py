"""The training loop: steps, guards, the best weights, exact resumption."""

from __future__ import annotations

import math
import time
from functools import partial

import torch

from laras.batches.pack import Step, plan_steps
from laras.distribution.ranks import Ranks
from laras.distribution.replicas import held
from laras.engine.forward import PackedForward
from laras.engine.precision import cast_frozen
from laras.engine.route import Way
from laras.errors import GuardStopped
from laras.objectives.objective import Objective
from laras.optimizers.schedule import learning_rate_factor
from laras.planning.hyperparameters import Hyperparameters
from laras.planning.memory import Plan
from laras.runs.folder import Run
from laras.runs.hashing import content_hash
from laras.runs.progress import Progress
from laras.saving.continuation import Continuation
from laras.saving.state import TrainingState
from laras.threads import placed
from laras.translation import _
from laras.tuning.divergence import STEPS, DivergenceGuard
from laras.tuning.feed import Feed, StepBatches
from laras.tuning.frozen_cache import FrozenCache, open_frozen_cache
from laras.tuning.guards import FiniteGuard, StopSignals, interrupted, never_finite
from laras.tuning.pace import Pace
from laras.tuning.result import TrainingResult
from laras.tuning.stepper import Stepper
from laras.tuning.training_data import TrainingData
from laras.tuning.validation import mean_loss
from laras.tuning.watcher import Watcher


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
        fastest: Way = "fast",
        ranks: Ranks | None = None,
        divided_on: torch.device | None = None,
        steps: list[Step] | None = None,
    ) -> None:
        """``ranks``: the processes that do it together; default: this one. ``divided_on``: a device
        of each, on which they hold a part of the model. ``steps``: what each takes; default: as
        ``chosen`` says."""
        self.model = model
        self.ranks = ranks or Ranks()
        self.data = data
        self.chosen = chosen
        self.objective = objective
        self.run_folder = run
        self.contender = contender
        self._event = partial(run.event, contender=contender)
        self.precision = precision
        self.progress = progress
        # The probe inside compares in float32, so the cast comes after it.
        self.forward = PackedForward(model, precision, fastest)
        cast_frozen(model, precision)
        self.holding = held(model, self.ranks, divided_on)
        self.device = next(model.parameters()).device
        self.parameters = self.holding.parameters
        self.stepper = Stepper(self.forward, objective, self.holding, chosen, precision, self.ranks)
        self.guard = FiniteGuard(chosen.non_finite_limit)
        self.divergence = DivergenceGuard(chosen.divergence == "stop")
        self.state = TrainingState(key=key)
        self.memory: Plan | None = None
        self.watcher: Watcher | None = None
        self.frozen: FrozenCache | None = None
        self.continuation = Continuation(run, contender, chosen.keep_checkpoints, progress)
        self.steps = steps or plan_steps(
            data.train_lengths,
            chosen.batch_tokens,
            chosen.epochs,
            chosen.seed,
            chosen.max_steps,
            chosen.curriculum,
        )
        of_first_epoch = sum(step.epoch == self.steps[0].epoch for step in self.steps)
        self.validate_every = max(1, of_first_epoch // chosen.validations_per_epoch)

    def run(self) -> TrainingResult:
        """Train to the end, from the newest checkpoint if there is one.

        The model holds the best weights afterwards. Raises Interrupted after a signal (state
        saved), GuardStopped, StorageFailed.
        """
        self.state = self.holding.resumed(self.continuation, self.state.key, self.stepper.parts)
        self.guard.in_a_row = self.state.non_finite_in_a_row
        self.divergence.load_state(self.state.loss_level)
        self.frozen = self.open_frozen_cache()
        self.model.train()
        pace = Pace.of(self.forward, self.data, self.steps, self.validate_every, self.chosen)
        begun = time.monotonic() - self.state.seconds
        saved_at = time.monotonic()
        ahead = self.feed().prefetched(self.steps[self.state.step :])
        place, saving = placed(self.device.type == "cpu"), self.continuation.beside_training()
        with StopSignals() as signals, ahead as coming, place as look, saving:
            while not self._at_end() and not self._given_up():
                asked = time.monotonic()
                self._step(next(coming))
                look()
                self.continuation.look()
                if expected := pace.stepped(self.state.step, time.monotonic() - asked):
                    self._event("training_forecast", step=self.state.step, **expected.as_json())
                if self.state.step % self.validate_every == 0 or self._at_end():
                    with self.stepper.average.in_place():
                        self._validate()
                self.state.seconds = time.monotonic() - begun
                # By one process's signal, and by the main one's clock, all stop, or save.
                due = self.ranks.main and self._checkpoint_due(time.monotonic() - saved_at)
                stop, save = self.ranks.any(signals.requested, due)
                if stop:
                    self._save()
                    self.continuation.wait()
                    raise interrupted(self.state.step, len(self.steps))
                if save:
                    self._save()
                    saved_at = time.monotonic()
            if self.state.validation_losses and self.state.best_loss is None:
                self._save()
                self.continuation.wait()
                raise never_finite(len(self.state.validation_losses))
        self._take_best_weights()
        if self.frozen is not None:
            self.frozen.clear()
        return TrainingResult.of(self.state, self.holding.trained_parameters)

    def open_frozen_cache(self) -> FrozenCache | None:
        """What keeps the streams below the first trained block, where that serves: not where each
        process sees other examples in every epoch."""
        if self.ranks.count > 1:
            return None
        return open_frozen_cache(
            self.forward,
            self.run_folder.contender(self.contender) / "frozen",
            self.state.key,
            self.data.train_lengths,
            self.chosen,
            seen_again=len({step.epoch for step in self.steps}) > 1,
            tell=partial(self._event, "frozen_cache"),
        )

    def feed(self) -> Feed:
        """What makes the batches of a step."""
        return Feed(
            self.data.train,
            self.chosen.micro_batch_tokens,
            self.objective,
            self.device,
            # Each example gets noise of its own, and its stream is kept apart, also where it
            # begins like others.
            share_prefixes=self.forward.shares_prefixes
            and self.chosen.embedding_noise is None
            and self.frozen is None,
            rank=self.ranks.rank,
            ranks=self.ranks.count,
            in_step=self.holding.in_step,
        )

    def _step(self, now: StepBatches) -> None:
        """One optimizer step, applied where its numbers are sound."""
        started = time.monotonic()
        loss, norm = self.stepper.gradients(now, self.state.step, self.frozen)
        factor = self._rate_factor()
        self.state.step += 1
        self.state.tokens += now.tokens
        if math.isfinite(loss) and math.isfinite(norm):
            self.stepper.apply(norm, factor, self.state.step)
            self.guard.good()
            stopped = None
        else:
            stopped = self._skip(now, loss)
        # Who goes on after the guard has ended a training gets as many tries as the first time.
        self.state.non_finite_in_a_row = 0 if stopped else self.guard.in_a_row
        self._report(now, loss, norm, factor, time.monotonic() - started)
        if stopped is not None:
            self._save()
            self.continuation.wait()
            raise stopped
        self._look_for_divergence(loss)

    def _look_for_divergence(self, loss: float) -> None:
        diverges = self.divergence.seen(loss)
        self.state.loss_level = self.divergence.state()
        if diverges:
            self._event("training_diverged", step=self.state.step, loss=loss)
            if self.divergence.stops:
                if self.ranks.main:
                    self.continuation.drop_after(self.state.step - STEPS)
                raise self.divergence.stopped(self.state.step, loss)
            self.progress.note(self.divergence.told(loss))

    def _rate_factor(self) -> float:
        """Share of the peak learning rate in this step."""
        return learning_rate_factor(
            self.state.step,
            len(self.steps),
            self.chosen.warmup_share,
            self.chosen.schedule,
            self.chosen.decay_share,
        )

    def _skip(self, now: StepBatches, loss: float) -> GuardStopped | None:
        """Leaves the weights as they are. Returns the error where it was one step too many."""
        self.stepper.optimizers.drop_gradients()
        what = _("the gradient") if math.isfinite(loss) else _("the loss")
        self._event(
            "step_skipped",
            step=self.state.step,
            reason=what,
            rows=now.example_ids,
            loss_scale=self.stepper.loss_scale.value,
        )
        # That float16 looks for its scale is no fault of the examples.
        if not (math.isfinite(loss) and self.stepper.loss_scale.overflowed()):
            try:
                self.guard.bad(self.state.step, what, now.example_ids)
            except GuardStopped as error:
                return error
        return None

    def _report(
        self, now: StepBatches, loss: float, norm: float, factor: float, seconds: float
    ) -> None:
        done, steps = self.state.step, len(self.steps)
        facts = {
            "step": done,
            "steps": steps,
            "epoch": now.step.epoch,
            # JSON has no NaN: null is what a reader can tell from a number.
            "loss": loss if math.isfinite(loss) else None,
            "learning_rate": self.chosen.learning_rate * factor,
            "gradient_norm": norm if math.isfinite(norm) else None,
            "tokens": now.tokens,
            "tokens_per_s": now.tokens / max(seconds, 1e-9),
            "eta_s": self.state.seconds / max(done - 1, 1) * (steps - done),
        }
        # Of the places in the data set, in their order: proves which rows a step has seen.
        self._event("step_done", **facts, rows_sha256=content_hash(now.step.examples))
        self.progress.advance(done, **facts)

    def _validate(self) -> None:
        """Token-weighted mean loss on the validation examples; keeps the best weights."""
        if not self.data.validation:
            return
        loss = mean_loss(
            self.forward,
            self.objective,
            self.data.validation,
            self.chosen.micro_batch_tokens,
            self.precision,
            self.ranks,
            self.holding.in_step,
        )
        before = self.state.finite_validation_losses
        better = self.state.validated(loss)
        if better:
            weights = self.holding.whole(self.parameters)
            if self.ranks.main:
                self.continuation.keep_best(weights)
        self._event(
            "validation_done",
            step=self.state.step,
            loss=loss if math.isfinite(loss) else None,
            best=better,
        )
        if self.watcher is not None and not self._at_end() and not self._given_up():
            done, steps = self.state.step, len(self.steps)
            self.state.stopped = self.watcher.validated(done, steps, [*before, loss])

    def _given_up(self) -> bool:
        out_of_patience = self.state.validations_without_gain >= self.chosen.patience
        return out_of_patience or self.state.stopped

    def _at_end(self) -> bool:
        return self.state.step == len(self.steps)

    def _checkpoint_due(self, seconds: float) -> bool:
        if self.divergence.holds_checkpoints:
            return False
        every = self.chosen.checkpoint_every_steps
        if every is not None:
            return self.state.step % every == 0
        return seconds >= self.chosen.checkpoint_every_s and not self.continuation.busy

    def _save(self) -> None:
        parts = self.holding.gathered(self.stepper.parts)
        if self.ranks.main:
            first = None if self.frozen is None else self.frozen.saving()
            # While the loss rises, none that was saved before goes for this one.
            rotate = not self.divergence.holds_checkpoints
            self.continuation.save(self.state, parts, first, rotate)

    def _take_best_weights(self) -> None:
        best = None
        if self.state.best_loss is None:
            self.stepper.average.adopt()
        elif self.ranks.main:
            best = self.continuation.best()
        self.holding.assemble(best, self.stepper.parts)
