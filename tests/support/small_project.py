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
    _write_letters(folder / "letters")
    _write_rows(folder / "canned.jsonl", [_canned(number) for number in range(12)])
    _write_rows(folder / "messages.jsonl", [_message(number) for number in range(12)])
    (folder / "phone.txt").write_text(_phone(), encoding="utf-8")
    _write_guide(folder / "guide")
    _write_scan(folder / "scans")
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
    (folder / "books").mkdir()
    for number in range(4):
        book = "\n\n".join(sentence(f"book{number}-{part}", 60) for part in range(12))
        (folder / "books" / f"{number}.md").write_text(book, encoding="utf-8")
    (folder / "other").mkdir()
    (folder / "other" / "page.md").write_text(sentence("other", 30), encoding="utf-8")


def _write_letters(folder: Path) -> None:
    """Texts that have a language, personal data, short forms, and one of no quality."""
    text = (
        "Surat nomor {n} ini dibuka oleh ketua, lalu para anggota membahas laporan keuangan yang "
        "sudah disiapkan. Anak2 yg datang mencatat {m} hal, surel ke a{n}@contoh.example."
    )
    folder.mkdir()
    for number in range(6):
        letter = text.format(n=number, m=sentence(f"letter{number}", 9))
        (folder / f"{number}.md").write_text(letter, encoding="utf-8")
    english = "This letter was written by the chair, who had read all of the reports on spending."
    (folder / "english.md").write_text(english, encoding="utf-8")
    (folder / "noise.md").write_text("lihat harga promo sekarang\n" * 60, encoding="utf-8")


def _canned(number: int) -> dict[str, object]:
    turns = [
        {"role": "user", "content": sentence(f"asked {number}", 9)},
        {"role": "assistant", "content": "Terima kasih sudah menunggu."},
        {"role": "user", "content": sentence(f"then {number}", 9)},
        {"role": "assistant", "content": sentence(f"answered {number}", 9)},
    ]
    return {"messages": turns}


def _message(number: int) -> dict[str, object]:
    """A single message, with two columns for each thing that may be asked for."""
    bot = number % 2 == 1
    return {
        "author": "bot" if bot else "Sri",
        "who": "Sri" if bot else "bot",
        "text": sentence(f"message {number}", 8),
        "time": f"2026-03-0{1 + number // 6}T08:{number:02}:00Z",
        "at": f"2026-03-0{1 + number // 4}T08:{number:02}:00Z",
        "thread": f"t{number // 6}",
        "about": f"a{number // 4}",
        "rating": 1.0,
        "stars": 0.2,
    }


def _phone() -> str:
    """A chat whose dates can be read in two ways."""
    lines = [
        f"0{1 + n // 4}/03/26 08.{10 * (n % 4):02} - {('Sri', 'Admin Telaga')[n % 2]}: {text}"
        for n in range(8)
        for text in ["Besok ya" if n == 3 else sentence(f"phone {n}", 8)]
    ]
    return "\n".join(lines) + "\n"


def _write_guide(folder: Path) -> None:
    from pdf_files import SENTENCE, one_page, shown

    folder.mkdir()
    for number in range(4):
        answer = sentence(f"guide{number}", 30)
        text = f"# Guide {number}\n\n## What is {WORDS[number]}?\n\n{answer}.\n"
        (folder / f"{number}.md").write_text(text, encoding="utf-8")
    (folder / "rules.pdf").write_bytes(one_page(shown(SENTENCE)))


def _write_scan(folder: Path) -> None:
    """A page that is a picture of a word, beside a text."""
    from reportlab.pdfgen.canvas import Canvas

    folder.mkdir()
    canvas = Canvas(str(folder / "scan.pdf"))
    path = canvas.beginPath()  # letters as outlines have no text layer either
    for place in range(40):
        path.rect(72 + 11 * place, 700, 7, 12)
    canvas.drawPath(path, fill=1)
    canvas.save()
    for number in range(4):
        (folder / f"{number}.md").write_text(sentence(f"scan{number}", 30), encoding="utf-8")


def _question(number: int) -> dict[str, str]:
    return {"question": sentence(f"q{number}", 8), "answer": sentence(f"a{number}", 5)}


def _columns(number: int) -> dict[str, object]:
    """A row in which each column could be taken for another one."""
    names = ("text", "body", "label", "kind", "question", "ask", "answer", "say", "rules", "team")
    row: dict[str, object] = {name: f"{name} {number}" for name in names}
    return row | {"turns": _turns("turns"), "talk": _turns("talk"), "importance": 2.0}


def _chat(number: int) -> dict[str, object]:
    return {"messages": [*_turns(f"chat {number}"), {"from": "Budi", "value": "Ya."}]}


def _turns(what: str) -> list[dict[str, str]]:
    return [{"from": "Sri", "value": f"Ask {what}"}, {"from": "assistant", "value": f"Say {what}"}]


def _write_rows(path: Path, rows: list[object]) -> None:
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
