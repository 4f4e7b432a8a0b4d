"""Which contender is recommended, and on what evidence."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from laras.contenders.detectable import Expected
from laras.contenders.pairs import Pair, Standing, compare, pair_of
from laras.contenders.verdict import LossGap, loss_gaps, verdict
from laras.contenders.wording import about, shown
from laras.evaluation.figures import figures
from laras.evaluation.result import PREDICTION_SCHEMA, Score
from laras.recipe.schema import EvaluationSection
from laras.translation import set_language

ROWS = 120
SECTION = EvaluationSection(metrics=["perplexity", "rouge"], bootstrap_samples=300)


@pytest.fixture(autouse=True)
def english() -> None:
    set_language("en")


def chat_table(rouge: np.ndarray, nll: np.ndarray, tokens: int = 10, groups: int = 40) -> pa.Table:
    rows = [
        {
            "example_id": f"e{at}",
            "task": "chat",
            "group": f"g{at % groups}",
            "prediction": "an answer",
            "reference": "an answer",
            "nll": float(nll[at]),
            "tokens": tokens,
            "bytes": 40,
            "rouge1": float(rouge[at]),
            "rouge2": float(rouge[at]),
            "rougeL": float(rouge[at]),
        }
        for at in range(len(rouge))
    ]
    return pa.Table.from_pylist(rows, schema=PREDICTION_SCHEMA)


def standing(
    name: str,
    kind: str = "lora",
    *,
    shift: float = 0.0,
    nll: float = 20.0,
    tokens: int = 10,
    groups: int = 40,
    section: EvaluationSection = SECTION,
) -> Standing:
    """A contender whose ROUGE is the base's plus ``shift``, with a little noise of its own."""
    generator = np.random.default_rng(len(name) + ord(name[0]))
    rouge = np.random.default_rng(0).uniform(0.2, 0.5, ROWS) + shift
    rouge = rouge + generator.normal(0, 0.02, ROWS)
    losses = np.random.default_rng(1).uniform(0.8, 1.2, ROWS) * nll
    table = chat_table(rouge, losses, tokens, groups)
    return Standing(name, kind, figures(table, section)[0], table, {"seconds": 1.0})


def decided(standings: Sequence[Standing], **settings: Any) -> dict[str, Any]:
    return verdict(standings, SECTION, **settings)


def test_a_contender_beyond_the_interval_is_recommended_with_both_numbers() -> None:
    base, lora = standing("base", "base"), standing("lora", shift=0.2)
    found = decided([base, lora])
    assert found["recommendation"] == "lora"
    assert found["primary"]["metric"] == "rougeL"
    for name in (base, lora):
        assert f"{name.scores['rougeL'].value:.3f}" in found["sentence"]
    pair = pair_of([Pair(**facts) for facts in found["pairs"]], "base", "lora", "rougeL")
    assert pair is not None
    assert pair.low is not None
    assert 0 < pair.low < pair.difference
    assert f"{pair.low:+.3f}" in found["sentence"]
    assert "95%" in found["sentence"]


def test_where_the_difference_is_noise_the_verdict_says_that_it_cannot_tell() -> None:
    found = decided([standing("base", "base"), standing("lora", shift=0.001)])
    assert (found["recommendation"], found["outcome"]) == ("base", "unclear")
    assert "can't tell lora apart from it" in found["sentence"]
    needed = found["rows_needed"]
    assert needed["contender"] == "lora"
    assert needed["groups"] > 40
    assert needed["rows"] == 3 * needed["groups"]
    assert f"About {about(needed['rows']):,} test rows would be needed" in found["sentence"]
    assert str(about(needed["rows"])) in found["sentences"]["id"].replace(",", "").replace(".", "")


def test_as_many_rows_as_the_verdict_asks_for_do_tell_the_difference() -> None:
    found = decided([standing("base", "base"), standing("lora", shift=0.004)])
    needed = found["rows_needed"]
    assert found["outcome"] == "unclear"
    spread = 0.02 * np.sqrt(2)  # of the difference on one row
    assert needed["rows"] == pytest.approx((2.8 * spread / needed["difference"]) ** 2, rel=0.35)


def test_the_base_stays_where_tuning_made_it_worse_and_the_verdict_says_so() -> None:
    found = decided([standing("base", "base"), standing("lora", shift=-0.1)])
    assert (found["recommendation"], found["outcome"]) == ("base", "worse")
    assert "The best of the others, lora, is worse" in found["sentence"]
    assert found["rows_needed"] is None
    pair = next(pair for pair in found["pairs"] if pair["metric"] == "rougeL")
    assert pair["better"] == "base"


def costing(contender: Standing, seconds: float) -> Standing:
    """The contender with so many seconds for its answers."""
    answers = {"rows": ROWS, "seconds": seconds, "tokens_in": 1, "tokens_out": 1, "energy_wh": 1.0}
    return replace(contender, cost={"seconds": 9.0, "stages": {"answers": answers}})


