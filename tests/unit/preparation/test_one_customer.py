"""One exported chat can be split by its conversations; customers among others stay whole."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from laras.errors import DataRefused
from laras.preparation.certificate import certify
from laras.preparation.pipeline import load_examples, prepare
from laras.recipe.load import recipe_from_mapping
from laras.records import EXAMPLE_SCHEMA, Example, Message, to_table
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

    def split(data: dict[str, object] | None = None) -> list[set[str]]:
        data = data or {"sources": [{"conversations": "chats"}]}
        loaded = recipe_from_mapping({"data": {"test_share": 0.3, **data}}, tmp_path)
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


def test_one_exported_chat_is_told_of_in_the_certificate(tmp_path, groups):
    (tmp_path / "chats").mkdir()
    (tmp_path / "chats" / "ani.txt").write_text(chat("Ani", 40))
    groups()
    certificate = json.loads((tmp_path / "run/data/certificate.json").read_text())
    assert certificate["split_by_conversation"] == ["chats"]
    assert "split by conversation: chats" in certificate["statement"]


def test_a_customer_of_two_sources_stays_on_one_side(tmp_path, groups):
    for name in ("siti", "others"):
        (tmp_path / name).mkdir()
    (tmp_path / "siti" / "siti.txt").write_text(chat("Siti", 20))
    for letter in "ABCDEFGHIJKL":
        name = f"Pelanggan {letter}"
        (tmp_path / "others" / f"{letter}.txt").write_text(chat(name, 4))
    (tmp_path / "others" / "siti.txt").write_text(chat("Siti", 23)[len(chat("Siti", 20)) + 1 :])
    sources = [{"conversations": "siti"}, {"conversations": "others"}]
    train, validation, test = groups({"sources": sources})
    assert not train & validation
    assert not (train | validation) & test
    assert len(train | validation | test) == 13
    assert "group:Siti" in train | validation | test


def test_two_exports_of_one_customer_do_not_straddle(tmp_path, groups):
    (tmp_path / "a.txt").write_text(chat("Siti", 20))
    (tmp_path / "b.txt").write_text(chat("Siti", 40)[len(chat("Siti", 20)) + 1 :])
    with pytest.raises(DataRefused):  # one customer, so there is nothing to hold out
        groups({"sources": [{"conversations": "a.txt"}, {"conversations": "b.txt"}]})


def test_a_test_that_is_one_customer_keeps_that_customer_out_of_training(tmp_path, groups):
    (tmp_path / "chats").mkdir()
    for customer in ("Siti", "Budi", "Ani", "Dewi"):
        (tmp_path / "chats" / f"{customer}.txt").write_text(chat(customer, 8))
    (tmp_path / "siti.txt").write_text(chat("Siti", 16)[len(chat("Siti", 8)) + 1 :])
    data = {"sources": [{"conversations": "chats"}], "test": [{"conversations": "siti.txt"}]}
    train, validation, test = groups(data)
    assert test == {"group:Siti"}
    assert train | validation == {"group:Budi", "group:Ani", "group:Dewi"}


def test_the_certificate_sees_a_customer_who_was_wrongly_split(tmp_path):
    def write(name: str, source: str, group: str, seed: str) -> Path:
        message = Message("user", sentence(seed), trained=False)
        example = Example(seed, "chat", (message,), group, source=source)
        path = tmp_path / f"{name}.parquet"
        pq.write_table(to_table([example], EXAMPLE_SCHEMA), path)
        return path

    train = write("train", "siti", "record:1", "one")
    test = write("test", "others", "group:Siti", "two")
    apart = {"siti": "group:Siti"}
    found = certify({"train": train, "test": test}, {}, 0.8, apart=apart)
    assert (found["clean"], found["groups_crossing"]) == (False, 1)
    other = write("test", "others", "group:Budi", "two")
    assert certify({"train": train, "test": other}, {}, 0.8, apart=apart)["clean"]
