"""Quality rules name what is wrong with a text, and leave company documents alone."""

from __future__ import annotations

import time
from pathlib import Path

import pyarrow as pa
import pytest

from laras.preparation.quality import QUALITY_DOCUMENTS

ENGLISH = [
    "The committee of the harbour meets every second Tuesday to go through the open requests.",
    "Members who can't attend tell the secretary in advance, and name somebody to vote for them.",
    "Minutes are sent out within a week; whoever finds a mistake in them writes to the office.",
    "Berths are given out by length of boat and by the date on which the owner asked for one.",
    "In winter the pumps are drained, so boats that stay need a heater and somebody to watch it.",
]
INDONESIAN = [
    "Panitia pelabuhan bertemu setiap Selasa kedua untuk membahas permohonan yang masuk.",
    "Anggota yang berhalangan memberi tahu sekretaris dan menunjuk orang untuk mewakilinya.",
    "Notulen dikirim dalam seminggu; siapa yang menemukan kesalahan menulis kepada kantor.",
    "Tambatan dibagikan menurut panjang kapal dan tanggal pemilik mengajukan permohonan.",
    "Pada musim hujan pompa dikuras, sehingga kapal yang tinggal memerlukan penjaga di dermaga.",
]


def flags(text: str, language: str = "en") -> list[str]:
    batch = pa.record_batch({"text": pa.array([text], pa.large_string()), "language": [language]})
    found: list[str] = QUALITY_DOCUMENTS(batch).column("flags").to_pylist()[0]
    return found


@pytest.mark.parametrize(("lines", "language"), [(ENGLISH, "en"), (INDONESIAN, "id")])
def test_plain_prose_breaks_no_rule(lines: list[str], language: str) -> None:
    assert flags("\n\n".join(lines), language) == []


BODY = "\n\n".join(ENGLISH)


@pytest.mark.parametrize(
    ("text", "language", "rule"),
    [
        (f"{BODY}\n\nLorem ipsum dolor sit amet.", "en", "lorem-ipsum"),
        (f"{BODY}\n\nPlease enable JavaScript.", "en", "javascript-notice"),
        ("As an AI language model, I have no boat.", "en", "template-leak"),
        ("Maaf, sebagai model bahasa saya tidak punya kapal.", "id", "template-leak"),
        ("Halo {{nama_pelanggan}}, pesanan Anda dikirim.", "id", "template-leak"),
        ("<|im_start|>user", "unknown", "template-leak"),
        (BODY + " And then the owner of the boat that is next to the pier", "en", "truncated-end"),
        ("#promo #murah #diskon " * 5 + BODY, "en", "many-symbols"),
        ("\n".join(f"- {line}" for line in ENGLISH), "en", "bullet-lines"),
        ("\n".join(line[:40] + "..." for line in ENGLISH * 2) + BODY, "en", "ellipsis-lines"),
        ("\n".join(["Hubungi kami di kantor pusat."] * 6 + INDONESIAN), "id", "duplicate-lines"),
        ("\n\n".join([*ENGLISH, *ENGLISH]), "en", "duplicate-paragraphs"),
        ("jual rumah murah " * 40, "id", "frequent-phrase"),
        (f"{ENGLISH[0]} {ENGLISH[1]} " * 3, "en", "repeated-phrases"),
        ("a b c d e f g of the x y z " * 8, "en", "short-words"),
        (" ".join("the of " + "Donaudampfschiff" * 2 for _ in range(30)), "en", "long-words"),
        ("12 34 of the 5.6 78 9/10 11 " * 10, "en", "few-letters"),
        ("\n".join(BODY.replace("the", "the\n").split(" ")), "en", "short-lines"),
        ("\n\n".join(line.rstrip(".") for line in ENGLISH), "en", "open-ends"),
        ("kapal pompa jaring sauh kemudi layar " * 12, "id", "few-function-words"),
    ],
)
def test_a_rule_that_is_broken_is_named(text: str, language: str, rule: str) -> None:
    assert rule in flags(text, language)


def test_tables_and_code_are_not_judged_as_prose() -> None:
    rows = "\n".join(f"| {number} | {number * 7} | Rp 1.500.000 |" for number in range(80))
    code = "```\n" + "x = x + 1\n" * 80 + "```"
    assert flags(f"{BODY}\n\n{rows}\n\n{code}\n\nThat is all.") == []


def test_another_language_is_judged_by_what_holds_in_all() -> None:
    text = "Il comitato del porto si riunisce ogni due settimane per esaminare le richieste. " * 12
    assert flags(text, "it") == ["frequent-phrase", "repeated-phrases"]


def test_texts_of_one_batch_do_not_count_for_each_other() -> None:
    texts = ["\n\n".join(ENGLISH)] * 5 + ["\n\n".join(INDONESIAN)] * 5
    languages = ["en"] * 5 + ["id"] * 5
    batch = pa.record_batch({"text": pa.array(texts, pa.large_string()), "language": languages})
    assert QUALITY_DOCUMENTS(batch).column("flags").to_pylist() == [[]] * 10


def test_empty_batches_and_texts_pass() -> None:
    assert flags("") == []
    empty = pa.record_batch(
        {"text": pa.array([], pa.large_string()), "language": pa.array([], pa.string())}
    )
    assert QUALITY_DOCUMENTS(empty).num_rows == 0


@pytest.mark.parametrize(
    "piece", ["a", " ", "\n", "|", "```\n", "](", "](a", "a ", ". ", "as an ", "#a"]
)
def test_no_text_makes_a_rule_slow(piece: str) -> None:
    began = time.process_time()
    flags(piece * (1_000_000 // len(piece)))
    assert time.process_time() - began < 4.0  # a rule that backtracks takes hours


@pytest.mark.material
@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("id_law_regulations", 0.15),
        ("id_law_peraturan_info", 0.05),
        ("id_ms_alchemy_insights", 0.08),
        ("id_ms_customer_insights", 0.03),
        ("id_gnome_help", 0.08),
        ("en_ethereum_org", 0.05),
    ],
)
def test_real_documents_are_not_flagged_in_masses(material: Path, name: str, most: float) -> None:
    texts = (material / f"pretrain/{name}.txt").read_text(encoding="utf-8").split("<|doc|>")
    languages = [name[:2]] * len(texts)
    batch = pa.record_batch({"text": pa.array(texts, pa.large_string()), "language": languages})
    flagged = [bool(row) for row in QUALITY_DOCUMENTS(batch).column("flags").to_pylist()]
    assert sum(flagged) <= most * len(texts)
