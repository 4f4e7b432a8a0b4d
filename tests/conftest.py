"""What all tests share: where the material lies, and a machine that stays offline."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

# Else torch's compiler starts a pool of workers when it is imported, and whichever test runs when
# the pool is collected is told of a process that nobody waited for.
os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")

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
