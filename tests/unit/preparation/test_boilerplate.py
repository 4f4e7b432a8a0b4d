"""Lines that many documents repeat are cut, content that copies share is not."""

from __future__ import annotations

import random

import numpy as np
import pyarrow as pa
import pytest

from laras.preparation.boilerplate import (
    HASH_LINES,
    LineCounts,
    portions_of,
    repeated_among,
    without_lines,
)
from laras.preparation.engine import run_steps
from laras.preparation.line_hashes import lines_of

TOPICS = ["gaji", "cuti", "lembur", "seragam", "parkir", "kantin", "asuransi", "pelatihan"]


def repeated_in(texts: list[str], source: str = "s") -> frozenset[int]:
    table = pa.table({"text": pa.array(texts, pa.large_string()), "source": [source] * len(texts)})
    hashed = run_steps(table, [HASH_LINES], "plain")
    return repeated_among(lambda: portions_of(hashed)).get(source, frozenset())


def page(number: int, topic: str) -> str:
    body = "\n\n".join(f"Paragraf {topic} {word} menjelaskan hal {word}." for word in TOPICS)
    return f"# Kebijakan\n\nRahasia perusahaan - halaman {number}\n\n{body}\n\nKembali ke atas"


def test_headers_and_footers_are_cut_whatever_their_page_number() -> None:
    texts = [page(number, topic) for number, topic in enumerate(TOPICS)]
    shorter, cut = without_lines(texts[3], repeated_in(texts))
    assert cut == ["Rahasia perusahaan - halaman 3", "Kembali ke atas"]
    assert "Rahasia" not in shorter
    assert "# Kebijakan" in shorter  # headings repeat for a reason
    assert "Paragraf seragam gaji" in shorter


def test_copies_of_one_document_do_not_make_its_lines_boilerplate() -> None:
    assert not repeated_in([page(1, "gaji")] * 20)


def test_versions_of_one_document_keep_their_text() -> None:
    body = "\n".join(f"Pasal tentang {topic} berlaku bagi semua pegawai." for topic in TOPICS)
    versions = [f"{body}\nDiubah oleh {topic}." for topic in TOPICS]
    for version in versions:
        assert without_lines(version, repeated_in(versions)) == (version, [])


def test_code_tables_and_lead_ins_stay() -> None:
    texts = [
        f"Jawaban:\n| Nama | Nilai |\n```\nimport os\n```\nIsi yang lain tentang {topic} saja."
        for topic in TOPICS
    ]
    assert not repeated_in(texts)


def test_lines_are_hashed_alike_in_any_company() -> None:
    generator = random.Random(7)
    pieces = [
        "Halaman",
        " ",
        "12",
        "-",
        ":",
        "| a |",
        "# x",
        "**",
        "```",
        "caf\u00e9",
        "\u65e5\u672c",
        "\n",
    ]
    texts = ["".join(generator.choices(pieces, k=generator.randint(0, 40))) for _text in range(300)]
    together = lines_of(texts)
    assert together.counts.tolist() == [text.count("\n") + 1 for text in texts]
    alone = [lines_of([text]) for text in texts]
    assert together.hashes.tolist() == [h for each in alone for h in each.hashes.tolist()]
    assert together.eligible.tolist() == [e for each in alone for e in each.eligible.tolist()]
    lines = [line for text in texts for line in text.split("\n")]
    shapes = ["".join(c for c in line.lower() if not c.isdigit() and c != " ") for line in lines]
    by_hash: dict[int, set[str]] = {}
    for shape, hash_ in zip(shapes, together.hashes.tolist(), strict=True):
        by_hash.setdefault(hash_, set()).add(shape)
    assert all(len(found) == 1 for found in by_hash.values())  # other lines, other hashes
    assert len(by_hash) == len(set(shapes))  # the same in another case, or with other numbers: one


@pytest.mark.parametrize(
    ("line", "may_repeat"),
    [
        ("Hak cipta Nusantara", True),
        ("  \u65e5\u672c\u8a9e\u306e\u6587\u66f8  ", True),
        ("Halaman 12 dari 40", True),
        ("ab", False),
        ("12 / 40", False),
        ("\u2014 \u2014 \u2014 \u2014", False),
        ("# Bab pertama", False),
        ("| nama | nilai |", False),
        ("**Catatan** untuk semua", False),
        ("Langkah berikutnya: ", False),
        ("", False),
        ("kata " * 70, False),
    ],
)
def test_what_may_be_boilerplate(line: str, may_repeat: bool) -> None:
    assert lines_of([f"x\n{line}\ny"]).eligible.tolist() == [False, may_repeat, False]


def test_counting_in_bounded_memory_finds_the_same_lines() -> None:
    generator = np.random.default_rng(3)
    exact, bounded = LineCounts(), LineCounts(most_held=2000)
    for _portion in range(60):
        rare = generator.integers(1000, 2**62, size=500, dtype=np.uint64)
        often = np.repeat(np.arange(5, dtype=np.uint64), 40)
        for counts in (exact, bounded):
            counts.add(np.concatenate([rare, often]), 100)
    assert not bounded.exact
    assert len(bounded._hashes) <= 2500
    assert exact.candidates().tolist() == bounded.candidates().tolist() == list(range(5))
