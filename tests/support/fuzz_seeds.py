"""Sound files of each kind, which fuzzing changes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "golden" / "conversations"
STARTER = ROOT / "src" / "laras" / "starter"


@dataclass(frozen=True)
class Seed:
    """A sound file: its name, its content, and for a reader the kind of source it is."""

    name: str
    content: bytes
    kind: str = ""


def recipes(_folder: Path) -> list[Seed]:
    """Presets, the demo's, and one that uses more of YAML."""
    files = [*(ROOT / "src/laras/recipe/presets").glob("*.yaml"), STARTER / "demo.yaml"]
    files += sorted((ROOT / "benchmarks" / "evidence").glob("*.yaml"))
    found = [Seed("recipe.yaml", path.read_bytes()) for path in files]
    text = (
        "data: {sources: [{documents: [a, 'b'], name: x}], test_share: 0.1}\n"
        "tuning: {learning_rate: 1e-4, epochs: 2}\nmodel: {base: starter}\n"
        "comparison:\n  contenders: [base, full, {lora: {rank: 8, dropout: 0.1}}]\n"
    )
    return [*found, Seed("recipe.yaml", text.encode())]


def read_here(_folder: Path) -> list[Seed]:
    """What is read in this process: chats, tables, texts."""
    found = [
        Seed(path.name, path.read_bytes(), "conversations")
        for path in sorted(GOLDEN.glob("*/export/**/*"))
        if path.is_file()
    ]
    chats = "\n".join((STARTER / "data/test/conversations.jsonl").read_text().splitlines()[:4])
    table = "\n".join((STARTER / "data/test/intents.csv").read_text().splitlines()[:12])
    questions = '{"question": "Jam berapa?", "answer": "Delapan."}\n' * 3
    whole = '{"data": [{"prompt": "a", "completion": "b"}], "version": 1}'
    found += [
        Seed("rows.jsonl", questions.encode(), "examples"),
        Seed("chats.jsonl", chats.encode(), "examples"),
        Seed("table.csv", table.encode(), "examples"),
        Seed("table.tsv", table.replace(",", "\t").encode(), "documents"),
        Seed("whole.json", whole.encode(), "examples"),
        Seed("notes.txt", "Baris satu.\nKafé “tubruk”.\n".encode("utf-16"), "documents"),
    ]
    texts = (
        sorted((STARTER / "data").rglob("*.md"))[:2] + sorted((STARTER / "data").rglob("*.txt"))[:1]
    )
    return [*found, *(Seed(path.name, path.read_bytes()[:6000], "documents") for path in texts)]


_DOCUMENTS = (("docx", "docx"), ("pdf", "pdf"), ("pdf", "article-pdf"), ("html", "html"))


def parsed(folder: Path) -> list[Seed]:
    """What is read in a process of its own; files are made in ``folder``."""
    from pdf_files import SENTENCE, one_page, shown

    found = [
        Seed(path.name, path.read_bytes(), kind)
        for suffix, kind in (
            ("docx", "docx"),
            ("pdf", "pdf"),
            ("pdf", "article-pdf"),
            ("html", "html"),
        )
        for path in sorted((STARTER / "data").rglob(f"*.{suffix}"))[:2]
    ]
    found.append(Seed("small.pdf", one_page(shown(SENTENCE)), "pdf"))
    return [*found, *_small_texts(), *_packages(folder)]


