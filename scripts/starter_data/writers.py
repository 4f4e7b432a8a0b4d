"""Writes documents as Markdown, HTML, plain text, Word and PDF files, with fixed dates."""

from __future__ import annotations

import html
import io
import textwrap
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

from docx import Document
from reportlab.lib.pagesizes import A5
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.lib.units import cm
from reportlab.platypus import (
    ListFlowable,
    ListItem,
    SimpleDocTemplate,
    Spacer,
)
from reportlab.platypus import Paragraph as PdfParagraph
from reportlab.platypus import Table as PdfTable

from starter_data.document import (
    Block,
    Bullets,
    Heading,
    Paragraph,
    Source,
    Table,
    read_blocks,
)
from starter_data.facts import ORGANISATION

FIXED_DATE = datetime(2024, 1, 2, 3, 4, 6)
_PDF_TABLE = [
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ("LINEBELOW", (0, 0), (-1, 0), 0.8, "black"),
    ("LEFTPADDING", (0, 0), (-1, -1), 3),
]
_WORDS = {
    "en": ("Home", "Savings", "Loans", "Shop", "Contact", "All rights reserved", "Page"),
    "id": ("Beranda", "Simpanan", "Pinjaman", "Toko", "Kontak", "Hak cipta dilindungi", "Halaman"),
}


def write_document(source: Source, folder: Path) -> None:
    """Write a document in its own format."""
    path = folder / source.file_name
    blocks = read_blocks(source)
    match source.format:
        case "md":
            path.write_text(_markdown(source, blocks), encoding="utf-8")
        case "html":
            path.write_text(_html(source, blocks), encoding="utf-8")
        case "txt":
            path.write_text(_plain(source, blocks), encoding="utf-8")
        case "docx":
            path.write_bytes(_docx(source, blocks))
        case "pdf":
            path.write_bytes(_pdf(source, blocks))


def _markdown(source: Source, blocks: list[Block]) -> str:
    parts = [f"# {source.title}"]
    for block in blocks:
        match block:
            case Heading(text):
                parts.append(f"## {text}")
            case Paragraph(text):
                parts.append(textwrap.fill(text, 92))
            case Bullets(items):
                filled = [
                    textwrap.fill(item, 92, initial_indent="- ", subsequent_indent="  ")
                    for item in items
                ]
                parts.append("\n".join(filled))
            case Table(rows):
                lines = ["| " + " | ".join(row) + " |" for row in rows]
                lines.insert(1, "|" + " --- |" * len(rows[0]))
                parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def _plain(source: Source, blocks: list[Block]) -> str:
    parts = [f"{source.title.upper()}\n{'=' * len(source.title)}"]
    for block in blocks:
        match block:
            case Heading(text):
                parts.append(f"{text}\n{'-' * len(text)}")
            case Paragraph(text):
                parts.append(textwrap.fill(text, 78))
            case Bullets(items):
                filled = [
                    textwrap.fill(item, 78, initial_indent="  * ", subsequent_indent="    ")
                    for item in items
                ]
                parts.append("\n".join(filled))
            case Table(rows):
                widths = [max(map(len, column)) + 2 for column in zip(*rows, strict=True)]
                lines = [
                    "".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
                    for row in rows
                ]
                parts.append("\n".join(line.rstrip() for line in lines))
    return "\n\n".join(parts) + "\n"


