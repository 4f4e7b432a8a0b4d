"""The training loop: steps, guards, the best weights, exact resumption."""

from __future__ import annotations

import math
import time
from functools import partial

import torch

from laras.batches.pack import Step, plan_steps
from laras.distribution.ranks import Ranks
from laras.engine.forward import PackedForward, Way
from laras.planning.hyperparameters import Hyperparameters
from laras.planning.memory import Plan
from laras.runs.faults import fault_point
from laras.runs.folder import Run
from laras.runs.hashing import content_hash
from laras.runs.progress import Progress
from laras.threads import placed
from laras.translation import _
from laras.tuning.averaging import WeightAverage
from laras.tuning.continuation import Continuation, Parts
from laras.tuning.divergence import DivergenceGuard
from laras.tuning.feed import Feed, StepBatches
from laras.tuning.frozen_cache import FrozenCache, open_frozen_cache
from laras.tuning.guards import FiniteGuard, StopSignals, interrupted
from laras.tuning.noise import embedding_noise
from laras.tuning.objectives.objective import Objective
from laras.tuning.optimizer import Optimizers
from laras.tuning.pace import Pace
from laras.tuning.precision import LossScale, autocast, cast_frozen
from laras.tuning.replicas import held
from laras.tuning.result import TrainingResult
from laras.tuning.schedule import learning_rate_factor
from laras.tuning.state import TrainingState
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
        self.optimizers = Optimizers(model, chosen, self.parameters)
        self.loss_scale = LossScale(precision)
        self.average = WeightAverage(self.parameters, chosen.averaging_decay, self.forward.refresh)
        self.guard = FiniteGuard(chosen.non_finite_limit)
        self.divergence = DivergenceGuard(chosen.divergence == "stop")
        self.state = TrainingState(key=key)
        self.parts = Parts(
            self.parameters, self.optimizers, self.average, self.loss_scale, self.forward.refresh
        )
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
        self.state = self.holding.resumed(self.continuation, self.state.key, self.parts)
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
                    with self.average.in_place():
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
        self._take_best_weights()
        if self.frozen is not None:
            self.frozen.clear()
        return TrainingResult(
            steps=self.state.step,
            tokens=self.state.tokens,
            seconds=self.state.seconds,
            best_step=self.state.best_step,
            best_loss=self.state.best_loss,
            trained_parameters=self.holding.trained_parameters,
            stopped=self.state.stopped,
            validation_losses=self.state.finite_validation_losses,
        )

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
        """One optimizer step over as many micro-batches as memory asks for."""
        started = time.monotonic()
        losses = []
        self.ranks.draw_anew(self.chosen.seed, self.state.step)
        for batch, places in zip(now.batches, now.places, strict=True):
            if self.frozen is not None:
                batch = self.frozen.with_stream(batch, places)
            noise = embedding_noise(self.model, batch, self.chosen.embedding_noise)
            with self.forward.for_both_passes():
                with autocast(self.precision, self.device), noise:
                    share = self.objective.loss(self.forward, batch)
                if fault_point("loss"):
                    share = share * math.nan
                (share * self.loss_scale.value).backward()  # type: ignore[no-untyped-call]
            losses.append(share.detach())
            fault_point("step")
        self.holding.sum_gradients()
        # Read in one transfer: each waits for all that a GPU was asked for, and lets it run dry.
        length = self.holding.gradient_norm(self.optimizers).to(self.device)
        *shares, norm = torch.stack([*losses, length]).tolist()
        (loss,), norm = self.ranks.sum(math.fsum(shares)), norm / self.loss_scale.value
        fault_point("backward")
        factor = self._rate_factor()
        self.state.step += 1
        self.state.tokens += now.tokens
        if math.isfinite(loss) and math.isfinite(norm):
            clip = min(1.0, self.chosen.max_gradient_norm / (norm + 1e-6))
            self.optimizers.step(factor, clip / self.loss_scale.value)
            self.forward.refresh()
            self.average.update(self.state.step)
            self.loss_scale.fitted()
            self.guard.good()
        else:
            self._skip(now, loss)
        self.state.non_finite_in_a_row = self.guard.in_a_row
        self._report(now, loss, norm, factor, time.monotonic() - started)
        self._look_for_divergence(loss)

    def _look_for_divergence(self, loss: float) -> None:
        diverges = self.divergence.seen(loss)
        self.state.loss_level = self.divergence.state()
        if diverges:
            self._event("training_diverged", step=self.state.step, loss=loss)
            if self.divergence.stops:
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

    def _skip(self, now: StepBatches, loss: float) -> None:
        self.optimizers.drop_gradients()
        what = _("the gradient") if math.isfinite(loss) else _("the loss")
        self._event(
            "step_skipped",
            step=self.state.step,
            reason=what,
            rows=now.example_ids,
            loss_scale=self.loss_scale.value,
        )
        # That float16 looks for its scale is no fault of the examples.
        if not (math.isfinite(loss) and self.loss_scale.overflowed()):
            self.guard.bad(self.state.step, what, now.example_ids)

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
        better = math.isfinite(loss) and (
            self.state.best_loss is None or loss < self.state.best_loss
        )
        if better:
            self.state.best_loss, self.state.best_step = loss, self.state.step
            self.state.validations_without_gain = 0
            weights = self.holding.whole(self.parameters)
            if self.ranks.main:
                self.continuation.keep_best(weights)
        else:
            self.state.validations_without_gain += 1
        losses = self.state.finite_validation_losses
        self.state.validation_losses.append(loss if math.isfinite(loss) else None)
        self._event(
            "validation_done",
            step=self.state.step,
            loss=loss if math.isfinite(loss) else None,
            best=better,
        )
        if self.watcher is not None and not self._at_end() and not self._given_up():
            done, steps = self.state.step, len(self.steps)
            self.state.stopped = self.watcher.validated(done, steps, [*losses, loss])

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
        parts = self.holding.gathered(self.parts)
        if self.ranks.main:
            first = None if self.frozen is None else self.frozen.saving()
            self.continuation.save(self.state, parts, first)

    def _take_best_weights(self) -> None:
        best = None
        if self.state.best_loss is None:
            self.average.adopt()
        elif self.ranks.main:
            best = self.continuation.best()
        self.holding.assemble(best, self.parts)
