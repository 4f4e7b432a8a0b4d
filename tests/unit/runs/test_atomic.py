"""Files that are there completely or not at all, and hashes of what they hold."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from laras.errors import StorageFailed
from laras.runs.atomic import (
    plain,
    publish_folder,
    sweep,
    temporary_sibling,
    write_json_atomic,
    write_text_atomic,
)
from laras.runs.hashing import content_hash, file_sha256


def test_a_file_is_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    write_text_atomic(tmp_path / "a.txt", "one")
    write_text_atomic(tmp_path / "a.txt", "two\r\n")
    assert (tmp_path / "a.txt").read_bytes() == b"two\r\n"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_when_the_disk_is_full_the_old_file_stays(tmp_path: Path) -> None:
    code = """
        import resource, sys
        from pathlib import Path
        from laras.errors import StorageFailed
        from laras.runs.atomic import write_text_atomic
        write_text_atomic(Path(sys.argv[1]), "old")
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        try:
            write_text_atomic(Path(sys.argv[1]), "new" * 1000)
        except StorageFailed as error:
            print(error.identifier)
    """
    file = tmp_path / "file"
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), str(file)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "runs.disk-full"
    assert file.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_missing_folder_is_a_storage_failure(tmp_path: Path) -> None:
    with pytest.raises(StorageFailed):
        write_json_atomic(tmp_path / "absent" / "a.json", {})


def test_a_folder_is_published_under_its_final_name_also_over_an_old_one(tmp_path: Path) -> None:
    final = tmp_path / "model"
    for content in ("one", "two"):
        temporary = tmp_path / "model.tmp"
        (temporary / "inner").mkdir(parents=True)
        (temporary / "inner" / "weights").write_text(content)
        publish_folder(temporary, final)
        assert (final / "inner" / "weights").read_text() == content
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_who_is_killed_while_publishing_leaves_the_old_folder_to_be_found(tmp_path: Path) -> None:
    code = """
        import os, sys
        from pathlib import Path
        from laras.runs import atomic
        final = Path(sys.argv[1])
        rename = Path.rename
        def once(self, target):
            rename(self, target)
            os._exit(9)
        Path.rename = once
        atomic.publish_folder(final.with_name(f".model.{'0' * 32}.tmp"), final)
    """
    final = tmp_path / "model"
    for folder, content in ((final, "old"), (tmp_path / f".model.{'0' * 32}.tmp", "new")):
        folder.mkdir()
        (folder / "weights").write_text(content)
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code), str(final)], check=False)
    assert done.returncode == 9
    assert not final.exists()
    sweep(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    assert (final / "weights").read_text() == "old"


def test_what_is_swept_is_what_was_never_published(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "kept").write_text("kept")
    folder = tmp_path / "run"
    deep = folder / "contenders" / "lora"
    deep.mkdir(parents=True)
    number = "0123456789abcdef" * 2
    (deep / f".model.{number}.tmp" / "inner").mkdir(parents=True)
    (deep / f".model.{number}.tmp" / "link").symlink_to(tmp_path / "outside")
    (deep / f".best.safetensors.{number}.tmp").write_text("half")
    (deep / f".other.{number}.tmp").symlink_to(tmp_path / "outside")
    (folder / "linked").symlink_to(tmp_path / "outside")
    (tmp_path / "outside" / f".a.{number}.tmp").write_text("not in the run")
    (deep / "model").mkdir()
    (deep / f".model.{number}.old").mkdir()
    (deep / ".notes.tmp").write_text("as others name it")
    kept = [deep / "notes.tmp", deep / ".hidden", folder / "model.old"]
    for path in kept:
        path.write_text("somebody's own")
    sweep(folder)
    assert sorted(path.name for path in deep.iterdir()) == [".hidden", "model", "notes.tmp"]
    assert sorted(path.name for path in folder.iterdir()) == ["contenders", "linked", "model.old"]
    assert len(list((tmp_path / "outside").iterdir())) == 2


def test_a_killed_writer_of_each_kind_leaves_only_what_is_swept(tmp_path: Path) -> None:
    with temporary_sibling(tmp_path / "rows.parquet") as temporary:
        temporary.write_text("rows")
        left = tmp_path / temporary.name.replace("rows", "other")
        left.write_text("as after a kill")
    sweep(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["rows.parquet"]


def test_values_become_what_json_knows() -> None:
    @dataclass
    class Point:
        x: float

    value = {
        "path": Path("a") / "b",
        "set": {2, 1},
        "point": Point(1.5),
        "array": np.arange(2),
        "number": np.float32(0.5),
        "infinite": float("inf"),
        1: True,
    }
    assert plain(value) == {
        "path": "a/b",
        "set": [1, 2],
        "point": {"x": 1.5},
        "array": [0, 1],
        "number": 0.5,
        "infinite": None,
        "1": True,
    }
    with pytest.raises(TypeError):
        plain(object())


def test_a_hash_depends_on_values_and_not_on_the_order_of_keys() -> None:
    assert content_hash({"a": 1, "b": [1, 2]}) == content_hash({"b": [1, 2], "a": 1})
    assert content_hash("ab") != content_hash("a", "b")
    assert content_hash([1, 2]) != content_hash([2, 1])
    assert content_hash(1) != content_hash("1")
    assert content_hash("lone \ud800") != content_hash("lone \ud801")


def test_the_hash_of_a_file_is_its_sha256(tmp_path: Path) -> None:
    content = bytes(range(256)) * 10_000
    (tmp_path / "file").write_bytes(content)
    assert file_sha256(tmp_path / "file") == hashlib.sha256(content).hexdigest()
