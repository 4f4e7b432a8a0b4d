"""Which files a recipe's paths stand for."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from laras.errors import UsageError
from laras.records import Document, Rejection


def paths(records):
    return [record.path for record in records]


def test_a_folder_is_read_recursively_and_in_sorted_order(read, write):
    for name in ("docs/b.txt", "docs/a/z.txt", "docs/a/c.txt", "docs/c.txt"):
        write(name, f"Text of {name}.")
    assert paths(read("docs")) == ["docs/a/c.txt", "docs/a/z.txt", "docs/b.txt", "docs/c.txt"]


def test_hidden_files_and_folders_and_office_locks_are_passed_over(read, write):
    for name in ("docs/a.txt", "docs/.b.txt", "docs/.git/c.txt", "docs/~$a.docx"):
        write(name, "Text.")
    assert paths(read("docs")) == ["docs/a.txt"]


def test_globs_match_below_and_each_file_is_read_once(read, write):
    for name in ("docs/a.md", "docs/deep/b.md", "docs/c.txt"):
        write(name, "Text.")
    assert paths(read("docs/**/*.md")) == ["docs/a.md", "docs/deep/b.md"]
    assert paths(read(["docs/*.md", "docs", "docs/a.md"])) == [
        "docs/a.md",
        "docs/c.txt",
        "docs/deep/b.md",
    ]


def test_a_file_whose_name_looks_like_a_glob_is_that_file(read, write):
    write("notes[1].txt", "Text.")
    assert paths(read("notes[1].txt")) == ["notes[1].txt"]


def test_a_missing_path_is_a_usage_error_with_a_suggestion(read, write):
    write("handbook/a.txt", "Text.")
    with pytest.raises(UsageError, match=r"(?s)handbok.*Did you mean 'handbook'") as caught:
        read("handbok")
    assert caught.value.identifier == "sources.not-found"


@pytest.mark.parametrize("path", ["empty", "empty/*.txt"])
def test_a_path_that_holds_no_file_is_a_usage_error(read, tmp_path, path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError) as caught:
        read(path)
    assert caught.value.identifier == "sources.nothing-found"


def test_links_that_lead_out_of_the_folder_are_refused(read, write, tmp_path):
    write("outside/secret.txt", "Secret.")
    write("docs/a.txt", "Text.")
    (tmp_path / "docs" / "file.txt").symlink_to(tmp_path / "outside" / "secret.txt")
    (tmp_path / "docs" / "folder").symlink_to(tmp_path / "outside")
    (tmp_path / "docs" / "broken.txt").symlink_to(tmp_path / "nowhere")
    records = read("docs")
    assert [r.path for r in records if isinstance(r, Document)] == ["docs/a.txt"]
    reasons = {r.path: r.reason for r in records if isinstance(r, Rejection)}
    assert reasons == {
        "docs/broken.txt": "symlink-outside",
        "docs/file.txt": "symlink-outside",
        "docs/folder": "symlink-outside",
    }


def test_a_link_inside_the_folder_does_not_double_its_file(read, write, tmp_path):
    write("docs/b.txt", "Text.")
    (tmp_path / "docs" / "a.txt").symlink_to(tmp_path / "docs" / "b.txt")
    (tmp_path / "docs" / "loop").symlink_to(tmp_path / "docs")
    assert paths(read("docs")) == ["docs/b.txt"]


def test_a_file_that_the_user_names_may_be_a_link(read, write, tmp_path):
    write("elsewhere/a.txt", "Text.")
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "a.txt").symlink_to(tmp_path / "elsewhere" / "a.txt")
    assert isinstance(read("here/a.txt")[0], Document)


def test_pipes_and_devices_are_refused_without_being_opened(read, write, tmp_path):
    write("docs/a.txt", "Text.")
    os.mkfifo(tmp_path / "docs" / "pipe.txt")
    (rejected,) = (r for r in read("docs") if isinstance(r, Rejection))
    assert (rejected.reason, rejected.path) == ("not-a-file", "docs/pipe.txt")
    (device,) = read("/dev/null")
    assert device.reason == "not-a-file"


def test_files_without_permission_are_named(read, write):
    path = write("docs/a.txt", "Text.")
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("the superuser may read everything")
    assert read("docs")[0].reason == "unreadable"


def test_identifiers_do_not_depend_on_where_the_project_lies(read, write, tmp_path):
    write("one/project/docs/a.txt", "Text.")
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    first = read("docs", folder=tmp_path / "one" / "project")
    second = read("docs", folder=tmp_path / "two" / "project")
    assert first == second
    absolute = [
        read(str(tmp_path / at / "project"), folder=tmp_path / "x") for at in ("one", "two")
    ]
    assert absolute[0][0].document_id == absolute[1][0].document_id
    assert absolute[0][0].path == str(tmp_path / "one" / "project" / "docs" / "a.txt")


def test_a_path_outside_the_recipes_folder_is_shown_as_given(read, write, tmp_path):
    write("shared/docs/a.txt", "Text.")
    (tmp_path / "project").mkdir()
    (record,) = read("../shared/docs", folder=tmp_path / "project")
    assert record.path == "../shared/docs/a.txt"


def test_an_absolute_path_below_the_recipe_is_shown_relative_to_it(read, write, tmp_path):
    write("docs/a.txt", "Text.")
    (absolute,) = read(str(tmp_path / "docs"))
    (relative,) = read("docs")
    assert (absolute.path, absolute.document_id) == (relative.path, relative.document_id)


def test_a_name_that_is_not_utf8_can_still_be_stored(read, tmp_path):
    folder = tmp_path / "docs"
    folder.mkdir()
    try:
        Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.txt")).write_text("Text.")
    except OSError:
        pytest.skip("this file system takes no such name")
    (record,) = read("docs")
    assert record.path == "docs/caf\\xe9.txt"


def test_spaces_in_names_need_nothing(read, write):
    write("hand book/part 1.txt", "Text.")
    assert paths(read("hand book")) == ["hand book/part 1.txt"]
    assert paths(read("hand book/part 1.txt")) == ["hand book/part 1.txt"]
    assert paths(read("hand book/*.txt")) == ["hand book/part 1.txt"]


def test_a_tilde_is_the_home_folder(read, write, tmp_path, monkeypatch):
    write("home/hand book/a.txt", "Text.")
    (tmp_path / "project").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for given in ("~/hand book", "~/hand book/a.txt", "~/hand book/*.txt"):
        (record,) = read(given, folder=tmp_path / "project")
        assert record.path == "~/hand book/a.txt"


def test_a_name_that_begins_with_a_tilde_and_is_nobodys_home_is_a_name(read, write):
    write("~nobody-has-this-name/a.txt", "Text.")
    assert paths(read("~nobody-has-this-name")) == ["~nobody-has-this-name/a.txt"]
    with pytest.raises(UsageError) as caught:
        read("~nobody-has-that-name/*.txt")
    assert caught.value.identifier == "sources.nothing-found"


@pytest.mark.skipif(os.sep == "\\", reason="there it is the right path")
def test_a_windows_path_that_would_be_right_with_slashes_is_suggested(read, write):
    write("hand book/a.txt", "Text.")
    with pytest.raises(UsageError) as caught:
        read("hand book\\a.txt")
    assert caught.value.hint == "Did you mean 'hand book/a.txt'?"
    with pytest.raises(UsageError):
        read("C:\\hand book\\a.txt")


def test_a_key_behind_a_hash_chooses_a_part_of_a_json_file(read, write):
    write(
        "data.json",
        '{"note": 1,\n "train": [{"question": "a?", "answer": "satu"}],\n'
        ' "deep": {"a/b": [{"question": "b?", "answer": "dua"}]}}',
    )
    (train,) = read("data.json#train", kind="examples")
    (deep,) = read("data.json#/deep/a~1b", kind="examples")
    assert (train.path, train.locator) == ("data.json", "train, item 1, line 2")
    assert train.turns[1].content == "satu"
    assert deep.turns[1].content == "dua"
    assert train.dialogue_id != deep.dialogue_id
    both = read(["data.json#train", "data.json#/deep/a~1b"], kind="examples")
    assert {record.dialogue_id for record in both} == {train.dialogue_id, deep.dialogue_id}
    (missing,) = read("data.json#test", kind="examples")
    assert missing.reason == "no-such-key"


def test_a_file_whose_name_has_a_hash_is_that_file(read, write):
    write("a#b.txt", "Text.")
    assert paths(read("a#b.txt")) == ["a#b.txt"]
    with pytest.raises(UsageError):
        read("a.txt#b")
