"""What would fit instead, and what stands on the disk."""

from __future__ import annotations

from dataclasses import replace

from laras.planning.footprint import disk_bytes
from laras.planning.hyperparameters import Hyperparameters, resolve
from laras.planning.memory import Shape, Work
from laras.planning.ways import Way, ways_that_fit, with_adapter
from laras.recipe.schema import Contender, TuningSection

GIB = 2**30
# Llama 3 8B.
CONFIG = {"hidden_size": 4096, "num_hidden_layers": 32, "vocab_size": 128_256,
          "tie_word_embeddings": False}  # fmt: skip
PARAMETERS = 8_030_261_248


def chosen(kind: str) -> Hyperparameters:
    return resolve(TuningSection(), Contender.model_validate({"kind": kind, "name": kind}), 10)[0]


def ways(kind: str, room: int) -> dict[str, Way]:
    trained = PARAMETERS if kind == "full" else 41_943_040
    shape = Shape.of(CONFIG, PARAMETERS, trained)
    assert shape is not None
    work = Work(2, 2048, 2048, GIB, residual_bytes=2)
    found = ways_that_fit(shape, chosen(kind), work, room * GIB, can_offload=True)
    return {" ".join(f"{k}={v}" for k, v in way.settings.items()): way for way in found}


def test_each_way_takes_less_than_what_was_chosen() -> None:
    found = ways("full", 48)
    first = found.pop("")
    assert not first.fits
    assert all(way.peak_bytes < first.peak_bytes for way in found.values())
    # Several micro-batches keep their gradients, which weigh more here than their activations.
    assert not [name for name in found if "micro_batch" in name]
    assert found["kind=lora"].fits
    assert found["kind=lora quantised=nf4"].peak_bytes < found["kind=lora"].peak_bytes


def test_an_adapter_is_not_told_to_become_one() -> None:
    found = ways("lora", 24)
    assert not found[""].fits
    assert "kind=lora" not in found
    assert found["kind=lora quantised=nf4"].fits


def test_an_adapters_size_is_known_without_the_model() -> None:
    shape = Shape.of(CONFIG, PARAMETERS, PARAMETERS)
    assert shape is not None
    assert abs(with_adapter(shape).trained / 41_943_040 - 1) < 0.1


def test_checkpoints_are_what_fills_a_disk() -> None:
    full, lora = chosen("full"), chosen("lora")
    assert disk_bytes(full, 10**9, 10**9) > 4 * 12 * 10**9
    assert disk_bytes(lora, 10**9, 10**7) < 10**9
    few = replace(full, keep_checkpoints=1)
    assert disk_bytes(few, 10**9, 10**9) == disk_bytes(full, 10**9, 10**9) - 12 * 10**9
