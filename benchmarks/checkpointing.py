"""What saving costs: full tuning of 135 million parameters, with a checkpoint and without.

    python benchmarks/checkpointing.py [--pairs 6] [--ways copied,waits,without]

Random weights in the shape of SmolLM2-135M, AdamW: a checkpoint is 1.6 GB, hashed and synced to the
disk. All steps are of the same rows, so each is the same work. One and the same training goes
through stretches of equally many steps, of which every second one begins with a checkpoint that is
written before it ends: whatever else the machine does falls on both alike. ``copied`` is what Laras
does: a copy to the main memory, written while the training goes on. ``waits``: the training waits
for the disk, as it does where there is no memory for a copy. ``without``: no stretch has a
checkpoint, and how they differ is chance.

What a checkpoint costs is the median over pairs of neighbouring stretches of how much longer the
one with it takes; the overhead is that, over the minute that lies between two checkpoints. Beside
it stands what does not depend on what else computes there: for how long the training stood still,
and the seconds of a processor that the writing thread took from it at most.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "training"))

EVERY_S = 60.0
STRETCH_S = 20.0
WARM_STEPS = 4  # in which memory is got and kernels are made
WITHIN = 0.03
ROW_TOKENS, ROWS = 128, 4


def measure(way: str, pairs: int, model: Path, folder: Path) -> dict[str, Any]:
    """Stretches of equally many steps, the even ones with a checkpoint at their beginning."""
    import torch

    from laras.devices.choice import best_device
    from laras.runs.folder import Run
    from laras.runs.heap import reused_memory
    from laras.saving import host_copy
    from laras.saving.checkpoint import Checkpoints
    from laras.tuning.loop import Training

    available, original = host_copy.available_memory_bytes, Checkpoints.save
    writing: list[float] = []  # seconds of a processor, of the thread that writes

    def save(*arguments: Any) -> int:
        started = time.thread_time()
        size = original(*arguments)
        writing.append(time.thread_time() - started)
        return size

    class Alternating(Training):
        """Knows when each step began, and decides by their number when to save."""

        def __init__(self, *arguments: Any, **named: Any) -> None:
            super().__init__(*arguments, **named)
            self.began: list[float] = []
            self.stretch = 0

        def _step(self, now: Any) -> None:
            done = self.state.step
            if done == WARM_STEPS:
                if way != "without":  # the first copy gets its memory
                    self._save()
                    self.continuation.wait()
                self.stretch = math.ceil(STRETCH_S / (time.monotonic() - self.began[-1]))
                self.steps = self.steps[: done + (2 * pairs + 1) * self.stretch + 1]
            self.began.append(time.monotonic())
            super()._step(now)

        def _checkpoint_due(self, seconds: float) -> bool:
            place = self.state.step - 1 - WARM_STEPS
            if way == "without" or not self.stretch:
                return False
            return place % (2 * self.stretch) == 0

    if way == "waits":
        host_copy.available_memory_bytes = lambda: 0
    Checkpoints.save = save  # type: ignore[method-assign,assignment]
    with Run.open(folder) as run, reused_memory():
        made = _training(Alternating, model, run)
        made.run()
        saved = [event for event in run.events() if event["kind"] == "checkpoint_saved"][1:]
        threads = torch.get_num_threads()
    host_copy.available_memory_bytes, Checkpoints.save = available, original  # type: ignore[method-assign]
    borders = made.began[WARM_STEPS :: made.stretch]
    stretches = [ends - begins for begins, ends in pairwise(borders)]
    longer = [
        (first - second) if place % 2 == 0 else (second - first)
        for place, (first, second) in enumerate(pairwise(stretches))
    ]
    longest = max((event["seconds"] for event in saved), default=0.0)
    stood = [event["waited_s"] for event in saved]
    return {
        "way": way,
        "device": best_device().type,
        "precision": str(made.precision).removeprefix("torch."),
        "threads": threads,
        "route": made.forward.route.way,
        "parameters": sum(part.numel() for part in made.parameters.values()),
        "checkpoint_bytes": saved[0]["bytes"] if saved else None,
        "copied": sorted({event["copied"] for event in saved}),
        "steps_of_a_stretch": made.stretch,
        "step_seconds": statistics.median(stretches[1::2]) / made.stretch,
        "seconds_of_stretches": [round(each, 2) for each in stretches],
        "written_within_its_stretch": longest < min(stretches),
        "writing_seconds": [round(event["seconds"], 2) for event in saved],
        "writing_processor_seconds": [round(seconds, 2) for seconds in writing[1:]],
        "stood_still_seconds": [round(seconds, 3) for seconds in stood],
        "checkpoint_costs_seconds": statistics.median(longer),
        "of_each_pair": [round(each, 2) for each in longer],
        "overhead": statistics.median(longer) / EVERY_S,
        "stood_still_and_writing": None
        if not saved
        else (statistics.median(stood) + statistics.median(writing[1:])) / EVERY_S,
    }


def _training(kind: type[Any], model: Path, run: Any) -> Any:
    """Many steps of the same rows, so that each is the same work."""
    import numpy as np

    from laras.adapters.prepare import prepare_for
    from laras.batches.pack import Step
    from laras.batches.token_batch import EncodedExample
    from laras.devices.choice import best_device
    from laras.engine.precision import choose
    from laras.models.load import load_model
    from laras.objectives.objective import objectives
    from laras.planning.hyperparameters import resolve
    from laras.recipe.schema import Contender, ModelSection, TuningSection
    from laras.runs.progress import Silent
    from laras.tuning.training_data import TrainingData

    device, section = best_device(), ModelSection(base=str(model))
    loaded = load_model(section, model, device=device, trainable=True)
    contender = Contender(name="measured", kind="full")
    wished = TuningSection(learning_rate=1e-5, schedule="constant", warmup_share=0.0)
    chosen, _reasons = resolve(wished, contender, loaded.model.num_parameters())
    generator = np.random.default_rng(3)
    rows = [
        EncodedExample(
            str(number),
            generator.integers(4, 40_000, ROW_TOKENS).astype(np.int32),
            np.ones(ROW_TOKENS, dtype=bool),
        )
        for number in range(ROWS)
    ]
    training = kind(
        model=prepare_for(loaded.model, chosen),
        data=TrainingData(rows, [ROW_TOKENS] * ROWS, []),
        chosen=replace(chosen, divergence="warn"),
        objective=objectives.get(chosen.objective),
        run=run,
        contender="measured",
        precision=choose(section.precision, device),
        key="measured",
        progress=Silent(),
    )
    training.steps = [Step(0, tuple(range(ROWS)))] * 1_000_000
    return training


def main() -> None:
    """Measure each way, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=int, default=6)
    parser.add_argument("--ways", default="copied,waits,without")
    parser.add_argument("--folder", type=Path, default=Path("runs/bench/checkpointing"))
    parser.add_argument("--results", type=Path, default=HERE / "results" / "checkpointing.json")
    arguments = parser.parse_args()
    from workload import make

    from laras.runs.machine import describe_machine

    make(arguments.folder / "models")
    model = (arguments.folder / "models/M/model").resolve()
    found = []
    for way in arguments.ways.split(","):
        with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
            one = measure(way, arguments.pairs, model, Path(folder) / "run")
        found.append(one)
        bound = one["stood_still_and_writing"]
        print(
            f"{way:8s} a checkpoint costs {one['checkpoint_costs_seconds']:.2f} s, "
            f"{one['overhead']:+.2%} at one a minute; {one['step_seconds']:.2f} s a step"
            + ("" if bound is None else f"; stood still and writing: {bound:.2%}"),
            flush=True,
        )
    copied = next((one for one in found if one["way"] == "copied"), None)
    result = {
        "command": " ".join(["python", *sys.argv]),
        "machine": describe_machine(),
        "within": WITHIN,
        "met": None if copied is None else copied["overhead"] <= WITHIN,
        "ways": found,
    }
    arguments.results.parent.mkdir(parents=True, exist_ok=True)
    arguments.results.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(f"at most {WITHIN:.0%}: {result['met']} ({arguments.results})")


if __name__ == "__main__":
    main()
