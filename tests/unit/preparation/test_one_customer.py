"""One exported chat can be split by its conversations; customers among others stay whole."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from laras.preparation.pipeline import load_examples, prepare
from laras.recipe.load import recipe_from_mapping
from laras.runs.folder import Run
from laras.runs.progress import Silent

SYLLABLES = ("ka", "ra", "bu", "li", "si", "nu", "to", "po", "me", "de", "ti", "sa")


def sentence(seed: str) -> str:
    chance = random.Random(seed)
    return " ".join("".join(chance.choices(SYLLABLES, k=3)) for _word in range(12))


def chat(customer: str, conversations: int) -> str:
    """A WhatsApp export of ``conversations`` days, a question and an answer on each."""
    lines = []
    for number in range(conversations):
        day = datetime(2024, 1, 1) + timedelta(days=number)
        lines += [
            f"{day:%d/%m/%y} 09.00 - {customer}: {sentence(f'q{customer}{number}')}?",
            f"{day:%d/%m/%y} 09.05 - Toko Maju: {sentence(f'a{customer}{number}')}.",
        ]
    return "\n".join(lines)


@pytest.fixture
def groups(tmp_path: Path) -> Callable[[], list[set[str]]]:
    """``groups()``: of training, validation and test, as the files in "chats" give them."""

    def split() -> list[set[str]]:
        loaded = recipe_from_mapping(
            {"data": {"sources": [{"conversations": "chats"}], "test_share": 0.3}}, tmp_path
        )
        with Run.open(tmp_path / "run") as run:
            result = prepare(loaded, run, Silent())
        paths = (result.train, result.validation, result.test)
        return [{example.group for example in load_examples(path)} for path in paths]

    return split


def test_one_exported_chat_is_split_by_its_conversations(tmp_path, groups):
    (tmp_path / "chats").mkdir()
    (tmp_path / "chats" / "ani.txt").write_text(chat("Ani", 40))
    found = groups()
    assert all(found)
    assert sum(map(len, found)) == 40


def test_with_two_customers_each_stays_on_one_side(tmp_path, groups):
    (tmp_path / "chats").mkdir()
    customers = [f"Pelanggan {letter}" for letter in "ABCDEFGHIJKLMNOPQRST"]
    for customer in customers:
        (tmp_path / "chats" / f"{customer}.txt").write_text(chat(customer, 3))
    train, validation, test = groups()
    assert len(train) + len(validation) + len(test) == len(customers)
    assert len(train | validation | test) == len(customers)
