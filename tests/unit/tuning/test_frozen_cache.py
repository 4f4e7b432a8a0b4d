"""Frozen blocks are computed once, and nothing else changes."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import PreTrainedModel

from laras.adapters.prepare import prepare_for, trainable
from laras.batches.token_batch import TokenBatch, collate
from laras.errors import Interrupted
from laras.objectives.supervised import NextToken
from laras.planning.hyperparameters import Hyperparameters, resolve
from laras.recipe.schema import Contender, TuningSection
from laras.runs.folder import Run
from laras.runs.progress import Silent
from laras.tuning.frozen_cache import FrozenCache, first_trained_block
from laras.tuning.loop import Training
from laras.tuning.training_data import TrainingData
from packed_examples import examples

Fresh = Callable[[str], PreTrainedModel]
LENGTHS = [int(n) for n in np.random.default_rng(5).integers(4, 60, 40)]
DEFAULTS, _ = resolve(TuningSection(), Contender(kind="freeze", name="tuned"), 0)
CHOSEN = replace(
    DEFAULTS, epochs=3.0, learning_rate=1e-3, batch_tokens=256, micro_batch_tokens=128,
    checkpoint_every_s=1e9, trained_layers=1, patience=100,
)  # fmt: skip


def training(
    model: PreTrainedModel, chosen: Hyperparameters, run: Run, precision: torch.dtype
) -> Training:
    return Training(
        model=prepare_for(model, chosen),
        data=TrainingData(examples(LENGTHS), LENGTHS, examples([20, 9], seed=9)),
        chosen=chosen,
        objective=NextToken(),
        run=run,
        contender="tuned",
        precision=precision,
        key="key",
        progress=Silent(),
    )


def weights(made: Training) -> torch.Tensor:
    return torch.cat([part.detach().flatten() for part in trainable(made.model).values()])


def told(run: Run) -> list[dict[str, Any]]:
    return [event for event in run.events() if event["kind"] == "frozen_cache"]


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_training_gives_the_weights_that_it_gives_without_the_cache(
    fresh: Fresh, tmp_path: Path, precision: torch.dtype
) -> None:
    found = []
    for name, size in (("with", 10**9), ("without", 0)):
        with Run.open(tmp_path / name) as run:
            chosen = replace(CHOSEN, frozen_cache_bytes=size)
            made = training(fresh("llama"), chosen, run, precision)
            made.run()
            found.append(weights(made))
            (event,) = told(run)
            assert event["blocks"] == 1
            assert (event["not_used"] is None) == (name == "with")
            assert not (run.contender("tuned") / "frozen").exists() or name == "without"
    difference = float((found[0] - found[1]).abs().max() / found[1].abs().max())
    assert difference < (1e-6 if precision == torch.float32 else 1e-3)


def test_frozen_blocks_run_in_the_first_epoch_only(
    fresh: Fresh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Run.open(tmp_path / "run") as run:
        made = training(fresh("llama"), CHOSEN, run, torch.float32)
        decoder = made.forward.decoder
        assert decoder is not None
        computed: list[int] = []
        original = decoder.stream_before

        def counted(batch: TokenBatch, block: int) -> torch.Tensor:
            if block:
                computed.append(made.steps[made.state.step].epoch)
            return original(batch, block)

        monkeypatch.setattr(decoder, "stream_before", counted)
        made.run()
    assert set(computed) == {0}


@pytest.mark.parametrize("step", [2, 9])
def test_a_stop_in_any_epoch_changes_no_bit(fresh: Fresh, tmp_path: Path, step: int) -> None:
    with Run.open(tmp_path / "unbroken") as run:
        unbroken = training(fresh("llama"), CHOSEN, run, torch.float32)
        unbroken.run()
    with Run.open(tmp_path / "broken") as run:
        broken = training(fresh("llama"), CHOSEN, run, torch.float32)
        original = broken._step

        def counted(now: Any) -> None:
            original(now)
            if broken.state.step == step:
                os.kill(os.getpid(), signal.SIGTERM)

        broken._step = counted  # type: ignore[method-assign]
        with pytest.raises(Interrupted):
            broken.run()
        continued = training(fresh("llama"), CHOSEN, run, torch.float32)
        continued.run()
    assert torch.equal(weights(continued), weights(unbroken))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"frozen_cache_bytes": 1000}, "larger than tuning.frozen_cache_bytes"),
        ({"embedding_noise": 5.0}, "noise"),
    ],
)
def test_why_it_is_not_used_is_told(
    fresh: Fresh, tmp_path: Path, change: dict[str, Any], reason: str
) -> None:
    with Run.open(tmp_path / "run") as run:
        training(fresh("llama"), replace(CHOSEN, **change, max_steps=9), run, torch.float32).run()
        (event,) = told(run)
    assert reason in event["not_used"]


def test_there_is_none_for_one_epoch_or_where_all_is_trained(fresh: Fresh, tmp_path: Path) -> None:
    for number, change in enumerate(({"epochs": 1.0}, {"method": "full"}, {"method": "lora"})):
        with Run.open(tmp_path / str(number)) as run:
            made = training(fresh("llama"), replace(CHOSEN, **change), run, torch.float32)
            made.run()
            assert told(run) == []


def test_the_border_is_below_the_first_trained_block(fresh: Fresh) -> None:
    model = fresh("llama")
    assert first_trained_block(prepare_for(model, CHOSEN)) == 1
    assert first_trained_block(prepare_for(model, replace(CHOSEN, trained_layers=2))) == 0
    model.requires_grad_(False)
    assert first_trained_block(model) == 0


class Doubled:
    """A decoder whose stream is twice the token ids."""

    def stream_before(self, batch: TokenBatch, block: int) -> torch.Tensor:
        return (2.0 * batch.input_ids[:, None]).expand(-1, 3).to(torch.bfloat16).contiguous()


def test_what_is_kept_is_read_again_only_after_it_was_saved(tmp_path: Path) -> None:
    rows = examples([5, 9, 2])
    batch = collate(rows[:2], cut=True)

    def opened(key: str) -> FrozenCache:
        like = torch.zeros(1, 3, dtype=torch.bfloat16)
        return FrozenCache(tmp_path / "frozen", key, Doubled(), 1, [5, 9, 2], like)

    cache = opened("key")
    assert cache.size_bytes == 16 * 3 * 2
    expected = cache.with_stream(batch, [0, 1]).hidden
    assert expected is not None
    assert torch.equal(expected, Doubled().stream_before(batch, 1))
    assert not opened("key")._kept.any()
    cache.saving()()
    again = opened("key")
    assert again._kept.tolist() == [True, True, False]
    again._decoder = None  # type: ignore[assignment]
    other = collate([rows[1], rows[0]], cut=True)
    read = again.with_stream(other, [1, 0])
    assert read.hidden is not None
    assert torch.equal(read.hidden, Doubled().stream_before(other, 1))
    assert read.first_block == 1
    assert not opened("other data")._kept.any()
    assert len(list((tmp_path / "frozen").iterdir())) == 1, "what another key kept is removed"
