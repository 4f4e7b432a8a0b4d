"""JATS: the parts of an article, what is left out of it, and files that mean harm."""

from __future__ import annotations

import pytest

from laras.records import Document, Rejection
from laras.sources.journals.jats_table import jats_table_text

KNOWN = (
    '<!DOCTYPE article PUBLIC "-//NLM//DTD JATS (Z39.96) Journal Publishing DTD v1.2 20190208//EN"'
    ' "JATS-journalpublishing1.dtd">'
)
ARTICLE = f"""<?xml version="1.0"?>
{KNOWN}
<article xmlns:xlink="http://www.w3.org/1999/xlink" xml:lang="en">
<front><journal-meta><journal-title-group><journal-title>Journal of Wet Fields</journal-title>
</journal-title-group></journal-meta>
<article-meta>
<article-id pub-id-type="doi">10.55555/JWF.2021.17</article-id>
<article-id pub-id-type="pmid">99000017</article-id>
<title-group><article-title>Water and <italic>Oryza</italic> yield</article-title></title-group>
<contrib-group>
<contrib contrib-type="author"><name><surname>Wulandari</surname><given-names>Sari</given-names>
</name></contrib>
<contrib contrib-type="editor"><name><surname>Other</surname><given-names>An</given-names></name>
</contrib>
<contrib contrib-type="author"><collab>Field Group</collab></contrib>
</contrib-group>
<pub-date><year>2022</year></pub-date><pub-date pub-type="epub"><year>2021</year></pub-date>
<permissions><license xlink:href="https://creativecommons.org/licenses/by/4.0/"><license-p>Free.
</license-p></license></permissions>
<abstract><p>Water matters.</p></abstract>
<abstract abstract-type="graphical"><p>A drawing.</p></abstract>
<trans-abstract xml:lang="id"><title>Abstrak</title><p>Air itu penting.</p></trans-abstract>
</article-meta></front>
<body>
<sec><title>Methods</title>
<p>We used 10<sup>3</sup> litres of H<sub>2</sub>O
<sup><xref ref-type="bibr" rid="b1">1</xref></sup> on the 1<sup>st</sup> field (<xref
ref-type="bibr" rid="b2">Hartono, 2019</xref>).</p>
<sec><title>Fields</title>
<list list-type="order"><list-item><p>north</p></list-item><list-item><p>south</p>
<list list-type="bullet"><list-item><p>inner</p></list-item></list></list-item></list>
<p>The yield is <inline-formula><tex-math>\\documentclass{{minimal}}\\begin{{document}}$y = ax$
\\end{{document}}</tex-math></inline-formula>, or:
<disp-formula><mml:math xmlns:mml="http://www.w3.org/1998/Math/MathML"><mml:msup><mml:mi>x</mml:mi>
<mml:mn>2</mml:mn></mml:msup><mml:mo>=</mml:mo><mml:mfrac><mml:mi>a</mml:mi><mml:mi>b</mml:mi>
</mml:mfrac></mml:math></disp-formula> as was shown.</p>
<table-wrap><label>Table 1</label><caption><title>Yield.</title></caption>
<table><thead><tr><th rowspan="2">Field</th><th colspan="2">Yield</th></tr>
<tr><th>dry</th><th>wet</th></tr></thead>
<tbody><tr><td>north</td><td>1 | 2</td><td>3</td></tr></tbody></table>
<table-wrap-foot><fn><p>In tonnes.</p></fn></table-wrap-foot></table-wrap>
<fig><label>Fig 1</label><caption><p>A field.</p></caption><graphic xlink:href="f.png"/></fig>
</sec></sec>
<sec><title>Conflict of interest</title><p>None.</p></sec>
<sec sec-type="supplementary-material"><title>More</title><p>Files.</p></sec>
</body>
<back><ack><p>Thanks to all.</p></ack>
<ref-list><ref id="b1"><mixed-citation>One.</mixed-citation></ref>
<ref id="b2"><mixed-citation>Two.</mixed-citation></ref></ref-list>
<app-group><app><title>Appendix</title><p>More of it.</p></app></app-group></back>
<sub-article><front-stub/><body><p>Reviewers said.</p></body></sub-article>
</article>"""

TEXT = """# Water and Oryza yield

## Abstract

Water matters.

## Abstrak

Air itu penting.

## Methods

We used 10^3 litres of H2O on the 1st field (Hartono, 2019).

### Fields

1. north
2. south
   - inner

The yield is $y = ax$, or:

x^2 = (a) / (b)

as was shown.

Table 1 Yield.

| Field | Yield dry | Yield wet |
| - | - | - |
| north | 1 \\| 2 | 3 |

In tonnes.

Fig 1 A field.

## Appendix

More of it."""


