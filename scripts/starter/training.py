"""Training in two stages: a long one at a steady rate, and a short one in which the rate falls.

The first can be stopped whenever one likes, and goes on from its newest checkpoint. The second
begins from a copy of that checkpoint, so that the first may go on afterwards: a longer one is not
a new one (Hu et al. 2024, "MiniCPM", section 4, on warm-up, stable and decay; Hägele et al. 2024,
on 1 - sqrt as the shape of the decay).
"""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch

from laras.adapters.prepare import prepare_for
from laras.batches.pack import Step, group_by_tokens
from laras.engine.precision import choose
from laras.errors import Interrupted
from laras.models.tokenizer import Tokenizer
from laras.objectives.objective import objectives
from laras.planning.hyperparameters import Hyperparameters, resolve
from laras.recipe.schema import Contender, TuningSection
from laras.runs.folder import Run
from laras.runs.hashing import content_hash
from laras.saving.checkpoint import Checkpoints
from laras.tuning.loop import Training
from laras.tuning.result import TrainingResult
from laras.tuning.training_data import TrainingData
from starter.mix import ROUNDS_IN_COURSE, round_of
from starter.shape import Shape, new_model
from starter.tokens import InOrder, OneAfterTheOther, Tokens

STABLE = "stable"


@dataclass(frozen=True)
class Settings:
    """What decides the weights beside texts and shape."""

    optimizer: str = "muon"
    learning_rate: float = 4e-3
    weight_decay: float = 0.05
    batch_tokens: int = 4096
    warmup_steps: int = 150
    averaging_decay: float | None = None
    seed: int = 0
    # Rounds in which every text is read as often as the mix says.
    rounds_in_course: int = ROUNDS_IN_COURSE
    # Steps grow with the training: (tokens before, times batch_tokens).
    ramp: tuple[tuple[int, int], ...] = ((0, 1), (3_000_000, 2))
    precision: str = "auto"
    objective: str = "next_token"

    def hyperparameters(self, steps: int, decay_steps: int, schedule: str) -> Hyperparameters:
        """Those of the engine, for a training of so many steps in all."""
        usual, _reasons = resolve(TuningSection(), Contender(kind="full", name="starter"), 0)
        return replace(
            usual,
            epochs=1.0,
            learning_rate=self.learning_rate,
            batch_tokens=self.batch_tokens,
            micro_batch_tokens=MICRO_BATCH_TOKENS,
            optimizer=self.optimizer,
            weight_decay=self.weight_decay,
            warmup_share=min(self.warmup_steps / steps, 0.5),
            schedule=schedule,
            decay_share=decay_steps / steps,
            averaging_decay=self.averaging_decay,
            patience=10_000_000,
            checkpoint_every_s=120.0,
            keep_checkpoints=2,
            seed=self.seed,
        )


MICRO_BATCH_TOKENS = 4096


@dataclass(frozen=True)
class Material:
    """Everything that training needs of the steps before. ``digest``: of the texts and tokens;
    ``passes``: of each entry of the mix in a course."""

    tokens: Tokens
    validation: Tokens
    model_folder: Path
    digest: str
    passes: Mapping[str, float]

    def key(self, shape: Shape, settings: Settings) -> str:
        """Hash of all that decides the weights: a checkpoint goes on only with the same."""
        return content_hash("starter", self.digest, asdict(shape), asdict(settings))


