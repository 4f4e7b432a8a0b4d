"""What other seeds say of a contender, and when the verdict has to speak of them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from scipy.stats import t

from feigned_answers import SECTION, answers, standing
from laras.contenders.retraining.figures import Ground
from laras.contenders.retraining.seeds import luck_sentence, seed_entries, spread_of
from laras.contenders.retraining.variants import Retraining
from laras.contenders.retraining.work import Retrained
from laras.contenders.verdict import verdict
from laras.recipe.schema import Contender
from laras.translation import set_language

LORA = Contender(kind="lora", name="lora")


@pytest.fixture(autouse=True)
def english() -> None:
    set_language("en")


def trained(seed: int, quality: float | None) -> Retrained:
    """With this mean of ROUGE; None: it could not be trained."""
    return Retrained(
        variant=Retraining(LORA, seed=seed),
        rows=100,
        predictions=None if quality is None else answers(quality, seed=seed),
        failed="its loss is not finite" if quality is None else None,
        seconds=2.0,
        energy_wh=0.5,
    )


def ground(lora: float, base: float = 0.4) -> Ground:
    standings = [standing("base", "base", base), standing("lora", "lora", lora)]
    return Ground(verdict(standings, SECTION), standings, SECTION)


def others(*qualities: float | None) -> Sequence[Retrained]:
    return [trained(seed, quality) for seed, quality in enumerate(qualities, start=1)]


def test_mean_deviation_and_interval_are_those_of_a_sample() -> None:
    values = [0.61, 0.58, 0.66, 0.6]
    found = spread_of(values, 0.9)
    assert found["mean"] == pytest.approx(0.6125)
    assert found["sd"] == pytest.approx(0.0340343)
    assert (found["least"], found["most"]) == (0.58, 0.66)
    error = 0.0340343 / 2
    low, high = t.interval(0.9, 3, loc=0.6125, scale=error)
    assert (found["low"], found["high"]) == (pytest.approx(low), pytest.approx(high))


def test_an_interval_does_not_leave_what_a_metric_can_be() -> None:
    found = spread_of([0.3, 0.7], 0.95, 1.0)
    assert (found["low"], found["high"]) == (0.0, 1.0)


def test_the_one_that_competes_comes_first_and_its_figure_is_the_verdicts() -> None:
    held = ground(0.5)
    (entry,) = seed_entries(held, others(0.6, 0.55), own_seed=0) or ()
    assert [each["seed"] for each in entry["values"]] == [0, 1, 2]
    assert entry["values"][0]["value"] == held.own("lora").value
    assert [each["value"] for each in entry["values"]] == pytest.approx([0.5, 0.6, 0.55])
    assert (entry["contender"], entry["metric"]) == ("lora", "rougeL")
    assert entry["cost"] == {"seconds": 4.0, "energy_wh": 1.0}


def test_each_seed_is_held_against_the_reference() -> None:
    (entry,) = seed_entries(ground(0.5), others(0.52, 0.48), own_seed=0) or ()
    assert [each["beats_reference"] for each in entry["values"]] == [True] * 3
    assert "It beats base under every one of them." in entry["note"]
    (entry,) = seed_entries(ground(0.5), others(0.4, 0.3), own_seed=0) or ()
    assert [each["beats_reference"] for each in entry["values"]] == [True, False, False]
    assert "under 1 of them only" in entry["note"]
    (entry,) = seed_entries(ground(0.4), others(0.4, 0.3), own_seed=0) or ()
    assert "under none of them" in entry["note"]


def test_the_reference_itself_is_held_against_nobody() -> None:
    standings = [standing("lora", "lora", 0.5), standing("full", "full", 0.5)]
    held = Ground(verdict(standings, SECTION), standings, SECTION)
    (entry,) = seed_entries(held, others(0.4), own_seed=0) or ()
    assert entry["reference"] is None
    assert [each["beats_reference"] for each in entry["values"]] == [None, None]
    assert "beats" not in entry["note"]


def test_a_spread_as_large_as_the_difference_is_said_in_the_verdict() -> None:
    held = ground(0.45)
    entries = seed_entries(held, others(0.5, 0.44), own_seed=0) or ()
    said = luck_sentence(held, entries)
    assert said is not None
    assert "by about 0.064 (3 were tried)" in said
    assert "another seed may turn this around" in said


def test_a_spread_smaller_than_the_difference_is_not() -> None:
    held = ground(0.5)
    entries = seed_entries(held, others(0.51, 0.49), own_seed=0) or ()
    assert luck_sentence(held, entries) is None


def test_where_nothing_can_be_told_the_best_of_the_others_is_what_it_turns_on() -> None:
    held = ground(0.4005)
    assert held.found["outcome"] == "unclear"
    entries = seed_entries(held, others(0.41), own_seed=0) or ()
    assert "another seed may turn this around" in (luck_sentence(held, entries) or "")


def test_a_single_contender_turns_on_nothing() -> None:
    standings = [standing("lora", "lora", 0.5)]
    held = Ground(verdict(standings, SECTION), standings, SECTION)
    entries = seed_entries(held, others(0.9), own_seed=0) or ()
    assert luck_sentence(held, entries) is None


def test_a_seed_that_could_not_be_trained_is_told_and_not_counted() -> None:
    (entry,) = seed_entries(ground(0.5), others(None, 0.52), own_seed=0) or ()
    assert [each["seed"] for each in entry["values"]] == [0, 2]
    assert entry["failed"] == [{"seed": 1, "reason": "its loss is not finite"}]
    assert "lora could not be trained with seed 1: its loss is not finite" in entry["note"]
    (alone,) = seed_entries(ground(0.5), others(None), own_seed=0) or ()
    assert alone["sd"] is None
    assert luck_sentence(ground(0.5), [alone]) is None


def test_without_other_seeds_there_is_nothing_to_tell() -> None:
    assert seed_entries(ground(0.5), [], own_seed=0) is None
