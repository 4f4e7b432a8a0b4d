"""Hostile PDF files: each costs itself alone, and the process that reads them lives on."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from laras.recipe.schema import DataSection, Source
from laras.records import Document, Rejection
from laras.sources.parsing import ParserLimits
from laras.sources.read import read_source
from pdf_files import CATALOG, FONT, SENTENCE, one_page, pdf_of, shown, stream_of

LIMITS = ParserLimits(timeout_s=5.0, memory_bytes=1 << 30)
PAGE = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R"
WITH_FONT = PAGE + b"/Resources<</Font<</F1 5 0 R>>>>>>"


def read(folder: Path, kind: str = "documents") -> list:
    source = Source.model_validate({kind: ["."]})
    return list(read_source(source, folder, DataSection(sources=[source]), LIMITS))


def rejected(records: list, name: str) -> set[str]:
    return {r.reason for r in records if isinstance(r, Rejection) and r.path == name and r.rows}


def nested_tree(depth: int) -> bytes:
    inner = [b"<</Type/Pages/Kids[%d 0 R]/Count 1>>" % (at + 1) for at in range(2, depth)]
    page = b"<</Type/Page/MediaBox[0 0 612 792]/Contents %d 0 R/Resources<</Font<</F1 %d 0 R>>>>>>"
    content = stream_of(shown(SENTENCE))
    return pdf_of([CATALOG, *inner, page % (depth + 1, depth + 2), content, FONT])


FORM_LOOP = pdf_of(
    [
        CATALOG,
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        PAGE + b"/Resources<</XObject<</X 5 0 R>>>>>>",
        stream_of(b"/X Do"),
        b"<</Type/XObject/Subtype/Form/BBox[0 0 612 792]/Resources<</XObject<</X 5 0 R>>>>"
        b"/Length 11>>\nstream\n/X Do /X Do\nendstream",
    ]
)
HOSTILE = {
    "page-tree-loop": pdf_of([CATALOG, b"<</Type/Pages/Kids[2 0 R]/Count 1>>"]),
    "page-tree-circle": pdf_of(
        [
            CATALOG,
            b"<</Type/Pages/Kids[3 0 R]/Count 5>>",
            b"<</Type/Pages/Parent 2 0 R/Kids[2 0 R]/Count 5>>",
        ]
    ),
    "no-pages": pdf_of([CATALOG, b"<</Type/Pages/Kids[]/Count 0>>"]),
    "deep-tree": nested_tree(20_000),
    "form-loop": FORM_LOOP,
    "half": one_page(shown(SENTENCE))[:300],
    "no-objects": b"%PDF-1.7\n%%EOF\n",
    "spaces-bomb": one_page(b" " * (200 << 20), compressed=True),
    "arrays": one_page(b"[" * 500_000, compressed=True),
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.fault(46)
def test_a_hostile_pdf_costs_itself_alone(tmp_path, name):
    (tmp_path / "a.pdf").write_bytes(HOSTILE[name])
    (tmp_path / "b.pdf").write_bytes(one_page(shown(SENTENCE)))
    started = time.monotonic()
    records = read(tmp_path)
    assert time.monotonic() - started < 3 * LIMITS.timeout_s
    assert rejected(records, "a.pdf") <= {"parser-failed", "timeout", "empty"}
    assert rejected(records, "a.pdf")
    (good,) = [record for record in records if isinstance(record, Document)]
    assert (good.path, good.text) == ("b.pdf", SENTENCE)


@pytest.mark.parametrize("count", [b"1000000", b"2000000000"])
@pytest.mark.fault(46)
def test_a_number_of_pages_that_is_a_lie_does_not_keep_anyone(tmp_path, count):
    content = stream_of(shown(SENTENCE))
    tree = b"<</Type/Pages/Kids[3 0 R]/Count %b>>" % count
    (tmp_path / "a.pdf").write_bytes(pdf_of([CATALOG, tree, WITH_FONT, content, FONT]))
    records = read(tmp_path)
    (document,) = [record for record in records if isinstance(record, Document)]
    assert document.text == SENTENCE
    notes = [record for record in records if isinstance(record, Rejection)]
    assert all(note.rows == 0 and note.reason == "parser-failed" for note in notes)
    assert len(notes) <= 1


@pytest.mark.parametrize("box", ["0 0 100000000 100000000", "0 0 -5 0", "0 0 0 0"])
@pytest.mark.fault(46)
def test_the_size_of_a_page_is_no_matter(tmp_path, box):
    (tmp_path / "a.pdf").write_bytes(one_page(shown(SENTENCE), box=box))
    (document,) = read(tmp_path)
    assert document.text == SENTENCE


@pytest.mark.fault(46)
def test_a_pdf_under_articles_is_read_in_the_same_safety(tmp_path):
    (tmp_path / "a.pdf").write_bytes(FORM_LOOP)
    (tmp_path / "b.pdf").write_bytes(one_page(shown(SENTENCE)))
    records = read(tmp_path, "articles")
    assert rejected(records, "a.pdf") <= {"parser-failed", "timeout"}
    assert [record.text for record in records if isinstance(record, Document)] == [SENTENCE]
