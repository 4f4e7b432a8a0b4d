"""A run's folder: who may write it, what it keeps, what it refuses."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from laras.errors import StorageFailed, UsageError
from laras.runs.folder import Run
from laras.runs.hashing import content_hash


def child(code: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run ``code`` in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_run_is_made_written_and_read(tmp_path: Path) -> None:
    with Run.open(tmp_path / "runs" / "one") as run:
        run.event("run_started", recipe="recipe.yaml")
        run.write_json("verdict.json", {"recommendation": "lora", "p": float("nan")})
        assert run.data.is_dir()
        assert run.contender("lora").is_dir()
    again = Run.read(tmp_path / "runs" / "one")
    assert again.events()[0]["kind"] == "run_started"
    assert again.read_json("verdict.json") == {"recommendation": "lora", "p": None}
    assert again.read_json("absent.json") is None
    assert again.contenders() == ["lora"]


@pytest.mark.fault(24)
def test_a_second_writer_is_refused_and_told_the_pid(tmp_path: Path) -> None:
    code = """
        import sys
        from laras.errors import StorageFailed
        from laras.runs.folder import Run
        try:
            Run.open(sys.argv[1])
        except StorageFailed as error:
            print(error.identifier, error.exit_code, error.what)
    """
    with Run.open(tmp_path / "run"):
        answer = child(code, tmp_path / "run").stdout
    assert answer.startswith("runs.in-use 6 ")
    assert str(os.getpid()) in answer


def test_a_reader_is_let_in_while_somebody_writes(tmp_path: Path) -> None:
    with Run.open(tmp_path / "run") as run:
        run.event("run_started")
        assert len(Run.read(tmp_path / "run").events()) == 1


def test_a_killed_writer_leaves_the_run_to_the_next(tmp_path: Path) -> None:
    code = """
        import os, signal, sys
        from laras.runs.folder import Run
        run = Run.open(sys.argv[1])
        run.event("run_started")
        os.kill(os.getpid(), signal.SIGKILL)
    """
    assert child(code, tmp_path / "run").returncode == -9
    with Run.open(tmp_path / "run") as run:
        assert run.events()[0]["kind"] == "run_started"


def test_the_folder_may_be_opened_again_after_it_was_closed(tmp_path: Path) -> None:
    for _round in range(2):
        with Run.open(tmp_path / "run"):
            pass


def test_a_folder_that_holds_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(UsageError) as caught:
        Run.open(tmp_path)
    assert caught.value.identifier == "runs.not-a-run-folder"
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("")
    for path in (tmp_path / "run", tmp_path / "run" / "below"):
        with pytest.raises(StorageFailed):
            Run.open(path)


@pytest.mark.fault(26)
def test_a_folder_without_permission_is_refused(tmp_path: Path) -> None:
    code = """
        import os, sys
        from laras.errors import StorageFailed
        from laras.runs.folder import Run
        os.chmod(sys.argv[1], 0o555)
        if os.getuid() == 0:
            os.setgid(65534), os.setuid(65534)
        try:
            Run.open(sys.argv[1] + "/run")
        except StorageFailed as error:
            print(error.identifier)
    """
    # Below a folder that anybody may enter: tmp_path itself is its owner's alone.
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        closed = Path(folder) / "closed"
        closed.mkdir()
        done = child(code, closed)
    if "Permission" in done.stderr and "laras" not in done.stderr:
        pytest.skip("another user can't read this Python's packages")
    assert done.stdout.strip() == "runs.not-writable", done.stderr


def refusal_on_mount(folder: Path, options: str) -> str:
    """How opening a run fails on a small disk of its own, mounted with ``options``."""
    code = """
        import sys
        from laras.errors import StorageFailed
        from laras.runs.folder import Run
        try:
            Run.open(sys.argv[1])
        except StorageFailed as error:
            print(error.identifier, error.exit_code)
    """
    if not shutil.which("unshare"):
        pytest.skip("no unshare here")
    mount = f'mount -t tmpfs -o {options} tmpfs "$1" && exec "$2" -c "$3" "$1/run"'
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", mount, "sh", folder, sys.executable, textwrap.dedent(code)],
        capture_output=True,
        text=True,
        check=False,
    )
    if "mount:" in done.stderr or "unshare:" in done.stderr:
        pytest.skip("no mounts are allowed here")
    assert not done.stderr
    return done.stdout.strip()


@pytest.mark.fault(26)
def test_a_read_only_disk_is_refused(tmp_path: Path) -> None:
    assert refusal_on_mount(tmp_path, "ro") == "runs.not-writable 6"


def test_a_full_disk_is_refused_before_anything_is_done(tmp_path: Path) -> None:
    assert refusal_on_mount(tmp_path, "size=64k") == "runs.disk-full 6"


@pytest.mark.fault(28)
def test_a_link_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(StorageFailed, match="link"):
        Run.open(tmp_path / "link")


@pytest.mark.fault(28)
def test_a_link_that_leads_out_of_the_run_is_refused(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    with Run.open(tmp_path / "run") as run:
        (run.folder / "contenders").mkdir()
        (run.folder / "contenders" / "lora").symlink_to(tmp_path / "outside")
        with pytest.raises(StorageFailed) as caught:
            run.contender("lora")
        assert caught.value.identifier == "runs.outside"
        with pytest.raises(StorageFailed):
            run.write_json("../other.json", {})
        with pytest.raises(ValueError, match=r"\.\."):
            run.contender("..")


@pytest.mark.fault(27)
def test_a_run_folder_deleted_meanwhile_stops_the_run(tmp_path: Path) -> None:
    with Run.open(tmp_path / "run") as run:
        shutil.rmtree(run.folder)
        for attempt in (
            lambda: run.event("step_done"),
            lambda: run.write_json("verdict.json", {}),
            lambda: run.contender("lora"),
        ):
            with pytest.raises(StorageFailed) as caught:
                attempt()
            assert caught.value.identifier == "runs.gone"
    assert not (tmp_path / "run").exists()


def test_reading_what_is_no_run_says_so(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "absent"):
        with pytest.raises(UsageError) as caught:
            Run.read(path)
        assert caught.value.identifier == "runs.not-found"


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    with Run.open(tmp_path / "run") as run:
        (run.folder / "verdict.json").write_text("{")
        with pytest.raises(StorageFailed, match=r"verdict\.json"):
            run.read_json("verdict.json")


def test_a_stage_is_done_once_for_the_same_inputs(tmp_path: Path) -> None:
    with Run.open(tmp_path / "run") as run:
        key = content_hash({"data": "abc"})
        stage = run.stage("prepare", key)
        assert not stage.done
        output = run.data / "train.parquet"
        output.write_bytes(b"rows")
        stage.finish({"train": output, "rows": 3})

        again = run.stage("prepare", key)
        assert again.done
        assert again.outputs == {"train": output, "rows": 3}
        assert not run.stage("prepare", content_hash({"data": "abd"})).done


def test_a_stage_whose_output_is_gone_or_cut_is_done_again(tmp_path: Path) -> None:
    with Run.open(tmp_path / "run") as run:
        output = run.data / "train.parquet"
        output.write_bytes(b"rows")
        run.stage("prepare", "key").finish({"train": output, "folder": run.data})
        output.write_bytes(b"ro")
        assert not run.stage("prepare", "key").done
        output.unlink()
        assert not run.stage("prepare", "key").done


def test_a_stage_whose_folder_lost_or_cut_a_file_is_done_again(tmp_path: Path) -> None:
    with Run.open(tmp_path / "run") as run:
        folder = run.contender("lora") / "model"
        (folder / "inner").mkdir(parents=True)
        weights, other = folder / "model.safetensors", folder / "inner" / "config.json"
        for path in (weights, other):
            path.write_bytes(b"weights")
        run.stage("tune", "key").finish({"model": folder, "steps": 3})
        again = run.stage("tune", "key")
        assert again.done
        assert again.outputs == {"model": folder, "steps": 3}
        (folder / "README.md").write_text("A file more does no harm.")
        assert run.stage("tune", "key").done

        weights.write_bytes(b"weighty")  # the same size
        assert run.stage("tune", "key").damaged
        assert run.events()[-1]["kind"] == "stage_repeated"
        assert not Run.read(run.folder).finished_stage("tune").done  # type: ignore[union-attr]
        weights.write_bytes(b"weigh")
        assert not run.stage("tune", "key").done
        weights.write_bytes(b"weights")
        assert run.stage("tune", "key").done
        other.unlink()
        assert not run.stage("tune", "key").done
        other.mkdir()
        assert not run.stage("tune", "key").done
        shutil.rmtree(folder)
        assert not run.stage("tune", "key").done


def test_a_stage_recorded_without_hashes_is_done_again(tmp_path: Path) -> None:
    with Run.open(tmp_path / "run") as run:
        output = run.data / "train.parquet"
        output.write_bytes(b"rows")
        of_file = {"path": "data/train.parquet", "bytes": 4}
        of_folder = {"path": "data", "files": {"train.parquet": 4}}
        for recorded in (of_file, of_folder):
            record = {"name": "prepare", "key": "key", "outputs": {"data": recorded}}
            run.write_json("stages/prepare.json", record)
            assert not run.stage("prepare", "key").done
        assert run.finished_stage("tune") is None


def test_what_a_killed_writer_left_is_removed_when_the_run_is_opened(tmp_path: Path) -> None:
    number = "0" * 32
    with Run.open(tmp_path / "run") as run:
        run.write_json("verdict.json", {})
        (run.contender("lora") / f".model.{number}.tmp").mkdir()
        (run.data / f".train.parquet.{number}.tmp").write_bytes(b"half")
        reader = Run.read(run.folder)  # removes nothing
        assert len(list(reader.folder.rglob("*.tmp"))) == 2
    with Run.open(tmp_path / "run", create=False) as run:
        assert not list(run.folder.rglob("*.tmp"))
        assert run.read_json("verdict.json") == {}


def test_only_the_holder_of_the_lock_removes_what_is_left(tmp_path: Path) -> None:
    code = """
        import sys
        from laras.errors import StorageFailed
        from laras.runs.folder import Run
        try:
            Run.open(sys.argv[1])
        except StorageFailed as error:
            print(error.identifier)
    """
    with Run.open(tmp_path / "run") as run:
        being_written = run.data / f".train.parquet.{'0' * 32}.tmp"
        being_written.write_bytes(b"half")
        assert child(code, run.folder).stdout.strip() == "runs.in-use"
        assert being_written.exists()


def test_the_manifest_names_versions_and_nobody(tmp_path: Path) -> None:
    import getpass
    import platform

    with Run.open(tmp_path / "run") as run:
        run.write_manifest(
            {
                "seeds": {"tuning": 7},
                "model": {"folder": str(tmp_path / "models" / "mine")},
                "note": f"made in {tmp_path} with hf_{'a' * 34} at https://me:pw@example.org/x",
                "share": "1/2 of tokens/s",
            }
        )
    text = (tmp_path / "run" / "manifest.json").read_text()
    manifest = json.loads(text)
    assert manifest["seeds"] == {"tuning": 7}
    assert manifest["libraries"]["numpy"]
    assert manifest["machine"]["cores"] >= 1
    assert manifest["model"]["folder"] == "mine"
    assert manifest["share"] == "1/2 of tokens/s"
    for secret in (str(tmp_path), "hf_aaaa", "me:pw", str(Path.home()) + "/"):
        assert secret not in text
    for name in (platform.node(), getpass.getuser()):
        if len(name) >= 5:
            assert f'"{name}"' not in text


def test_a_file_or_device_in_the_place_of_a_run_is_told_as_such(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file", Path("/dev/null"), tmp_path / "file" / "run"):
        with pytest.raises(StorageFailed) as caught:
            Run.open(path)
        assert caught.value.identifier == "runs.not-a-folder"
