"""What lies in the files that trainers read and write."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path
from typing import Any

CONTROL = "<|im_end|>"


class Payload:
    """Pickled, it makes the file ``path`` when it is read."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (os.system, (f"touch '{self.path}'",))


def weights_in(folder: Path) -> Path:
    """The weights of a checkpoint, whatever the trainer calls them."""
    return next(
        folder / name
        for name in ("model.safetensors", "weights.safetensors")
        if (folder / name).exists()
    )


def inside_a_tensor(path: Path) -> int:
    """The place of a byte of a tensor's values."""
    if not zipfile.is_zipfile(path):  # safetensors: the header comes first
        return path.stat().st_size * 3 // 4
    with zipfile.ZipFile(path) as archive:
        largest = max(archive.infolist(), key=lambda entry: entry.file_size)
    with path.open("rb") as file:
        file.seek(largest.header_offset + 26)
        lengths = file.read(4)
    begins = (
        largest.header_offset
        + 30
        + sum(int.from_bytes(lengths[at : at + 2], "little") for at in (0, 2))
    )
    return begins + largest.file_size // 2


def has_nan(path: Path) -> bool:
    """Whether any weight is not a number."""
    from safetensors.numpy import load_file

    return any(bool((tensor != tensor).any()) for tensor in load_file(path).values())


def control_id(model: Path) -> int:
    """The id of ``CONTROL``."""
    tokenizer = json.loads((model / "tokenizer.json").read_text("utf-8"))
    return next(t["id"] for t in tokenizer["added_tokens"] if t["content"] == CONTROL)
