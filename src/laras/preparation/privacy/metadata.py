"""What readers note of a record besides its text, where personal data is to be replaced.

Only what is known to be impersonal stays: senders, receivers, participants, and the front matter
that a file's author was free to write, are no text that could be searched. Of articles what any
library's catalogue says stays, their authors too: it is published, and citing needs it.
"""

from __future__ import annotations

import pyarrow as pa

IMPERSONAL = frozenset(
    {
        *("doi", "arxiv", "pmid", "pmcid", "year", "language", "lang", "licence", "kind"),
        *("extracted", "page_starts", "messages", "started", "rating"),
    }
)
PUBLISHED = IMPERSONAL | {"title", "authors", "journal"}


def without_people(table: pa.Table) -> pa.Table:
    """``table`` (of DOCUMENT_SCHEMA or DIALOGUE_SCHEMA, or more) without the metadata that may
    name people."""
    column = table.column("metadata")
    kinds = table.column("kind").to_pylist() if "kind" in table.column_names else []
    kept = []
    for row, pairs in enumerate(column.to_pylist()):
        allowed = PUBLISHED if kinds and kinds[row] == "article" else IMPERSONAL
        kept.append([(key, value) for key, value in pairs or () if key in allowed])
    place = table.schema.get_field_index("metadata")
    return table.set_column(place, table.schema.field("metadata"), pa.array(kept, column.type))
