"""What stands in a folder of data and is no data: pipes, devices, links, archives, checkpoints."""

from __future__ import annotations

import io
import os
import pickle
import tarfile
import time
import warnings
import zipfile
from pathlib import Path

import pytest

from laras.records import Document, Rejection
from read_apart import read_apart


def told(records):
    return {r.path: r.reason for r in records if isinstance(r, Rejection)}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names here")
@pytest.mark.fault(42)
def test_pipes_devices_and_folders_that_look_like_files_are_refused(read, write, tmp_path):
    """A pipe, a device, a folder, the memory of a process as data: refused, and nothing waits."""
    write("data/a.txt", "Isi.")
    os.mkfifo(tmp_path / "data" / "pipe.txt")
    (tmp_path / "data" / "folder.txt").mkdir()
    (tmp_path / "data" / "null.txt").symlink_to("/dev/zero")
    start = time.monotonic()
    records = read("data")
    assert time.monotonic() - start < 5
    assert [r.path for r in records if isinstance(r, Document)] == ["data/a.txt"]
    assert told(records) == {"data/pipe.txt": "not-a-file", "data/null.txt": "symlink-outside"}
    for named in ("data/pipe.txt", "/dev/zero", "/proc/self/mem"):
        if os.path.lexists(tmp_path / named):
            (refused,) = read(named)
            assert refused.reason in ("not-a-file", "empty", "unreadable")


def packed(name: str, members: list[tuple[str, bytes]], link: str = "") -> bytes:
    stream = io.BytesIO()
    if name.endswith(".zip"):
        with zipfile.ZipFile(stream, "w") as target, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for member, content in members:
                target.writestr(member, content)
            entry = zipfile.ZipInfo("link.txt")
            entry.external_attr = 0o120777 << 16
            target.writestr(entry, link)
        return stream.getvalue()
    with tarfile.open(fileobj=stream, mode="w:gz" if name.endswith("gz") else "w") as tar:
        for member, content in members:
            info = tarfile.TarInfo(member)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
        info = tarfile.TarInfo("link.txt")
        info.type, info.linkname = tarfile.SYMTYPE, link
        tar.addfile(info)
        inside = tarfile.TarInfo("link.txt/inside.txt")  # written through the link, by a fool
        inside.size = 3
        tar.addfile(inside, io.BytesIO(b"out"))
    return stream.getvalue()


@pytest.mark.parametrize("name", ["x.zip", "x.tar", "x.tar.gz"])
@pytest.mark.fault(43)
def test_archives_write_nowhere_and_read_nothing_else(read, write, tmp_path, name):
    """Names that climb out, absolute names, links among the members: refused; nothing is written
    beside the archive and what a link points to is not read."""
    write("outside/secret.txt", "RAHASIA")
    outside = tmp_path / "outside"
    names = ["../outside/up.txt", f"{outside}/absolute.txt", "a/../../outside/up.txt"]
    members = [(each, b"out") for each in names] + [("ok.txt", b"Isi.")]
    write(f"data/{name}", packed(name, members, str(outside / "secret.txt")))
    before = sorted(path.name for path in tmp_path.rglob("*"))
    records = read("data")
    assert sorted(path.name for path in tmp_path.rglob("*")) == before
    texts = {r.text for r in records if isinstance(r, Document)}
    assert "Isi." in texts
    assert texts <= {"Isi.", "out"}  # the member below the link is a file of its own here
    reasons = list(told(records).values())
    assert set(reasons) == {"unsafe-name", "archive-link"}


def bomb(kind: str) -> bytes:
    """A file of some kilobytes that would unpack to hundreds of megabytes."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as target:
        target.writestr("[Content_Types].xml", "<Types/>")
        if kind == "ratio":
            with target.open("word/document.xml", "w") as part:
                for _ in range(100):
                    part.write(b" " * 1_000_000)
        elif kind == "count":
            for number in range(12_000):
                target.writestr(f"word/{number}.xml", "")
        else:
            inner = io.BytesIO()
            with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as nested:
                nested.writestr("word/document.xml", b" " * 50_000_000)
            for number in range(8):
                target.writestr(f"word/{number}.docx", inner.getvalue())
    return stream.getvalue()


@pytest.mark.parametrize("suffix", ["docx", "pptx", "xlsx", "epub", "odt", "zip"])
@pytest.mark.parametrize("kind", ["ratio", "count", "nested"])
@pytest.mark.fault(44)
def test_a_bomb_is_refused_before_it_is_unpacked(write, tmp_path, suffix, kind):
    """A hundred kilobytes that unpack to a hundred megabytes, by their ratio, by how many they
    are, or one in the other: refused, in bounded memory of both processes."""
    if suffix != "docx" and kind == "count":
        pytest.skip("the same check as of DOCX")
    write(f"a.{suffix}", bomb(kind))
    reading = read_apart(tmp_path, f"a.{suffix}")
    assert not reading.records.get("Document")
    assert reading.megabytes < 250
    assert reading.parser_megabytes < 250
    if kind == "ratio":
        assert reading.reasons.get("zip-bomb") == 1, reading.details


class Payload:
    """Unpickled, it writes a file."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self):
        return (Path.touch, (self.canary,))


@pytest.mark.fault(49)
def test_the_folder_of_a_checkpoint_is_no_data_and_nothing_in_it_runs(read, write, tmp_path):
    """A folder that torch.distributed, TRL or accelerate left (pickles by another name): each
    file is named in the ledger, and none is unpickled."""
    canary = tmp_path / "canary"
    payload = pickle.dumps(Payload(canary))
    for name in (
        "optimizer.pt",
        "rng_state.pth",
        "pytorch_model.bin",
        "__0_0.distcp",
        "random_states_0.pkl",
        "data.npy",
    ):
        write(f"checkpoint-10/{name}", payload)
    write("checkpoint-10/model.safetensors", b"\x10\0\0\0\0\0\0\0{}              ")
    write("checkpoint-10/trainer_state.json", '{"global_step": 10, "log_history": [{"loss": 1.0}]}')
    for kind in ("documents", "examples", "conversations"):
        records = read("checkpoint-10", kind)
        assert all(isinstance(record, Rejection) for record in records)
        assert len(told(records)) == 8
    assert not canary.exists()


@pytest.mark.fault(42)
def test_a_file_that_changes_into_a_pipe_does_not_block(read, write, tmp_path):
    """Replaced between being found and being read."""
    from laras.recipe.schema import DataSection, Source
    from laras.sources.read import read_source

    write("data/a.txt", "Isi.")
    write("data/b.txt", "Isi lain.")
    source = Source(documents=["data"])
    records = read_source(source, tmp_path, DataSection(sources=[source]))
    (tmp_path / "data" / "a.txt").unlink()
    os.mkfifo(tmp_path / "data" / "a.txt")
    refused, document = list(records)
    assert (refused.path, refused.reason) == ("data/a.txt", "not-a-file")
    assert document.text == "Isi lain."