def _small_texts() -> list[Seed]:
    letter = (
        "From: a@example.org\nTo: b@example.org\nSubject: =?utf-8?q?Rapat?=\nMIME-Version: 1.0\n"
        "Content-Type: multipart/mixed; boundary=B\n\n--B\n"
        "Content-Type: text/plain; charset=utf-8\n"
        "Content-Transfer-Encoding: quoted-printable\n\nIsi =C3=A9.\n--B\n"
        "Content-Type: text/html\n\n<p>Isi.</p>\n--B--\n"
    )
    table = "| a | b |\n|---|---|\n| 1 | 2 |\n"
    texts = {
        ("a.eml", "letter"): letter,
        ("a.mbox", "mailbox"): "From a@example.org Mon Jan  1 00:00:00 2026\n" + letter,
        ("a.rtf", "rtf"): r"{\rtf1\ansi{\fonttbl{\f0 Arial;}}\f0\b Isi\b0\par \u233? baris\par}",
        ("a.rst", "rst"): "Judul\n=====\n\nIsi *miring*.\n\n.. note:: Ya.\n\n- a\n- b\n",
        ("a.adoc", "asciidoc"): f"= Judul\n\nIsi _miring_.\n\n|===\n|a |b\n|===\n\n* satu\n{table}",
        ("a.vtt", "subtitles"): "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Sri>Isi.\n",
        ("a.srt", "subtitles"): "1\n00:00:01,000 --> 00:00:02,000\nIsi.\n",
        ("a.nxml", "jats"): "<article><front><article-meta><title-group><article-title>Judul"
        "</article-title></title-group><abstract><p>Isi.</p></abstract></article-meta></front>"
        "<body><sec><title>Satu</title><p>Isi <xref>1</xref>.</p><table-wrap><table><tr><td>a</td>"
        "</tr></table></table-wrap></sec></body></article>",
        ("a.tex", "latex"): "\\documentclass{article}\\newcommand{\\x}{isi}\\begin{document}"
        "\\section{Satu} \\x $a^2$ \\begin{tabular}{ll}a & b\\\\ \\end{tabular}\\end{document}",
        ("a.bib", "bibtex"): "@article{a, title={Judul}, author={Sri}, abstract={Isi.}, year=2026}",
        ("a.ris", "ris"): "TY  - JOUR\nTI  - Judul\nAB  - Isi.\nER  - \n",
    }  # fmt: skip
    return [Seed(name, text.encode(), kind) for (name, kind), text in texts.items()]


def _packages(folder: Path) -> list[Seed]:
    """Files of office programs and Parquet, as their own libraries write them."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    import xlsxwriter
    from pptx import Presentation

    folder.mkdir(parents=True, exist_ok=True)
    slides = Presentation()
    slide = slides.slides.add_slide(slides.slide_layouts[1])
    slide.shapes.title.text = "Judul"
    slides.save(str(folder / "a.pptx"))
    book = xlsxwriter.Workbook(str(folder / "a.xlsx"))
    sheet = book.add_worksheet()
    for row in range(4):
        sheet.write_row(row, 0, ["teks", row, "=1+1"])
    book.close()
    pq.write_table(pa.table({"text": ["a", "b"], "label": ["x", "y"]}), folder / "a.parquet")
    kinds = {"a.pptx": "pptx", "a.xlsx": "spreadsheet", "a.parquet": "parquet"}
    return [Seed(name, (folder / name).read_bytes(), kind) for name, kind in kinds.items()]


def chat_templates(_folder: Path) -> list[Seed]:
    """Those of tiny models, and one that uses more of Jinja."""
    from laras.models import tiny

    rich = (
        "{%- set ns = namespace(last=-1) -%}{%- macro turn(m) -%}{{ '<|im_start|>' + m.role }}"
        "{{ '\\n' }}{{ m.content | trim }}{{ '<|im_end|>\\n' }}{%- endmacro -%}"
        "{%- for m in messages -%}{%- if loop.last and m.role == 'user' -%}{%- set ns.last = "
        "loop.index0 -%}{%- endif -%}{{ turn(m) }}{%- endfor -%}"
        "{%- if add_generation_prompt -%}{{ '<|im_start|>assistant\\n' }}{%- endif -%}"
        "{{ [1, 2] | join('-') ~ ('%s' % 3) if tools else '' }}{{ strftime_now('%Y') if 0 }}"
    )
    texts = [tiny._CHATML, tiny._HEADERS, tiny._INSTRUCTIONS, rich]
    return [Seed("template", text.encode()) for text in texts]
