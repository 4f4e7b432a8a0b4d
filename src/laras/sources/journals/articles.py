"""The formats of journals: JATS, LaTeX source, bibliographies. Importing this registers them.

Their parsers run in the child process; PDF of papers is read by ``paper_pdf.py``.
"""

from __future__ import annotations

from laras.sources.context import READERS
from laras.sources.documents.parsed import parsed_by

for _suffix, _kind in {
    "nxml": "jats",
    "xml": "jats",
    "tex": "latex",
    "latex": "latex",
    "bib": "bibtex",
    "ris": "ris",
}.items():
    READERS.register(_suffix, parsed_by(_kind))
