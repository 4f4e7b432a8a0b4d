"""Ratings on any scale become numbers from 0 to 1."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laras.sources.tables.ratings import Scale


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0, 1], [0.0, 1.0]),
        ([-1, 1], [0.0, 1.0]),
        (["1", "3", "5"], [0.0, 0.5, 1.0]),
        ([0, 5], [0.0, 1.0]),
        ([2, 10], [0.2, 1.0]),
        ([35, 70], [0.35, 0.7]),
        ([500, 250], [1.0, 0.5]),
        (["4,5", "5"], [0.875, 1.0]),
        (["A", "B", "D"], [1.0, 2 / 3, 0.0]),
        (["Good", "BAD", "Tidak Puas"], [1.0, 0.0, 0.0]),
        ([True, False], [1.0, 0.0]),
        ([None, "", "n/a", "5"], [None, None, None, 1.0]),
        (["3/5", "0/0"], [0.6, None]),
    ],
)
def test_a_scale_is_told_from_all_its_values(values, expected):
    scale = Scale.of(values)
    assert [scale.rating(value) for value in values] == pytest.approx(expected)


@given(
    st.lists(
        st.one_of(st.none(), st.integers(), st.floats(), st.text(max_size=5), st.lists(st.none()))
    )
)
def test_whatever_stands_there_is_a_share_or_nothing(values):
    scale = Scale.of(values)
    ratings = [scale.rating(value) for value in values]
    assert all(rating is None or 0.0 <= rating <= 1.0 for rating in ratings)