def test_of_those_that_cannot_be_told_apart_the_cheaper_one_is_recommended() -> None:
    base = costing(standing("base", "base"), 1.0)
    full = costing(standing("full", "full", shift=0.2005), 12.0)
    prompt = costing(standing("asked", "prompt", shift=0.2), 3.0)
    found = decided([base, full, prompt])
    assert found["recommendation"] == "asked"
    assert found["ties"] == ["full"]
    assert "1,000 of its answers 100 s, those of asked 25 s" in found["sentence"]
    # A better figure that can be told apart is worth its price.
    far = costing(standing("full", "full", shift=0.25), 12.0)
    assert decided([base, far, prompt])["recommendation"] == "full"


def test_of_those_that_cost_the_same_the_one_that_takes_less_to_make_is_recommended() -> None:
    base = costing(standing("base", "base"), 1.0)
    full = costing(standing("full", "full", shift=0.2005), 3.0)
    lora = costing(standing("lora", "lora", shift=0.2), 3.3)
    prompt = costing(standing("asked", "prompt", shift=0.2), 9.0)
    found = decided([base, full, lora, prompt])
    assert found["recommendation"] == "lora"
    assert "takes more to make" in found["sentence"]
    assert "On this test set asked can't be told apart from it." in found["sentence"]
    best = costing(standing("lora", "lora", shift=0.2005), 3.0)
    found = decided([base, best, costing(standing("full", "full", shift=0.2), 3.0)])
    assert found["recommendation"] == "lora"
    assert "none of them is clearly cheaper" in found["sentence"]


def test_money_is_saved_before_seconds() -> None:
    base = costing(standing("base", "base"), 1.0)
    lora = costing(standing("lora", "lora", shift=0.2), 30.0)
    api = costing(standing("big", "api", shift=0.2), 3.0)
    found = verdict([base, lora, api], SECTION, prices={"big": (2.0, 8.0)})
    assert found["recommendation"] == "lora"
    assert decided([base, lora, api])["recommendation"] == "big"  # for nothing


def test_lower_is_better_for_perplexity() -> None:
    standings = [standing("base", "base", nll=30.0), standing("lora", nll=20.0)]
    found = decided(standings, primary_metric="perplexity")
    assert found["recommendation"] == "lora"
    assert "lower is better" in found["sentence"]
    assert decided(standings[::-1], primary_metric="perplexity")["recommendation"] == "lora"


def test_the_best_of_several_winners_is_recommended_and_ties_are_named() -> None:
    standings = [
        standing("base", "base"),
        standing("lora", shift=0.1),
        standing("full", "full", shift=0.2),
        standing("wide", shift=0.2005),
    ]
    found = decided(standings)
    assert found["recommendation"] in {"full", "wide"}
    assert set(found["ties"]) == {"full", "wide"} - {found["recommendation"]}
    assert found["ties"][0] in found["sentence"]


def test_more_comparisons_ask_for_more_evidence() -> None:
    three = [standing("base", "base"), standing("lora", shift=0.004), standing("full", "full")]
    by_pair = {(p.a, p.b): p for p in compare(three, SECTION) if p.metric == "rougeL"}
    for pair in by_pair.values():
        assert pair.p is not None
        assert pair.p_adjusted is not None
        assert pair.p_adjusted >= pair.p
    assert any(p.p_adjusted > p.p for p in by_pair.values() if p.p and p.p_adjusted)


def test_rows_that_only_one_has_answered_are_left_out_of_a_comparison() -> None:
    base, lora = standing("base", "base"), standing("lora", shift=0.2)
    rows = lora.predictions.to_pylist()
    for at in (3, 50, 119):
        rows[at] |= dict.fromkeys(("prediction", "rouge1", "rouge2", "rougeL"))
    table = pa.Table.from_pylist(rows, schema=PREDICTION_SCHEMA)
    cut = Standing("lora", "lora", figures(table, SECTION)[0], table)
    by_metric = {pair.metric: pair for pair in compare([base, cut], SECTION)}
    assert by_metric["rougeL"].rows == ROWS - 3
    assert by_metric["rougeL"].better == "lora"
    assert by_metric["perplexity"].rows == ROWS
    none = pa.Table.from_pylist([row | {"rougeL": None} for row in rows], schema=PREDICTION_SCHEMA)
    silent = Standing("lora", "lora", cut.scores, none)
    assert "rougeL" not in {pair.metric for pair in compare([base, silent], SECTION)}


def test_a_real_winner_survives_many_comparisons_with_few_resamples() -> None:
    section = EvaluationSection(metrics=["rouge"], bootstrap_samples=100)
    standings = [standing("base", "base", section=section)]
    standings += [standing(f"c{'x' * at}", shift=0.2, section=section) for at in range(6)]
    assert verdict(standings, section)["recommendation"] != "base"


