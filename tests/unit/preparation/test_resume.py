"""A preparation that was killed goes on, does nothing twice, and comes to the same bytes."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from laras.preparation import ingest, pipeline
from laras.preparation.pipeline import Prepared, prepare
from laras.preparation.shards import read_shard
from laras.recipe.load import recipe_from_mapping
from laras.runs.folder import Run
from laras.runs.progress import Silent
from run_content import everything

CHILD = Path(__file__).parents[2] / "support" / "killed_preparation.py"
FINISHED = (
    *("train.parquet", "validation.parquet", "test.parquet", "ledger.parquet"),
    *("documents.parquet", "dialogues.parquet", "audit.json", "report.md", "certificate.json"),
)


SYLLABLES = [a + b for a in "bdgklmnprst" for b in ("a", "i", "u", "e", "o", "an", "ing")]


def sentence(seed: object, length: int = 40) -> str:
    generator = random.Random(str(seed))
    first, second = (generator.choices(SYLLABLES, k=length) for _half in range(2))
    return " ".join(f"{a}{b}" for a, b in zip(first, second, strict=True))


def write_project(folder: Path) -> Path:
    """Documents with repeated lines, copies and near-copies; chats with a canned answer."""
    (folder / "docs").mkdir()
    for number in range(24):
        text = f"# Bab {number}\n\nHak cipta Nusantara\n\n" + "\n\n".join(
            sentence((number % 20, part)) for part in range(8)
        )
        if number >= 22:
            text += "\n\nTambahan kecil."
        (folder / "docs" / f"{number:02}.md").write_text(text, encoding="utf-8")
    (folder / "docs" / "short.md").write_text("Pendek.", encoding="utf-8")
    rows = []
    for number in range(60):
        answer = "Terima kasih sudah menunggu." if number % 2 else sentence(f"a{number}", 12)
        messages = [
            {"role": "user", "content": sentence(f"q{number}", 10)},
            {"role": "assistant", "content": answer},
        ]
        rows.append(json.dumps({"messages": messages}))
    (folder / "chats.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    recipe = folder / "recipe.yaml"
    recipe.write_text(
        "data:\n"
        "  sources:\n"
        "    - documents: docs\n"
        "    - conversations: chats.jsonl\n"
        "preparation: {chunk_characters: 400, max_reply_copies: 5}\n",
        encoding="utf-8",
    )
    return recipe


def child(recipe: Path, run: Path, fatal: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(CHILD), str(recipe), str(run), str(fatal)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_killed_anywhere_it_comes_to_the_same_bytes(tmp_path: Path) -> None:
    recipe = write_project(tmp_path)
    unbroken = child(recipe, tmp_path / "unbroken", 0)
    assert unbroken.returncode == 0, unbroken.stderr
    renames = int(unbroken.stdout)
    assert renames > 80  # many units: reading, cleaning, comparing, examples, splits
    # Each time it gets a few renames further, and is killed inside another unit or between two.
    generator = random.Random(4)
    kills = 0
    while True:
        ended = child(recipe, tmp_path / "killed", generator.randint(25, 60))
        if ended.returncode == 0:
            break
        assert ended.returncode == -signal.SIGKILL, ended.stderr
        kills += 1
        assert kills < 15  # it gets on, whatever was done
    assert kills >= 2
    for name in FINISHED:
        one, other = (tmp_path / run / "data" / name for run in ("unbroken", "killed"))
        assert one.read_bytes() == other.read_bytes(), name
    assert not [path for path in (tmp_path / "killed").rglob("*") if path.name.endswith(".tmp")]


Prepare = Callable[..., Prepared]


@pytest.fixture
def prepared(tmp_path: Path) -> Prepare:
    """``prepared(**preparation)``: the project, prepared in one folder again and again."""
    write_project(tmp_path)
    data = {"sources": [{"documents": "docs"}, {"conversations": "chats.jsonl"}]}

    def run_it(data: dict[str, Any] = data, **preparation: Any) -> Prepared:
        loaded = recipe_from_mapping({"data": data, "preparation": preparation}, tmp_path)
        with Run.open(tmp_path / "run") as run:
            return prepare(loaded, run, Silent(), runner="plain")

    return run_it


def test_another_threshold_reads_and_cleans_nothing_again(
    prepared: Prepare, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = prepared()

    def never(*_arguments: object) -> None:
        raise AssertionError("done again")

    monkeypatch.setattr(ingest, "read_files", never)
    monkeypatch.setattr("laras.preparation.describe._describe", never)
    again = prepared(near_duplicate_threshold=1.0)
    assert again.key != first.key
    assert again.audit["ledger"] != first.audit["ledger"]
    monkeypatch.setattr("laras.preparation.distinct.find_duplicates", never)
    prepared(near_duplicate_threshold=1.0, seed=3)
    monkeypatch.setattr(pipeline, "hold_out", never)
    with pytest.raises(AssertionError, match="done again"):
        prepared(near_duplicate_threshold=1.0, seed=4)


def test_another_file_reads_its_source_alone(
    prepared: Prepare, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared()
    (tmp_path / "docs" / "new.md").write_text(sentence("new"), encoding="utf-8")
    read: list[str] = []
    original = ingest.read_files

    def noted(files: Any, *rest: Any) -> Any:
        read.extend(file.path for file in files)
        return original(files, *rest)

    monkeypatch.setattr(ingest, "read_files", noted)
    audit = prepared().audit
    assert "docs/new.md" in read
    assert "chats.jsonl" not in read
    assert audit["sources"][0]["read"] == 26


def test_a_damaged_shard_is_made_again(prepared: Prepare, tmp_path: Path) -> None:
    first = prepared()
    (shard,) = (tmp_path / "run/data/read").rglob("dialogues-0000.arrow")
    content = bytearray(shard.read_bytes())
    content[len(content) // 2] ^= 1
    shard.write_bytes(bytes(content))
    (tmp_path / "run/data/audit.json").unlink()  # the finished files are damaged, too
    again = prepared()
    assert again.audit == first.audit
    assert read_shard(shard).num_rows == 60


def test_what_was_replaced_is_nowhere_in_the_run_folder(tmp_path: Path, prepared: Prepare) -> None:
    secret = "budi.santoso@rahasia.example"
    for number in range(8):
        text = f"# Surat {secret}\n\nHubungi {secret} segera\n\n{sentence(('s', number), 60)}\n"
        (tmp_path / "docs" / f"mail{number}.md").write_text(text, encoding="utf-8")
    chats = [
        {
            "question": f"Saya {secret}, {sentence(('q', n), 8)}",
            "answer": sentence(("a", n), 8),
            "customer": secret if n < 3 else f"c{n}",
        }
        for n in range(30)
    ]
    (tmp_path / "faq.jsonl").write_text("\n".join(map(json.dumps, chats)), encoding="utf-8")
    columns = {"question": "question", "answer": "answer", "group": "customer"}
    data = {"sources": [{"documents": "docs"}, {"examples": "faq.jsonl", "columns": columns}]}
    prepared(data)
    assert secret in everything(tmp_path / "run")
    result = prepared(data, personal_data="replace")
    assert secret not in everything(tmp_path / "run")
    assert result.audit["personal_data"]["docs"]["email"]["rows"] == 8
    assert not (tmp_path / "run/data/read").exists()
    assert prepared(data, personal_data="replace").audit == result.audit
