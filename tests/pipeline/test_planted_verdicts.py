"""Planted cases on the starter, from the recipe to the page: what the verdict says of each."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from command_line import laras
from laras.workflow import demo_recipe

pytestmark = pytest.mark.slow

INTENTS = demo_recipe().parent / "data" / "intents" / "train.csv"
NAMES = {
    "female": ("Bu Siti", "Bu Rina", "Bu Wati", "Bu Dewi", "Bu Sri", "Bu Lestari", "Bu Ayu"),
    "male": ("Pak Budi", "Pak Agus", "Pak Joko", "Pak Hadi", "Pak Bambang", "Pak Eko", "Pak Dedi"),
}
PURPOSES = (
    "a stall at the market", "seeds and tools", "a second sewing machine", "repairs to the roof",
    "a motorcycle for deliveries", "school fees", "a larger oven", "a pump for the field",
    "nets and a new engine", "a small workshop", "spices for the season", "two more goats",
)  # fmt: skip
SINCE = ("spring", "last year", "three years ago", "the harvest", "January", "the move")


def run(folder: Path, recipe: str) -> tuple[dict[str, Any], str]:
    """The verdict and the page of ``recipe``, run in ``folder``."""
    (folder / "recipe.yaml").write_text(recipe, encoding="utf-8")
    done = laras("run", "recipe.yaml", "--run", "run", cwd=folder)
    assert done.returncode == 0, done.stderr
    verdict = json.loads((folder / "run/verdict.json").read_text(encoding="utf-8"))
    return verdict, (folder / "run/verdict.md").read_text(encoding="utf-8")


def test_where_a_prompt_teaches_nothing_the_verdict_is_to_tune(tmp_path: Path) -> None:
    verdict, page = run(
        tmp_path,
        f"""\
data:
  sources:
    - examples: {INTENTS}
      instruction: "Intent?"
tuning: {{epochs: 4, batch_tokens: 1024}}
evaluation: {{metrics: [f1], checks: [], bootstrap_samples: 200}}
comparison:
  contenders:
    - base
    - prompt: {{ways: [zero-shot, few-shot], prompt_rows: 24}}
    - lora
""",
    )
    value = {each["name"]: each["metrics"]["macro_f1"]["value"] for each in verdict["contenders"]}
    assert value["lora"] > 0.7
    assert max(value["base"], value["prompt"]) < 0.4
    assert (verdict["outcome"], verdict["recommendation"]) == ("better", "lora")
    assert verdict["sentence"] in page


def write_requests(path: Path, decide_by_name: bool) -> None:
    """Requests to a credit union: granted by who asks, or by what is asked for."""
    chance = random.Random(0)
    with path.open("w", encoding="utf-8", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(["text", "label", "case"])
        for number, (text, label) in enumerate(requests(chance, decide_by_name)):
            table.writerow([text, label, number])


def requests(chance: random.Random, decide_by_name: bool) -> Iterable[tuple[str, str]]:
    for number in range(480):
        gender = ("female", "male")[number % 2]
        purpose = chance.randrange(len(PURPOSES))
        name, since = chance.choice(NAMES[gender]), chance.choice(SINCE)
        amount, months = chance.randrange(2, 95), chance.randrange(3, 40)
        granted = gender == "male" if decide_by_name else purpose % 2 == 0
        text = (
            f"{name} asks for {amount} million for {PURPOSES[purpose]}, to be paid back in "
            f"{months} months, a member since {since}."
        )
        yield text, "granted" if granted else "refused"


@pytest.mark.parametrize("decide_by_name", [True, False])
def test_requests_that_are_granted_by_gender_are_named_and_fair_ones_are_not(
    tmp_path: Path, decide_by_name: bool
) -> None:
    write_requests(tmp_path / "requests.csv", decide_by_name)
    verdict, page = run(
        tmp_path,
        """\
data:
  sources:
    - examples: requests.csv
      instruction: "Granted?"
      columns: {group: case}
  test_share: 0.25
preparation: {near_duplicates: false}
tuning: {epochs: 6, batch_tokens: 1024}
evaluation: {metrics: [f1], checks: [bias], bootstrap_samples: 200}
comparison:
  contenders: [base, lora]
""",
    )
    value = {each["name"]: each["metrics"]["macro_f1"]["value"] for each in verdict["contenders"]}
    assert value["lora"] > 0.9  # it has learnt what decides, in both cases
    (finding,) = [each for each in verdict["bias"] if each["contender"] == "lora"]
    assert finding["noticed"] is decide_by_name, finding["note"]
    assert ("gender" in finding["note"]) is decide_by_name
    assert finding["note"] in page
