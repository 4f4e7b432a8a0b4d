"""BibTeX, RIS and tables of papers: each record with an abstract is an article."""

from __future__ import annotations

from laras.records import Document, Rejection

BIBTEX = r"""
@string{jr = "Journal of Rice"}
@article{sari21,
  title = {The {DNA} of rice},
  author = {Wulandari, Sari and Budi Hartono},
  journal = jr, year = 2021, doi = {https://doi.org/10.1234/Rice.5},
  abstract = {Water costs 50\% more at $x^2$.
  Caf\'e.}
}
@comment{nothing}
@article{sari21, title = {The same key}, abstract = {Another paper.}}
@article{broken, title = {No end
@book{tanpa, title = {Without an abstract}}
@misc{arx, title = {On arXiv}, eprint = {2101.00001}, abstract = {An abstract.}}
"""

RIS = """TY  - JOUR
TI  - Padi dan air
AU  - Wulandari, Sari
AU  - Hartono, Budi
AB  - Ringkasan satu.
PY  - 2020///
DO  - 10.5555/ABC
JO  - Jurnal Padi
ER  -\x20

TY  - JOUR
T1  - Second
N2  - A summary that
      goes on.
ER  -\x20

TY  - BOOK
TI  - Without an abstract
ER  -\x20
"""


def documents(records) -> list[Document]:
    return [record for record in records if isinstance(record, Document)]


def lost(records) -> list[tuple[str, str]]:
    return [(r.reason, r.locator) for r in records if isinstance(r, Rejection) and r.rows]


def test_entries_of_bibtex_with_an_abstract_are_articles(read, write):
    write("a.bib", BIBTEX)
    records = read("a.bib", "articles")
    first, second, third = documents(records)
    assert first.text == "# The DNA of rice\n\nWater costs 50% more at $x^2$. Café."
    assert first.group == "doi:10.1234/rice.5"
    assert first.metadata == {
        "title": "The DNA of rice",
        "doi": "10.1234/rice.5",
        "year": "2021",
        "authors": "Sari Wulandari; Budi Hartono",
        "journal": "Journal of Rice",
    }
    assert second.text == "# The same key\n\nAnother paper."
    assert third.group == "arxiv:2101.00001"
    assert lost(records) == [("empty", "line 12"), ("empty", "line 13")]
    (note,) = [r for r in records if isinstance(r, Rejection) and not r.rows]
    assert (note.reason, note.locator) == ("parser-failed", "line 12")
    assert len({record.document_id for record in documents(records)}) == 3


def test_records_of_ris_with_an_abstract_are_articles(read, write):
    write("a.ris", RIS)
    records = read("a.ris", "articles")
    first, second = documents(records)
    assert first.text == "# Padi dan air\n\nRingkasan satu."
    assert first.group == "doi:10.5555/abc"
    assert first.metadata["authors"] == "Sari Wulandari; Budi Hartono"
    assert (first.metadata["year"], first.metadata["journal"]) == ("2020", "Jurnal Padi")
    assert second.text == "# Second\n\nA summary that goes on."
    assert lost(records) == [("empty", "line 17")]


def test_a_table_of_abstracts_is_read_under_articles(read, write):
    write(
        "a.csv",
        "Title,Abstract,DOI,Year,Authors\n"
        'Satu,"Isi abstrak, satu.",10.5555/abc,2020,"Sari; Budi"\n'
        "Dua,,10.5555/def,2020,\n",
    )
    (document, rejection) = read("a.csv", "articles")
    assert document.text == "# Satu\n\nIsi abstrak, satu."
    assert (document.title, document.locator) == ("Satu", "line 2")
    assert document.group == "doi:10.5555/abc"
    assert document.metadata["authors"] == "Sari; Budi"
    assert (rejection.reason, rejection.locator) == ("missing-value", "line 3")


def test_json_of_abstracts_is_read_under_articles(read, write):
    write(
        "a.jsonl",
        '{"title": "Satu", "abstract": "Isi.", "authors": [{"name": "Sari"}, {"name": "Budi"}]}\n',
    )
    (document,) = read("a.jsonl", "articles")
    assert document.text == "# Satu\n\nIsi."
    assert document.metadata["authors"] == "Sari; Budi"


def test_the_same_paper_in_two_forms_is_one_group(read, write):
    write("a.ris", RIS)
    write("b.csv", "title,abstract,doi\nPadi dan air,Ringkasan,https://doi.org/10.5555/abc\n")
    groups = {document.group for document in documents(read(".", "articles"))}
    assert "doi:10.5555/abc" in groups
    assert len(groups) == 2  # the other is the one without an identifier


def test_a_bibliography_that_is_none_is_named(read, write):
    write("a.ris", "Just some words.\n")
    write("b.bib", "Just some words.\n")
    assert lost(read(".", "articles")) == [("unknown-shape", ""), ("empty", "")]
