"""A project small enough to prepare, tune and evaluate in a fraction of a second each."""

from __future__ import annotations

import json
import random
from pathlib import Path

from laras.models.tiny import tiny_model

WORDS = [a + b for a in ("ka", "bu", "si", "to", "me") for b in ("ra", "li", "nu", "po", "de")]

RECIPE = """\
model:
  base: llama
  precision: float32
data:
  sources:
    - documents: handbook
    - examples: questions.jsonl
  test_share: 0.25
  validation_share: 0.25
tuning:
  epochs: 1
  batch_tokens: 384
  micro_batch_tokens: 384
evaluation:
  metrics: [perplexity, exact_match]
  max_new_tokens: 3
  bootstrap_samples: 100
comparison:
  contenders: [full]
"""

TEMPLATE = (
    "{% for message in messages %}{{ '<|header|>' + message.role + '<|/header|>' "
    "+ message.content + eos_token }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|header|>assistant<|/header|>' }}{% endif %}"
)


def sentence(seed: object, length: int = 12) -> str:
    """Nonsense that is the same for the same seed."""
    return " ".join(random.Random(str(seed)).choices(WORDS, k=length))


def small_project(folder: Path) -> Path:
    """Two models, a template and data with something for every setting; returns the recipe."""
    tiny_model("llama", folder / "llama")
    tiny_model("qwen2", folder / "qwen2")
    (folder / "own.jinja").write_text(TEMPLATE, encoding="utf-8")
    _write_texts(folder)
    questions = [_question(number) for number in range(11)]
    _write_rows(folder / "questions.jsonl", [*questions, "{broken"])
    _write_rows(folder / "other.jsonl", [_question(number) for number in range(20, 30)])
    _write_rows(folder / "leaking.jsonl", [_question(number) for number in (3, 30, 31, 32)])
    _write_rows(folder / "columns.jsonl", [_columns(number) for number in range(2)])
    _write_rows(folder / "chats.jsonl", [_chat(number) for number in range(2)])
    recipe = folder / "recipe.yaml"
    recipe.write_text(RECIPE, encoding="utf-8")
    return recipe


def _write_texts(folder: Path) -> None:
    texts = {f"page{n}": "\n\n".join(sentence(f"{n}-{p}", 14) for p in range(2)) for n in range(4)}
    texts["page0"] += "\u200b"
    texts["copy"] = texts["page1"].upper()
    texts["near"] = sentence("near", 60)
    texts["nearly"] = sentence("near", 60) + " akhir"
    texts["long"] = "\n\n".join(sentence(f"long{part}", 25) for part in range(6))
    texts["short"] = "Pendek."
    (folder / "handbook").mkdir()
    for name, text in texts.items():
        (folder / "handbook" / f"{name}.md").write_text(text, encoding="utf-8")
    (folder / "pages").mkdir()
    page = f"<nav><a href=/>{sentence('menu', 3)}</a></nav><p>{sentence('page', 40)}</p>"
    (folder / "pages" / "page.html").write_text(page, encoding="utf-8")
    (folder / "other").mkdir()
    (folder / "other" / "page.md").write_text(sentence("other", 30), encoding="utf-8")


def _question(number: int) -> dict[str, str]:
    return {"question": sentence(f"q{number}", 8), "answer": sentence(f"a{number}", 5)}


def _columns(number: int) -> dict[str, object]:
    """A row in which each column could be taken for another one."""
    names = ("text", "body", "label", "kind", "question", "ask", "answer", "say", "rules", "team")
    row: dict[str, object] = {name: f"{name} {number}" for name in names}
    return row | {"turns": _turns("turns"), "talk": _turns("talk")}


def _chat(number: int) -> dict[str, object]:
    return {"messages": [*_turns(f"chat {number}"), {"from": "Budi", "value": "Ya."}]}


def _turns(what: str) -> list[dict[str, str]]:
    return [{"from": "Sri", "value": f"Ask {what}"}, {"from": "assistant", "value": f"Say {what}"}]


def _write_rows(path: Path, rows: list[object]) -> None:
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
