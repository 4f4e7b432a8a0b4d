"""Scalars of YAML 1.2, read and written."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laras.recipe.document import parse_document
from laras.recipe.scalars import read_scalar, write_scalar


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-4", 1e-4),
        ("1.10", 1.1),
        ("no", "no"),
        ("12:30:00", "12:30:00"),
        ("2026-01-01", "2026-01-01"),
        ("010", 10),
        ("0x1f", 31),
        ("200_000_000", 200_000_000),
        ("true", True),
        ("~", None),
        ("", None),
        (".inf", math.inf),
        ("9" * 5000, "9" * 5000),
    ],
)
@pytest.mark.fault(54)
def test_an_unquoted_scalar_means_what_yaml_1_2_says(text: str, value: object) -> None:
    assert read_scalar(text) == value
    assert type(read_scalar(text)) is type(value)


@given(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(10**15), 10**15),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
    )
)
def test_what_is_written_reads_back_equal(value: str | float | bool | None) -> None:
    assert parse_document(f"key: {write_scalar(value)}\n", "text").data == {"key": value}
