"""A document as a list of blocks, read from a small subset of Markdown with facts filled in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from starter_data.facts import (
    BRANCHES,
    CONTAINERS,
    ITEMS,
    LANGUAGES,
    LOANS,
    SAVINGS,
    SLOTS,
    Both,
    Value,
)

Format = Literal["md", "html", "docx", "pdf", "txt"]


@dataclass(frozen=True)
class Source:
    """An authored document: where it goes and its text with fields in braces."""

    stem: str
    language: str
    format: Format
    title: str
    body: str

    @property
    def file_name(self) -> str:
        """Return the name of the file the document is written to."""
        return f"{self.stem}.{self.language}.{self.format}"


@dataclass(frozen=True)
class Heading:
    """A section heading."""

    text: str


@dataclass(frozen=True)
class Paragraph:
    """Running text."""

    text: str


@dataclass(frozen=True)
class Bullets:
    """A list of short points."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A table whose first row is the header."""

    rows: tuple[tuple[str, ...], ...]


Block = Heading | Paragraph | Bullets | Table

_TABLES: dict[str, tuple[tuple[Both, ...], dict[str, Value], tuple[str, ...]]] = {
    "hours_table": (
        (("Branch", "Cabang"), ("Monday to Friday", "Senin sampai Jumat"), ("Saturday", "Sabtu")),
        BRANCHES,
        ("weekday_hours", "saturday_hours"),
    ),
    "savings_table": (
        (("Product", "Produk"), ("Interest a year", "Bunga per tahun"),
         ("First deposit", "Setoran awal"), ("Notice", "Pemberitahuan")),
        SAVINGS,
        ("rate", "minimum", "notice"),
    ),
    "loans_table": (
        (("Loan", "Pinjaman"), ("Interest a month", "Bunga per bulan"),
         ("Highest amount", "Paling tinggi"), ("Decision", "Keputusan"), ("Due", "Jatuh tempo")),
        LOANS,
        ("loan_rate", "limit", "decision", "due"),
    ),
    "delivery_table": (
        (("Area", "Wilayah"), ("Fee", "Ongkos"), ("Time", "Waktu")),
        BRANCHES,
        ("delivery_fee", "delivery_days"),
    ),
    "price_table": ((("Product", "Barang"), ("Price per pack", "Harga per kemasan")),
                    ITEMS, ("price",)),
    "refill_table": ((("Container", "Wadah"), ("Price", "Harga")), CONTAINERS, ("refill",)),
    "class_table": (
        (("Branch", "Cabang"), ("New member class", "Kelas anggota baru"),
         ("New card ready in", "Kartu baru siap dalam")),
        BRANCHES,
        ("class_day", "card_days"),
    ),
}  # fmt: skip


def _table(name: str, language: str) -> Table:
    index = LANGUAGES.index(language)
    header, values, facts = _TABLES[name]
    rows = [tuple(both[index] for both in header)]
    for value in values.values():
        first = value.text[index]
        rows.append((first[0].upper() + first[1:], *(value.facts[fact][index] for fact in facts)))
    return Table(tuple(rows))


def document_fields(language: str) -> dict[str, str]:
    """Return every fact under the name ``<fact>_<key>``, as documents refer to them."""
    index = LANGUAGES.index(language)
    return {
        f"{fact}_{key}": both[index]
        for values in SLOTS.values()
        for key, value in values.items()
        for fact, both in value.facts.items()
    }


def read_blocks(source: Source) -> list[Block]:
    """Split the text of a source into blocks: blank lines separate them."""
    fields = document_fields(source.language)
    blocks: list[Block] = []
    for part in source.body.strip().split("\n\n"):
        text = part.strip()
        if text.startswith("{") and text.endswith("_table}"):
            blocks.append(_table(text[1:-1], source.language))
            continue
        text = text.format_map(fields)
        if text.startswith("## "):
            blocks.append(Heading(text[3:]))
        elif text.startswith("- "):
            items = text[2:].split("\n- ")
            blocks.append(Bullets(tuple(" ".join(item.split()) for item in items)))
        else:
            blocks.append(Paragraph(" ".join(text.split())))
    return blocks


def block_text(block: Block) -> str:
    """Return the words of a block."""
    match block:
        case Heading(text) | Paragraph(text):
            return text
        case Bullets(items):
            return " ".join(items)
        case Table(rows):
            return " ".join(cell for row in rows for cell in row)
