"""With ``personal_data: replace`` nothing that was replaced stays in the run folder, whatever
happened before and however the preparation ended; and nobody is told of damage that was none."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from laras.errors import DataRefused
from laras.preparation.pipeline import Prepared, prepare
from laras.recipe.load import recipe_from_mapping
from laras.runs.folder import Run
from laras.runs.progress import Silent
from run_content import everything

SYLLABLES = [a + b for a in "bdgklmnprst" for b in ("a", "i", "u", "e", "o", "an", "ing")]
SECRET = "budi.santoso@rahasia.example"
NAME = "Siti Wulandari"

Prepare = Callable[..., Prepared]


def sentence(seed: object, length: int = 30) -> str:
    generator = random.Random(str(seed))
    first, second = (generator.choices(SYLLABLES, k=length) for _half in range(2))
    return " ".join(f"{a}{b}" for a, b in zip(first, second, strict=True))


@pytest.fixture
def prepared(tmp_path: Path) -> Prepare:
    """``prepared(sources, **preparation)``: what a recipe in tmp_path gives, in one run folder."""

    def run_it(sources: list[dict[str, Any]], **preparation: Any) -> Prepared:
        data = {"sources": sources}
        loaded = recipe_from_mapping({"data": data, "preparation": preparation}, tmp_path)
        with Run.open(tmp_path / "run") as run:
            return prepare(loaded, run, Silent(), runner="plain")

    return run_it


@pytest.fixture
def docs(tmp_path: Path) -> list[dict[str, Any]]:
    """Documents with a signature that repeats, and so is cut."""
    (tmp_path / "docs").mkdir()
    for number in range(12):
        paragraphs = "\n\n".join(sentence((number, part)) for part in range(4))
        text = f"# Surat {number}\n\nHubungi kami lewat {SECRET} segera\n\n{paragraphs}\n"
        (tmp_path / "docs" / f"{number:02}.md").write_text(text, encoding="utf-8")
    return [{"documents": "docs"}]


def write_chats(folder: Path) -> None:
    folder.mkdir()
    for number in range(12):
        customer = NAME if number == 0 else f"Pelanggan {chr(65 + number)}"
        lines = []
        for day in range(1, 5):
            asked, answered = (sentence((kind, number, day), 10) for kind in "qa")
            lines.append(f"{day:02}/01/24 09.00 - {customer}: {asked}?")
            lines.append(f"{day:02}/01/24 09.05 - Toko Maju: {answered}.")
        name = f"Chat WhatsApp dengan {NAME}.txt" if number == 0 else f"{number}.txt"
        (folder / name).write_text("\n".join(lines), encoding="utf-8")


def events(tmp_path: Path, kind: str) -> list[dict[str, Any]]:
    lines = (tmp_path / "run/events.jsonl").read_text(encoding="utf-8").splitlines()
    return [event for event in map(json.loads, lines) if event["kind"] == kind]


def test_lines_that_were_cut_are_told_without_personal_data(
    tmp_path: Path, prepared: Prepare, docs: list[dict[str, Any]]
) -> None:
    lines = prepared(docs).audit["cleaning"]["repeated_lines"]
    assert lines == [{"line": f"Hubungi kami lewat {SECRET} segera", "count": 12}]
    lines = prepared(docs, personal_data="replace").audit["cleaning"]["repeated_lines"]
    assert lines == [{"line": "Hubungi kami lewat <EMAIL_1> segera", "count": 12}]
    assert SECRET not in everything(tmp_path / "run")


def test_what_an_earlier_recipe_left_as_it_was_goes(
    tmp_path: Path, prepared: Prepare, docs: list[dict[str, Any]]
) -> None:
    prepared(docs)
    data = tmp_path / "run/data"
    for name in ("shown.json", "replies.jsonl", "generate/x/pairs.txt", "tokens/train-1.json"):
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).write_text(SECRET)
    prepared(docs, personal_data="replace", seed=3)
    assert SECRET not in everything(tmp_path / "run")
    (data / "replies.jsonl").write_text("paid for")
    prepared(docs, personal_data="replace", seed=4)
    assert (data / "replies.jsonl").read_text() == "paid for"
    prepared(docs, personal_data="replace", personal_data_kinds=["email", "phone"])
    assert not (data / "replies.jsonl").exists()  # it may hold what was no kind to replace


def test_shown_rows_and_pairs_out_of_date_go_with_any_change(
    tmp_path: Path, prepared: Prepare, docs: list[dict[str, Any]]
) -> None:
    prepared(docs)
    data = tmp_path / "run/data"
    (data / "generate").mkdir()
    for name in ("shown.json", "generate/old"):
        (data / name).write_text("old")
    prepared(docs)
    assert (data / "shown.json").exists()
    prepared(docs, seed=3)
    assert not (data / "shown.json").exists()
    assert not (data / "generate").exists()


def test_a_refusal_leaves_nothing_that_was_read(tmp_path: Path, prepared: Prepare) -> None:
    (tmp_path / "a.txt").write_text(f"Tulis ke {SECRET}.")
    with pytest.raises(DataRefused):
        prepared([{"documents": "a.txt"}], personal_data="replace")
    assert SECRET not in everything(tmp_path / "run")
    assert not (tmp_path / "run/data/read").exists()


def test_what_a_killed_run_left_goes_when_the_stage_is_found_done(
    tmp_path: Path, prepared: Prepare, docs: list[dict[str, Any]]
) -> None:
    prepared(docs, personal_data="replace")
    left = [tmp_path / "run/data/read/shared", tmp_path / "run/data/clean/0123/first"]
    for folder in left:  # as though it had been killed before they were deleted
        folder.mkdir(parents=True)
        (folder / "raw.txt").write_text(SECRET)
    prepared(docs, personal_data="replace")
    assert not any(folder.exists() for folder in left)


def test_what_was_deleted_on_purpose_is_not_called_damaged(
    tmp_path: Path, prepared: Prepare, docs: list[dict[str, Any]]
) -> None:
    for settings in (
        {"personal_data": "keep"},
        {"personal_data": "replace"},
        {"personal_data": "replace", "seed": 3},
        {"personal_data": "keep"},
        {"personal_data": "replace"},
    ):
        prepared(docs, **settings)
    assert events(tmp_path, "stage_repeated") == []


def test_names_that_a_chat_tells_stay_in_paths_alone(tmp_path: Path, prepared: Prepare) -> None:
    write_chats(tmp_path / "chats")
    sources = [{"conversations": "chats"}]
    result = prepared(sources, personal_data="replace")
    path = f"Chat WhatsApp dengan {NAME}.txt"
    left = everything(tmp_path / "run").replace(path, "")
    assert NAME not in left
    assert "Pelanggan B" not in left
    assert any("The paths of 1 files hold names" in text for text in result.audit["warnings"])
    kept = prepared(sources)
    assert not any("hold names" in text for text in kept.audit["warnings"])


def test_the_limit_of_the_leak_is_that_of_the_recipe(
    prepared: Prepare, docs: list[dict[str, Any]]
) -> None:
    assert prepared(docs, leak_limit=0.02).audit["leak"]["limit"] == 0.02
    assert prepared(docs, leak_limit=0.5).audit["leak"]["limit"] == 0.5