def plan(
    material: Material, settings: Settings, tokens: int, *, order: int, seen: int = 0
) -> tuple[InOrder, list[Step]]:
    """Windows and steps of about ``tokens`` tokens in the order that ``order`` decides; ``seen``:
    learnt before, which the size of steps goes by.

    The beginning does not depend on how long the plan is.
    """
    places: list[int] = []
    size, number = 0, 0
    while size < tokens:
        of_round = round_of(
            material.tokens.places,
            material.passes,
            number,
            order,
            settings.rounds_in_course,
        )
        if not places and number > settings.rounds_in_course:
            raise ValueError("the mix has no examples")
        places += of_round
        size += int(material.tokens.lengths[of_round].sum())
        number += 1
    data = InOrder(material.tokens, places)
    groups = group_by_tokens(range(len(places)), data.lengths, settings.batch_tokens)
    steps: list[Step] = []
    at = 0
    while at < len(groups):
        times = next(times for least, times in reversed(settings.ramp) if seen >= least)
        steps.append(Step(0, tuple(index for group in groups[at : at + times] for index in group)))
        seen += sum(int(data.lengths[index]) for index in steps[-1].examples)
        at += times
    return data, steps


def _plan_of_both(
    material: Material,
    falling: Material | None,
    settings: Settings,
    done: tuple[int, int],
    decay_tokens: int,
) -> tuple[InOrder | OneAfterTheOther, list[Step]]:
    """Windows and steps of both stages. ``done``: steps and tokens of the steady one; ``falling``
    None: it is read on."""
    count, tokens = done
    data: InOrder | OneAfterTheOther
    before, planned = plan(
        material, settings, tokens + decay_tokens + 2 * settings.batch_tokens, order=settings.seed
    )
    data, rest = before, planned[count:]
    if falling is not None:
        after, own = plan(falling, settings, decay_tokens, order=settings.seed + 1, seen=tokens)
        data = OneAfterTheOther(before, after)
        rest = [Step(0, tuple(len(before) + at for at in step.examples)) for step in own]
    steps = planned[:count]
    learnt = 0
    for step in rest:
        if learnt >= decay_tokens:
            break
        learnt += sum(int(data.lengths[at]) for at in step.examples)
        steps.append(step)
    return data, steps


class Printed:
    """Progress in a log: a line now and then. Asks for an end as a person would, by a signal, when
    ``tokens`` are learnt or ``minutes`` are over."""

    def __init__(
        self, every_s: float = 30.0, minutes: float | None = None, tokens: int | None = None
    ) -> None:
        self._every_s, self._minutes, self._tokens = every_s, minutes, tokens
        self._begun = time.monotonic()
        self._last = 0.0
        self.asked_for_the_end = False

    def stage(self, name: str, total: int | None = None) -> None:
        """A stage begins."""
        print(name, total or "", flush=True)

    def advance(self, done: int, **facts: float | int | str | None) -> None:
        """A line, if the last one is a while ago."""
        now = time.monotonic()
        if "loss" in facts and now - self._last > self._every_s:
            self._last = now
            names = ("step", "loss", "learning_rate", "gradient_norm", "tokens_per_s")
            print(" ".join(f"{n} {facts[n]:.5g}" for n in names if facts.get(n)), flush=True)
        learnt = facts.get("tokens")
        if self._tokens is not None and isinstance(learnt, int):
            self._tokens = max(0, self._tokens - learnt)
        over = self._minutes is not None and now - self._begun > 60 * self._minutes
        if over or self._tokens == 0:
            self._minutes = self._tokens = None
            self.asked_for_the_end = True
            os.kill(os.getpid(), signal.SIGTERM)

    def note(self, message: str) -> None:
        """As it is."""
        print(message, flush=True)

    def finish(self) -> None:
        """The end."""
        print("done", flush=True)


def training(
    material: Material,
    shape: Shape,
    settings: Settings,
    run: Run,
    name: str,
    data: InOrder | OneAfterTheOther,
    steps: Sequence[Step],
    *,
    schedule: str,
    decay_steps: int,
    validate_every: int,
    progress: Printed,
) -> tuple[Training, torch.nn.Module]:
    """The engine's training over planned steps, and the model that it trains."""
    tokenizer = Tokenizer.from_folder(material.model_folder)
    chosen = settings.hyperparameters(len(steps), decay_steps, schedule)
    model = prepare_for(new_model(shape, tokenizer, settings.seed), chosen)
    watched = material.validation.cache
    made = Training(
        model=model,
        data=TrainingData(data, data.lengths, [watched[place] for place in range(len(watched))]),
        chosen=chosen,
        objective=objectives.get(settings.objective),
        run=run,
        contender=name,
        precision=choose(settings.precision, torch.device("cpu")),
        key=material.key(shape, settings),
        progress=progress,
        steps=list(steps),
    )
    made.validate_every = validate_every
    return made, model


