"""Plain text and Markdown, their encodings, and files that are no text."""

from __future__ import annotations

import codecs
import time

import pytest

from laras.records import Document, Rejection

INDONESIAN = "Kafé di Jalan Braga buka pukul 8.00 – kopi “tubruk” seharga Rp 12.000.\n"


@pytest.mark.parametrize(
    ("data", "notes"),
    [
        (INDONESIAN.encode(), []),
        (codecs.BOM_UTF8 + INDONESIAN.encode(), []),
        (INDONESIAN.replace("\n", "\r\n").encode(), []),
        (codecs.BOM_UTF16_LE + INDONESIAN.encode("utf-16-le"), []),
        (codecs.BOM_UTF16_BE + INDONESIAN.encode("utf-16-be"), []),
        (codecs.BOM_UTF32_LE + INDONESIAN.encode("utf-32-le"), []),
        (INDONESIAN.encode("utf-16-le"), []),
        (INDONESIAN.encode("utf-16-be"), []),
        (INDONESIAN.encode("utf-32-le"), []),
        (INDONESIAN.encode("utf-32-be"), []),
        (INDONESIAN.encode("cp1252"), ["guessed-encoding"]),
    ],
)
def test_every_common_encoding_gives_the_same_text(read, write, data, notes):
    write("a.txt", data)
    *said, document = read("a.txt")
    assert document.text == INDONESIAN.strip()
    assert [note.reason for note in said] == notes
    assert all(note.rows == 0 and note.action == "cut" for note in said)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("こんにちは世界、今日はいい天気ですね。", "iso2022_jp"),
        ("Привет, как дела сегодня? Всё хорошо, спасибо.", "cp1251"),
        ("こんにちは世界、今日はいい天気ですね。", "shift_jis"),
        ("你好世界,今天天气很好,我们去公园吧。", "gb18030"),
    ],
)
def test_scripts_of_their_own_are_guessed_and_said_to_be(read, write, text, encoding):
    write("a.txt", (text * 5).encode(encoding))
    note, document = read("a.txt")
    assert document.text == text * 5
    assert note.reason == "guessed-encoding"


@pytest.mark.parametrize(
    "data",
    [
        "Žluťoučký kůň úpěl ďábelské ódy. ".encode("cp1250") * 3,  # as cp1252 it would be mojibake
        INDONESIAN.encode() * 3 + "naïve café\n".encode("latin-1"),  # two encodings in one file
        b"A text with a NUL \x00 in it, as no text has.",
        bytes(range(256)) * 20,
        b"half a pair: \xed\xa0\xbd in UTF-8",
        codecs.BOM_UTF16_LE + "half a pair".encode("utf-16-le") + b"\x3d\xd8a\x00",
        INDONESIAN.encode("utf-32-le")[:-2],
    ],
)
def test_what_cannot_be_told_with_confidence_is_refused_rather_than_guessed(read, write, data):
    write("a.txt", data)
    (rejection,) = read("a.txt")
    assert isinstance(rejection, Rejection)
    assert (rejection.reason, rejection.rows) == ("bad-encoding", 1)
    assert "line" in rejection.detail


@pytest.mark.parametrize("content", [b"", b"\n\n  \n", codecs.BOM_UTF8])
def test_a_file_without_text_is_said_to_be_empty(read, write, content):
    write("a.txt", content)
    assert [record.reason for record in read("a.txt")] == ["empty"]


def test_a_file_above_the_limit_is_not_read(read, write):
    write("a.txt", "x" * 101)
    (rejection,) = read("a.txt", max_file_bytes=100)
    assert rejection.reason == "too-large"


def test_an_unknown_suffix_is_read_if_it_is_text(read, write):
    write("docs/LICENSE", "Permission is granted.")
    write("docs/notes.org", "* Catatan\nIsi.")
    write("docs/data.bin", bytes(range(256)))
    records = {record.path: record for record in read("docs")}
    assert isinstance(records["docs/LICENSE"], Document)
    assert isinstance(records["docs/notes.org"], Document)
    assert records["docs/data.bin"].reason == "unknown-format"


@pytest.mark.parametrize("suffix", ["7z", "doc", "numbers", "ppt", "rar", "PPT"])
def test_formats_that_are_not_read_yet_are_named(read, write, suffix):
    write(f"a.{suffix}", b"PK\x03\x04")
    (rejection,) = read(f"a.{suffix}")
    assert rejection.reason == "unsupported-format"
    assert suffix.lower() in rejection.detail


def test_texts_among_examples_are_refused_instead_of_trained_on(read, write):
    write("chats/README.md", "# Export\n\nOf last year.")
    write("chats/log.txt", "08.15 - Budi: halo")
    assert {record.reason for record in read("chats", kind="conversations")} == {"text-alone"}


