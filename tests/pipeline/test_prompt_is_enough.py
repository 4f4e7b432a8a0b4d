"""A planted case: the model can do the task when it is asked well, and tuning it is in vain.

The model copies the label of the last example that it was shown; alone, it says any label. What a
word stands for is said by one or two training rows for each of many words, so that showing the most
similar row solves the task, and a few epochs can't learn it.
"""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from lxml import html

from command_line import laras
from laras.models.load import load_model
from laras.models.tiny import tiny_model
from laras.recipe.schema import ModelSection
from laras.records import Message

LABELS = ("ash", "elm", "fir", "oak")
SYLLABLES = ("ba", "ce", "di", "fo", "gu", "ha", "ke", "li", "mo", "nu")
WORDS = [a + b for a in SYLLABLES for b in SYLLABLES if a != b]
KEYS, FILLERS = [a + b for a in WORDS[:12] for b in SYLLABLES], WORDS[12:]
INSTRUCTION = "Kind?"


def text_about(key: str, chance: random.Random) -> str:
    return " ".join([key, *chance.sample(FILLERS, 5), key])


def train_to_copy(folder: Path, steps: int = 200) -> None:
    """Teach the model in ``folder`` to answer as the last question before was answered."""
    chance = random.Random(0)
    loaded = load_model(ModelSection(base=str(folder)), folder, trainable=True)
    with torch.no_grad():
        for parameter in loaded.model.parameters():
            if parameter.dim() == 2:
                parameter.mul_(5)  # so narrow a model finds no attention from smaller ones
    optimizer = torch.optim.AdamW(loaded.model.parameters(), lr=4e-3, weight_decay=0.0)

    def exchange(label: str) -> list[Message]:
        asked = f"{INSTRUCTION}\n\n{text_about(chance.choice(KEYS), chance)}"
        return [Message("user", asked, False), Message("assistant", label, False)]

    def conversation() -> list[Message]:
        labels = [chance.choice(LABELS) for _shot in range(chance.choice((0, 1, 2, 2, 2)))]
        labels.append(labels[-1] if labels else chance.choice(LABELS))
        messages = [each for label in labels for each in exchange(label)]
        if chance.random() < 0.7:
            some = ", ".join(chance.sample(LABELS, chance.randint(1, 4)))
            messages.insert(0, Message("system", f"The categories are: {some}.", False))
        return [*messages[:-1], Message("assistant", labels[-1], True)]

    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = 4e-3 * (1 - step / steps)
        chats = [loaded.template.encode(conversation()) for _row in range(16)]
        longest = max(len(chat.input_ids) for chat in chats)
        ids = torch.zeros((len(chats), longest), dtype=torch.long)
        targets = torch.full((len(chats), longest), -100)
        for row, chat in enumerate(chats):
            ids[row, : len(chat.input_ids)] = torch.tensor(chat.input_ids)
            for place, trained in enumerate(chat.trained):
                if trained:
                    targets[row, place] = chat.input_ids[place]
        logits = loaded.model(input_ids=ids).logits
        loss = F.cross_entropy(logits[:, :-1].flatten(0, 1), targets[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    loaded.model.save_pretrained(folder)


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rows whose label is told by a word, and a model that copies."""
    folder = tmp_path_factory.mktemp("planted")
    words = " ".join([*WORDS, *LABELS]) + f" {INSTRUCTION}\n\n The categories are: , ."
    text = f"{words} " * 30 + "\n\n".join(LABELS * 30)
    model = tiny_model("llama", folder / "copier", 900, text=text)
    train_to_copy(model)
    chance = random.Random(1)
    rows = [
        {"text": text_about(key, chance), "label": LABELS[number % len(LABELS)]}
        for number, key in enumerate(KEYS)
        for _row in range(3)
    ]
    chance.shuffle(rows)
    (folder / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    recipe = folder / "recipe.yaml"
    recipe.write_text(
        f"""\
model:
  base: copier
  precision: float32
data:
  sources:
    - examples: rows.jsonl
      instruction: "{INSTRUCTION}"
  test_share: 0.3
  validation_share: 0.1
preparation:
  min_characters: 0
evaluation:
  metrics: [f1, perplexity]
  bootstrap_samples: 200
  checks: []
comparison:
  primary_metric: macro_f1
  contenders:
    - base
    - prompt: {{shots: 2, proposals: 4, prompt_rows: 24}}
    - lora
""",
        encoding="utf-8",
    )
    return recipe


@pytest.mark.slow
def test_the_verdict_says_that_a_prompt_is_enough(recipe: Path) -> None:
    folder = recipe.parent / "run"
    done = laras("run", recipe, "--run", folder, cwd=recipe.parent)
    assert done.returncode == 0, done.stderr
    verdict = json.loads((folder / "verdict.json").read_text(encoding="utf-8"))
    value = {
        facts["name"]: facts["metrics"]["macro_f1"]["value"] for facts in verdict["contenders"]
    }
    assert value["prompt"] > 0.8  # some words are in no training row
    assert value["base"] < 0.5
    assert value["lora"] < 0.7
    assert verdict["recommendation"] == "prompt"
    kept = json.loads((folder / "contenders/prompt/prompt.json").read_text(encoding="utf-8"))
    (prompt,) = kept["prompts"]
    assert prompt["retrieval"] == {"shots": 2}
    tried = json.loads((folder / "contenders/prompt/prompts.json").read_text(encoding="utf-8"))
    by_way = {each["way"]: each["value"] for each in tried if each["rows"] == 24}
    assert by_way["retrieval"] > max(by_way["zero-shot"], by_way["few-shot"])
    page = html.fromstring((folder / "report.html").read_text(encoding="utf-8"))
    rows = page.xpath("//section[@id='prompts']//tbody/tr")
    assert len(rows) == len(tried)
    assert sum("it competes" in row.text_content() for row in rows) == 1
    assert prompt["instruction"] in page.xpath("//section[@id='prompts']")[0].text_content()
