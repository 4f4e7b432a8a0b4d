"""Which lines of Markdown are code: told in one place, the same for every room."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laras.preparation.chunks import blocks
from laras.preparation.clean import clean_text, code_parts
from laras.preparation.quality import _prose
from laras.sources.code_fences import fence_of, fenced_parts, with_code

CODE = "~~~\n# komentar\n\nx = 1\n~~~"


@pytest.mark.parametrize(
    ("line", "before", "after"),
    [
        ("```", "", "```"),
        ("~~~python", "", "~~~"),
        ("  ````md\r\n", "", "````"),
        ("```a` b", "", ""),  # code within a line
        ("``", "", ""),
        ("```", "````", "````"),  # too short to close
        ("````  ", "```", ""),
        ("~~~", "```", "```"),
        ("``` python", "```", "```"),  # something behind: it closes nothing
        ("    x = 1", "~~~", "~~~"),
    ],
)
def test_a_fence_is_closed_by_one_like_it(line: str, before: str, after: str) -> None:
    assert fence_of(line, before) == after


@pytest.mark.parametrize("code", [CODE, CODE.replace("~~~", "```")])
def test_a_block_of_code_is_one_block_with_either_sign(code: str) -> None:
    assert [(block.start, block.end, block.level) for block in blocks(code)] == [(0, len(code), 0)]
    text = f"Sebelum.\n\n{code}\n\nSesudah."
    assert [text[block.start : block.end] for block in blocks(text)] == [
        "Sebelum.",
        code,
        "Sesudah.",
    ]
    assert _prose(text).split() == ["Sebelum.", "Sesudah."]
    assert clean_text(text.replace("x = 1", "x  =  1"), Counter()).count("x  =  1") == 1


def test_what_no_fence_closes_is_code_to_the_end() -> None:
    assert list(fenced_parts("a\n```\nb\n# c")) == [(False, "a\n"), (True, "```\nb\n# c")]
    assert [is_code for is_code, _line in with_code(["a", "```", "b", "```", "c"])] == [
        False,
        True,
        True,
        True,
        False,
    ]


@given(st.text("`~ab \n\r#", max_size=60))
def test_parts_are_the_whole_text(text: str) -> None:
    assert "".join(part for _is_code, part in fenced_parts(text)) == text
    assert "".join(part for _is_code, part in code_parts(text)) == text
