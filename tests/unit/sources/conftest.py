"""How the tests of this room read: a file or folder below tmp_path, as a recipe would name it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from laras.recipe.schema import DataSection, Source
from laras.records import Dialogue, Document, Rejection
from laras.sources.parsing import ParserLimits
from laras.sources.read import read_source

Records = list[Document | Dialogue | Rejection]


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Records]:
    """``read("faq.csv", kind="examples", max_file_bytes=..., limits=..., **settings)``."""

    def read_path(
        path: str | list[str],
        kind: str = "documents",
        *,
        folder: Path = tmp_path,
        max_file_bytes: int = 200_000_000,
        limits: ParserLimits | None = None,
        **settings: Any,
    ) -> Records:
        source = Source.model_validate({kind: path, **settings})
        data = DataSection(sources=[source], max_file_bytes=max_file_bytes)
        return list(read_source(source, folder, data, limits))

    return read_path
