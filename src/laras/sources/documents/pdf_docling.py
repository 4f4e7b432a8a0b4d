"""PDF by docling (``laras[docling]``): slower, with models that see the layout of a page.

Its models are read from the folder that DOCLING_ARTIFACTS_PATH names and never downloaded. Runs in
the child process. Written to docling's documented interface; no test here has its models.
"""

from __future__ import annotations

import os
from pathlib import Path

from laras.sources.extraction import Extracted, RefusedError

ARTIFACTS_VARIABLE = "DOCLING_ARTIFACTS_PATH"


def extract(path: Path) -> Extracted:
    """The file as docling's Markdown."""
    return Extracted(text=markdown_of(path, recognise=False))


def extract_recognised(path: Path) -> Extracted:
    """The same, with docling's own recognition of characters in scanned pages."""
    return Extracted(text=markdown_of(path, recognise=True))


def markdown_of(path: Path, *, recognise: bool) -> str:
    """docling's Markdown of the file; raises :class:`RefusedError` where it gives none."""
    os.environ["HF_HUB_OFFLINE"] = "1"  # before docling's import reads it
    from docling.datamodel.base_models import ConversionStatus, InputFormat
    from docling.datamodel.pipeline_options import PdfPipelineOptions
    from docling.document_converter import DocumentConverter, PdfFormatOption

    options = PdfPipelineOptions(artifacts_path=os.environ[ARTIFACTS_VARIABLE])
    options.do_ocr = recognise
    options.enable_remote_services = False
    converter = DocumentConverter(
        allowed_formats=[InputFormat.PDF],
        format_options={InputFormat.PDF: PdfFormatOption(pipeline_options=options)},
    )
    result = converter.convert(path, raises_on_error=False)
    if result.status not in (ConversionStatus.SUCCESS, ConversionStatus.PARTIAL_SUCCESS):
        facts = "; ".join(str(error.error_message) for error in result.errors)
        raise RefusedError("parser-failed", facts[:200])
    text: str = result.document.export_to_markdown(image_placeholder="")
    return text
