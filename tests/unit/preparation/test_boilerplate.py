"""Lines that many documents repeat are cut, content that copies share is not."""

from __future__ import annotations

import pyarrow as pa

from laras.preparation.boilerplate import HASH_LINES, repeated_lines, without_lines
from laras.preparation.engine import run_steps

TOPICS = ["gaji", "cuti", "lembur", "seragam", "parkir", "kantin", "asuransi", "pelatihan"]


def repeated_in(texts: list[str], source: str = "s") -> frozenset[int]:
    table = pa.table({"text": pa.array(texts, pa.large_string()), "source": [source] * len(texts)})
    return repeated_lines(run_steps(table, [HASH_LINES], "plain")).get(source, frozenset())


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
