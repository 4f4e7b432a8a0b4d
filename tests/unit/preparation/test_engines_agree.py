"""A whole preparation gives the same rows by the plain loop, by Daft here, and by Daft on Ray."""

from __future__ import annotations

import importlib.util
import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from laras.preparation import ingest
from laras.preparation.engine import SILENCING
from laras.preparation.pipeline import prepare
from laras.recipe.load import load_recipe
from laras.runs.folder import Run
from laras.runs.progress import Silent

CHILD = Path(__file__).parents[2] / "support" / "prepared_by.py"
FILES = ("train", "validation", "test", "ledger", "documents", "dialogues")
PIECES = [
    *(
        "kata",
        "buku",
        "rumah",
        "the",
        "house",
        "anak2",
        "yg",
        "&amp;",
        "&nbsp;",
        "e\u0301",
        "caf\u00e9",
    ),
    *("\u200b", "\u00a0", "\u00c3\u00a9", "\u65e5\u672c\u8a9e", "\U0001f600", "a.b@contoh.example"),
    *("0812-3456-7890", "`kode  x`", "\n", "\n\n", "\n# Judul\n", "  ", "...", "\u2028", "x\u0327"),
]


def write_random_records(folder: Path, seed: int, count: int) -> Path:
    """Documents, chats and labelled rows of random pieces, some of them again."""
    generator = random.Random(seed)

    def text(length: int) -> str:
        words = [generator.choice(PIECES) for _piece in range(generator.randint(1, length))]
        return " ".join([*words, f"nomor {generator.randrange(count)}"])

    texts = [text(120) for _document in range(count)]
    texts += [
        generator.choice(texts) + generator.choice(["", " akhir"]) for _copy in range(count // 5)
    ]
    chats = [
        [
            {"role": role, "content": text(20) if role != "system" else "Jawab singkat."}
            for role in ("system", *("user", "assistant") * generator.randint(1, 3))
        ]
        for _chat in range(count)
    ]
    labelled = [{"text": text(15), "label": f"l{number % 3}"} for number in range(count)]
    for name, rows in (
        ("documents", [{"text": each} for each in texts]),
        ("chats", [{"messages": each} for each in chats]),
        ("labelled", labelled),
    ):
        lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
        (folder / f"{name}.jsonl").write_text(lines + "\n", encoding="utf-8")
    recipe = folder / "recipe.yaml"
    recipe.write_text(
        "data:\n"
        "  sources:\n"
        "    - documents: documents.jsonl\n"
        "    - conversations: chats.jsonl\n"
        "    - examples: labelled.jsonl\n"
        "preparation:\n"
        "  chunk_characters: 200\n"
        "  indonesian_normalisation: true\n"
        "  personal_data: replace\n"
        "  quality: drop\n",
        encoding="utf-8",
    )
    return recipe


def rows_of(run: Path) -> dict[str, list[dict[str, Any]]]:
    return {name: pq.read_table(run / f"data/{name}.parquet").to_pylist() for name in FILES}


@pytest.mark.parametrize("seed", [1, 2])
def test_daft_and_the_plain_loop_prepare_the_same_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(ingest, "SHARD_BYTES", 30_000)
    recipe = write_random_records(tmp_path, seed, 150)
    for runner in ("plain", "native"):
        with Run.open(tmp_path / runner) as run:
            prepare(load_recipe(recipe), run, Silent(), runner=runner)  # type: ignore[arg-type]
    plain, native = rows_of(tmp_path / "plain"), rows_of(tmp_path / "native")
    assert all(plain[name] for name in FILES)
    assert native == plain
    audits = [
        json.loads((tmp_path / run / "data/audit.json").read_text()) for run in ("plain", "native")
    ]
    assert audits[0] == audits[1]


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed")
def test_ray_with_two_workers_prepares_the_same_rows_and_calls_nobody(tmp_path: Path) -> None:
    recipe = write_random_records(tmp_path, 3, 300)
    with Run.open(tmp_path / "plain") as run:
        prepare(load_recipe(recipe), run, Silent(), runner="plain")
    command = [sys.executable, str(CHILD), str(recipe), str(tmp_path / "ray"), "ray"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert ended.returncode == 0, ended.stderr
    assert rows_of(tmp_path / "ray") == rows_of(tmp_path / "plain")
    told = json.loads(ended.stdout.splitlines()[-1])
    assert told["cpus"] >= 2
    assert told["workers"] == {name: os.environ[name] for name in SILENCING}
    assert not told["dashboard"]


@pytest.mark.slow
def test_memory_does_not_grow_with_the_input(tmp_path: Path) -> None:
    peaks = []
    for count in (1000, 3000):
        folder = tmp_path / str(count)
        folder.mkdir()
        generator = random.Random(count)
        words = ["".join(generator.choices("abcdefghijklmnop", k=6)) for _word in range(3000)]
        for number in range(0, count, 500):
            lines = [
                json.dumps({"text": " ".join(generator.choices(words, k=300))}) for _n in range(500)
            ]
            (folder / f"{number}.jsonl").write_text("\n".join(lines), encoding="utf-8")
        recipe = tmp_path / f"{count}.yaml"
        recipe.write_text(f"data: {{sources: [{{documents: '{count}'}}]}}\n", encoding="utf-8")
        command = [sys.executable, str(CHILD), str(recipe), str(tmp_path / f"run{count}"), "plain"]
        ended = subprocess.run(
            [*command, "300000"], capture_output=True, text=True, timeout=120, check=False
        )
        assert ended.returncode == 0, ended.stderr
        peaks.append(json.loads(ended.stdout.splitlines()[-1])["peak_bytes"])
    # 4.2 MB of text more, which as Python objects and 5-grams would be many times that.
    assert peaks[1] - peaks[0] < 40e6
