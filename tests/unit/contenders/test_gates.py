"""Gates on a verdict: passed, not passed, and not measured, which is not passed."""

from __future__ import annotations

from typing import Any

import pytest

from laras.contenders.gates import check_measured, gate_results, refuse_failed
from laras.errors import GateFailed, UsageError
from laras.recipe.gates import GatesSection
from laras.translation import set_language


@pytest.fixture(autouse=True)
def english() -> None:
    set_language("en")


def verdict(**changes: Any) -> dict[str, Any]:
    metrics = {"macro_f1": {"value": 0.8123}, "perplexity": {"value": 9.5}}
    checks = {
        name: [{"contender": "lora", "noticed": False, "state": "clear", "note": f"{name} is fine"}]
        for name in ("forgetting", "bias", "memorisation")
    }
    return {
        "recommendation": "lora",
        "reference": "base",
        "outcome": "better",
        "contenders": [
            {"name": "base", "kind": "base", "metrics": metrics},
            {"name": "lora", "kind": "lora", "metrics": metrics},
        ],
        "overfitting": [{"contender": "lora", "overfitted": False, "note": "calm"}],
        **checks,
        **changes,
    }


def passed(found: dict[str, Any], **gates: Any) -> bool:
    results = gate_results(found, GatesSection(**gates))
    assert results is not None
    (result,) = results
    assert result["gate"].split(".")[0] in gates
    assert result["note"]
    return bool(result["passed"])


def test_without_gates_there_is_no_result() -> None:
    assert gate_results(verdict(), GatesSection()) is None
    refuse_failed({**verdict(), "gates": None}, "run")


@pytest.mark.parametrize(
    ("gates", "wanted"),
    [
        ({"least": {"macro_f1": 0.8123}}, True),
        ({"least": {"macro_f1": 0.82}}, False),
        ({"most": {"perplexity": 9.5}}, True),
        ({"most": {"perplexity": 9}}, False),
        ({"least": {"rougeL": 0.1}}, False),  # not measured
        ({"beats_reference": True}, True),
        ({"no_overfitting": True}, True),
        ({"no_forgetting": True}, True),
        ({"no_bias": True}, True),
        ({"no_memorisation": True}, True),
    ],
)
def test_each_gate_looks_at_the_recommended_contender(gates: dict[str, Any], wanted: bool) -> None:
    assert passed(verdict(), **gates) is wanted


@pytest.mark.parametrize("check", ["forgetting", "bias", "memorisation"])
def test_what_a_check_noticed_is_not_passed_and_neither_is_what_it_did_not_measure(
    check: str,
) -> None:
    noticed = [{"contender": "lora", "noticed": True, "state": "noticed", "note": "seen"}]
    untold = [{"contender": "lora", "noticed": False, "state": "unknown", "note": "too few rows"}]
    of_another = [{"contender": "full", "noticed": False, "state": "clear", "note": "fine"}]
    assert not passed(verdict(**{check: noticed}), **{f"no_{check}": True})
    assert not passed(verdict(**{check: untold}), **{f"no_{check}": True})
    assert not passed(verdict(**{check: of_another}), **{f"no_{check}": True})
    assert not passed(verdict(**{check: None}), **{f"no_{check}": True})
    # The base model is what is held against: it has forgotten nothing.
    assert passed(verdict(recommendation="base", **{check: None}), **{f"no_{check}": True})


def test_overfitting_is_asked_of_those_that_are_tuned() -> None:
    risen = [{"contender": "lora", "overfitted": True, "note": "rose"}]
    assert not passed(verdict(overfitting=risen), no_overfitting=True)
    assert not passed(verdict(overfitting=None), no_overfitting=True)
    assert passed(verdict(recommendation="base", overfitting=None), no_overfitting=True)


@pytest.mark.parametrize("outcome", ["worse", "unclear", "alone"])
def test_only_a_winner_beats_the_reference(outcome: str) -> None:
    assert not passed(verdict(recommendation="base", outcome=outcome), beats_reference=True)


def test_figures_that_only_differ_behind_the_rounding_are_told_in_full() -> None:
    results = gate_results(verdict(), GatesSection(least={"macro_f1": 0.81234}))
    assert results is not None
    assert "0.81234" in results[0]["note"]


def test_what_is_not_passed_is_told_in_one_error() -> None:
    gates = GatesSection(least={"macro_f1": 0.9, "perplexity": 1}, most={"perplexity": 2})
    with pytest.raises(GateFailed) as raised:
        refuse_failed({"gates": gate_results(verdict(), gates)}, "runs/a")
    assert raised.value.exit_code == 9
    assert "2 gates" in raised.value.what
    assert "0.812" in raised.value.what
    assert raised.value.where == "runs/a"


def test_a_gate_on_a_metric_that_is_not_measured_is_refused_before_the_work() -> None:
    check_measured(GatesSection(least={"macro_f1": 0.9}), ["f1"])
    with pytest.raises(UsageError, match="does not have it measured") as raised:
        check_measured(GatesSection(most={"perplexity": 9.0}), ["f1"])
    assert raised.value.where == "gates.most.perplexity"
