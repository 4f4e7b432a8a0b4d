"""HTML pages: the article, or the whole page where the article would lose most of it."""

from __future__ import annotations

import time

import pytest

PARAGRAPHS = [
    f"Paragraph {n} tells how the office in Bandung answers letters, who signs them, and why the "
    f"second copy is kept for {n + 2} years in the archive on the third floor."
    for n in range(12)
]
ARTICLE = (
    "<html><head><title>Letters</title><style>p{color:red}</style></head><body>"
    "<nav><ul><li><a href='/'>Home</a></li><li><a href='/x'>Contact us</a></li></ul></nav>"
    "<article><h1>How we answer letters</h1>"
    + "".join(f"<h2>Part {n}</h2><p>{text}</p>" for n, text in enumerate(PARAGRAPHS))
    + "</article><aside><a href='/more'>Twelve tricks the post office hates</a></aside>"
    "<footer>Copyright by nobody, all wrongs reserved</footer>"
    "<script>alert('no text')</script></body></html>"
)


def test_the_article_stays_and_what_surrounds_it_goes(read, write):
    write("a.html", ARTICLE)
    (document,) = read("a.html")
    assert all(text in document.text for text in PARAGRAPHS)
    assert document.text.startswith("# How we answer letters\n\n## Part 0\n\nParagraph 0")
    for noise in ("Contact us", "tricks", "color", "alert", "wrongs"):
        assert noise not in document.text
    assert document.title == "Letters"
    assert document.metadata == {"extracted": "article"}


def test_the_whole_page_is_taken_where_the_article_would_lose_most_of_it(read, write):
    cards = "".join(
        f"<div class='sidebar'><div>Entry {n}</div><div>Fact number {n} of the wiki.</div></div>"
        for n in range(60)
    )
    write("wiki.html", f"<html><body><div><p>Intro of a wiki.</p></div>{cards}</body></html>")
    (document,) = read("wiki.html")
    assert all(f"Fact number {n} of the wiki." in document.text for n in range(60))


def test_lists_tables_and_code_keep_their_form(read, write):
    write(
        "a.html",
        "<h1>Opening<br>hours</h1><ul><li>Monday<ul><li>morning</li></ul></li><li>Tuesday</li></ul>"
        "<ol start=3><li>Ring</li><li>Wait</li></ol>"
        "<table><caption>Rooms</caption><tr><th>Floor</th><th colspan=2>Rooms</th></tr>"
        "<tr><td rowspan=2>1</td><td>A|B</td><td>C</td></tr><tr><td>H<sub>2</sub>O</td><td>E</td>"
        "</tr></table><pre>\nx = 1\n  y = 2\n</pre>",
    )
    (document,) = read("a.html")
    assert document.text == (
        "# Opening\nhours\n\n- Monday\n  - morning\n- Tuesday\n\n3. Ring\n4. Wait\n\nRooms\n\n"
        "| Floor | Rooms | Rooms |\n| - | - | - |\n| 1 | A\\|B | C |\n| 1 | H2O | E |\n\n"
        "```\nx = 1\n  y = 2\n```"
    )


def test_a_declared_encoding_is_believed(read, write):
    page = "<html><head><meta charset='windows-1251'></head><body><p>Привет, мир</p></body></html>"
    write("a.html", page.encode("cp1251"))
    (document,) = read("a.html")
    assert document.text == "Привет, мир"


def test_a_page_without_text_is_empty(read, write):
    write("a.html", "<html><body><script>1</script></body></html>")
    assert [record.reason for record in read("a.html")] == ["empty"]


def test_a_page_nested_thousands_deep_ends_in_an_answer(read, write):
    write("a.html", "<div>" * 5_000 + "deep" + "</div>" * 5_000)
    write("b.html", "<p>After it.</p>")
    records = read(["a.html", "b.html"])
    assert len(records) == 2
    assert records[1].text == "After it."


def test_the_whole_page_has_its_menus_too_where_the_recipe_asks_for_it(read, write):
    write("a.html", ARTICLE)
    (document,) = read("a.html", html="page")
    assert all(text in document.text for text in PARAGRAPHS)
    for noise in ("Contact us", "tricks", "wrongs"):
        assert noise in document.text
    for unseen in ("color", "alert"):
        assert unseen not in document.text
    assert document.metadata == {"extracted": "page"}


def test_what_is_hidden_is_not_text(read, write):
    write(
        "a.html",
        "<p>Seen.</p><p hidden>Not.</p><div style='color: red; display: none'><p>Nor.</p></div>"
        "<p>A <span aria-hidden=true>x</span>word.</p><template>No.</template>"
        "<div hidden=until-found>Found.</div>",
    )
    assert read("a.html", html="page")[0].text == "Seen.\n\nA word.\n\nFound."


def test_definitions_formulas_and_pictures_are_text(read, write):
    write(
        "a.html",
        "<dl><dt>Kopi<dd>minuman<dd>tanaman<dt><b>Teh</b><dd>daun</dl>"
        "<p><strong>Apa itu?</strong></p><p><b>N</b>ama dan <b>tebal</b>, <code>x = 1</code>,"
        " 10<sup>6</sup> m<sup>2</sup>, 1<sup>st</sup>, H<sub>2</sub>O"
        " <math><semantics><mi>x</mi><annotation encoding='application/x-tex'>x^2</annotation>"
        "</semantics></math></p><img alt='Gedung sate'><img class=icon alt=Panah>"
        "<img alt='foto-01.jpg'><pre><code class='language-python'>seduh()</code></pre>",
    )
    (document,) = read("a.html")
    assert document.text == (
        "Kopi\n: minuman\n: tanaman\n\n**Teh**\n: daun\n\n**Apa itu?**\n\n"
        "Nama dan tebal, `x = 1`, 10⁶ m², 1st, H2O $x^2$\n\nGedung sate\n\n"
        "```python\nseduh()\n```"
    )


def test_cells_keep_lists_and_what_spans_them(read, write):
    write(
        "a.html",
        "<table><tr><th>A<th>B<tr><td><ol start=3><li>x<li>y</ol><td><ul><li>z</ul>"
        "<table><tr><td>in<td>side</table><tr><td colspan=2>10<sup>3</sup></table>",
    )
    (document,) = read("a.html")
    assert document.text == ("| A | B |\n| - | - |\n| 3. x 4. y | - z in side |\n| 10³ | 10³ |")


@pytest.mark.parametrize(
    "content",
    [
        "<div>" * 200_000,
        "<ul><li>" * 100_000,
        "<table><tr><td>" * 50_000,
        "<table>" * 100_000,
        "<b>" * 200_000,
        "<p>a" * 50_000,
        "<dl><dd>" * 50_000,
        "<blockquote hidden>" * 50_000,
        "<" * 500_000,
    ],
)
def test_nesting_costs_no_more_than_its_length(read, write, content):
    write("a.html", f"<p>Start.</p>{content}")
    start = time.monotonic()
    assert read("a.html", html="page")[-1].text.startswith("Start.")
    assert time.monotonic() - start < 10
