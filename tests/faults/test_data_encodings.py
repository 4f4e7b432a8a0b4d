"""Encodings: read right, or refused by name; never mojibake in silence."""

from __future__ import annotations

import codecs

import pytest

from laras.preparation.ledger import describe
from laras.records import Dialogue, Document, Rejection

TEXT = "Kafé di Jalan Braga buka pukul 8.00 – kopi “tubruk” seharga Rp 12.000.\n" * 3
TABLE = "text,label\n" + "".join(f"Kafé nomor {n} ramai,ulasan\n" for n in range(5))
ENCODINGS = [
    "utf-8",
    "utf-8-sig",
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "utf-32",
    "utf-32-le",
    "cp1252",
]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("suffix", ["txt", "md", "html", "csv"])
@pytest.mark.fault(37)
def test_every_common_encoding_is_read_right(read, write, encoding, suffix):
    """UTF-8, UTF-16 and UTF-32 with and without a mark, Windows-1252: the same text."""
    text = f"<p>{TEXT}</p>" if suffix == "html" else TABLE if suffix == "csv" else TEXT
    write(f"a.{suffix}", text.encode(encoding))
    records = read(f"a.{suffix}", "examples" if suffix == "csv" else "documents")
    told = [r for r in records if isinstance(r, Rejection)]
    assert [r.reason for r in told] == (["guessed-encoding"] if encoding == "cp1252" else [])
    if suffix == "csv":
        texts = [r.turns[0].content for r in records if isinstance(r, Dialogue)]
        assert texts == [f"Kafé nomor {n} ramai" for n in range(5)]
    else:
        (document,) = (r for r in records if isinstance(r, Document))
        assert "Kafé" in document.text
        assert "“tubruk”" in document.text


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode() + "naïve café\n".encode("latin-1"),
        "Žluťoučký kůň úpěl ďábelské ódy. ".encode("cp1250") * 3,
        b"setengah: \xed\xa0\xbd",
        codecs.BOM_UTF16_LE + "setengah".encode("utf-16-le") + b"\x3d\xd8a\x00",
        b"\xff\xfe\x00\x00" + b"\xff\xff\xff\xff" * 4,
        TEXT.encode("utf-16-le")[:-1],
    ],
    ids=["mixed", "central european", "half a pair", "half in utf-16", "no code points", "torn"],
)
@pytest.mark.parametrize("suffix", ["txt", "md", "csv", "html", "rst", "adoc", "vtt"])
@pytest.mark.fault(37)
def test_what_cannot_be_told_is_refused_by_name_and_line(read, write, data, suffix):
    """Two encodings in one file, lone surrogates, torn characters: an error that names the place
    and says what to do, and no text."""
    write(f"a.{suffix}", data)
    (rejection,) = read(f"a.{suffix}")
    assert rejection.reason == "bad-encoding"
    assert "line" in rejection.detail
    assert "UTF-8" in describe(rejection)


@pytest.mark.fault(37)
def test_lines_in_another_encoding_among_good_ones_cost_themselves_alone(read, write):
    good = '{"question": "Kafé?", "answer": "Ya."}'
    bad = good.encode("latin-1")
    write("rows.jsonl", b"\n".join([good.encode(), bad, good.encode()]))
    records = read("rows.jsonl", "examples")
    assert [r.turns[0].content for r in records if isinstance(r, Dialogue)] == ["Kafé?", "Kafé?"]
    assert [r.locator for r in records if isinstance(r, Rejection)] == ["line 2"]


@pytest.mark.fault(37)
def test_half_a_character_written_as_an_escape_is_no_text(read, write):
    """JSON may spell out half of a surrogate pair; the row is rejected, not its file."""
    write(
        "rows.jsonl", '{"question": "\\ud83d", "answer": "a"}\n{"question": "b", "answer": "c"}\n'
    )
    rejected, kept = read("rows.jsonl", "examples")
    assert (rejected.reason, rejected.locator) == ("bad-json", "line 1")
    assert isinstance(kept, Dialogue)
