"""Files and folders that are there completely or not at all, whenever the power goes.

The order matters: write beside, fsync the content, rename, fsync the folder that holds the
name. Without the last step a crash may forget the rename.
"""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

from laras.runs.failures import storage_errors

# What is not yet, or no longer, under the name that readers know.
_UNPUBLISHED = re.compile(r"\.(?P<name>.+?)(\.[0-9a-f]{32})?\.(?P<state>tmp|old)")


def write_bytes_atomic(path: Path, content: bytes) -> None:
    """Replace ``path`` by ``content``, durably; readers see the old or the new, never a half."""
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    with storage_errors(path):
        try:
            with temporary.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        sync_folder(path.parent)


@contextmanager
def temporary_sibling(path: Path) -> Iterator[Path]:
    """A path beside ``path`` for whoever writes a file by itself; it takes the name at the end,
    durably, unless the block fails."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    with storage_errors(path):
        try:
            yield temporary
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        sync_folder(path.parent)


def write_text_atomic(path: Path, text: str) -> None:
    """The same for text, in UTF-8 with the line ends that ``text`` has."""
    write_bytes_atomic(path, text.encode("utf-8"))


def write_json_atomic(path: Path, data: Any) -> None:
    """The same for ``data`` as indented JSON; see :func:`plain` for what it may hold."""
    text = json.dumps(plain(data), ensure_ascii=False, indent=2, allow_nan=False)
    write_text_atomic(path, text + "\n")


def publish_folder(temporary: Path, final: Path) -> None:
    """Give the finished folder ``temporary`` the name ``final``, durably.

    Both must lie on one file system. A folder that already has the name is replaced; who is
    killed between the two renames leaves neither name, and :func:`sweep` brings the old one back.
    """
    with storage_errors(final):
        _sync_tree(temporary)
        replaced = final.with_name(f".{final.name}.{uuid.uuid4().hex}.old")
        if final.exists():
            final.rename(replaced)
        temporary.rename(final)
        sync_folder(final.parent)
        if replaced.exists():
            shutil.rmtree(replaced)


def remove_folder(folder: Path) -> None:
    """Delete the folder: under its name it is there completely, or not at all."""
    going = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}.tmp")
    with storage_errors(folder):
        folder.rename(going)
        sync_folder(folder.parent)
        shutil.rmtree(going)


def sweep(folder: Path) -> None:
    """Remove from ``folder`` and below what a killed writer left; nobody may be writing there.

    Links are removed, never followed. What was replaced by nothing gets its name back.
    """
    with storage_errors(folder):
        for here, folders, files in os.walk(folder):
            for name in [*folders, *files]:
                match = _UNPUBLISHED.fullmatch(name)
                if match:
                    _settle(Path(here, name), Path(here, match["name"]), match["state"])
            folders[:] = [name for name in folders if not _UNPUBLISHED.fullmatch(name)]


def _settle(left: Path, final: Path, state: str) -> None:
    if state == "old" and not os.path.lexists(final) and not left.is_symlink():
        left.rename(final)
        sync_folder(final.parent)
    elif left.is_dir() and not left.is_symlink():
        shutil.rmtree(left)
    else:
        left.unlink()


def sync_folder(folder: Path) -> None:
    """Make renames in ``folder`` durable, on systems where folders can be synced."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except PermissionError:  # Windows does not open folders
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_tree(folder: Path) -> None:
    for root, _folders, names in os.walk(folder):
        for name in names:
            # A handle that can write: some systems refuse to sync a read-only one.
            with (Path(root) / name).open("rb+") as file:
                os.fsync(file.fileno())
        sync_folder(Path(root))


def plain(value: Any) -> Any:
    """``value`` in what JSON knows.

    Paths become text, sets sorted lists, dataclasses and models mappings, numpy scalars
    numbers. A number that is not finite becomes null: JSON has no word for it, and a browser
    refuses the one that Python would write.
    """
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted((plain(item) for item in value), key=str)
    if isinstance(value, os.PathLike):
        return Path(value).as_posix()
    if isinstance(value, bytes):
        return value.hex()
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    for method in ("model_dump", "tolist"):  # pydantic models; numpy arrays and scalars
        if hasattr(value, method):
            return plain(getattr(value, method)())
    raise TypeError(f"{type(value).__name__} can't be written as JSON")
