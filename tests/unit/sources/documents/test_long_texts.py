"""Long texts of one repeated fragment are read in a time that grows with their length."""

from __future__ import annotations

import importlib
import time
from pathlib import Path

import pytest

from laras.sources.extraction import Extracted
from laras.sources.worker import PARSERS

SIZE = 300_000
SECONDS = 5.0  # of processor; each takes less than one, and took from eight to more than a minute


def read(kind: str, path: Path, text: str) -> Extracted:
    path.write_text(text)
    module, function = PARSERS[kind].split(":")
    found = getattr(importlib.import_module(module), function)(path)
    assert isinstance(found, Extracted)
    return found


@pytest.mark.parametrize(
    ("kind", "fragment"),
    [
        *[("asciidoc", each) for each in ("a::\n", "* a\n", ". a\n", "= a\n")],
        *[("letter", f"{each}") for each in ("From: <", "To: a,", "Content-Type: a;", 'From: "')],
        ("letter", "Subject: a\n\n> "),
        ("letter", "Content-Type: multipart/mixed; boundary=a\n\n--a\n"),
        *[("html", each) for each in ("<math>", "<pre>", "<math><mrow>")],
        *[("rst", each) for each in ("+-", "`a <", "|a| ", ":a:", "a_ ", "* * *\n")],
    ],
)
def test_a_repeated_fragment_costs_time_in_proportion(
    tmp_path: Path, kind: str, fragment: str
) -> None:
    began = time.process_time()
    read(kind, tmp_path / "a.txt", fragment * (SIZE // len(fragment)))
    assert time.process_time() - began < SECONDS


def test_a_letter_to_very_many_keeps_its_words_and_says_that_its_header_was_cut(
    tmp_path: Path,
) -> None:
    receivers = ", ".join(f"orang{number}@contoh.id" for number in range(2000))
    letter = read(
        "letter",
        tmp_path / "a.eml",
        f"From: sari@contoh.id\nTo: {receivers}\nSubject: Rapat\n\nBesok pukul sembilan.\n",
    )
    assert (letter.title, letter.text) == ("Rapat", "Besok pukul sembilan.")
    assert letter.metadata["to"].startswith("orang0@contoh.id, orang1@contoh.id")
    assert ("header-cut", "", "to") in letter.notes


def test_a_long_text_with_one_endless_paragraph_keeps_the_form_of_the_rest(tmp_path: Path) -> None:
    page = read(
        "rst",
        tmp_path / "a.rst",
        ".. |kopi| replace:: Kopi Gayo\n\nJudul\n=====\n\nBab\n---\n\nAwal.\n\n"
        + "a_ " * 25_000
        + "\n\nBab dua\n-------\n\nLihat `kebun`_ dan |kopi|.\n\n.. _kebun: https://contoh.id\n",
    )
    first, second = page.text.split("a_ " * 24_999)
    assert first.startswith("# Judul\n\n## Bab\n\nAwal.")
    assert second.endswith("## Bab dua\n\nLihat kebun dan Kopi Gayo.")
    assert page.title == "Judul"
    assert [note[0] for note in page.notes] == ["read-plainly"]
