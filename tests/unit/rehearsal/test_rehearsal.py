"""A rehearsal takes real steps, stands for all of them, and leaves nothing behind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from transformers import PreTrainedModel

from laras.adapters.prepare import prepare_for
from laras.batches.pack import Step, plan_steps
from laras.objectives.supervised import NextToken
from laras.planning.hyperparameters import Hyperparameters, resolve
from laras.preparation.pipeline import Prepared
from laras.recipe.schema import Contender, ModelSection, TuningSection
from laras.records import EXAMPLE_SCHEMA, Example, Message, to_table
from laras.rehearsal.forecast import rehearse, try_rates
from laras.rehearsal.rates import RateTest
from laras.rehearsal.steps import Rehearsal, representative
from laras.runs.folder import Run
from laras.runs.progress import Silent
from laras.tuning import fitting
from laras.tuning.assignment import Assignment
from laras.tuning.pace import Pace
from laras.tuning.training_data import TrainingData
from laras.tuning.tune import tune
from packed_examples import examples

Fresh = Callable[[str], PreTrainedModel]
LENGTHS = [int(n) for n in np.random.default_rng(5).integers(4, 60, 60)]
USUAL, _ = resolve(TuningSection(), Contender(kind="full", name="tuned"), 0)
BASIC = replace(
    USUAL, epochs=3.0, batch_tokens=256, micro_batch_tokens=128, learning_rate=1e-3,
    checkpoint_every_steps=2, rank=4, trained_layers=1,
)  # fmt: skip


def made(kind: type[Any], model: PreTrainedModel, chosen: Hyperparameters, run: Run) -> Any:
    import torch

    rows = examples(LENGTHS)
    return kind(
        model=prepare_for(model, chosen),
        data=TrainingData(rows, LENGTHS, examples([20, 9, 30], seed=9)),
        chosen=chosen,
        objective=NextToken(),
        run=run,
        contender="tuned",
        precision=torch.float32,
        key="key",
        progress=Silent(),
    )


def test_every_beginning_of_the_order_stands_for_all_steps() -> None:
    lengths = np.arange(1, 101)
    steps = [Step(epoch, (number,)) for epoch in (0, 1) for number in range(100)]
    order = representative(steps, lengths[[step.examples[0] for step in steps]], lengths)
    work = [int(lengths[step.examples[0]]) for step in order]
    assert work[0] == 100, "the longest example first"
    assert work[2] == 1, "then the smallest step beside the middle one"
    assert work[1] == pytest.approx(50, abs=2)
    assert sorted(work[3:5]) == pytest.approx([25, 75], abs=2)
    assert np.mean([work[1], *work[3:]]) == pytest.approx(50, rel=0.15)
    assert {step.epoch for step in order} == {0}


def test_a_training_of_one_step_is_rehearsed_by_taking_it_again() -> None:
    order = representative([Step(0, (0,))], np.array([5.0]), [5])
    assert len(order) >= 4


@pytest.mark.parametrize("method", ["full", "lora", "freeze"])
def test_a_rehearsal_times_real_steps_and_all_that_is_beside_them(
    fresh: Fresh, tmp_path: Path, method: str
) -> None:
    chosen = replace(BASIC, method=method)
    with Run.open(tmp_path / "run") as run:
        training = made(Rehearsal, fresh("llama"), chosen, run)
        timed = training.rehearse()
        expected, cost = training.expected(timed)
        taken = sum(event["kind"] == "step_done" for event in run.events())
    assert taken == 1 + len(timed.steps) + len(timed.again)
    assert bool(timed.again) == (method == "freeze"), "later epochs read what frozen blocks made"
    besides = timed.besides
    assert min(besides.validation, besides.keeping, besides.checkpoint, besides.taking) > 0
    steps = cost.seconds(training._work(training.steps)).sum()
    assert expected.low < expected.value < expected.high
    if method != "freeze":
        assert expected.value > steps
    assert len(training.steps) > taken


def test_the_range_test_raises_the_rate_in_each_step(fresh: Fresh, tmp_path: Path) -> None:
    with Run.open(tmp_path / "run") as run:
        training = made(RateTest, fresh("llama"), replace(BASIC, learning_rate=1.0), run)
        found = training.measure()
        rates = [e["learning_rate"] for e in run.events() if e["kind"] == "step_done"]
    assert rates == sorted(rates)
    assert rates[0] == pytest.approx(0.01)
    assert found.diverged is not None, "rates up to 100 leave no model in its place"
    assert len(found.losses) < 60


def test_a_run_forecasts_itself_once_from_its_first_steps() -> None:
    steps = plan_steps(LENGTHS, 128, 5.0, 0, None)
    work = np.full(len(steps), 100.0)
    pace = Pace(work, 300.0, 10, replace(BASIC, checkpoint_every_steps=None))
    told = [pace.stepped(step, 2.0 if step == 1 else 1.0) for step in range(1, len(steps) + 1)]
    (forecast,) = [each for each in told if each is not None]
    assert told.index(forecast) < len(steps) // 3
    validations = -(-len(steps) // 10)
    # One slow step, then one second each; a validation is a third of what its tokens would cost.
    assert forecast.value == pytest.approx(1 + len(steps) + validations * 1.0, rel=0.01)


def test_a_resumed_run_forecasts_all_of_itself() -> None:
    pace = Pace(np.full(50, 100.0), 0.0, 100, replace(BASIC, checkpoint_every_steps=None))
    told = [pace.stepped(step, 1.0) for step in range(21, 30)]
    (forecast,) = [each for each in told if each is not None]
    assert forecast.value == pytest.approx(50)


@pytest.fixture
def assignment(tiny: Callable[[str], Path], tmp_path: Path) -> Assignment:
    """Full tuning of the tiny model on some rows."""
    rows = [
        Example(
            f"e{number}",
            "chat",
            (
                Message("user", f"Which instrument leads, number {number}?", False),
                Message("assistant", "Bonang memimpin. " * (1 + number % 5), True),
            ),
            f"g{number}",
        )
        for number in range(40)
    ]
    path = tmp_path / "rows.parquet"
    pq.write_table(to_table(rows, EXAMPLE_SCHEMA), path)
    return Assignment(
        Contender(kind="full", name="full"),
        ModelSection(base=str(tiny("llama")), precision="float32"),
        "digest",
        tmp_path,
        TuningSection(epochs=4, batch_tokens=256, micro_batch_tokens=256, learning_rate=1e-3),
        Prepared(path, path, path, path, {"labels": []}, "key"),
    )


def test_a_rehearsal_tells_what_the_training_then_takes(
    assignment: Assignment, tmp_path: Path
) -> None:
    tokens = tmp_path / "tokens"
    with Run.open(tmp_path / "scratch") as scratch:
        told = rehearse(assignment, scratch, tokens, Silent())
    assert told["fits_memory"]
    assert told["trained_parameters"] == told["parameters"]
    assert told["suggested"]["learning_rate"]["value"] == 5e-4
    assert told["reasons"]["learning_rate"] == "set in tuning"
    with Run.open(tmp_path / "run") as run:
        tune(assignment, run, Silent())
        events = {event["kind"]: event for event in run.events()}
    planned, finished = events["training_planned"], events["contender_finished"]
    assert planned["steps"] == told["steps"]
    assert planned["settings"] == told["settings"]
    assert finished["tokens"] == 4 * told["tokens_per_epoch"]
    assert planned["memory"]["held_before_bytes"] > 0
    assert events["training_forecast"]["low"] < events["training_forecast"]["high"]
    # A tiny model's seconds are chance; that both are of the same size is all that can be said.
    assert told["training_seconds"]["value"] < 20 * finished["seconds"] + 5


def test_what_does_not_fit_takes_no_step_and_names_what_would(
    assignment: Assignment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fitting, "available_bytes", lambda device: 0)
    with Run.open(tmp_path / "scratch") as scratch:
        told = rehearse(assignment, scratch, tmp_path / "tokens", Silent())
        assert not [event for event in scratch.events() if event["kind"] == "step_done"]
    assert not told["fits_memory"]
    assert "tuning_seconds" not in told
    settings = [tuple(way["settings"]) for way in told["ways"]]
    assert settings[0] == ()
    assert any("kind" in setting for setting in settings)


def test_rates_are_tried_on_the_contenders_own_rows(assignment: Assignment, tmp_path: Path) -> None:
    with Run.open(tmp_path / "scratch") as scratch:
        told = try_rates(assignment, scratch, tmp_path / "tokens", Silent())
    assert told["rates"][0] == pytest.approx(1e-5)
    assert len(told["rates"]) == len(told["losses"])
    assert told["suggested"] is None or told["suggested"] < 1e-1
