"""Cleaning takes away what a container left in a text, and nothing that a reader would miss."""

from __future__ import annotations

import time
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from laras.preparation.clean import clean_text


def cleaned(text: str) -> str:
    return clean_text(text, Counter())


@pytest.mark.parametrize(
    ("dirty", "clean"),
    [
        ("cafe\u0301", "café"),
        ("soft\u00adhyphen", "softhyphen"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("bell\x07 and \x1bescape", "bell and escape"),
        ("\u202eright to left\u202c", "right to left"),
        ("a\u00a0no-break\u2003space", "a no-break space"),
        ("line\r\nend\rkinds\u2028here", "line\nend\nkinds\nhere"),
        ("two  spaces   here  \nnext", "two spaces here\nnext"),
        ("far\n\n\n\n\napart", "far\n\napart"),
        ("Tom &amp; Jerry&nbsp;&#39;s &copy;", "Tom & Jerry 's ©"),
        ("Itu â€œbagusâ€\u009d sekali", "Itu “bagus” sekali"),
        ("schÃ¶n", "schön"),
        ("Ini â€“ menurut saya â€“ benar", "Ini – menurut saya – benar"),
        ("o\ufb03cial \ufb01les", "official files"),
        ("peraturan\u00ad\nnya", "peraturannya"),
        ("P E N G U M U M A N\nrapat", "PENGUMUMAN\nrapat"),
        ("# S U R A T   E D A R A N", "# SURAT EDARAN"),
        ("Pendahuluan .............. 5\nIsi . . . . . . 12", "Pendahuluan ... 5\nIsi ... 12"),
        ("Para pengelola dan penge-\nlola lain", "Para pengelola dan pengelola lain"),
        ("Mainan anak-\nanak itu", "Mainan anak-anak itu"),
        ("Surat-menyurat, lalu surat-\nmenyurat", "Surat-menyurat, lalu surat-menyurat"),
        ("satu\n|\ndua\n . \ntiga", "satu\ndua\ntiga"),
    ],
)
def test_debris_is_removed(dirty: str, clean: str) -> None:
    assert cleaned(dirty) == clean


@pytest.mark.parametrize(
    "text",
    [
        "x² + H₂O at 5 µm",  # NFKC would change these
        "    indented code",
        "می\u200cخواهم",  # a joiner that Persian needs
        "👩\u200d💻 works",
        "Write &lt;b&gt; for bold",  # would become a tag
        "Write &amp;lt; for less than",  # would become another entity
        "`&amp;` in code, and\n```\na  =  b &amp;&amp; c\n```",
        "Ibu bilang: “Apa kabar?” – baik…",
        "naïve façade, Ünïcödé",
        "日本語のテキスト。",
        "R&D; AT&T",
        "```\na  =  b   \n\n\n\nP R O G R A M\n|\nx\n```",  # nothing in code but characters
        "~~~\na  =  b\n~~~",
        "Gaji ........................",  # a blank to be filled in
        "A B C D E F G",
        "A C B D D A B",  # answers to questions of choice
        "J F M A M J J A S O N D",
        "Rumah-\nsakit itu",  # nobody knows whether it was parted or has a hyphen
        "1. satu\n2. dua\n3. tiga\n\n1\n2\n3\n4",
        "Pasal 1\n\nIsi.\n\nPasal 2\n\nIsi.\n\nPasal 3\n\nIsi.",
        "ya.\n...\nbaik",
        "Привет, Россия! С “кавычками” и др.",
        "Москва —".replace(" ", " ") + " столица",
        "SÃO PAULO, MANHÃ DE SOL",
    ],
)
def test_what_carries_meaning_stays(text: str) -> None:
    assert cleaned(text) == text


def test_each_rule_counts_what_it_changed() -> None:
    fixes: Counter[str] = Counter()
    clean_text("a\u200b\u200b &amp; b\x00  c\n\n\n\nd", fixes)
    assert fixes == {
        "invisible-characters": 2,
        "html-entities": 1,
        "control-characters": 1,
        "spaces": 1,
        "blank-lines": 1,
    }


def paged(pages: int, footer: str) -> str:
    texts = []
    for page in range(pages):
        words = [f"{letter}{chr(97 + page)}" for letter in "bcdfghjklmnpqr"]
        body = "\n".join(
            f"Kalimat panjang tentang {word} dalam laporan {word} tahun ini." for word in words
        )
        texts.append(f"PT Maju\n{body}\n{footer.format(page + 1)}")
    return "\n\n".join(texts)


@pytest.mark.parametrize("footer", ["- {} -", "Halaman {} dari 9", "{}", "Laporan Tahunan | {}"])
def test_page_numbers_and_the_headers_beside_them_are_dropped(footer: str) -> None:
    fixes: Counter[str] = Counter()
    text = clean_text(paged(5, footer), fixes)
    assert fixes["page-numbers"] == 5
    assert fixes["page-headers"] >= 4  # the first stands by no number
    assert text.count("PT Maju") <= 1
    assert "Laporan Tahunan" not in text
    assert text.count("Kalimat panjang") == 70


def test_what_repeats_without_page_numbers_stays() -> None:
    text = "\n\n".join(f"Pasal {number}\nCukup jelas." for number in range(1, 60))
    assert cleaned(text) == text


def test_cleaning_twice_changes_nothing_more() -> None:
    text = "Ã¶ &amp;amp; &amp;lt; \u200b\u00a0 \r\n\n\n\n e\u0301 &lt;p&gt;  end  "
    once = cleaned(text)
    assert cleaned(once) == once


DEBRIS = st.sampled_from(
    [
        *("a", "B", "U", "i", "ini ", "kata", "1", "23", " ", "  ", "\t", "\n", "\n\n", "\r\n"),
        *(".", "....", ". . . . ", "|", "#", "`", "```\n", "~~~\n", "&amp;", "&lt;", "lt;", "&"),
        *("\u00ad", "\u200b", "\u200d", "\u00a0", "\u0301", "e\u0301", "Ã", "¶", "â€", "“"),
        *("Halaman 1\n", "\n- 2 -\n", "\nHal 3\n", "A I U E O R", "\x00", "<p>"),
        *("-", "-\n", "anak-\nanak", "\ufb01", ";"),
    ]
)


@settings(max_examples=400, deadline=None)
@given(st.lists(DEBRIS, max_size=40).map("".join) | st.text(max_size=60))
def test_any_text_is_clean_after_one_cleaning(text: str) -> None:
    once = cleaned(text)
    fixes: Counter[str] = Counter()
    assert clean_text(once, fixes) == once
    assert not fixes


MEGABYTE = 1_000_000
HOSTILE = [
    *(piece * (MEGABYTE // len(piece)) for piece in (" ", "\t", ".", ". ", "-\n", "a-\n", "|\n")),
    *(piece * (MEGABYTE // len(piece)) for piece in ("A ", "&", "&a", "`", "`a", "```\n", "~~~a")),
    *(piece * (MEGABYTE // len(piece)) for piece in ("\n1", "\n- 1", "\nHal 1 ", "Ã¶", "\u00ad\n")),
    " " * MEGABYTE + "x",
    "x" + " " * MEGABYTE + "\nx",
    "x" * MEGABYTE + "-\nx",
    "\n" + "#" * MEGABYTE,
    "\nHalaman " + "1" * MEGABYTE,
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:12]))
def test_no_text_makes_a_rule_slow(text: str) -> None:
    began = time.process_time()
    clean_text(text, Counter())
    assert time.process_time() - began < 4.0  # a rule that backtracks takes hours