@pytest.mark.parametrize("name", ["a.xml", "a.nxml"])
def test_an_article_becomes_its_text_and_the_rest_is_counted(read, write, name):
    write(name, ARTICLE)
    *notes, document = read(name, "articles")
    assert document.text == TEXT
    assert document.kind == "article"
    assert document.group == "doi:10.55555/jwf.2021.17"
    assert document.metadata == {
        "doi": "10.55555/jwf.2021.17",
        "pmid": "99000017",
        "title": "Water and Oryza yield",
        "year": "2021",
        "authors": "Sari Wulandari; Field Group",
        "journal": "Journal of Wet Fields",
        "licence": "https://creativecommons.org/licenses/by/4.0/",
        "language": "en",
    }
    assert {note.detail for note in notes} == {
        "acknowledgements: 1",
        "declarations: 2",
        "references: 2",
        "reviews and replies: 1",
    }
    assert all((n.reason, n.action, n.rows) == ("left-out", "cut", 0) for n in notes)


def test_a_set_of_articles_gives_each(read, write):
    one = "<article><front><article-meta/></front><body><p>{}</p></body></article>"
    write(
        "a.xml", f"<pmc-articleset>{one.format('First.')}{one.format('Second.')}</pmc-articleset>"
    )
    records = read("a.xml", "articles")
    assert [(r.locator, r.text) for r in records] == [
        ("article 1", "First."),
        ("article 2", "Second."),
    ]


def test_xml_of_another_kind_is_named(read, write):
    write("a.xml", "<TEI xmlns='http://www.tei-c.org/ns/1.0'><text>So.</text></TEI>")
    (rejection,) = read("a.xml", "articles")
    assert (rejection.reason, rejection.rows) == ("unknown-format", 1)
    assert "<TEI>" in rejection.detail


def test_an_entity_of_html_is_known_without_its_document_type(read, write):
    write("a.xml", f"{KNOWN}<article><body><p>caf&eacute;</p></body></article>")
    (document,) = read("a.xml", "articles")
    assert document.text == "café"


BOMB = "".join(f'<!ENTITY l{n} "&l{n - 1};&l{n - 1};&l{n - 1};&l{n - 1};">' for n in range(1, 12))
HOSTILE = {
    "xxe": '<!DOCTYPE article [<!ENTITY x SYSTEM "{canary}">]><article><p>&x;</p></article>',
    "laughs": f'<!DOCTYPE article [<!ENTITY l0 "ha">{BOMB}]><article><p>&l11;</p></article>',
    "external": '<!DOCTYPE article SYSTEM "{canary}"><article><body><p>So.</p></body></article>',
    "subset-in-jats": f'{KNOWN[:-1]} [<!ENTITY x "y">]><article><body><p>&x;</p></body></article>',
    "parameter": '<!DOCTYPE article [<!ENTITY % p SYSTEM "{canary}"> %p;]><article/>',
    "other": "<!DOCTYPE html><article><body><p>So.</p></body></article>",
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("name", HOSTILE)
def test_a_document_type_that_could_do_harm_is_refused(read, tmp_path, name, encoding):
    canary = tmp_path / "canary.txt"
    canary.write_text("SECRET")
    source = HOSTILE[name].replace("{canary}", canary.as_uri())
    declaration = f'<?xml version="1.0" encoding="{encoding}"?>'
    (tmp_path / "a.xml").write_bytes((declaration + source).encode(encoding))
    (rejection,) = read("a.xml", "articles")
    assert (rejection.reason, rejection.rows) == ("doctype", 1)


def test_xml_that_is_broken_or_far_too_deep_fails_alone(read, write):
    write("a.xml", "<article><body><p>So.")
    write("b.xml", "<article><body>" + "<sec>" * 100_000)
    write("c.xml", "<article><body><p>Good.</p></body></article>")
    records = read(".", "articles")
    assert [r.reason for r in records if isinstance(r, Rejection)] == ["parser-failed"] * 2
    assert [r.text for r in records if isinstance(r, Document)] == ["Good."]


def test_a_cell_that_claims_a_million_columns_is_bounded():
    from lxml import etree

    table = etree.fromstring(
        "<table><tr><td colspan='9999999' rowspan='9999999'>a</td></tr><tr><td>b</td></tr></table>"
    )
    assert len(jats_table_text(table, lambda cell: cell.text)) < 10_000


@pytest.mark.material
@pytest.mark.parametrize("name", ["elife-56337.nxml", "pone.0234687.nxml"])
def test_real_articles_have_their_identifiers(read, material, name):
    folder = material / "documents" / "docling" / "jats" / "sources"
    (document,) = [r for r in read(name, "articles", folder=folder) if isinstance(r, Document)]
    assert document.group == f"doi:{document.metadata['doi']}"
    assert document.metadata["year"] == "2020"
    assert document.text.startswith(f"# {document.metadata['title']}\n\n## Abstract\n\n")
    assert "## References" not in document.text
