"""All that a run folder holds, for tests of what must not be in it."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq


def everything(folder: Path) -> str:
    """The content of all files, decompressed."""
    parts = []
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".parquet":
            parts.append(str(pq.read_table(path).to_pylist()))
        elif path.suffix == ".arrow":
            parts.append(str(pa.ipc.open_file(str(path)).read_all().to_pylist()))
        elif path.is_file():
            parts.append(path.read_text(encoding="utf-8", errors="replace"))
    return "\n".join(parts)
