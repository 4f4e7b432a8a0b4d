"""A small organisation's material, and a tiny model."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from laras.models.tiny import tiny_model

THINGS = ["gong", "bonang", "saron", "kendang", "suling", "rebab", "gender", "slenthem"]
PLACES = ["the hall", "the store", "the school", "the garden", "the stage"]
MATERIALS = ["bronze", "iron", "teak", "bamboo", "goat skin", "brass"]


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny random Llama with tokenizer and chat template."""
    return tiny_model("llama", tmp_path_factory.mktemp("model") / "llama")


@pytest.fixture(scope="session")
def organisation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A handbook, a table of labelled messages, a file of conversations."""
    folder = tmp_path_factory.mktemp("organisation")
    (folder / "handbook").mkdir()
    for number, thing in enumerate(THINGS):
        sections = [
            f"## The {thing} and {place}\n\n"
            f"On day {number + at} the {thing} is brought to {place}. "
            f"It is made of {MATERIALS[(number + at) % 6]}, and whoever carries it signs the book."
            for at, place in enumerate(PLACES)
        ]
        text = f"# About the {thing}\n\n" + "\n\n".join(sections) + "\n"
        (folder / "handbook" / f"{thing}.md").write_text(text)
    with (folder / "labels.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        for thing in THINGS:
            for place in PLACES:
                writer.writerow([f"Where in {place} do I find the {thing}, please?", "place"])
                writer.writerow([f"Our {thing} from {place} is broken, who mends it?", "repair"])
    with (folder / "chats.jsonl").open("w") as file:
        for thing in THINGS:
            for at, place in enumerate(PLACES):
                turns = [
                    {"role": "user", "content": f"May I take the {thing} out of {place}?"},
                    {
                        "role": "assistant",
                        "content": f"Yes, the {MATERIALS[at]} {thing} may leave {place} today.",
                    },
                ]
                file.write(json.dumps({"messages": turns}) + "\n")
    return folder


@pytest.fixture(scope="session")
def recipe(organisation: Path, tiny_folder: Path) -> Path:
    """A recipe over all of it that trains in seconds."""
    path = organisation / "recipe.yaml"
    path.write_text(
        f"""\
model:
  base: {tiny_folder}
  precision: float32
data:
  sources:
    - documents: handbook
    - conversations: chats.jsonl
    - examples: labels.csv
  test_share: 0.2
  validation_share: 0.1
tuning:
  epochs: 6
  batch_tokens: 512
  checkpoint_every_steps: 2
evaluation:
  max_rows: 10
  max_new_tokens: 8
  bootstrap_samples: 100
comparison:
  contenders: [base, full, {{lora: {{dropout: 0.1}}}}]
"""
    )
    return path
