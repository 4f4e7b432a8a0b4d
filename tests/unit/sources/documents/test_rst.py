"""reStructuredText: headings, lists, tables and code in our form; Sphinx's own words as text."""

from __future__ import annotations

import time

import pytest

PAGE = """\
:Author: Sari
:Status: draf

Panduan *Kopi*
==============

Lihat :ref:`bab satu <label>` dan :func:`~kopi.seduh`, **tebal**, ``kode``, 10\\ :sup:`6`,
|produk| dan `tautan <https://contoh.id>`_.

.. |produk| replace:: Kopi Gayo
.. a comment

Bab satu
--------

.. code-block:: python
   :linenos:

   seduh(air)

.. note:: Hati-hati.

.. versionadded:: 3.2
   Fitur baru.

.. py:function:: seduh(air, kopi)

   Menyeduh.

   :param air: air panas

.. tabbed:: Linux

   Isi tab.

.. toctree::

   lain

Robusta
   Jenis kopi.

#. satu
#. dua

   lanjutan

.. list-table:: Harga
   :header-rows: 1

   * - Jenis
     - Rupiah
   * - Gayo
     - 12|000

Sub
~~~

.. math:: a^2

>>> 1 + 1
2

Akhir [1]_.

.. [1] Catatan.
"""
TEXT = """\
# Panduan *Kopi*

Lihat bab satu dan `seduh`, **tebal**, `kode`, 10⁶, Kopi Gayo dan tautan.

## Bab satu

```python
seduh(air)
```

**Note:** Hati-hati.

New in version 3.2 Fitur baru.

`seduh(air, kopi)`

Menyeduh.

- param air: air panas

Linux

Isi tab.

Robusta
: Jenis kopi.

1. satu
2. dua
   lanjutan

Harga

| Jenis | Rupiah |
| - | - |
| Gayo | 12\\|000 |

### Sub

$$a^2$$

```
>>> 1 + 1
2
```

Akhir [1].

[1] Catatan."""


def test_a_page_of_documentation_is_read_as_markdown(read, write):
    write("a.rst", PAGE)
    (document,) = read("a.rst")
    assert document.text == TEXT
    assert document.title == "Panduan Kopi"
    assert document.metadata == {"author": "Sari", "status": "draf"}


@pytest.mark.parametrize(
    "directive",
    [
        ".. include:: secret.txt",
        ".. literalinclude:: secret.txt",
        ".. raw:: html\n   :file: secret.txt",
        ".. csv-table:: x\n   :file: secret.txt",
    ],
)
def test_no_other_file_is_ever_read(read, write, directive):
    write("secret.txt", "RAHASIA")
    write("a.rst", f"Judul\n=====\n\nIsi.\n\n{directive}\n\nAkhir.\n")
    records = read("a.rst")
    assert records[-1].text == "# Judul\n\nIsi.\n\nAkhir."
    if "include" in directive:
        assert [(r.reason, r.rows) for r in records[:-1]] == [("not-included", 0)]
        assert "secret.txt" in records[0].detail


def test_unknown_roles_and_directives_lose_no_text(read, write):
    write(
        "a.rst",
        "Isi :aneh:`satu` dan `dua`:ganjil: lalu :term:`tiga`.\n\n"
        ".. aneh:: empat\n   :opsi: x\n\n   lima\n\n   - enam\n",
    )
    (document,) = read("a.rst")
    assert document.text == "Isi `satu` dan `dua` lalu tiga.\n\nempat\n\nlima\n\n- enam"


def test_mistakes_in_the_markup_cost_no_more_than_themselves(read, write):
    write("a.rst", "Judul\n==\n\nIsi *tak ditutup.\n\n.. image::\n\nAkhir ``juga.\n")
    text = read("a.rst")[-1].text
    assert "Isi" in text
    assert "tak ditutup" in text
    assert "Akhir" in text


@pytest.mark.parametrize(
    "content",
    [
        "*" * 50_000,
        "`a" * 20_000,
        "- " * 5_000 + "x",
        "".join(" " * n + "- x\n\n" for n in range(300)),
        "|a| " * 5_000,
        ".. |a| replace:: |b| |b|\n.. |b| replace:: |a| |a|\n\n|a|",
        "x" * 500_000,
    ],
    ids=["stars", "backticks", "dashes", "nested", "substitutions", "circle", "line"],
)
def test_hostile_markup_ends_in_an_answer(read, write, content):
    write("a.rst", content)
    start = time.monotonic()
    assert read("a.rst")
    assert time.monotonic() - start < 15
