"""Archives: their members are read like files; what is not to be believed of them is not."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import stat
import struct
import tarfile
import tempfile
import warnings
import zipfile
from pathlib import Path

import pytest

from laras.errors import StorageFailed
from laras.recipe.schema import Source
from laras.records import Document, Rejection
from laras.sources import archive
from laras.sources.archive import unpacked
from laras.sources.context import FileContext
from laras.sources.discovery import SourceFile, find_files
from laras.sources.parsing import ParserProcess

MEMBERS = [("b/dua.md", b"# Dua\n\nIsi dua."), ("a.txt", b"Isi satu."), (".tersembunyi", b"x")]
TAR_MODES = {
    "x.tar": "w",
    "x.tar.gz": "w:gz",
    "x.tgz": "w:gz",
    "x.tar.bz2": "w:bz2",
    "x.tar.xz": "w:xz",
}


def zipped(members, method=zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as target, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a name that is there twice
        for name, content in members:
            target.writestr(name, content)
    return stream.getvalue()


def tarred(members, mode="w") -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode) as target:
        for name, content in members:
            entry = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            entry.size = len(content)
            target.addfile(entry, io.BytesIO(content))
    return stream.getvalue()


def texts(records):
    return {r.path: r.text for r in records if isinstance(r, Document)}


def reasons(records):
    return {r.path: r.reason for r in records if isinstance(r, Rejection)}


@pytest.mark.parametrize("name", ["x.zip", *TAR_MODES])
def test_members_are_read_like_files_in_the_order_of_their_names(read, write, name):
    data = zipped(MEMBERS) if name.endswith("zip") else tarred(MEMBERS, TAR_MODES[name])
    write(name, data)
    records = read(name)
    assert [(r.path, r.text) for r in records] == [
        (f"{name}/a.txt", "Isi satu."),
        (f"{name}/b/dua.md", "# Dua\n\nIsi dua."),
    ]
    assert records[1].title == "Dua"


@pytest.mark.parametrize(
    ("name", "pack"),
    [("n.txt.gz", gzip.compress), ("n.txt.bz2", bz2.compress), ("n.txt.xz", lzma.compress)],
)
def test_a_single_compressed_file_is_read_with_all_of_its_streams(read, write, name, pack):
    write(name, pack(b"Satu. ") + pack("Dua é.".encode()))
    (document,) = read(name)
    assert (document.path, document.text) == (f"{name}/n.txt", "Satu. Dua é.")


def test_identifiers_depend_on_names_alone(read, write, tmp_path):
    write("here/x.zip", zipped(MEMBERS))
    write("there/x.zip", zipped(list(reversed(MEMBERS)), zipfile.ZIP_STORED))
    one = [r.document_id for r in read("x.zip", folder=tmp_path / "here")]
    other = [r.document_id for r in read("x.zip", folder=tmp_path / "there")]
    assert one == other
    assert len(set(one)) == 2


def test_tables_and_chats_are_read_from_archives_too(read, write):
    rows = b'{"question": "Jam buka?", "answer": "Pukul 8."}\n'
    write("x.zip", zipped([("faq/faq.jsonl", rows)]))
    (dialogue,) = read("x.zip", kind="examples")
    assert dialogue.path == "x.zip/faq/faq.jsonl"
    assert dialogue.turns[1].content == "Pukul 8."


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_names_that_lead_out_are_refused_and_write_nothing(read, write, tmp_path, pack):
    before = {path.name for path in tmp_path.parent.iterdir()}
    names = [
        "/etc/abs.txt",
        "../up.txt",
        "a/../../up.txt",
        "C:/windows.txt",
        "..\\up.txt",
        "x" * 1100,
    ]
    name = "x.zip" if pack is zipped else "x.tar"
    write(name, pack([(each, b"out") for each in names] + [("ok.txt", b"Isi.")]))
    records = read(name)
    assert texts(records) == {f"{name}/ok.txt": "Isi."}
    assert set(reasons(records).values()) == {"unsafe-name"}
    assert len(records) == len(names) + 1
    assert {path.name for path in tmp_path.parent.iterdir()} == before
    assert not Path("/etc/abs.txt").exists()


def test_links_and_devices_are_refused(read, write):
    def entry(name, kind, link=""):
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, link
        return info

    write(
        "x.tar",
        tarred(
            [
                (entry("s.txt", tarfile.SYMTYPE, "/etc/passwd"), b""),
                (entry("h.txt", tarfile.LNKTYPE, "/etc/passwd"), b""),
                (entry("f.txt", tarfile.FIFOTYPE), b""),
                (entry("d.txt", tarfile.CHRTYPE), b""),
                ("ok.txt", b"Isi."),
            ]
        ),
    )
    link = zipfile.ZipInfo("s.txt")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    write("x.zip", zipped([(link, b"/etc/passwd"), ("ok.txt", b"Isi.")]))
    records = read(["x.tar", "x.zip"])
    assert texts(records) == {"x.tar/ok.txt": "Isi.", "x.zip/ok.txt": "Isi."}
    assert list(reasons(records).values()) == ["archive-link"] * 5


def test_a_name_that_is_there_twice_is_read_once(read, write):
    write("x.zip", zipped([("a.txt", b"Satu."), ("./a.txt", b"Dua."), ("a.txt", b"Tiga.")]))
    records = read("x.zip")
    assert texts(records) == {"x.zip/a.txt": "Satu."}
    assert [r.reason for r in records if isinstance(r, Rejection)] == ["duplicate-name"] * 2


def test_an_encrypted_member_is_named_and_the_others_read(read, write):
    data = bytearray(zipped([("a.txt", b"Isi."), ("b.txt", b"Isi lain.")]))
    at = data.index(b"PK\x01\x02")  # the first entry of the directory
    data[at + 8] |= 1
    write("x.zip", bytes(data))
    records = read("x.zip")
    assert reasons(records) == {"x.zip/a.txt": "encrypted"}
    assert texts(records) == {"x.zip/b.txt": "Isi lain."}


def test_a_damaged_member_costs_itself_alone(read, write):
    data = bytearray(zipped([("a.txt", os.urandom(500).hex().encode()), ("b.txt", b"Isi.")]))
    data[60] ^= 0xFF
    write("x.zip", bytes(data))
    records = read("x.zip")
    assert reasons(records) == {"x.zip/a.txt": "damaged"}
    assert texts(records) == {"x.zip/b.txt": "Isi."}


@pytest.mark.parametrize("name", list(TAR_MODES))
def test_of_a_tar_that_is_cut_off_what_comes_before_is_read_and_the_cut_told(read, write, name):
    members = [(f"{n}.txt", f"Isi {n} {os.urandom(3000).hex()}".encode()) for n in range(9)]
    data = tarred(members, TAR_MODES[name])
    write(name, data[: len(data) // 2])
    records = read(name)
    rejected = [r for r in records if isinstance(r, Rejection)]
    assert {r.reason for r in rejected} == {"damaged"}
    assert name in {r.path for r in rejected}
    if "bz2" not in name:  # which packs so much into a block that nothing comes before the cut
        assert texts(records)


def test_a_broken_header_inside_a_tar_does_not_end_it_in_silence(read, write):
    data = bytearray(tarred([("a.txt", b"Isi."), ("b.txt", b"Isi lain.")]))
    data[1024 + 150] ^= 0xFF
    write("x.tar", bytes(data))
    records = read("x.tar")
    assert texts(records) == {"x.tar/a.txt": "Isi."}
    assert reasons(records) == {"x.tar": "damaged"}


@pytest.mark.parametrize("name", ["x.zip", "x.tar", "x.gz", "x.tar.gz", "x.xz", "x.bz2", "x.txz"])
@pytest.mark.parametrize("data", [b"no archive", b"PK\x05\x06" + b"\xff" * 30, b"\x1f\x8b\x08"])
def test_what_only_has_the_name_of_an_archive_is_refused(read, write, name, data):
    write(name, data)
    assert {r.reason for r in read(name)} <= {"damaged", "empty", "zip-bomb"}


def test_an_archive_in_an_archive_is_read_but_no_deeper(read, write):
    inner = zipped([("a.txt", b"Isi.")])
    write("x.zip", zipped([("dalam.zip", inner), ("y.zip", zipped([("z.zip", inner)]))]))
    records = read("x.zip")
    assert texts(records) == {"x.zip/dalam.zip/a.txt": "Isi."}
    assert reasons(records) == {"x.zip/y.zip/z.zip": "nested-archive"}


def test_an_archive_without_files_is_empty(read, write):
    write("x.zip", zipped([("folder/", b""), (".hidden", b"x"), ("__MACOSX/._a.txt", b"x")]))
    assert [r.reason for r in read("x.zip")] == ["empty"]


def test_a_member_above_the_limit_is_not_unpacked(read, write):
    write("x.zip", zipped([("a.txt", os.urandom(600).hex().encode()), ("b.txt", b"Isi.")]))
    records = read("x.zip", max_file_bytes=1_000)
    assert reasons(records) == {"x.zip/a.txt": "too-large"}
    assert texts(records) == {"x.zip/b.txt": "Isi."}


def test_more_than_an_archive_may_hold_is_refused_before_it_is_unpacked(read, write):
    write("x.zip", zipped([(f"{n}.txt", b"%d" % n * 400) for n in range(30)]))
    assert [r.reason for r in read("x.zip", max_file_bytes=900)] == ["too-large"]
    write("y.zip", zipped([(f"{n:02d}.txt", b"%02d" % n * 990) for n in range(60)]))
    records = read("y.zip", max_file_bytes=10_900)
    assert [(r.path, r.reason) for r in records] == [("y.zip", "zip-bomb")]


def test_too_many_members_are_refused(read, write, monkeypatch):
    monkeypatch.setattr(archive, "MAX_MEMBERS", 5)
    monkeypatch.setattr(archive.Allowance, "__init__", _with_few_members)
    write("x.zip", zipped([(f"{n}.txt", b"Isi.") for n in range(6)]))
    assert [(r.path, r.reason) for r in read("x.zip")] == [("x.zip", "zip-bomb")]


def _with_few_members(self, bytes_left, members_left=5, depth=0):
    self.bytes_left, self.members_left, self.depth = bytes_left, members_left, depth


def test_a_directory_that_claims_gigabytes_is_not_read_into_memory(read, write):
    data = bytearray(zipped([("a.txt", b"Isi.")]))
    at = data.rindex(b"PK\x05\x06")
    struct.pack_into("<L", data, at + 12, 1 << 30)
    write("x.zip", bytes(data))
    assert [r.reason for r in read("x.zip")] == ["zip-bomb"]


def test_a_tar_header_that_claims_gigabytes_is_not_read_into_memory(read, write):
    entry = tarfile.TarInfo("././@LongLink")
    entry.type, entry.size = tarfile.GNUTYPE_LONGNAME, 4 << 30
    write("x.tar", tarred([("a.txt", b"Isi.")])[:1024] + entry.tobuf() + bytes(4096))
    records = read("x.tar")
    assert reasons(records) == {"x.tar": "damaged"}
    assert texts(records) == {"x.tar/a.txt": "Isi."}


def test_a_negative_size_does_not_make_a_tar_endless(read, write):
    entry = tarfile.TarInfo("b.txt")
    block = bytearray(entry.tobuf())
    block[124:136] = b"\xff" * 8 + struct.pack(">i", -1024)
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    write("x.tar", tarred([("a.txt", b"Isi.")])[:1024] + bytes(block) + bytes(1024))
    records = read("x.tar")
    assert texts(records) == {"x.tar/a.txt": "Isi."}
    assert reasons(records) == {"x.tar": "damaged"}


def test_a_member_without_a_name_is_refused(read, write):
    data = zipped([("a", b"Isi."), ("b.txt", b"Isi lain.")])
    at = data.index(b"PK\x01\x02")
    write("x.zip", data[: at + 46] + b"\0" + data[at + 47 :])  # the name ends where it begins
    records = read("x.zip")
    assert set(reasons(records).values()) == {"unsafe-name"}
    assert texts(records) == {"x.zip/b.txt": "Isi lain."}


def test_names_in_utf8_without_the_mark_for_it_are_not_mojibake(read, write):
    data = zipped([("kafé.txt", b"Isi.")])
    for at in (data.index(b"PK\x03\x04") + 6, data.index(b"PK\x01\x02") + 8):
        data = data[:at] + b"\0\0" + data[at + 2 :]
    write("x.zip", data)
    assert list(texts(read("x.zip"))) == ["x.zip/kafé.txt"]


def test_pictures_beside_a_chat_do_not_count_as_lost_rows(read, write):
    rows = b'{"question": "Jam buka?", "answer": "Pukul 8."}\n'
    write("x.zip", zipped([("a.jpg", b"\xff\xd8"), ("b.opus", b"Ogg"), ("c.jsonl", rows)]))
    *notes, _dialogue = read("x.zip", kind="conversations")
    assert [(note.reason, note.rows) for note in notes] == [("media-file", 0)] * 2


def test_nothing_is_left_behind(read, write, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    write("x.zip", zipped([*MEMBERS, ("dalam.zip", zipped(MEMBERS))]))
    assert len(read("x.zip")) == 4
    assert not list((tmp_path / "temporary").iterdir())


def test_the_folder_is_private(write, tmp_path):
    write("x.zip", zipped(MEMBERS))
    (file,) = find_files(["x.zip"], tmp_path)
    assert isinstance(file, SourceFile)
    with unpacked(file, 1_000_000) as (members, _left):
        folder = members[0].location.parent
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not folder.exists()


def test_without_room_to_unpack_the_run_stops_and_says_what_to_do(read, write, monkeypatch):
    def full(*_arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(archive._Unpacking, "_write_block", full)
    write("x.zip", zipped(MEMBERS))
    with pytest.raises(StorageFailed, match="TMPDIR") as caught:
        read("x.zip")
    assert caught.value.identifier == "sources.no-room"


def contexts(files, source):
    by_path = {file.path: file for file in files}
    return {
        file.path: FileContext(file, source, ParserProcess(), 1_000_000, by_path) for file in files
    }


def test_a_reader_can_look_at_files_beside_its_own(write, tmp_path):
    write("export/users.json", "[]")
    write("export/general/1.json", "{}")
    write("secret.json", "no")
    source = Source(conversations=["export"])
    found = contexts(find_files(source.paths, tmp_path), source)
    context = found["export/general/1.json"]
    assert context.sibling("../users.json") == b"[]"
    assert context.sibling("1.json") == b"{}"
    assert context.sibling("../../secret.json") is None
    assert context.sibling("/etc/passwd") is None
    assert context.sibling("none.json") is None


def test_a_reader_can_look_at_other_members_of_its_archive(write, tmp_path):
    write("users.json", "outside")
    write("export.zip", zipped([("users.json", b"[]"), ("general/1.json", b"{}")]))
    source = Source(conversations=["export.zip"])
    (file,) = find_files(source.paths, tmp_path)
    assert isinstance(file, SourceFile)
    with unpacked(file, 1_000_000) as (members, _left):
        context = contexts(members, source)["export.zip/general/1.json"]
        assert context.sibling("../users.json") == b"[]"
        assert context.sibling("../../users.json") is None
