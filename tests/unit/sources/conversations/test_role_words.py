"""Words for roles mean the same in every room."""

from __future__ import annotations

import pytest

from laras.preparation.privacy.name import name_detector
from laras.sources.conversations.role_words import CUSTOMERS, GENERIC, STAFF
from laras.sources.conversations.roles import is_person
from laras.sources.tables.singles import _role


@pytest.mark.parametrize("word", sorted(GENERIC))
def test_a_word_for_a_role_is_nobodys_name_anywhere(word):
    assert not is_person(word)
    assert name_detector((word,)) is None


def test_column_values_that_name_a_role_are_the_same_words():
    assert {_role(word) for word in CUSTOMERS} == {"user"}
    assert {_role(word) for word in STAFF} == {"assistant"}
    assert not CUSTOMERS & STAFF


def test_a_role_beside_a_name_leaves_the_name():
    detector = name_detector(("Nasabah Rini", "Petugas Joko"))
    assert detector is not None
    found = {finding.value for finding in detector.find("Kata Rini: tanya Joko, petugas kami.")}
    assert found == {"rini", "joko"}
