"""Cleaning takes away what a container left in a text, and nothing that a reader would miss."""

from __future__ import annotations

from collections import Counter

import pytest

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


def test_cleaning_twice_changes_nothing_more() -> None:
    text = "Ã¶ &amp;amp; &amp;lt; \u200b\u00a0 \r\n\n\n\n e\u0301 &lt;p&gt;  end  "
    once = cleaned(text)
    assert cleaned(once) == once
