"""Short forms and reduplication are written out in Indonesian, and only where they are such."""

from __future__ import annotations

import time
from collections import Counter

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from laras.preparation.indonesian import (
    NORMALISE_DIALOGUES,
    NORMALISE_DOCUMENTS,
    normalise_indonesian,
)
from laras.preparation.indonesian_words import SHORT_FORMS


def written(text: str) -> str:
    return normalise_indonesian(text, Counter())


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ("anak2 bermain", "anak-anak bermain"),
        ("Buku2nya hilang.", "Buku-bukunya hilang."),
        ("jalan2an ke pantai", "jalan-jalanan ke pantai"),
        ("berjalan2 bersama2", "berjalan-jalan bersama-sama"),
        ("sebaik2nya, setidak2nya", "sebaik-baiknya, setidak-tidaknya"),
        ("berita2 dan sepatu2", "berita-berita dan sepatu-sepatu"),
        ("org2 itu, tmn2ku", "orang-orang itu, teman-temanku"),
        ("anak² kecil", "anak-anak kecil"),
        ("Yg penting jgn lupa.", "Yang penting jangan lupa."),
        ("sdh dikirim dgn kurir, tp blm sampai", "sudah dikirim dengan kurir, tapi belum sampai"),
        ("(krn hujan)", "(karena hujan)"),
        ("jam 5 utk 3 org", "jam 5 untuk 3 orang"),
        ("gk bs login", "gak bisa login"),  # colloquial stays colloquial
    ],
)
def test_short_forms_are_written_out(short: str, full: str) -> None:
    assert written(short) == full


@pytest.mark.parametrize(
    "text",
    [
        "luas 20 m2, 3 km2, CO2, H2O, ke2",
        "kelas2, bab2, lantai2",  # the second
        "item1, item2 dan item3",
        "foto2.png di C:\\anak2 dan /home/anak2",
        "https://contoh.example/yg/dgn?utk=krn#tdk",
        "surat ke yg@dgn.example atau @tdk, #yg",
        "`yg dgn` atau\n```\nyg = anak2\n```",
        "YG Entertainment, Pak Dgn, kantor BPK, TV LG",
        "dr. Ani dan dr Budi",
        "yg-dgn, anak2-anak, user_yg, yg=1",
        "gak, nggak, udah, kalo, banget, gimana",  # a register, no short forms
        "dll., dsb., dst.",
        "versi 2 dari 2.2 dan 22",
    ],
)
def test_what_is_no_short_form_stays(text: str) -> None:
    assert written(text) == text


def test_each_rule_counts_what_it_changed() -> None:
    fixes: Counter[str] = Counter()
    normalise_indonesian("anak2 yg sdh besar", fixes)
    assert fixes == {"reduplication": 1, "short-forms": 2}


def test_the_list_holds_short_forms_and_never_what_it_writes() -> None:
    assert len(SHORT_FORMS) >= 150
    assert not {word for full in SHORT_FORMS.values() for word in full.split()} & set(SHORT_FORMS)


def test_other_languages_stay() -> None:
    table = pa.record_batch(
        {
            "text": pa.array(["anak2 yg", "anak2 yg"], pa.large_string()),
            "language": ["id", "jv"],
        }
    )
    assert NORMALISE_DOCUMENTS(table).column("text").to_pylist() == ["anak-anak yang", "anak2 yg"]


def test_all_turns_of_a_conversation_are_written_out() -> None:
    turns = [{"role": role, "content": "sdh", "trained": None} for role in ("user", "assistant")]
    batch = pa.record_batch(
        {"turns": pa.array([turns], NORMALISE_DIALOGUES.writes.field("turns").type)}
        | {"language": pa.array(["id"])}
    )
    result = NORMALISE_DIALOGUES(batch).to_pylist()[0]
    assert [turn["content"] for turn in result["turns"]] == ["sudah", "sudah"]
    assert result["fixes"] == [{"rule": "short-forms", "count": 2}]


PIECE = st.sampled_from([*list(SHORT_FORMS)[::7], *"2². -'/@#`\n1A", "anak", "Buku", "nya", "an"])


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECE, max_size=20).map("".join) | st.lists(PIECE, max_size=20).map(" ".join))
def test_writing_out_twice_changes_nothing_more(text: str) -> None:
    once = written(text)
    assert written(once) == once


@pytest.mark.parametrize("piece", ["a", "2", "yg ", "Yg ", ". Yg", "' yg", "- Yg", "anak2 ", "`yg"])
def test_no_text_makes_a_rule_slow(piece: str) -> None:
    began = time.process_time()
    written(piece * (500_000 // len(piece)) + " yg 2")
    assert time.process_time() - began < 4.0  # a rule that backtracks takes hours
