"""The forecast of memory: what it counts, and what is decided by it."""

from __future__ import annotations

from typing import Any

import pytest

from laras.planning.hyperparameters import Hyperparameters, resolve
from laras.planning.memory import Plan, Shape, Work, forecast, least_bytes, plan
from laras.recipe.schema import Contender, TuningSection

GIB = 2**30
# Llama 3 8B: what is known of it, without the model.
CONFIG = {
    "hidden_size": 4096,
    "num_hidden_layers": 32,
    "vocab_size": 128_256,
    "tie_word_embeddings": False,
}
PARAMETERS = 8_030_261_248
ADAPTER = 41_943_040  # LoRA of rank 16 on all linear layers
CHUNK = 2**30  # of a GPU
WORK = Work(2, 4096, 4096, CHUNK, residual_bytes=2)


def chosen(kind: str, **settings: Any) -> Hyperparameters:
    contender = Contender.model_validate({"kind": kind, "name": kind})
    return resolve(TuningSection(**settings), contender, PARAMETERS)[0]


def shape(trained: int = ADAPTER) -> Shape:
    found = Shape.of(CONFIG, PARAMETERS, trained, 112)
    assert found is not None
    return found


def test_sizes_are_read_in_the_words_of_each_family() -> None:
    words = {"n_embd": 768, "n_layer": 12, "vocab_size": 50_257}
    found = Shape.of(words, 124_439_808, 124_439_808)
    assert found is not None
    assert (found.channels, found.blocks) == (768, 12)
    assert found.block == pytest.approx(7_087_872, rel=0.01)
    assert Shape.of({"width": 768}, 1, 1) is None


def test_adapters_need_neither_gradients_nor_states_of_the_base() -> None:
    lora = forecast(shape(), chosen("lora"), WORK)
    full = forecast(shape(PARAMETERS), chosen("full"), WORK)
    assert lora.gradients == 4 * ADAPTER
    assert lora.optimizer == 8 * ADAPTER
    assert full.gradients + full.optimizer == 12 * PARAMETERS
    # Frozen matrices in bfloat16, both embeddings in float32, a narrow copy of the head.
    assert lora.held == pytest.approx(18.1 * GIB, rel=0.02)


def test_what_is_copied_to_be_saved_is_told_and_is_in_no_sum() -> None:
    lora = forecast(shape(), chosen("lora"), WORK)
    full = forecast(shape(PARAMETERS), chosen("full", averaging_decay=0.99), WORK)
    assert lora.saving == 16 * ADAPTER  # weights, two moments, the best weights
    assert full.saving == 20 * PARAMETERS  # and their averages
    parts = full.held + full.optimizer + full.gradients + full.activations
    assert full.training < parts + full.logits + full.working + full.saving
    planned = plan(shape(), chosen("lora"), WORK, 80 * GIB, can_offload=True)
    assert planned.facts()["saving_bytes"] == lora.saving


def test_a_quantised_base_and_8_bit_states_are_smaller() -> None:
    contender = Contender.model_validate({"kind": "lora", "name": "q", "quantised": "nf4"})
    quantised = resolve(TuningSection(), contender, PARAMETERS)[0]
    assert forecast(shape(), quantised, WORK).held < 9 * GIB
    wide, narrow = (
        forecast(shape(PARAMETERS), chosen("full", optimizer=name), WORK).optimizer
        for name in ("adamw", "adamw8bit")
    )
    assert narrow < wide / 3


def test_activations_grow_with_the_tokens_of_a_micro_batch_and_not_of_a_step() -> None:
    one = forecast(shape(), chosen("lora"), WORK)
    two = forecast(shape(), chosen("lora"), Work(2, 8192, 8192, CHUNK, residual_bytes=2))
    assert two.activations == 2 * one.activations
    own = forecast(
        shape(), chosen("lora"), Work(2, 4096, 4096, CHUNK, fast=False, residual_bytes=2)
    )
    assert own.activations == 1.75 * one.activations


@pytest.mark.parametrize(
    ("room", "saving", "fits"),
    [(102, "keep", True), (36, "recompute", True), (27, "offload", True), (16, "offload", False)],
)
def test_the_cheapest_way_that_fits_is_taken(room: int, saving: str, fits: bool) -> None:
    work = Work(2, 16_384, 16_384, CHUNK, residual_bytes=2)
    found = plan(shape(), chosen("lora"), work, room * GIB, can_offload=True)
    assert (found.saving, found.fits) == (saving, fits)


def test_without_a_second_memory_nothing_is_moved_there() -> None:
    found = plan(shape(), chosen("lora"), WORK, 16 * GIB, can_offload=False)
    assert (found.saving, found.fits) == ("recompute", False)


@pytest.mark.parametrize(
    ("setting", "room", "saving"), [("never", 16, "keep"), ("always", 80, "recompute")]
)
def test_the_recipe_comes_first(setting: str, room: int, saving: str) -> None:
    settings = chosen("lora", recompute_activations=setting)
    assert plan(shape(), settings, WORK, room * GIB, can_offload=False).saving == saving


def test_what_no_batch_can_lower_is_known_before_loading() -> None:
    assert least_bytes(10**9, "full", "adamw", None) == 16 * 10**9
    assert least_bytes(10**9, "lora", "adamw", None) == 4 * 10**9
    assert least_bytes(10**9, "lora", "adamw", "nf4") < 10**9
    assert least_bytes(10**9, "lora", "adamw", "fp8") == 4 * 10**9  # made of what is there


def test_logits_are_no_more_than_a_chunk_of_them() -> None:
    def logits(labelled: int) -> int:
        rows = 2 * 2 * labelled * CONFIG["hidden_size"]
        work = Work(2, 16_384, labelled, CHUNK, residual_bytes=2)
        return forecast(shape(), chosen("lora"), work).logits - rows

    assert logits(100) == 2 * 100 * CONFIG["vocab_size"]
    assert logits(16_384) == CHUNK


def test_a_base_is_read_in_full_before_it_is_held_in_8_bits() -> None:
    def planned(quantised: str, room: int = 0) -> Plan:
        contender = Contender.model_validate({"kind": "lora", "name": "q", "quantised": quantised})
        settings = resolve(TuningSection(), contender, PARAMETERS)[0]
        work = Work(2, 512, 512, CHUNK, residual_bytes=2)
        return plan(shape(), settings, work, room, can_offload=False)

    four, eight = (planned(name, 80 * GIB).forecast for name in ("nf4", "fp8"))
    assert four.peak == four.training > four.loading
    assert eight.peak == eight.loading == 4 * PARAMETERS
    # It is decided about activations when that is over.
    after = planned("fp8", eight.loading)
    assert (after.saving, after.fits) == ("keep", True)
    assert after.facts()["peak_bytes"] == eight.loading > 0.9 * after.room
