"""Looking into a run: every row's story, the tokens that are trained on, and a recount."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from command_line import laras

RUN = "runs/recipe"
HANDBOOK = (
    "# Handbook\n\n## What is a token?\n\nA token is a\u200b piece of text that a model reads.\n"
)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared run over documents and questions, with rows that leave on the way."""
    folder = tmp_path_factory.mktemp("project")
    texts = folder / "texts"
    texts.mkdir()
    (texts / "handbook.md").write_text(HANDBOOK, encoding="utf-8")
    (texts / "copy.md").write_text(HANDBOOK, encoding="utf-8")
    (texts / "empty.md").write_text("", encoding="utf-8")
    for number in range(12):
        words = " ".join(f"word{number * 50 + n}" for n in range(60))
        (texts / f"text{number}.md").write_text(f"# Text {number}\n\n{words}.\n")
    rows = [
        {"question": f"Wer ist Nummer {n}?", "answer": f"Nummer {n} ist da."} for n in range(20)
    ]
    (folder / "faq.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    (folder / "recipe.yaml").write_text(
        "data:\n  sources:\n"
        "    - {documents: texts, name: books, pairs: [questions]}\n"
        "    - {examples: faq.jsonl, name: faq}\n"
    )
    done = laras("prepare", "--quiet", "--run", RUN, cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


def test_a_recount_from_the_files_agrees_with_the_account(project: Path) -> None:
    done = laras("inspect", RUN, "--recount", "--json", cwd=project)
    assert done.returncode == 0, done.stderr
    counts = json.loads(done.stdout)
    assert len(counts) > 10
    assert all(count["agrees"] for count in counts)
    assert "DIFFERS" not in laras("inspect", RUN, "--recount", cwd=project).stdout


def test_a_recount_notices_a_row_that_vanished(project: Path, tmp_path: Path) -> None:
    import shutil

    copy = tmp_path / "run"
    shutil.copytree(project / RUN, copy)
    path = copy / "data" / "train.parquet"
    table = pq.read_table(path)
    pq.write_table(table.slice(1), path)
    done = laras("inspect", copy, "--recount", cwd=project)
    assert done.returncode == 1
    assert "DIFFERS" in done.stdout


def test_the_story_of_a_row_goes_from_its_file_to_its_split(project: Path) -> None:
    done = laras("inspect", RUN, "texts/copy.md", "--json", cwd=project)
    (story,) = json.loads(done.stdout)
    assert "\u200b" in story["before"]
    assert "\u200b" not in story["after"]
    (duplicate,) = json.loads(
        laras("inspect", RUN, "texts/handbook.md", "--json", cwd=project).stdout
    )
    assert [row["reason"] for row in duplicate["ledger"]] == ["exact-duplicate"]
    assert duplicate["examples"] == []
    assert story["examples"]
    texts = {example["task"] for _split, example in story["examples"]}
    assert texts == {"text", "chat"}


def test_a_file_that_could_not_be_read_has_a_story_too(project: Path) -> None:
    done = laras("inspect", RUN, "texts/empty.md", cwd=project)
    assert done.returncode == 0, done.stderr
    assert "read: empty" in done.stdout


def test_words_find_the_rows_that_hold_them(project: Path) -> None:
    done = laras("inspect", RUN, "nummer 7", cwd=project)
    assert "faq.jsonl: line 8" in done.stdout
    missing = laras("inspect", RUN, "stands nowhere at all", cwd=project)
    assert missing.returncode == 2
    assert "preparation.no-such-row" in missing.stderr


def test_tokens_that_are_trained_on_stand_in_brackets_without_colour(project: Path) -> None:
    done = laras("inspect", RUN, "nummer 7", cwd=project)
    assert "Wer ist Nummer 7?" in done.stdout
    trained = done.stdout.split("⟦")[1].split("⟧")[0]
    assert "Nummer 7 ist da." in trained
    assert "Wer ist" not in trained


def test_joined_tokens_are_the_text(project: Path) -> None:
    done = laras("inspect", RUN, "--rows", "9", "--json", cwd=project)
    rows = json.loads(done.stdout)
    assert len(rows) == 9
    for row in rows:
        if row["task"] == "text":
            joined = "".join(t["text"] for w in row["tokens"] for t in w if not t["control"])
            assert joined == row["messages"][0]["content"]


def test_a_folder_without_data_is_a_mistake(project: Path) -> None:
    done = laras("inspect", "texts", cwd=project)
    assert (done.returncode, "runs.not-prepared" in done.stderr) == (2, True)


def test_a_source_named_twice_is_no_mistake_in_the_account(project: Path) -> None:
    (project / "twice.yaml").write_text(
        "data:\n  sources:\n"
        "    - {documents: texts, name: one}\n"
        "    - {documents: texts, name: two}\n"
    )
    laras("prepare", "twice.yaml", "--quiet", "--run", "runs/twice", cwd=project)
    done = laras("inspect", "runs/twice", "--recount", cwd=project)
    assert (done.returncode, "DIFFERS" in done.stdout) == (0, False)
    stories = laras("inspect", "runs/twice", "texts/text3.md", "--json", cwd=project)
    assert [bool(story["before"]) for story in json.loads(stories.stdout)] == [True, True]
