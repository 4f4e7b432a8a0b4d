"""Identifiers of articles, found in text and written in one form."""

from __future__ import annotations

import pytest

from laras.sources.journals.back_matter import kind_of_title
from laras.sources.journals.identifiers import arxiv_in, doi_in, group_of, year_in


@pytest.mark.parametrize(
    ("text", "doi"),
    [
        ("https://doi.org/10.1234/ABC.5", "10.1234/abc.5"),
        ("(doi:10.1234/abc(5)6).", "10.1234/abc(5)6"),
        (
            "see 10.1002/(SICI)1097-0258(19980815)17:15<1661::AID>3.0.CO;2-2, and",
            "10.1002/(sici)1097-0258(19980815)17:15<1661::aid>3.0.co;2-2",
        ),
        ("version 10.12 of it", ""),
        ("the pair [10.1234/x]", "10.1234/x"),
    ],
)
def test_a_doi_is_found_without_what_surrounds_it(text, doi):
    assert doi_in(text) == doi


def test_other_identifiers():
    assert arxiv_in("arXiv:2305.03393v1 [cs.CV] 5 May 2023") == "2305.03393"
    assert arxiv_in("arXiv: hep-th/9901001") == "hep-th/9901001"
    assert year_in("Published 3 May 2021") == "2021"
    assert group_of({"doi": "10.1/x", "arxiv": "1"}) == "doi:10.1/x"
    assert group_of({"arxiv": "2305.03393"}) == "arxiv:2305.03393"
    assert group_of({}) is None


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("7. References", "references"),
        ("DAFTAR PUSTAKA", "references"),
        ("Ucapan Terima Kasih", "acknowledgements"),
        ("Acknowledgments:", "acknowledgements"),
        ("CRediT authorship contribution statement", "declarations"),
        ("Data availability", "declarations"),
        ("Supporting information", "supplements"),
        ("Results", ""),
        ("References to the river in folk songs", ""),
        ("Pendahuluan", ""),
    ],
)
def test_back_matter_is_known_by_its_title(title, kind):
    assert kind_of_title(title) == kind
