"""What all tests share: where the material lies, and a machine that stays offline."""

from __future__ import annotations

from pathlib import Path

import pytest

MATERIAL = Path(__file__).resolve().parents[2] / "shared" / "material"


@pytest.fixture(scope="session")
def material() -> Path:
    """Folder of real models, tokenizers, data and documents; skips where it is absent."""
    if not MATERIAL.is_dir():
        pytest.skip("the shared material is not beside the project")
    return MATERIAL
