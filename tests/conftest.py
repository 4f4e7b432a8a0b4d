"""What all tests share: where the material lies, and a machine that stays offline."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

MATERIAL = Path(__file__).resolve().parents[2] / "shared" / "material"


@pytest.fixture(scope="session")
def material() -> Path:
    """Folder of real models, tokenizers, data and documents; skips where it is absent."""
    if not MATERIAL.is_dir():
        pytest.skip("the shared material is not beside the project")
    return MATERIAL


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    """``write("notes/a.txt", content)``: text is written as UTF-8, bytes as they are."""

    def write_file(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write_file