def test_a_document_knows_its_kind_and_source(read, write):
    write("a.txt", "Text.")
    (article,) = read("a.txt", kind="articles", name="papers")
    assert (article.kind, article.source, article.group) == ("article", "papers", None)
    assert read("a.txt")[0].source == "a.txt"


def test_front_matter_becomes_metadata(read, write):
    write(
        "a.md",
        "---\ntitle: 'Cuti: aturan'\nauthor: Sari\ntags:\n  - hr\n  - cuti\nyears: [2024, 2025]\n"
        "---\n\n# Cuti tahunan\n\nDua belas hari.\n",
    )
    (document,) = read("a.md")
    assert document.title == "Cuti: aturan"
    assert document.metadata == {"author": "Sari", "tags": "hr, cuti", "years": "2024, 2025"}
    assert document.text == "# Cuti tahunan\n\nDua belas hari."


def test_a_rule_at_the_top_is_not_front_matter(read, write):
    write("a.md", "---\nJust a rule, and text below it.\n---\n\nMore.")
    assert "Just a rule" in read("a.md")[0].text


def test_a_front_matter_bomb_is_only_text(read, write):
    lines = ["a: &a [x, x, x]"] + [f"{chr(98 + i)}: &{chr(98 + i)} [*a, *a, *a]" for i in range(9)]
    write("a.md", "---\n" + "\n".join(lines) + "\n---\nText.")
    (document,) = read("a.md")
    assert document.text == "Text."
    assert sum(map(len, document.metadata.values())) < 500


def test_mdx_keeps_what_people_read(read, write):
    write(
        "a.mdx",
        'import {Chart} from "../chart"\nexport const year = 2024\n\n<Intro>\n\n'
        "Welcome {/* not shown */}to the <b>guide</b>.\n\n</Intro>\n\n"
        '<Chart data={{a: 1}}\n  alt="x" />\n\n## Menulis komponen {/*writing*/}\n\n'
        "Use `<Chart />` or `{/* this */}`:\n\n```js\nimport x from 'y';\n<Chart />\n```\n",
    )
    (document,) = read("a.mdx")
    assert document.text == (
        "Welcome to the <b>guide</b>.\n\n## Menulis komponen\n\n"
        "Use `<Chart />` or `{/* this */}`:\n\n```js\nimport x from 'y';\n<Chart />\n```"
    )
    assert document.title == "Menulis komponen"


def test_underlined_headings_become_hash_lines(read, write):
    write("a.md", "Aturan\n======\n\nIsi.\n\nBagian\n---\n\nIsi.\n\n---\n\n| a |\n|---|\n| b |\n")
    (document,) = read("a.md")
    assert document.text.startswith("# Aturan\n\nIsi.\n\n## Bagian\n\nIsi.\n\n---\n\n| a |\n|---|")
    assert document.title == "Aturan"


def test_prose_that_begins_with_import_stays(read, write):
    write("a.md", "import taxes are paid at the border.\n\nexport is free.")
    assert read("a.md")[0].text == "import taxes are paid at the border.\n\nexport is free."


def test_a_stray_backtick_hides_nothing_beyond_its_paragraph(read, write):
    write("a.mdx", "A stray ` mark.\n\n## Heading {/*id*/}\n\nAnother ` mark.")
    assert read("a.mdx")[0].text == "A stray ` mark.\n\n## Heading\n\nAnother ` mark."


@pytest.mark.parametrize(
    "text", ["<!-- " * 50_000, "{/*" * 50_000, "`" * 100_000, "` " * 50_000, "<A a={" * 50_000]
)
def test_hostile_markdown_takes_no_more_time_than_its_length(read, write, text):
    write("a.md", "Start.\n" + text)
    start = time.process_time()
    assert read("a.md")[0].text.startswith("Start.")
    assert time.process_time() - start < 2


def test_a_title_may_stand_below_its_key(read, write):
    write("a.md", "---\ntitle: >-\n  Cuti\n  tahunan\ntags: [a]\n---\nIsi.")
    (document,) = read("a.md")
    assert document.title == "Cuti tahunan"
    assert document.metadata == {"tags": "a"}


def test_imports_and_exports_of_several_lines_go(read, write):
    write(
        "a.mdx",
        'import {\n  Chart,\n  Table\n} from "../chart"\nexport const meta = {\n  year: 2024,\n'
        "  tags: ['a'],\n}\n\nIsi.\n\nimport { was never closed\n\nAkhir.\n",
    )
    assert read("a.mdx")[0].text == "Isi.\n\nimport { was never closed\n\nAkhir."
