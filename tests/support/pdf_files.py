"""PDF files written object by object, for tests of what no well-behaved library would write."""

from __future__ import annotations

import zlib

FONT = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
CATALOG = b"<</Type/Catalog/Pages 2 0 R>>"
SENTENCE = "The rules of the house are read aloud every Monday."


def pdf_of(objects: list[bytes]) -> bytes:
    """A PDF of these objects, numbered from 1; the first is the catalogue."""
    out = bytearray(b"%PDF-1.7\n")
    offsets = []
    for number, content in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    for offset in offsets:
        out += b"%010d 00000 n \n" % offset
    out += b"trailer\n<</Size %d/Root 1 0 R>>\n" % (len(objects) + 1)
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % start)


def stream_of(data: bytes, *, compressed: bool = False) -> bytes:
    """A stream object."""
    if not compressed:
        return b"<</Length %d>>\nstream\n%b\nendstream" % (len(data), data)
    data = zlib.compress(data, 9)
    return b"<</Length %d/Filter/FlateDecode>>\nstream\n%b\nendstream" % (len(data), data)


def shown(text: str, along: int = 72, up: int = 700) -> bytes:
    """What draws a line of text."""
    return f"BT /F1 12 Tf {along} {up} Td ({text}) Tj ET".encode("latin-1")


def one_page(
    content: bytes, *, box: str = "0 0 612 792", compressed: bool = False, entries: str = ""
) -> bytes:
    """A PDF of one page with this content."""
    page = f"<</Type/Page/Parent 2 0 R/MediaBox[{box}]/Contents 4 0 R{entries}"
    return pdf_of(
        [
            CATALOG,
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            page.encode() + b"/Resources<</Font<</F1 5 0 R>>>>>>",
            stream_of(content, compressed=compressed),
            FONT,
        ]
    )
