"""``laras init`` writes a recipe that is right for the data it is shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from laras.cli.guess import guess_source
from laras.cli.init import write_recipe
from laras.errors import UsageError
from laras.recipe.load import PRESETS, load_recipe


def test_without_data_the_recipe_is_a_valid_example(tmp_path: Path) -> None:
    for preset in PRESETS:
        path = write_recipe(tmp_path / preset, [], preset, "starter")
        assert load_recipe(path).recipe.preset == preset


def test_paths_are_written_as_the_recipe_must_name_them(tmp_path: Path) -> None:
    handbook = tmp_path / "our handbook: new"
    handbook.mkdir()
    (handbook / "a.md").write_text("# A")
    path = write_recipe(tmp_path / "work", [handbook], None, "models/mine")
    loaded = load_recipe(path)
    (source,) = loaded.recipe.data.sources
    assert source.kind == "documents"
    assert (loaded.folder / source.paths[0]).resolve() == handbook.resolve()
    assert loaded.recipe.model.base == "models/mine"


def test_editors_find_the_schema_that_the_first_line_names(tmp_path: Path) -> None:
    path = write_recipe(tmp_path, [], None, "starter")
    first = path.read_text().splitlines()[0]
    schema = tmp_path / first.rpartition("$schema=")[2]
    assert "data" in json.loads(schema.read_text())["properties"]


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_text("mine")
    with pytest.raises(UsageError) as caught:
        write_recipe(tmp_path, [], None, "starter")
    assert caught.value.identifier == "init.exists"
    assert (tmp_path / "recipe.yaml").read_text() == "mine"


def test_data_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        write_recipe(tmp_path / "new", [tmp_path / "absent"], None, "starter")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("name", "content", "kind", "preset"),
    [
        ("a.txt", "text", "documents", "documents"),
        ("a.csv", "text,label\nx,y\n", "examples", "classification"),
        ("a.tsv", "Pertanyaan\tJawaban\n", "examples", "questions"),
        ("a.csv", "article,summary\n", "examples", "summaries"),
        ("a.jsonl", '{"messages": []}\n', "conversations", "chat"),
        ("a.json", '[{"conversations": []}]', "conversations", "chat"),
        ("a.jsonl", '{"instruction": "a", "output": "b"}', "examples", "questions"),
        ("a.jsonl", '{"text": "a"}', "documents", "documents"),
        ("a.jsonl", "not json", "examples", "questions"),
        ("a.csv", "", "examples", "questions"),
    ],
)
def test_the_kind_of_a_file_is_guessed_from_its_first_rows(
    tmp_path: Path, name: str, content: str, kind: str, preset: str
) -> None:
    (tmp_path / name).write_text(content)
    guess = guess_source(tmp_path / name)
    assert (guess.kind, guess.preset) == (kind, preset)


def test_a_folder_is_what_most_of_its_files_are(tmp_path: Path) -> None:
    for name in ("a.jsonl", "b.jsonl"):
        (tmp_path / name).write_text('{"messages": []}\n')
    (tmp_path / "README.md").write_text("# Chats")
    assert guess_source(tmp_path).kind == "conversations"
