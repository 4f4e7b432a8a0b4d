"""Pairs that the form of a text gives: each answer stands where its span says."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from laras.preparation.engine import run_steps
from laras.preparation.pairs.pair import Pair
from laras.preparation.pairs.steps import RULES, pair_examples, pairs_of
from laras.recipe.data import PairKind
from laras.records import DOCUMENT_SCHEMA, Document, to_table

HANDBOOK = """# Buku Panduan

## Apa syarat menjadi anggota?

Setiap warga yang berumur 17 tahun boleh mendaftar.

## 2.1 Simpanan

Simpanan pokok adalah uang yang dibayar satu kali saat masuk menjadi anggota koperasi, dan
dikembalikan saat keluar.

- **Simpanan wajib**: dibayar setiap bulan oleh semua anggota.

**Kapan sisa hasil usaha dibagikan?**

Setelah rapat anggota tahunan, paling lambat bulan Maret.

Q: Bagaimana cara meminjam uang?
A: Isi formulir dan serahkan KTP kepada petugas di loket.

| Layanan | Biaya | Lama |
| --- | --- | --- |
| Transfer | Rp 2.500 | 1 hari |
| Cek saldo | gratis | langsung |
| Cek saldo | gratis | lewat aplikasi |
"""


def pairs(text: str, *kinds: PairKind, language: str = "id", **settings: object) -> list[Pair]:
    title = str(settings.get("title", ""))
    is_article = bool(settings.get("is_article"))
    wanted = kinds or tuple(RULES)
    found = pairs_of(text, wanted, 2000, title=title, language=language, is_article=is_article)
    return [pair for _kind, pair in found]


def test_a_heading_a_bold_line_and_a_mark_may_ask() -> None:
    assert [(pair.question, pair.answer) for pair in pairs(HANDBOOK, "questions")] == [
        (
            "Apa syarat menjadi anggota?",
            "Setiap warga yang berumur 17 tahun boleh mendaftar.",
        ),
        (
            "Kapan sisa hasil usaha dibagikan?",
            "Setelah rapat anggota tahunan, paling lambat bulan Maret.",
        ),
        (
            "Bagaimana cara meminjam uang?",
            "Isi formulir dan serahkan KTP kepada petugas di loket.",
        ),
    ]


def test_a_term_is_asked_for_in_the_language_of_the_document() -> None:
    found = {pair.question: pair.answer for pair in pairs(HANDBOOK, "definitions")}
    assert found["Apa yang dimaksud dengan “Simpanan wajib”?"].startswith("dibayar setiap bulan")
    assert found["Apa yang dimaksud dengan “Simpanan pokok”?"].startswith("Simpanan pokok adalah")
    (english,) = pairs("A ledger is a book in which accounts are kept.", language="en")
    assert english.question == "What is meant by “ledger”?"


def test_a_sentence_that_points_elsewhere_defines_nothing() -> None:
    assert pairs("This is a sentence about nothing at all.", "definitions", language="en") == []
    assert pairs("Hal ini adalah masalah yang sering terjadi di sini.", "definitions") == []


def test_a_row_is_asked_for_by_its_first_cell_where_that_names_it_alone() -> None:
    (pair,) = pairs(HANDBOOK, "rows")
    about = "Buku Panduan, 2.1 Simpanan"
    assert pair.question == f"Apa isi tabel dalam “{about}” tentang Layanan Transfer?"
    assert pair.answer == "Biaya: Rp 2.500; Lama: 1 hari"
    assert HANDBOOK[pair.start : pair.end] == "| Transfer | Rp 2.500 | 1 hari |"


def test_a_section_is_asked_for_by_its_heading_without_the_number() -> None:
    (pair,) = pairs(HANDBOOK, "sections")
    assert pair.question == "Apa yang dijelaskan “Buku Panduan” tentang “Simpanan”?"
    assert pair.answer.startswith("Simpanan pokok")


def test_an_article_gives_its_abstract_by_title() -> None:
    abstract = "We measure how rice grows in wet fields over three years of rain."
    text = f"# Rice in wet fields\n\n## Abstract\n\n{abstract}\n\n## Introduction\n\nRice."
    (pair,) = pairs(text, "abstracts", language="en")
    assert pair.question == "Write the abstract of the article “Rice in wet fields”."
    assert pair.answer == abstract
    entry = f"# Rice in wet fields\n\n{abstract}"
    assert pairs(entry, "abstracts", is_article=True)[0].answer == abstract
    assert pairs(entry, "abstracts") == []


def test_code_asks_nothing() -> None:
    code = "Q: is this a question for anyone?\nA: no, it is a program, no doubt."
    text = f"# Code\n\n```js\n{code}\n```\n"
    assert pairs(text, "questions") == []


def test_a_question_and_a_span_come_once() -> None:
    again = HANDBOOK + HANDBOOK.replace("# Buku Panduan\n", "")
    found = pairs(again)
    questions = [pair.question for pair in found]
    assert len(questions) == len(set(questions))
    assert len({(pair.start, pair.end) for pair in found}) == len(found)


def test_examples_carry_group_weight_and_span_and_other_sources_give_none() -> None:
    documents = [
        Document("d1", "a.md", HANDBOOK, source="asked"),
        Document("d2", "b.md", HANDBOOK, source="not asked"),
    ]
    table = to_table(documents, DOCUMENT_SCHEMA)
    table = table.append_column("split_group", pa.array(["g1", "g2"]))
    table = table.append_column("language", pa.array(["id", "id"]))
    step = pair_examples({"asked": ["questions"]}, 2000, {"asked": 2.0})
    native, plain = (run_steps(table, [step], runner) for runner in ("native", "plain"))
    rows = native.column("examples").to_pylist()
    assert rows == plain.column("examples").to_pylist()
    assert (len(rows[0]), rows[1]) == (3, [])
    first = rows[0][0]
    assert (first["group"], first["weight"], first["task"]) == ("g1", 2.0, "chat")
    (span,) = first["spans"]
    assert HANDBOOK[span["start"] : span["end"]] == first["messages"][1]["content"]


@pytest.mark.material
def test_answers_stand_in_real_documents_where_their_spans_say(material: Path) -> None:
    count = 0
    for file in sorted((material / "indonesian" / "id.react.dev").rglob("*.md"))[:60]:
        text = file.read_text(encoding="utf-8")
        for kind, pair in pairs_of(text, tuple(RULES), 2000, language="id"):
            count += 1
            assert 0 <= pair.start < pair.end <= len(text)
            if kind != "rows":
                assert text[pair.start : pair.end] == pair.answer
    assert count > 200


@given(st.text(alphabet="# \n|*-:?QA.ab", max_size=300))
def test_no_text_breaks_the_rules_or_their_spans(text: str) -> None:
    for pair in pairs(text):
        assert 0 <= pair.start <= pair.end <= len(text)
        assert pair.question.strip()


def test_a_heading_that_asks_does_not_name_the_table_below_it() -> None:
    table = "| Layanan | Biaya |\n| --- | --- |\n| Transfer | 2.500 |"
    text = f"# Tarif\n\n## Berapa biayanya?\n\n{table}\n"
    (pair,) = pairs(text, "rows")
    assert pair.question == "Apa isi tabel dalam “Tarif” tentang Layanan Transfer?"
