"""A few changed files of each kind, the same in every run; ``make fuzz`` tries them by the hour."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save as save_tensors

from fuzz_targets import TARGETS, Seed, Target, emptied, parser_target
from laras.sources.parsing import ParserLimits
from mutations import mutated

ROWS = {
    "recipe": pytest.mark.fault(54),
    "readers": pytest.mark.fault(35, 36, 37),
    "checkpoints": pytest.mark.fault(16, 17, 18),
    "models": pytest.mark.fault(50, 51),
    "templates": pytest.mark.fault(52),
    "runs": pytest.mark.fault(55),
    "parsers": pytest.mark.fault(44, 45, 46),
}
FEW = settings(
    max_examples=12,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module", params=[pytest.param(name, marks=ROWS[name]) for name in ROWS])
def fuzzed(request, tmp_path_factory):
    """A target, its sound files, and a folder for its tries."""
    folder: Path = tmp_path_factory.mktemp(request.param)
    if request.param != "parsers":
        target = TARGETS[request.param]
        yield target, target.seeds(folder / "seeds"), folder / "try"
        return
    target, close = parser_target(ParserLimits(timeout_s=10.0, memory_bytes=1 << 30))
    yield target, target.seeds(folder / "seeds"), folder / "try"
    close()


def test_what_is_not_changed_is_taken(fuzzed: tuple[Target, list[Seed], Path]) -> None:
    target, seeds, folder = fuzzed
    for seed in seeds[:: max(1, len(seeds) // 5)]:
        with emptied(folder):
            target.attempt(seed, seed.content, folder)


@FEW
@given(chance=st.randoms(use_true_random=False))
def test_what_is_changed_ends_as_its_contract_says(
    fuzzed: tuple[Target, list[Seed], Path], chance: random.Random
) -> None:
    target, seeds, folder = fuzzed
    seed = chance.choice(seeds)
    content = mutated(seed.content, [each.content for each in seeds], chance)
    with emptied(folder):
        target.attempt(seed, content, folder)


@pytest.mark.fault(16, 17)
@pytest.mark.parametrize(
    "states",
    [
        {"cpu": torch.zeros(3)},
        {"cpu": torch.get_rng_state(), "python": torch.full((625,), -1)},
        {"cpu": torch.get_rng_state(), "numpy": torch.full((626,), 2**60)},
        {},
    ],
    ids=["short", "negative", "huge", "none"],
)
def test_a_checkpoint_whose_hashes_fit_and_whose_states_can_not_be_is_refused(
    tmp_path: Path, states: dict[str, torch.Tensor]
) -> None:
    """Found by fuzzing: what was written by something else than Laras, hashes and all."""
    target = TARGETS["checkpoints"]
    target.seeds(tmp_path / "seeds")
    seed = Seed("random.safetensors", b"", "changed and hashed again")
    with emptied(tmp_path / "try") as folder:
        target.attempt(seed, save_tensors(states), folder)
