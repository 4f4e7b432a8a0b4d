"""The main job from a recipe to a report, as a user starts it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from lxml import html

import laras as package
from command_line import laras


@pytest.fixture(scope="module")
def finished(recipe: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished run."""
    folder = tmp_path_factory.mktemp("finished") / "run"
    done = laras("run", recipe, "--run", folder, cwd=folder.parent)
    assert done.returncode == 0, done.stderr
    assert "Report:" in done.stdout
    return folder


def events_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]


def test_a_run_leaves_all_that_it_promises(finished: Path) -> None:
    names = {path.relative_to(finished).as_posix() for path in finished.rglob("*")}
    expected = {
        "recipe.yaml", "manifest.json", "events.jsonl", "verdict.json", "report.html",
        "data/train.parquet", "data/validation.parquet", "data/test.parquet",
        "data/ledger.parquet", "data/audit.json", "data/report.md",
        "contenders/base/scores.json", "contenders/full/model/model.safetensors",
        "contenders/lora/model/adapter_model.safetensors",
        "contenders/lora/predictions.parquet",
        "verdict.md", "contenders/full/README.md", "contenders/lora/README.md",
    }  # fmt: skip
    assert expected <= names
    assert not [name for name in names if name.endswith((".pt", ".bin", ".pkl", ".tmp"))]


def test_scores_have_the_promised_shape(finished: Path) -> None:
    scores = json.loads((finished / "contenders/lora/scores.json").read_text())
    assert scores["contender"] == "lora"
    assert set(scores["test"]) == {"rows", "tokens", "groups", "sha256"}
    metrics = scores["metrics"]
    assert {"perplexity", "bits_per_byte", "macro_f1", "micro_f1", "bleu", "chrf", "rougeL"} <= set(
        metrics
    )
    assert "signature" in metrics["bleu"]
    for score in metrics.values():
        assert {"value", "low", "high", "n", "unit"} <= set(score)
    assert {"seconds", "peak_memory_bytes", "tokens_in", "tokens_out"} <= set(scores["cost"])


def test_all_contenders_are_judged_on_the_same_rows(finished: Path) -> None:
    tests = [
        json.loads((finished / f"contenders/{name}/scores.json").read_text())["test"]
        for name in ("base", "full", "lora")
    ]
    assert tests[0] == tests[1] == tests[2]


def test_training_lowers_the_perplexity_of_held_out_rows(finished: Path) -> None:
    value = {
        name: json.loads((finished / f"contenders/{name}/scores.json").read_text())["metrics"][
            "perplexity"
        ]["value"]
        for name in ("base", "full", "lora")
    }
    assert value["full"] < 0.8 * value["base"]
    assert value["lora"] < value["base"]


def test_every_row_is_in_a_split_or_in_the_ledger(finished: Path) -> None:
    audit = json.loads((finished / "data/audit.json").read_text())
    for stage in audit["funnel"]:
        assert stage["rows_in"] == stage["rows_out"] + stage["rejected"], stage
    ledger = pq.read_table(finished / "data/ledger.parquet").to_pylist()
    assert sum(row["rows"] for row in ledger) == sum(row["rejected"] for row in audit["funnel"])


def test_the_report_tells_the_whole_verdict(finished: Path) -> None:
    page = html.fromstring((finished / "report.html").read_text(encoding="utf-8"))
    verdict = json.loads((finished / "verdict.json").read_text())

    def said(section: str) -> str:
        return " ".join(page.xpath(f"//section[@id='{section}']")[0].text_content().split())

    assert page.xpath("//h1")[0].text_content() == verdict["sentence"]
    places = {"overfitting": "overfitting", "memorisation": "overfitting", "wording": "overfitting",
              "forgetting": "forgetting", "bias": "bias"}  # fmt: skip
    for check, place in places.items():
        for entry in verdict[check] or ():
            assert " ".join(entry["note"].split()) in said(place)
    for pair in verdict["pairs"]:
        if pair["metric"] == verdict["primary"]["metric"] and pair["a"] == "base":
            assert f"{pair['b']} − base" in said("differences")
    for forecast in json.loads((finished / "forecast.json").read_text()):
        assert f"{forecast['ratio']:.3g}" in said("cost")
    for language in verdict["forgetting"][0]["texts"]:
        assert f"{language['own']['value']:.2f}" in said("forgetting")
    for entry in verdict["cost"]:
        assert f"{entry['per_1000_answers']['tokens_in']:,.0f}" in said("cost")


def test_the_same_command_again_does_nothing_again(recipe: Path, finished: Path) -> None:
    before = len(events_of(finished))
    again = laras("run", recipe, "--run", finished, cwd=finished.parent)
    assert again.returncode == 0, again.stderr
    later = [event["kind"] for event in events_of(finished)[before:]]
    assert "step_done" not in later
    assert "run_finished" in later


def test_a_changed_setting_repeats_only_what_it_touches(recipe: Path, finished: Path) -> None:
    before = len(events_of(finished))
    done = laras(
        "run", recipe, "--run", finished, "--set", "comparison.contenders.lora.rank=2",
        cwd=finished.parent,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    events = events_of(finished)[before:]
    assert {event["contender"] for event in events if event["kind"] == "step_done"} == {"lora"}


def test_json_output_is_json_and_nothing_else(recipe: Path, finished: Path) -> None:
    done = laras("run", recipe, "--run", finished, "--json", "--quiet", cwd=finished.parent)
    told = json.loads(done.stdout)
    assert set(told) >= {"verdict", "scores", "report"}
    assert done.stderr == ""


def test_chat_answers_from_a_pipe(finished: Path) -> None:
    import subprocess

    done = subprocess.run(
        [sys.executable, "-m", "laras", "chat", str(finished), "--contender", "full",
         "--max-new-tokens", "8"],
        input="May I take the gong out of the hall?\n",
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_python_gives_the_run(recipe: Path, finished: Path) -> None:
    done = package.run(recipe, run_folder=finished)
    assert done.folder == finished
    assert done.verdict["sentence"]
    assert set(done.scores) == {"base", "full", "lora"}
    assert done.report.is_file()
