"""PDF: the lines of a scanned page, recognised in its picture by RapidOCR (``laras[ocr]``).

Its models come inside its package: nothing is downloaded. Runs in the child process.
"""

from __future__ import annotations

import os
from typing import Any

from laras.sources.documents.pdf import Recognise
from laras.sources.documents.pdf_lines import Line
from laras.sources.documents.pdf_order import by_geometry
from laras.sources.extraction import RefusedError

_DOTS_PER_INCH = 200
_MOST_DOTS = 3000  # of the longer side: a page of a square metre is not drawn as one
_LEAST_SCORE = 0.6
_MOST_THREADS = 4


def recogniser() -> Recognise:
    """A function that reads the lines of a page of pypdfium2 from its picture."""
    try:
        from rapidocr_onnxruntime import RapidOCR
    except ImportError:
        raise RefusedError("needs-ocr", "laras[ocr]") from None
    threads = min(os.cpu_count() or 1, _MOST_THREADS)
    engine = RapidOCR(intra_op_num_threads=threads, inter_op_num_threads=1)
    return lambda page: _recognised(page, engine)


def _recognised(page: Any, engine: Any) -> list[Line]:
    width, height = page.get_size()
    scale = min(_DOTS_PER_INCH / 72, _MOST_DOTS / max(width, height, 1.0))
    picture = page.render(scale=scale).to_numpy()
    # Its judge of direction turns every fourth upright line of prose on its head, and loses it.
    found, _elapsed = engine(picture, use_cls=False)
    if not found:  # then perhaps the whole page stands on its head
        found, _elapsed = engine(picture[::-1, ::-1].copy(), use_cls=False)
    lines = []
    for corners, text, score in found or []:
        if float(score) < _LEAST_SCORE or not text.strip():
            continue
        xs, ys = zip(*corners, strict=True)
        left, right = min(xs) / scale, max(xs) / scale
        top, bottom = min(ys) / scale, max(ys) / scale
        size = bottom - top  # RapidOCR's box is about as high as the line's letters
        down = bottom - 0.2 * size  # the base line
        # Heights of boxes differ by a dot or two, which is no difference in letters.
        lines.append(Line(text.strip(), left, right, down, round(size), down / max(height, 1.0)))
    return by_geometry(lines)
