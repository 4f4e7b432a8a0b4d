"""Laras's own training loop on a workload (see meter.py for how it is asked).

Settings: ``route`` (``fast``, ``packed``: the general path alone), ``precision``, and for loss
curves ``learning_rate``, ``adapter`` (a folder where the untrained adapter is left for others) and
``held_out_rows`` (their loss is reported every ten steps). ``profile``: after the timed steps,
three more are watched by torch's profiler.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from meter import ALPHA, LEARNING_RATE, RANK, Meter, Request

if TYPE_CHECKING:
    from laras.tuning.loop import Training

_HELD_OUT_EVERY_STEPS = 10
_PROFILED_STEPS = 3
_NEVER = 1e9


def main() -> None:
    """Train what is asked, report."""
    request = Request.read()
    meter = Meter()
    from laras.runs.garbage import seldom_sought

    with tempfile.TemporaryDirectory() as folder, seldom_sought():  # as the command does
        from laras.runs.heap import reused_memory

        _leave_out(request.settings.get("without"))
        with reused_memory():
            run = _Run(request, meter, Path(folder))
            run.training.run()
            if request.settings.get("profile"):
                meter.facts["profile"] = _profiled(run)
            run.close()
    import torch

    from laras.runs.machine import library_versions

    meter.facts |= {
        "versions": {
            name: each
            for name, each in library_versions().items()
            if name in ("torch", "transformers", "peft")
        },
        "threads": torch.get_num_threads(),
        "route": str(run.training.forward.route),
    }
    meter.report()


def _leave_out(trick: str | None) -> None:
    """Switch one trick of the engine off, for its row in the table of gains."""
    if trick == "c-attention":
        from laras.kernels import attention_cpu

        attention_cpu._suits_c = lambda *_facts: False
    elif trick == "cut":
        from functools import partial

        from laras.tuning import feed

        whole = feed.collate
        feed.collate = lambda rows, **options: partial(whole, rows)(**{**options, "cut": False})
    elif trick == "row-multiple":
        from laras.engine import decoder, forward

        forward.whole_rows = decoder.whole_rows = lambda count: count
    elif trick == "last-block":
        from laras.engine.decoder import Decoder

        pruned = Decoder.run

        def run(self: Any, batch: Any, wanted: Any, *more: Any) -> Any:
            import torch

            everything = torch.arange(batch.tokens)
            return pruned(self, batch, everything, *more).index_select(0, wanted)

        Decoder.run = run


class _Run:
    """A training run as :mod:`laras.tuning.tune` makes it, from rows that are tokens already.

    It is told of each step as any progress is; that is where the clock is read.
    """

    def __init__(self, request: Request, meter: Meter, folder: Path) -> None:
        from laras.adapters.prepare import prepare_for
        from laras.batches.pack import Step
        from laras.devices.choice import best_device
        from laras.engine.precision import choose
        from laras.models.load import load_model
        from laras.objectives.objective import objectives
        from laras.planning.hyperparameters import resolve
        from laras.recipe.schema import Contender, ModelSection, TuningSection
        from laras.runs.folder import Run
        from laras.tuning.loop import Training
        from laras.tuning.training_data import TrainingData

        settings = request.settings
        self.watching = True
        self._meter = meter
        self._run = Run.open(folder / "run")
        device = best_device()
        section = ModelSection(base=request.model, precision=settings.get("precision", "bfloat16"))
        adapter = {"rank": RANK, "alpha": ALPHA} if request.mode == "lora" else {}
        loaded = load_model(section, folder, device=device, trainable=True)
        chosen, _reasons = resolve(
            TuningSection(
                epochs=1,
                learning_rate=settings.get("learning_rate", LEARNING_RATE),
                schedule="constant",
                warmup_share=0.0,
                weight_decay=0.0,
                checkpoint_every_s=_NEVER,
                seed=settings.get("seed", 0),
            ),
            Contender(name="measured", kind=request.mode, **adapter),
            loaded.model.num_parameters(),
        )
        model = prepare_for(loaded.model, chosen)
        if "adapter" in settings:
            model.save_pretrained(settings["adapter"])
        rows = [_encoded(number, row) for number, row in enumerate(request.rows())]
        self.training: Training = Training(
            model=model,
            data=TrainingData(rows, [len(row) for row in rows], []),
            chosen=chosen,
            objective=objectives.get(chosen.objective),
            run=self._run,
            contender="measured",
            precision=choose(section.precision, device),
            key="measured",
            progress=self,
            fastest=settings.get("route", "fast"),
        )
        self._plan = request.plan()
        self.training.steps = [Step(0, tuple(rows_of_step)) for rows_of_step in self._plan]
        self._held_out = [rows[number] for number in settings.get("held_out_rows", [])]

    def close(self) -> None:
        """Give the run's folder back."""
        self._run.close()

    def stage(self, name: str, total: int | None = None) -> None:
        """Of no interest."""

    def note(self, message: str) -> None:
        """Of no interest."""

    def finish(self) -> None:
        """Of no interest."""

    def advance(self, done: int, **facts: Any) -> None:
        """A step has ended."""
        if not self.watching:
            return
        tokens = int(facts["tokens"])
        self._meter.batch(tokens, tokens)
        self._meter.step_done(facts["loss"])
        if self._held_out and done % _HELD_OUT_EVERY_STEPS == 0:
            losses = self._meter.facts.setdefault("held_out_losses", [])
            losses.append(self._held_out_loss())

    def _held_out_loss(self) -> float:
        """Mean over the trained tokens of the held-out rows, as the loop's validation has it."""
        from laras.tuning.validation import mean_loss

        training = self.training
        return mean_loss(
            training.forward,
            training.objective,
            self._held_out,
            training.chosen.micro_batch_tokens,
            training.precision,
        )


def _profiled(run: _Run) -> dict[str, float]:
    """Shares of the wall time of three steps that follow the timed ones."""
    from operators import shares_by_kind, show_kernels
    from torch.profiler import ProfilerActivity, profile

    run.watching = False
    run.training.steps = run.training.steps[1 : 1 + _PROFILED_STEPS]
    show_kernels()
    with profile(activities=[ProfilerActivity.CPU]) as watched:
        started = time.perf_counter()
        run.training.run()
        wall_s = time.perf_counter() - started
    return shares_by_kind(watched.key_averages(), wall_s)


def _encoded(number: int, row: dict[str, list[int]]) -> Any:
    import numpy as np

    from laras.batches.encoded import EncodedExample

    trained = np.array(row["completion_mask"], dtype=np.bool_)
    return EncodedExample(str(number), np.array(row["input_ids"], dtype=np.int32), trained)


if __name__ == "__main__":
    main()
