"""A plan asks a process of its own about each contender, and tells what became of that."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from laras.cli.planned import show_plan
from laras.contenders import plan as planning
from laras.contenders.plan import make_plan
from laras.errors import LarasError, ModelRefused
from laras.preparation.pipeline import Prepared
from laras.recipe.schema import Contender, Recipe
from laras.runs.folder import Run
from laras.runs.progress import Silent
from laras.tuning.assignment import Assignment

Plan = Callable[..., dict[str, Any]]
# A rehearsal without a model: it answers what its recipe's folder says, by contender.
WORKER = """
import json, os, signal, sys
from pathlib import Path

request = json.load(sys.stdin)
assert not Path(request["scratch"]).exists()
name = request.get("contender", "judging")
answer = json.loads((Path(request["recipe_folder"]) / "answers.json").read_text())[name]
print(json.dumps({"stage": {"name": name, "total": 2}}))
print(json.dumps({"advance": {"done": 1}}), flush=True)
if "signal" in answer:
    os.kill(os.getpid(), answer["signal"])
if "complaint" in answer:
    sys.exit(answer["complaint"])
print(json.dumps(answer))
"""


def band(value: float) -> dict[str, float]:
    return {"value": value, "low": value / 2, "high": value * 2}


JUDGING = {
    "result": {
        "judging_seconds": band(3.0),
        "peak_memory_bytes": band(4e8),
        "start_seconds": 2.0,
    }
}
TUNING = {
    "tuning_seconds": band(60.0),
    "peak_memory_bytes": band(9e8),
    "disk_bytes": 10_000,
    "trained_parameters": 1_000_000,
    "tokens_per_epoch": 50_000,
    "steps": 40,
    "fits_memory": True,
    "room_bytes": 8_000_000_000,
    "settings": {"learning_rate": 5e-4, "batch_tokens": 1024, "epochs": 3.0},
    "reasons": {"learning_rate": "usual", "batch_tokens": "set in tuning", "epochs": "effort"},
    "suggested": {"batch_tokens": {"value": 512, "reason": "little data"}},
    "ways": [{"settings": {"kind": "lora"}, "peak_bytes": 500_000_000, "fits": True}],
}


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    """Make the plan of ``base`` and ``full`` with such answers of their rehearsals."""
    (tmp_path / "feigned_rehearsal.py").write_text(textwrap.dedent(WORKER), encoding="utf-8")
    monkeypatch.setattr(planning, "_WORKER", "feigned_rehearsal")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    contenders = [Contender(kind=kind, name=kind) for kind in ("base", "full")]
    recipe = Recipe.model_validate(
        {"data": {"sources": [{"examples": "rows.csv"}]}, "comparison": {"contenders": contenders}}
    )
    rows = tmp_path / "rows.parquet"
    rows.touch()
    prepared = Prepared(rows, rows, rows, rows, {}, "key")
    assignments = [
        Assignment(contender, recipe.model, "digest", tmp_path, recipe.tuning, prepared)
        for contender in contenders
    ]

    def make(full: dict[str, Any], judging: dict[str, Any] = JUDGING) -> dict[str, Any]:
        answers = json.dumps({"judging": judging, "full": full})
        (tmp_path / "answers.json").write_text(answers, encoding="utf-8")
        with Run.open(tmp_path / "run") as run:
            plan = make_plan(recipe, assignments, run, Silent())
            assert not list(run.folder.glob(".rehearsal*"))
            assert run.read_json("plan.json")["contenders"] == plan["contenders"]
            (event,) = [each for each in run.events() if each["kind"] == "plan_made"]
            assert [each["name"] for each in event["contenders"]] == ["base", "full"]
        return plan

    return make


def test_a_plan_adds_up_what_the_rehearsals_told(
    made: Plan, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = made({"result": TUNING})
    base, full = plan["contenders"]
    assert base["peak_memory_bytes"] == band(4e8)
    assert full["state"] == "forecast"
    assert full["fits_disk"]
    assert plan["seconds"]["value"] == pytest.approx(2 + 3 + 60 + 3)
    show_plan(plan, "laras run recipe.yaml")
    shown = capsys.readouterr().out
    for words in (
        "1 min 00 s (30.0 s–2 min 00 s)",
        "learning rate: 0.0005 (usual)",
        "tokens a step: 1,024 (set in tuning); otherwise 512: little data",
        "laras run recipe.yaml",
    ):
        assert words in shown, words


def test_a_contender_that_does_not_fit_is_told_with_what_would(
    made: Plan, capsys: pytest.CaptureFixture[str]
) -> None:
    told = {**TUNING, "fits_memory": False, "disk_bytes": 10**18}
    del told["tuning_seconds"]
    plan = made({"result": told})
    full = plan["contenders"][1]
    assert (full["state"], full["fits_disk"]) == ("does-not-fit", False)
    assert plan["seconds"]["value"] == pytest.approx(2 + 3), "it is not counted"
    show_plan(plan, "laras run recipe.yaml")
    shown = capsys.readouterr().out
    assert "full does not fit: it is forecast to hold 900.0 MB of the 8.0 GB" in shown
    assert "would fit: kind: lora (500.0 MB)" in shown
    assert "free on the disk" in shown


def test_a_rehearsal_that_the_system_ends_is_a_lack_of_memory(made: Plan) -> None:
    full = made({"signal": 9})["contenders"][1]
    assert full["state"] == "does-not-fit"
    assert full["problem"]["error"] == "plan.ended"
    assert "signal 9" in full["problem"]["what"]


def test_judging_that_does_not_fit_leaves_its_time_open(made: Plan) -> None:
    base, full = made({"result": TUNING}, {"signal": 9})["contenders"]
    assert base["judging_seconds"] is full["judging_seconds"] is None


def test_what_a_run_would_refuse_is_refused(made: Plan) -> None:
    refusal = ModelRefused("model.not-loadable", "It can't be loaded.", where="x", hint="y")
    with pytest.raises(ModelRefused, match="can't be loaded") as raised:
        made({"error": {**refusal.as_json(), "kind": "ModelRefused"}})
    assert (raised.value.identifier, raised.value.hint) == ("model.not-loadable", "y")


def test_a_rehearsal_that_breaks_says_why(made: Plan) -> None:
    with pytest.raises(LarasError, match="something odd") as raised:
        made({"complaint": "something odd"})
    assert raised.value.identifier == "plan.rehearsal-failed"
