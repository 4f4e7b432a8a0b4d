"""A column that the recipe names and the table lacks is told, with what may have been meant."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"question": "Keluhn", "answer": "Tanggapan"}, "Keluhn (Keluhan?)"),
        (
            {"question": "Keluhan", "answer": "Tanggapan", "group": "Pelangan"},
            "Pelangan (Pelanggan?)",
        ),
    ],
)
def test_a_misspelt_column_is_refused_with_the_like(
    tmp_path: Path, read: Callable[..., Any], columns: dict[str, str], told: str
) -> None:
    text = "Pelanggan,Keluhan,Tanggapan\nSri,Mesin rusak,Kami perbaiki\n"
    (tmp_path / "keluhan.csv").write_text(text, encoding="utf-8")
    (refused,) = read("keluhan.csv", kind="examples", columns=columns)
    assert refused.reason == "unknown-columns"
    assert told in refused.detail
