"""SHA-256 of values and files: what decides whether work has to be done again."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from laras.runs.atomic import plain

_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What a file holds: its size in bytes, and the SHA-256 (hex) of its content."""

    bytes: int
    sha256: str


def file_facts(path: Path) -> FileFacts:
    """What the file ``path`` holds now."""
    return FileFacts(path.stat().st_size, file_sha256(path))


def content_hash(*parts: object) -> str:
    """SHA-256 (hex) of the canonical JSON of ``parts``.

    The order of a mapping's keys does not matter; that of lists and of the parts does.
    """
    text = json.dumps(
        [plain(part) for part in parts], sort_keys=True, ensure_ascii=False, separators=(",", ":")
    )
    return hashlib.sha256(text.encode("utf-8", errors="surrogatepass")).hexdigest()


def file_sha256(path: Path) -> str:
    """SHA-256 (hex) of a file's content, read in blocks."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()
