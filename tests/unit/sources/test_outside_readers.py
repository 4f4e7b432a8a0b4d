"""A reader of another package that breaks its contract costs its file, not the run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from laras.errors import StorageFailed
from laras.records import Document
from laras.sources.context import READERS, FileContext, Record


@pytest.fixture
def reader(monkeypatch):
    """Makes ``error`` what the reader of .contoh ends with, after one document."""

    def register(error: BaseException) -> None:
        def read(context: FileContext) -> Iterator[Record]:
            yield context.document("Yang sudah terbaca.", locator="line 1")
            raise error

        monkeypatch.setitem(READERS._things, "contoh", read)
        from laras.sources.read import _reader_for

        _reader_for.cache_clear()

    yield register
    from laras.sources.read import _reader_for

    _reader_for.cache_clear()


def test_what_a_reader_raises_goes_to_the_ledger_with_its_type(read, write, reader):
    reader(ZeroDivisionError("private words of the file"))
    write("a.contoh", "isi")
    write("b.txt", "Teks lain.")
    document, failed, other = read(".")
    assert isinstance(document, Document)
    assert (failed.reason, failed.detail, failed.rows) == ("reader-failed", "ZeroDivisionError", 1)
    assert failed.path == "a.contoh"
    assert other.text == "Teks lain."


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), MemoryError(), StorageFailed("sources.no-room", "no room")]
)
def test_what_concerns_the_whole_run_stops_it(read, write, reader, error):
    reader(error)
    write("a.contoh", "isi")
    with pytest.raises(type(error)):
        read("a.contoh")
