"""What the recipe leaves open is filled in, each value with where it comes from."""

from __future__ import annotations

import pytest

from laras.planning.hyperparameters import resolve, suggested
from laras.recipe.schema import Contender, TuningSection
from laras.recipe.unread import ADAPTER_KINDS

SMALL, LARGE = 6_000_000, 7_000_000_000


def test_the_contender_comes_before_the_section_and_that_before_the_default() -> None:
    section = TuningSection(learning_rate=1e-3)
    own = Contender(kind="lora", name="lora", learning_rate=5e-3)
    plain = Contender(kind="lora", name="lora")
    assert resolve(section, own, SMALL)[0].learning_rate == 5e-3
    assert resolve(section, plain, SMALL)[0].learning_rate == 1e-3
    assert resolve(TuningSection(), plain, SMALL)[0].learning_rate == 2e-3


@pytest.mark.parametrize(("effort", "epochs"), [("quick", 1), ("standard", 3), ("thorough", 6)])
def test_effort_sets_the_epochs_where_nobody_did(effort: str, epochs: float) -> None:
    section = TuningSection.model_validate({"effort": effort})
    chosen, reasons = resolve(section, Contender(kind="full", name="full"), SMALL)
    assert chosen.epochs == epochs
    assert effort in reasons["epochs"]


def test_large_models_get_smaller_rates_and_adapters_larger_ones() -> None:
    rate = {
        (kind, size): resolve(
            TuningSection(), Contender.model_validate({"kind": kind, "name": kind}), size
        )[0].learning_rate
        for kind in ("full", "lora")
        for size in (SMALL, LARGE)
    }
    assert rate["full", LARGE] < rate["full", SMALL]
    assert rate["lora", LARGE] > rate["full", LARGE]


def test_alpha_follows_the_rank() -> None:
    contender = Contender(kind="lora", name="lora", rank=4)
    assert resolve(TuningSection(), contender, SMALL)[0].alpha == 8.0


def test_every_value_has_a_reason() -> None:
    chosen, reasons = resolve(TuningSection(), Contender(kind="full", name="full"), SMALL)
    assert set(reasons) == set(chosen.__dataclass_fields__) - {"method"}


def test_each_adapter_has_a_rate_and_a_scale_of_its_own() -> None:
    chosen = {
        kind: resolve(
            TuningSection(), Contender.model_validate({"kind": kind, "name": kind}), SMALL
        )[0]
        for kind in ("full", *ADAPTER_KINDS)
    }
    assert all(each.learning_rate > 0 for each in chosen.values())
    assert chosen["pissa"].alpha == chosen["pissa"].rank
    # The rates of A and B lie around LoRA's.
    plus = chosen["loraplus"]
    around = plus.learning_rate * plus.rate_ratio**0.5
    assert around == pytest.approx(chosen["lora"].learning_rate)
    # At rank 16 both have a scale of 2.
    assert chosen["rslora"].alpha / 16**0.5 == chosen["lora"].alpha / 16
    assert chosen["vera"].rank > chosen["lora"].rank
    assert (chosen["oft"].block_size, chosen["boft"].block_size) == (32, 4)


@pytest.mark.parametrize(
    ("tokens", "batch"), [(10_000_000, 4096), (81_920, 4096), (60_000, 2048), (500, 512)]
)
def test_little_data_is_taken_in_smaller_steps(tokens: int, batch: int) -> None:
    plain = Contender(kind="full", name="full")
    chosen, reasons = resolve(TuningSection(), plain, SMALL, tokens)
    assert chosen.batch_tokens == batch
    assert f"{tokens:,}" in reasons["batch_tokens"]
    assert resolve(TuningSection(batch_tokens=4096), plain, SMALL, tokens)[0].batch_tokens == 4096


def test_what_is_suggested_does_not_depend_on_what_is_set() -> None:
    own = Contender(kind="lora", name="lora", learning_rate=1.0)
    section = TuningSection(batch_tokens=64, epochs=40)
    found = suggested(section, own, SMALL, 10_000_000)
    assert {name: each["value"] for name, each in found.items()} == {
        "learning_rate": 2e-3,
        "batch_tokens": 4096,
        "epochs": 3.0,
    }
    assert all(each["reason"] for each in found.values())
