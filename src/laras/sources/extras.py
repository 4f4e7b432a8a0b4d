"""Parsers that a recipe asks for and that are installed apart: whether they are there.

Asked before the first file is read, so that a run does not stop at its last scanned page.
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

from laras.errors import UsageError
from laras.recipe.schema import Source
from laras.translation import _

_ARTIFACTS_VARIABLE = "DOCLING_ARTIFACTS_PATH"


def require_extras(source: Source) -> None:
    """Raise :class:`UsageError` where ``source`` asks for a parser that is not installed."""
    if source.pdf_parser == "docling":
        _require_docling()
    elif source.ocr and find_spec("rapidocr_onnxruntime") is None:
        raise UsageError(
            "sources.ocr-absent",
            _("The recipe asks for character recognition, which is not installed."),
            hint=_("Install it: pip install {package}").format(package="'laras[ocr]'"),
        )


def _require_docling() -> None:
    if find_spec("docling") is None:
        raise UsageError(
            "sources.docling-absent",
            _("The recipe asks for docling, which is not installed."),
            hint=_("Install it: pip install {package}").format(package="'laras[docling]'"),
        )
    folder = os.environ.get(_ARTIFACTS_VARIABLE, "")
    if not folder or not Path(folder).is_dir():
        raise UsageError(
            "sources.docling-models",
            _("docling's models are not there; they are never downloaded by a run."),
            hint=_(
                "Fetch them once with docling-tools models download, and name their folder in "
                "the environment variable {variable}."
            ).format(variable=_ARTIFACTS_VARIABLE),
        )
