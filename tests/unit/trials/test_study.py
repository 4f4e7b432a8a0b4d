"""What is tried next, and what is given up: pure functions of what was tried."""

from __future__ import annotations

import logging
import math
import subprocess
import sys
from pathlib import Path

import pytest

from laras.recipe.schema import Dimension
from laras.trials.record import Trial
from laras.trials.study import suggest, worth_ending

RATE = Dimension(low=1e-4, high=1e-1, log=True)
SPACE = {"rate": RATE, "rank": Dimension(choices=[4, 8, 16]), "kind": Dimension(choices=["a", "b"])}
FIRST = Trial(0, {"rate": 1e-3, "rank": 8, "kind": "a"}, "complete", 3.0, (3.5, 3.0))


def searched(count: int, seed: int = 0) -> list[Trial]:
    """A search whose loss is least at a rate of 0.02, rank 16, kind b."""
    trials = [FIRST]
    while len(trials) < count:
        values = suggest(SPACE, trials, seed)
        assert values is not None
        loss = abs(math.log10(values["rate"] / 0.02)) + (16 - values["rank"]) / 16
        loss += 0.3 * (values["kind"] == "a")
        trials.append(Trial(len(trials), values, "complete", loss, (loss + 1, loss)))
    return trials


def test_the_same_is_suggested_after_the_same_trials() -> None:
    assert searched(8) == searched(8)
    assert searched(8) != searched(8, seed=1)


def test_a_search_that_goes_on_suggests_what_an_unbroken_one_does() -> None:
    unbroken = searched(10)
    assert suggest(SPACE, unbroken[:6], 0) == unbroken[6].values


def test_values_lie_in_the_space_and_have_few_digits() -> None:
    for trial in searched(12)[1:]:
        assert 1e-4 <= trial.values["rate"] <= 1e-1
        assert float(f"{trial.values['rate']:.3g}") == trial.values["rate"]
        assert trial.values["rank"] in (4, 8, 16)
        assert trial.values["kind"] in ("a", "b")


def test_a_search_finds_better_values_than_as_many_random_ones() -> None:
    def best(trials: list[Trial]) -> float:
        return min(trial.loss or 9.0 for trial in trials[1:])

    found = [best(searched(20, seed)) for seed in range(5)]
    drawn = [best(searched(5, seed)) for seed in range(5)]  # the first few are drawn at random
    assert sum(found) < 0.5 * sum(drawn)


def test_whole_bounds_give_whole_numbers() -> None:
    space = {"epochs": Dimension(low=1, high=6)}
    trials = [Trial(0, {"epochs": 3.0}, "complete", 1.0, (1.0,))]
    for number in range(1, 6):
        values = suggest(space, trials, 0)
        assert values is not None
        assert isinstance(values["epochs"], int)
        trials.append(Trial(number, values, "complete", 1.0 / number, (1.0,)))
    assert {trial.values["epochs"] for trial in trials} == {1, 2, 3, 4, 5, 6}, "none of them twice"
    assert suggest(space, trials, 0) is None


def test_a_recipe_with_values_outside_the_space_counts_for_its_loss_alone() -> None:
    outside = Trial(0, {"rate": 0.5, "rank": 12, "kind": "a"}, "complete", 3.0, (3.0,))
    values = suggest(SPACE, [outside], 0)
    assert values is not None
    assert set(values) == set(SPACE)


def test_failed_and_pruned_trials_lead_away_from_their_values() -> None:
    space = {"rate": RATE}
    trials = [Trial(0, {"rate": 1e-3}, "complete", 1.0, (1.0,))]
    trials += [Trial(n, {"rate": 0.05 + n / 1000}, "failed") for n in range(1, 12)]
    suggested = [suggest(space, trials, seed) for seed in range(20)]
    assert sum(values["rate"] < 0.03 for values in suggested if values) >= 15


def pruned(own: list[float], share: float = 0.5, others: int = 3) -> bool:
    finished = [
        Trial(n, {"rate": 1e-3}, "complete", 1.0 + n, (2.0 + n, 1.0 + n)) for n in range(others)
    ]
    return worth_ending({"rate": RATE}, finished, own, share)


def test_a_training_ends_where_it_is_worse_than_the_median_at_that_time() -> None:
    assert pruned([3.5])
    assert not pruned([2.9])
    assert pruned([9.0, 2.1])
    assert not pruned([9.0, 1.9])
    assert not pruned([1.5, 9.0]), "its best so far is what counts"


def test_nothing_ends_before_a_third_of_its_steps_or_before_there_is_enough_to_compare() -> None:
    assert not pruned([9.0], share=0.3)
    assert not pruned([9.0], others=2)


def test_a_loss_that_is_no_number_ends_a_training() -> None:
    assert pruned([1.0, math.nan])
    assert pruned([math.inf], others=0)


def test_a_longer_training_is_not_compared_where_nobody_has_been() -> None:
    assert not pruned([2.1, 1.1, 9.0])


def test_nothing_is_written_and_nothing_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    before = logging.getLogger("optuna").level
    searched(3)
    assert capfd.readouterr() == ("", "")
    assert list(tmp_path.iterdir()) == []
    assert logging.getLogger("optuna").level == before, "another's use of the library is untouched"


def test_a_study_loads_neither_a_database_nor_torch() -> None:
    code = """
import sys
from laras.recipe.schema import Dimension
from laras.trials.record import Trial
from laras.trials.study import suggest

suggest({"a": Dimension(low=0.0, high=1.0)}, [Trial(0, {}, "complete", 1.0)], 0)
print({"sqlalchemy", "torch"} & {name.partition(".")[0] for name in sys.modules})
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