def train_stable(
    material: Material,
    shape: Shape,
    settings: Settings,
    run: Run,
    *,
    most_tokens: int,
    validate_every: int,
    minutes: float | None,
    tokens: int | None = None,
) -> None:
    """At a steady rate until ``minutes`` are over, ``tokens`` are learnt in all or a signal comes;
    what is reached stands in the newest checkpoint. ``most_tokens`` are planned for. Raises
    Interrupted where it was somebody else who asked for the end."""
    begun = newest_step(run, STABLE, material.key(shape, settings))
    if tokens is not None and begun is not None:
        tokens -= begun[1]
        if tokens <= 0:
            return
    data, steps = plan(material, settings, most_tokens, order=settings.seed)
    progress = Printed(minutes=minutes, tokens=tokens)
    made, _model = training(
        material, shape, settings, run, STABLE, data, steps, schedule="constant", decay_steps=0,
        validate_every=validate_every, progress=progress,
    )  # fmt: skip
    try:
        made.run()
    except Interrupted as stopped:
        if not progress.asked_for_the_end:
            raise
        print(stopped.what, flush=True)


def newest_step(run: Run, name: str, key: str) -> tuple[int, int, Path] | None:
    """(steps, tokens, folder) of the newest checkpoint that verifies; None where there is none."""
    found, _skipped = Checkpoints(run.contender(name) / "checkpoints", 2).newest(key)
    return None if found is None else (found.state.step, found.state.tokens, found.folder)


def decay_name(step: int, tokens: int, falling: Material | None) -> str:
    """What a decay over so many tokens from so many steady steps on is called in the run."""
    return f"decay-{step}-{tokens}" + ("" if falling is None else f"-{falling.digest[:8]}")


def decay_is_begun(
    material: Material,
    shape: Shape,
    settings: Settings,
    run: Run,
    falling: Material,
    decay_tokens: int,
) -> bool:
    """Whether it is, from where the steady stage has come to."""
    begun = newest_step(run, STABLE, material.key(shape, settings))
    if begun is None:
        return False
    name = decay_name(begun[0], decay_tokens, falling)
    return (run.contender(name) / "checkpoints").exists()


def train_decay(
    material: Material,
    shape: Shape,
    settings: Settings,
    run: Run,
    *,
    falling: Material | None,
    decay_tokens: int,
    validate_every: int,
) -> tuple[str, TrainingResult, torch.nn.Module]:
    """From the newest checkpoint of the steady stage, or on with a decay that was begun from it.
    ``falling``: what it reads; None: what the steady stage would have read next.

    Returns the name that it has in the run, and the model with its weights."""
    begun = newest_step(run, STABLE, material.key(shape, settings))
    if begun is None:
        raise SystemExit("there is no checkpoint of the steady stage to begin from")
    step, tokens, folder = begun
    name = decay_name(step, decay_tokens, falling)
    own = run.contender(name) / "checkpoints"
    if not own.exists():
        copied = own.with_name("copied")
        shutil.rmtree(copied, ignore_errors=True)
        shutil.copytree(folder, copied / folder.name)
        copied.rename(own)
    data, steps = _plan_of_both(material, falling, settings, (step, tokens), decay_tokens)
    made, model = training(
        material, shape, settings, run, name, data, steps, schedule="wsd",
        decay_steps=len(steps) - step, validate_every=validate_every, progress=Printed(),
    )  # fmt: skip
    return name, made.run(), model