def test_one_contender_alone_is_not_called_a_winner() -> None:
    found = decided([standing("lora")])
    assert found["recommendation"] == "lora"
    assert found["pairs"] == []
    assert "nothing was compared" in found["sentence"]
    assert found["minimal_detectable_effect"] is None


def test_test_rows_of_one_group_decide_nothing() -> None:
    found = decided([standing("base", "base", groups=1), standing("lora", shift=0.3, groups=1)])
    assert found["recommendation"] == "base"
    assert "one group" in found["sentence"]
    assert all(pair["low"] is None and pair["p"] is None for pair in found["pairs"])


def test_perplexities_of_different_tokenizers_are_not_compared() -> None:
    standings = [standing("base", "base", nll=30.0), standing("lora", nll=20.0, tokens=15)]
    found = decided(standings, primary_metric="perplexity")
    assert found["primary"]["metric"] == "bits_per_byte"
    assert found["recommendation"] == "lora"
    assert "perplexity" not in {pair["metric"] for pair in found["pairs"]}


def test_a_primary_metric_that_was_not_measured_gives_way_and_says_so() -> None:
    found = decided([standing("base", "base"), standing("lora")], primary_metric="macro_f1")
    assert found["primary"]["metric"] == "rougeL"
    assert "macro_f1" in found["primary"]["reason"]


def labelled(name: str, kind: str, right: float) -> Standing:
    generator = np.random.default_rng(3)
    labels = generator.integers(4, size=ROWS)
    hit = generator.random(ROWS) < right
    rows = [
        {
            "example_id": f"e{at}",
            "task": "classification",
            "group": f"g{at}",
            "label": f"c{labels[at]}",
            "predicted_label": f"c{labels[at]}" if hit[at] else f"c{(labels[at] + 1) % 4}",
            "nll": 5.0,
            "tokens": 3,
            "bytes": 9,
        }
        for at in range(ROWS)
    ]
    table = pa.Table.from_pylist(rows, schema=PREDICTION_SCHEMA)
    return Standing(name, kind, figures(table, EvaluationSection())[0], table)


def test_labels_alone_are_judged_by_macro_f1() -> None:
    found = verdict(
        [labelled("base", "base", 0.4), labelled("lora", "lora", 0.9)], EvaluationSection()
    )
    assert found["primary"]["metric"] == "macro_f1"
    assert found["recommendation"] == "lora"
    tests = {pair["metric"]: pair["test"] for pair in found["pairs"]}
    assert tests["accuracy"].startswith("McNemar over rows, mid-p, Holm")
    assert tests["macro_f1"].startswith("paired randomisation over groups")


def test_rows_that_only_one_side_has_are_left_out_of_the_pair() -> None:
    base, lora = standing("base", "base"), standing("lora", shift=0.2)
    fewer = Standing("lora", "lora", lora.scores, lora.predictions.slice(10).take([5, 2, 90, 44]))
    pair = next(pair for pair in compare([base, fewer], SECTION) if pair.metric == "rougeL")
    assert pair.rows == 4
    assert 0.1 < pair.difference < 0.3


def test_overfitting_is_reported_from_the_training_log() -> None:
    found = decided(
        [standing("base", "base"), standing("lora", shift=0.2)],
        gaps={"lora": LossGap(0.5, 1.5, 1.0)},
    )
    (note,) = found["overfitting"]
    assert note["overfitted"] is True
    assert note["gap"] == pytest.approx(1.0)
    assert "1.500" in note["note"]
    calm = decided([standing("base", "base")], gaps={"lora": LossGap(0.9, 1.0, 1.0)})
    assert calm["overfitting"][0]["overfitted"] is False


def test_the_gap_is_that_of_the_last_training_of_contenders_of_this_recipe() -> None:
    def told(kind: str, step: int, loss: float, name: str = "lora") -> dict[str, Any]:
        return {"kind": kind, "contender": name, "step": step, "loss": loss}

    planned = {"kind": "training_planned", "contender": "lora"}
    events = [
        told("step_done", 1, 9.0, "gone"),
        told("validation_done", 1, 9.0, "gone"),
        planned,
        *(told("step_done", at, 8.0) for at in range(1, 41)),
        told("validation_done", 40, 0.1),
        planned,
        *(told("step_done", at, 3.0 - at / 10) for at in range(1, 21)),
        told("validation_done", 10, 2.0),
        told("validation_done", 20, 2.5),
    ]
    gaps = loss_gaps(events, ["base", "lora"])
    assert set(gaps) == {"lora"}
    assert gaps["lora"].train == pytest.approx((1.1 + 1.0) / 2)
    assert (gaps["lora"].validation, gaps["lora"].best_validation) == (2.5, 2.0)


