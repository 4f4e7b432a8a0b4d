"""Parquet files to lines of JSON, a page at a time; runs in the child process.

Only values are taken out: nothing that a writer left in the file's metadata (pandas, pickles of
extension types) is looked at. What JSON has no form for becomes text (dates, decimals) or null
(bytes, not-a-number).
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from laras.sources.extraction import Extracted, RefusedError

# Set before pyarrow is imported: its own pools reserve more address space than a parser is given.
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")

_BATCH_ROWS = 256
_PAGE_CHARACTERS = 4_000_000


def extract(path: Path, start: int = 0) -> Extracted:
    """Rows from number ``start`` (from 0) on, as lines of JSON; ``metadata["next"]`` is where the
    next page begins, where there is one."""
    import pyarrow as pa
    from pyarrow import parquet

    pa.set_cpu_count(1)
    try:
        # Named by its path, not mapped: a file that is cut short must not kill the process.
        file = parquet.ParquetFile(path, memory_map=False, pre_buffer=False)
    except (pa.ArrowInvalid, OSError) as error:
        raise RefusedError("parser-failed", str(error)[:200]) from None
    lines: list[str] = []
    characters = 0
    row = start
    for values in _rows_from(file, start):
        line = json.dumps(_plain(values), ensure_ascii=False, separators=(",", ":"))
        lines.append(line)
        characters += len(line)
        row += 1
        if characters >= _PAGE_CHARACTERS:
            break
    is_last = row >= file.metadata.num_rows or row == start
    return Extracted("\n".join(lines), metadata={} if is_last else {"next": str(row)})


def _rows_from(file: Any, start: int) -> Iterator[dict[str, Any]]:
    """Rows from ``start`` on; groups of rows before it are not read."""
    first = 0
    for number in range(file.num_row_groups):
        count = file.metadata.row_group(number).num_rows
        if first + count > start:
            at = first
            for batch in file.iter_batches(_BATCH_ROWS, row_groups=[number], use_threads=False):
                skipped = min(max(start - at, 0), batch.num_rows)
                at += batch.num_rows
                yield from batch.slice(skipped).to_pylist(maps_as_pydicts="lossy")
        first += count


def _plain(value: Any) -> Any:
    """The value in JSON's forms."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Decimal | timedelta):
        return str(value)
    return None
