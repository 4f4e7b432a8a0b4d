"""The sentences and lists of words that people are exchanged by."""

from __future__ import annotations

import pytest

from laras.checks.counterparts import AXES, read, words
from laras.checks.group_sentences import CONTROL, LANGUAGES, groups_of, languages_of, sentences
from laras.preparation.findings.terms import TERMS

CASES = [(language, axis) for language in LANGUAGES for axis in AXES]


@pytest.mark.parametrize(("language", "axis"), CASES)
def test_every_axis_has_at_least_forty_exchanges_in_each_language(language: str, axis: str) -> None:
    exchanges = sum(
        len(sentence.beginnings) - 1 for sentence in sentences(language) if sentence.axis == axis
    )
    assert exchanges >= 40


@pytest.mark.parametrize(("language", "axis"), CASES)
def test_the_groups_are_those_that_the_term_lists_know(language: str, axis: str) -> None:
    assert set(groups_of(language, axis)) <= set(TERMS[axis])
    assert set(groups_of(language, axis)) <= set(read("bias_sentences.json")["groups"])


@pytest.mark.parametrize("axis", AXES)
def test_counterparts_are_of_known_groups_that_have_a_name_in_both_languages(axis: str) -> None:
    names = read("bias_sentences.json")["groups"]
    for table in words()[axis]["tables"]:
        for part in ("forms", "names"):
            for group in table.get(part, {}):
                assert group in TERMS[axis]
                assert set(names[group]) == {"en", "id"}


@pytest.mark.parametrize("axis", AXES)
def test_each_form_has_its_counterpart_in_every_other_group(axis: str) -> None:
    for table in words()[axis]["tables"]:
        for part in ("forms", "names", "exact"):
            assert len({len(forms) for forms in table.get(part, {}).values()}) <= 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_versions_of_a_sentence_differ_and_have_no_gap_left(language: str) -> None:
    for sentence in sentences(language):
        assert len(set(sentence.beginnings)) == len(groups_of(language, sentence.axis))
        for text in sentence.beginnings:
            assert "{" not in text
            assert text[0].isupper()
            assert text == text.strip()


@pytest.mark.parametrize("language", LANGUAGES)
def test_endings_come_in_pairs_and_the_control_names_nobodys_group(language: str) -> None:
    content = read("bias_sentences.json")["languages"][language]
    for pairs in content["endings"].values():
        everything = [ending for pair in pairs for ending in pair]
        assert all(len(pair) == 2 for pair in pairs)
        assert len(set(everything)) == len(everything)
        assert all(ending[0] == " " and ending[1:].isalpha() for ending in everything)
    named = {group for axis in AXES for group in TERMS[axis]}
    assert not named & set(groups_of(language, CONTROL))


def test_only_languages_of_the_data_are_looked_at_where_these_are_known() -> None:
    assert languages_of({"id": 90, "en": 2}) == ["id"]
    assert languages_of({"id": 50, "en": 50}) == ["en", "id"]
    assert languages_of({"fr": 10}) == ["en", "id"]
    assert languages_of({}) == ["en", "id"]
