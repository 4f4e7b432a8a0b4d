"""What all tests share: where the material lies, and a machine that stays offline."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from laras import translation

# Else torch's compiler starts a pool of workers when it is imported, and whichever test runs when
# the pool is collected is told of a process that nobody waited for.
os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")

MATERIAL = Path(__file__).resolve().parents[2] / "shared" / "material"


def pytest_itemcollected(item: pytest.Item) -> None:
    """Let a test's report tell which rows of the table of faults it stands for."""
    for mark in item.iter_markers("fault"):
        item.user_properties.extend(("fault", row) for row in mark.args)


@pytest.fixture(scope="session")
def material() -> Path:
    """Folder of real models, tokenizers, data and documents; skips where it is absent."""
    if not MATERIAL.is_dir():
        pytest.skip("the shared material is not beside the project")
    return MATERIAL


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """The language that expectations are written in, whatever the machine's is. Some tests speak
    another, and the command sets it for the process: afterwards it is English again, also for
    fixtures of the next module, which are made before this one."""
    translation.set_language("en")
    before = os.environ.get("LANGUAGE")
    yield
    translation.set_language("en")
    if before is None:
        os.environ.pop("LANGUAGE", None)
    else:
        os.environ["LANGUAGE"] = before


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    """``write("notes/a.txt", content)``: text is written as UTF-8, bytes as they are."""

    def write_file(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write_file
