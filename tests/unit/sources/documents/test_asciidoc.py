"""AsciiDoc: blocks, lists, tables and inline marks in our form."""

from __future__ import annotations

import time

import pytest

PAGE = """\
= Panduan Kopi
Sari Dewi <sari@contoh.id>
v1.2, 2026-01-02
:toc:
:produk: Kopi *Gayo*
:lokasi: Aceh \\
Tengah

// a comment
Selamat datang di {produk} dari {lokasi}. Lihat <<bab,Bab satu>>, https://x.id[situs^]
dan link:a.html[ini]. +
Baris baru x^2^ H~2~O `kode` "`kutip`" _miring_.

[[bab]]
== Bab satu
include::lain.adoc[]

ifdef::tidak-ada[]
hilang
endif::[]
ifndef::tidak-ada[tampil]

NOTE: Perhatikan.

[WARNING]
====
Panas.

* awas
====

.Contoh
[source,python]
----
seduh() # <1>
----
<1> penjelasan

* satu
** dua
* [x] tiga
+
lanjutan

Kopi:: minuman
Teh::
  daun

[cols="1,2",options="header"]
|===
|A |B

|1
|isi _dua_
2+|lebar
|===

,===
a,b
1,2
,===

[quote, Pepatah]
____
Diam itu emas.
____

////
hidden
////

++++
<b>html</b>
++++

Gaya lama
---------

akhirfootnote:[catatan] image:x.png[Gambar] kbd:[Ctrl+C].

 literal
"""
TEXT = """\
# Panduan Kopi

Selamat datang di Kopi **Gayo** dari Aceh Tengah. Lihat Bab satu, situs dan ini.
Baris baru x² H2O `kode` “kutip” *miring*.

## Bab satu

tampil

**Note:** Perhatikan.

**Warning:** Panas.

- awas

**Contoh**

```python
seduh()
```

1. penjelasan

- satu
  - dua
- tiga
  lanjutan

Kopi
: minuman

Teh
: daun

| A | B |
| - | - |
| 1 | isi *dua* |
| lebar | lebar |

| a | b |
| - | - |
| 1 | 2 |

> Diam itu emas.
> — Pepatah

**html**

## Gaya lama

akhir (catatan) Gambar Ctrl+C.

```
literal
```"""


def test_a_page_of_documentation_is_read_as_markdown(read, write):
    write("a.adoc", PAGE)
    note, document = read("a.adoc")
    assert document.text == TEXT
    assert document.title == "Panduan Kopi"
    assert document.metadata == {"author": "Sari Dewi", "email": "sari@contoh.id"}
    assert (note.reason, note.rows) == ("not-included", 0)
    assert "lain.adoc" in note.detail


def test_no_other_file_is_ever_read(read, write):
    write("secret.txt", "RAHASIA")
    write(
        "a.adoc",
        "Isi.\n\ninclude::secret.txt[]\n\n----\ninclude::secret.txt[]\nkode\n----\n\nAkhir.\n",
    )
    *notes, document = read("a.adoc")
    assert document.text == "Isi.\n\n```\nkode\n```\n\nAkhir."
    assert [note.reason for note in notes] == ["not-included"] * 2


def test_attributes_that_multiply_do_not(read, write):
    lines = [":a: xxxxxxxxxx"] + [
        f":{chr(98 + n)}: " + f"{{{chr(97 + n)}}}" * 10 for n in range(20)
    ]
    write("a.adoc", "\n".join(lines) + "\n\nIsi {u}.\n")
    (document,) = read("a.adoc")
    assert len(document.text) < 2_000


def test_a_block_that_is_never_closed_goes_to_the_end(read, write):
    write("a.adoc", "Isi.\n\n----\nkode\n\nlagi\n")
    assert read("a.adoc")[0].text == "Isi.\n\n```\nkode\n\nlagi\n```"


def test_a_cell_may_span_rows_and_hold_lines(read, write):
    write("a.adoc", "|===\n|A |B\n\n.2+|tinggi |satu\ndua\n|tiga\n|===\n")
    assert read("a.adoc")[0].text == (
        "| A | B |\n| - | - |\n| tinggi | satu dua |\n| tinggi | tiga |"
    )


@pytest.mark.parametrize(
    "content",
    [
        "*" * 50_000,
        "*a " * 50_000,
        "`" * 50_000,
        "[[" * 50_000,
        "<<" * 50_000,
        "+\n* a\n" * 5_000,
        "====\n" * 5_000,
        "".join("=" * n + "\n" for n in range(4, 400)),
        "|===\n" + "|a" * 50_000,
        "a::\n" * 20_000,
        " " * 100_000 + "<1",
        "ifdef::a[]\n" * 20_000,
        "{a}" * 100_000,
    ],
)
def test_hostile_markup_ends_in_an_answer(read, write, content):
    write("a.adoc", "Isi.\n\n" + content)
    start = time.monotonic()
    assert read("a.adoc")
    assert time.monotonic() - start < 10
