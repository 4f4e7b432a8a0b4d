"""A document's title under the same step as its text: a name replaced in one may not stay in the
other, and a value has one placeholder in both."""

from __future__ import annotations

import pyarrow as pa

from laras.preparation.steps import Step
from laras.records import DOCUMENT_SCHEMA

# No cleaned text holds this control character. A paragraph of its own joins nothing.
_MARK = "\x1e"
_BETWEEN = f"\n\n{_MARK}\n\n"


def titles_too(step: Step) -> Step:
    """``step``, which reads and writes ``text``, at work on the title and text of documents."""

    def function(batch: pa.RecordBatch) -> pa.RecordBatch:
        columns = (batch.column(name).to_pylist() for name in ("title", "text"))
        joined = [
            f"{title}{_BETWEEN}{text.replace(_MARK, ' ')}" if title else text.replace(_MARK, " ")
            for title, text in zip(*columns, strict=True)
        ]
        place = batch.schema.get_field_index("text")
        written = step.function(
            batch.set_column(
                place, batch.schema.field("text"), pa.array(joined, pa.large_string())
            ).select(list(step.reads))
        )
        new_titles: list[str] = []
        new_texts: list[str] = []
        for text in written.column("text").to_pylist():
            title, mark, rest = text.partition(_BETWEEN)
            new_titles.append(title if mark else "")
            new_texts.append(rest if mark else text)
        arrays = [
            pa.array(new_texts, pa.large_string()) if name == "text" else written.column(name)
            for name in step.writes.names
        ]
        return pa.RecordBatch.from_arrays(
            [pa.array(new_titles, pa.string()), *arrays], schema=writes
        )

    writes = pa.schema([DOCUMENT_SCHEMA.field("title"), *step.writes])
    reads = ("title", *(name for name in step.reads if name != "title"))
    return Step(step.name, step.version, reads, writes, function)