def _html(source: Source, blocks: list[Block]) -> str:
    home, savings, loans, shop, contact, rights, _ = _WORDS[source.language]
    parts: list[str] = []
    for block in blocks:
        match block:
            case Heading(text):
                parts.append(f"<h2>{html.escape(text)}</h2>")
            case Paragraph(text):
                parts.append(f"<p>{html.escape(text)}</p>")
            case Bullets(items):
                inner = "".join(f"\n  <li>{html.escape(item)}</li>" for item in items)
                parts.append(f"<ul>{inner}\n</ul>")
            case Table(rows):
                lines = []
                for number, row in enumerate(rows):
                    tag = "td" if number else "th"
                    cells = "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in row)
                    lines.append(f"  <tr>{cells}</tr>")
                parts.append("<table>\n" + "\n".join(lines) + "\n</table>")
    body = "\n".join(parts)
    title = html.escape(source.title)
    links = " ".join(
        f'<a href="/{place}.html">{word}</a>'
        for place, word in enumerate((home, savings, loans, shop, contact))
    )
    return f"""<!DOCTYPE html>
<html lang="{source.language}">
<head>
<meta charset="utf-8">
<title>{title} | {ORGANISATION}</title>
<style>body {{ font-family: sans-serif; margin: 2em; }} nav a {{ margin-right: 1em; }}</style>
<script>document.documentElement.className = "ready";</script>
</head>
<body>
<header><nav>{links}</nav></header>
<main>
<article>
<h1>{title}</h1>
{body}
</article>
</main>
<footer><p>{ORGANISATION} &middot; {contact}: halo@telagabiru.example &middot; {rights}</p></footer>
</body>
</html>
"""


def _docx(source: Source, blocks: list[Block]) -> bytes:
    document = Document()
    properties = document.core_properties
    properties.title = source.title
    properties.author = ORGANISATION
    properties.comments = ""
    properties.created = properties.modified = FIXED_DATE
    document.sections[0].header.paragraphs[0].text = ORGANISATION
    document.add_heading(source.title, level=0)
    for block in blocks:
        match block:
            case Heading(text):
                document.add_heading(text, level=1)
            case Paragraph(text):
                document.add_paragraph(text)
            case Bullets(items):
                for item in items:
                    document.add_paragraph(item, style="List Bullet")
            case Table(rows):
                table = document.add_table(rows=len(rows), cols=len(rows[0]))
                table.style = "Table Grid"
                for line, row in zip(table.rows, rows, strict=True):
                    for cell, text in zip(line.cells, row, strict=True):
                        cell.text = text
    written = io.BytesIO()
    document.save(written)
    return _with_fixed_dates(written.getvalue())


def _with_fixed_dates(package: bytes) -> bytes:
    """Rewrite a zip package so that its entries carry a fixed date: same text, same bytes."""
    result = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(package)) as old,
        zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in sorted(old.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            info = zipfile.ZipInfo(name, FIXED_DATE.timetuple()[:6])
            info.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(info, old.read(name))
    return result.getvalue()


def _pdf(source: Source, blocks: list[Block]) -> bytes:
    page_word = _WORDS[source.language][-1]

    def decorate(canvas: Any, template: Any) -> None:
        """Draw the running header and footer."""
        canvas.saveState()
        canvas.setFont("Helvetica", 7.5)
        canvas.drawString(1.8 * cm, A5[1] - 1.1 * cm, f"{ORGANISATION} | {source.title}")
        canvas.drawRightString(A5[0] - 1.8 * cm, 1 * cm, f"{page_word} {template.page}")
        canvas.restoreState()

    styles = getSampleStyleSheet()
    flow: list[Any] = [PdfParagraph(html.escape(source.title), styles["Title"])]
    for block in blocks:
        match block:
            case Heading(text):
                flow.append(PdfParagraph(html.escape(text), styles["Heading2"]))
            case Paragraph(text):
                flow += [PdfParagraph(html.escape(text), styles["BodyText"]), Spacer(1, 4)]
            case Bullets(items):
                entries = [
                    ListItem(PdfParagraph(html.escape(item), styles["BodyText"])) for item in items
                ]
                flow.append(ListFlowable(entries, bulletType="bullet", start="•"))
            case Table(rows):
                lines = [
                    [PdfParagraph(html.escape(cell), styles["BodyText"]) for cell in row]
                    for row in rows
                ]
                flow += [PdfTable(lines, repeatRows=1, style=_PDF_TABLE), Spacer(1, 6)]
    written = io.BytesIO()
    template = SimpleDocTemplate(
        written, pagesize=A5, title=source.title, author=ORGANISATION, invariant=1,
        leftMargin=1.8 * cm, rightMargin=1.8 * cm, topMargin=1.8 * cm, bottomMargin=1.8 * cm,
    )  # fmt: skip
    template.build(flow, onFirstPage=decorate, onLaterPages=decorate)
    return written.getvalue()
