"""Planted leaks and repetitions through the whole preparation: none is left, all are named."""

from __future__ import annotations

import csv
import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from laras.preparation.pipeline import Prepared, load_examples, prepare
from laras.preparation.stages import Embedder
from laras.recipe.load import recipe_from_mapping
from laras.records import rejections_from
from laras.runs.folder import Run
from laras.runs.progress import Silent


def sentence(seed: object, length: int) -> str:
    generator = random.Random(str(seed))
    return " ".join(f"k{generator.randrange(5000)}" for _word in range(length))


def prepared(
    folder: Path, data: dict[str, Any], embedder: Embedder | None = None, **preparation: Any
) -> Prepared:
    loaded = recipe_from_mapping({"data": data, "preparation": preparation}, folder)
    with Run.open(folder / "run") as run:
        return prepare(loaded, run, Silent(), embedder=embedder)


def write_rows(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def write_chats(path: Path, chats: list[tuple[str, str]]) -> None:
    lines = [
        {"messages": [{"role": "user", "content": q}, {"role": "assistant", "content": a}]}
        for q, a in chats
    ]
    path.write_text("\n".join(map(json.dumps, lines)) + "\n", encoding="utf-8")


def certificate(folder: Path) -> dict[str, Any]:
    path = folder / "run" / "data" / "certificate.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def row(text: str, number: int, customer: str) -> dict[str, str]:
    return {"text": text, "label": "ab"[number % 2], "customer": customer}


@pytest.mark.fault(40)
def test_no_planted_leak_is_left_and_the_certificate_names_each(tmp_path: Path) -> None:
    test = [row(sentence(f"t{n}", 30), n, f"T{n}") for n in range(40)]
    train = [row(sentence(n, 30), n, f"C{n}") for n in range(200)]
    near = [test[n]["text"].replace(" ", " dan ", 1) for n in range(5)]
    planted = [row(test[n]["text"].upper(), n, f"E{n}") for n in range(10, 14)]  # equal
    planted += [row(text, n, f"N{n}") for n, text in enumerate(near)]
    planted += [row(sentence(f"g{n}", 30), n, f"T{n}") for n in range(20, 26)]  # same customer
    write_rows(tmp_path / "test.csv", test)
    write_rows(tmp_path / "train.csv", [*train, *planted])
    columns = {"columns": {"group": "customer"}}
    result = prepared(
        tmp_path,
        {
            "sources": [{"examples": "train.csv", **columns}],
            "test": [{"examples": "test.csv", **columns}],
        },
        accept=["test-leak"],
    )
    found = certificate(tmp_path)
    assert found["clean"]
    assert len(load_examples(result.test)) == 40
    places = {entry["place"]: entry for entry in found["removed"]}
    assert set(places) == {f"train.csv: line {line}" for line in range(202, 217)}
    assert places["train.csv: line 202"]["because"] == "test.csv: line 12"
    assert places["train.csv: line 206"]["reason"] == "near-duplicate-of-test"
    assert places["train.csv: line 206"]["because"].startswith("test.csv: line 2, 0.")
    assert places["train.csv: line 211"] == {
        "place": "train.csv: line 211",
        "reason": "group-stands-in-test",
        "because": "test.csv: line 22",
    }
    assert found["files"]["test"]["rows"] == 40
    kept = {example.messages[0].content for example in load_examples(result.train)}
    assert not any(text in content for text in near for content in kept)


@pytest.mark.fault(40)
def test_planted_near_duplicates_never_straddle_random_splits(tmp_path: Path) -> None:
    rows = [row(sentence(n, 40), n, "") for n in range(150)]
    # Too far from each other to be dropped, with another label, so that both stay.
    rows += [row(r["text"].replace(" ", " ya ", 1), n + 1, "") for n, r in enumerate(rows[:60])]
    write_rows(tmp_path / "rows.csv", [{k: r[k] for k in ("text", "label")} for r in rows])
    for seed in range(3):
        prepared(tmp_path, {"sources": [{"examples": "rows.csv"}]}, seed=seed)
        found = certificate(tmp_path)
        assert found["clean"]
        assert found["near_duplicates_crossing"] == 0
        rows_out = sum(each["rows"] for each in found["files"].values())
        assert rows_out == 210


def test_long_footers_neither_drop_records_nor_block_the_split(tmp_path: Path) -> None:
    footer = sentence("footer", 300)
    chats = [(sentence(n, 20), f"{sentence(f'a{n}', 20)} {footer}") for n in range(80)]
    write_chats(tmp_path / "chats.jsonl", chats)
    prepared(tmp_path, {"sources": [{"conversations": "chats.jsonl"}]})
    found = certificate(tmp_path)
    assert found["clean"]
    assert sum(each["rows"] for each in found["files"].values()) == 80


def test_canned_replies_are_capped_and_told(tmp_path: Path) -> None:
    canned = "Terima kasih sudah menghubungi kami."
    chats = [(sentence(n, 12), canned if n % 2 else sentence(f"a{n}", 12)) for n in range(100)]
    write_chats(tmp_path / "chats.jsonl", chats)
    result = prepared(
        tmp_path,
        {"sources": [{"conversations": "chats.jsonl"}]},
        max_reply_copies=5,
    )
    told = Counter(
        message.content
        for path in (result.train, result.validation, result.test)
        for example in load_examples(path)
        for message in example.messages
        if message.trained
    )
    assert told[canned] == 5
    reasons = Counter(entry.reason for entry in rejections_from(pq.read_table(result.ledger)))
    assert reasons["canned-reply"] == 45
    assert reasons["nothing-to-learn"] == 45


def test_paraphrases_leave_where_the_recipe_asks_for_it(tmp_path: Path) -> None:
    """An embedding that only sees the topic, the first word."""

    def embed(texts: list[str]) -> np.ndarray[Any, Any]:
        rows = np.zeros((len(texts), 100), dtype=np.float32)
        for number, text in enumerate(texts):
            rows[number, int(text.split()[0].removeprefix("topik"))] = 1.0
        return rows

    rows = [f"topik{n % 60} {sentence(n, 20)}" for n in range(90)]
    rows += [f"topik{n} {sentence(n, 25)}" for n in (1, 2)]  # with another label: they stay
    write_rows(tmp_path / "r.csv", [{"text": t, "label": "ab"[n % 2]} for n, t in enumerate(rows)])
    result = prepared(
        tmp_path,
        {"sources": [{"examples": "r.csv"}]},
        Embedder(embed, "key"),
        semantic_threshold=0.9,
    )
    entries = [
        entry
        for entry in rejections_from(pq.read_table(result.ledger))
        if entry.reason == "semantic-duplicate"
    ]
    assert len(entries) == 30
    assert {(entry.locator, entry.detail) for entry in entries} >= {
        ("line 62", "r.csv: line 2, 1.00")
    }
