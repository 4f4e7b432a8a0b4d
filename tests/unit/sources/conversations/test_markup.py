"""Messages written in HTML: their text, whatever the markup."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laras.sources.conversations.markup import text_of_html


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<p>Halo <b>kak</b>,</p><p>apa kabar?</p>", "Halo kak,\n\napa kabar?"),
        ("satu<br>dua<br/>tiga", "satu\ndua\ntiga"),
        ("<ul><li>a</li><li>b</li></ul>", "- a\n- b"),
        ("<div>a</div>\n  <div>b &amp; c&nbsp;d</div>", "a\n\nb & c d"),
        ("<img src='x'> lihat <!-- <b> --> ini", "[image] lihat ini"),
        ("<style>p {}</style><script>if (a < b) {}</script>x", "x"),
        ("a < b and c > d", "a < b and c > d"),
        ("3 <4, tag <b", "3 <4, tag <b"),
        ("  plain &lt;3  ", "plain <3"),
        ("<table><tr><td>a</td><td>b</td></tr></table>", "a b"),
        ("<!-- never closed <b>x</b>", "<!-- never closed x"),
        ("", ""),
    ],
)
def test_markup_becomes_lines(source, text):
    assert text_of_html(source) == text


@pytest.mark.parametrize("piece", ["<", "<!--", "<a ", "<p>", "&", "<script>", "</", "-->"])
def test_time_grows_with_the_length_alone(piece):
    started = time.process_time()
    text_of_html(piece * 400_000)
    assert time.process_time() - started < 20


@given(st.text(alphabet="<>/!-pab &;\n\0", max_size=60))
def test_any_text_is_read(source):
    assert "\0" not in text_of_html(source)