@pytest.mark.parametrize("groups", [2, 5])
def test_too_few_groups_decide_nothing_and_the_verdict_says_so(groups: int) -> None:
    found = decided(
        [standing("base", "base", groups=groups), standing("lora", shift=0.3, groups=groups)]
    )
    assert found["recommendation"] == "base"
    assert f"only {groups} groups" in found["sentence"]
    assert "takes 6" in found["sentence"]
    assert "can't tell" not in found["sentence"]
    assert found["minimal_detectable_effect"] is None
    six = [standing("base", "base", groups=6), standing("lora", shift=0.3, groups=6)]
    assert decided(six)["recommendation"] == "lora"
    assert decided(six)["minimal_detectable_effect"] is not None


@pytest.mark.parametrize("groups", [2, 5, 10, 20])
def test_contenders_that_are_equal_but_for_noise_seldom_win(groups: int) -> None:
    generator = np.random.default_rng(groups)
    section = EvaluationSection(metrics=["rouge"], bootstrap_samples=100)
    winners = 0
    for _trial in range(60):
        sides = []
        for name in ("base", "lora"):
            noise = np.repeat(generator.normal(0, 0.05, groups), 4)
            table = chat_table(0.4 + noise, np.full(4 * groups, 20.0))
            table = table.set_column(
                table.column_names.index("group"),
                "group",
                [[f"g{at // 4}" for at in range(len(noise))]],
            )
            scores = {"rougeL": Score(float(np.mean(0.4 + noise)), None, None, 1, "share")}
            sides.append(Standing(name, name, scores, table))
        winners += any(
            pair.better is not None for pair in compare(sides, section) if pair.metric == "rougeL"
        )
    assert winners <= 8  # 5 % are 3; more than 8 happen once in 300 times


def test_the_test_is_named() -> None:
    few, many = (
        decided([standing("base", "base", groups=groups), standing("lora", groups=groups)])
        for groups in (6, 40)
    )
    (test,) = {pair["test"] for pair in few["pairs"]}
    assert test.startswith("paired randomisation over groups, exact, Holm")
    assert "bootstrap over groups, 300 resamples" in test
    (test,) = {pair["test"] for pair in many["pairs"]}
    assert "300 swaps drawn" in test


def test_what_was_not_measured_is_null_and_the_whole_is_json() -> None:
    found = decided([standing("base", "base"), standing("lora")])
    for field in ("overfitting", "forgetting", "bias", "break_even", "gates"):
        assert found[field] is None
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_the_detectable_effect_shrinks_with_the_test_set_and_is_about_right() -> None:
    found = decided([standing("base", "base"), standing("lora")])
    effect = found["minimal_detectable_effect"]
    pair = next(pair for pair in found["pairs"] if pair["metric"] == "rougeL")
    assert effect["value"] == pytest.approx((1.960 + 0.8416) * pair["standard_error"], rel=1e-3)


def test_what_was_expected_of_the_test_stands_beside_what_was_measured() -> None:
    said = Expected("rougeL", 0.07, False, ROWS, 40, 1, 0.95)
    sides = [standing("base", "base"), standing("lora")]
    effect = decided(sides, expected=said)["minimal_detectable_effect"]
    assert effect["expected"] == said.as_json()
    assert 0 < effect["value"] < 0.07
    few = [standing("base", "base", groups=2), standing("lora", groups=2)]
    effect = decided(few, expected=said)["minimal_detectable_effect"]
    assert (effect["value"], effect["expected"]["value"]) == (None, 0.07)


def test_the_cost_of_each_contender_stands_in_the_verdict() -> None:
    sides = [costing(standing("base", "base"), 6.0), costing(standing("lora", shift=0.2), 3.0)]
    making = {"lora": {"seconds": 60.0, "energy_wh": 0.2, "peak_memory_bytes": 9}}
    base, lora = decided(sides, making=making)["cost"]
    assert base["tuning"] is None
    assert lora["tuning"] == making["lora"]
    assert base["per_1000_answers"]["seconds"] == pytest.approx(50.0)


def test_the_verdict_is_the_same_each_time() -> None:
    standings = [standing("base", "base"), standing("lora", shift=0.01)]
    assert decided(standings) == decided(standings)


def test_no_contender_no_verdict() -> None:
    with pytest.raises(ValueError, match="at least one"):
        decided([])


def test_what_rounds_to_zero_has_no_sign() -> None:
    assert shown("macro_f1", -0.0001, signed=True) == "0.000"
    assert shown("macro_f1", -0.001, signed=True) == "-0.001"
    assert shown("bleu", -0.01, signed=True) == "0.0"
    assert shown("macro_f1", 0.0004, signed=True) == "0.000"
