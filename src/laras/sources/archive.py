"""Zip, tar and compressed files: what is in them is unpacked aside and read like any other file.

An archive comes from anywhere, so nothing in it is believed: members go into a private folder
under numbers instead of their names, links and devices are refused, and how much may come out is
bounded before and while it is unpacked. One bad member costs that member alone.
"""

from __future__ import annotations

import errno
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from laras.errors import StorageFailed
from laras.records import Rejection
from laras.sources.archive_members import (
    MAX_MEMBERS,
    Blocks,
    DamagedError,
    Member,
    Members,
    only_member,
    tar_members,
    unzipped,
    zip_members,
)
from laras.sources.discovery import SourceFile, is_hidden
from laras.sources.extraction import RefusedError
from laras.sources.reasons import rejection
from laras.translation import _

_ENDINGS = {  # the longest first: how it is compressed, and whether a tar is inside
    ".tar.gz": ("gz", True),
    ".tar.bz2": ("bz2", True),
    ".tar.xz": ("xz", True),
    ".tgz": ("gz", True),
    ".tbz2": ("bz2", True),
    ".tbz": ("bz2", True),
    ".txz": ("xz", True),
    ".tar": ("", True),
    ".zip": ("zip", False),
    ".gz": ("gz", False),
    ".bz2": ("bz2", False),
    ".xz": ("xz", False),
}
_MAX_DEPTH = 2  # an archive, and one that lies in it; one in that is refused
_MAX_TOTAL = 10  # all members together, in sizes of the largest that one file may have
_MAX_RATIO = 200  # as for office files; chats and tables come to 5 to 30
_RATIO_MATTERS_BYTES = 4 << 20
_MAX_NAME = 1000
_DRIVE = re.compile(r"^[A-Za-z]:/")
_PLAIN_SUFFIX = re.compile(r"^\.[A-Za-z0-9]{1,12}$")
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


@dataclass(slots=True)
class Allowance:
    """What may still come out of one file of the recipe, with the archives that lie in it."""

    bytes_left: int
    members_left: int = MAX_MEMBERS
    depth: int = 0


def is_archive(path: str) -> bool:
    """Whether a file of this name is unpacked."""
    return path.lower().endswith(tuple(_ENDINGS))


@contextmanager
def unpacked(
    file: SourceFile, max_bytes: int, within: Allowance | None = None
) -> Iterator[tuple[list[SourceFile | Rejection], Allowance]]:
    """The members of an archive, as files in a private folder that goes when the caller is done,
    and what is left for archives among them.

    They are sorted by name; hidden ones are passed over. ``max_bytes``: of one member; ``within``:
    what the archive that this one lies in has left.

    Raises :class:`RefusedError` where nothing of it is to be read, and :class:`StorageFailed`
    where there is no room to unpack it.
    """
    allowance = within or Allowance(bytes_left=_MAX_TOTAL * max_bytes)
    if allowance.depth >= _MAX_DEPTH:
        raise RefusedError("nested-archive")
    with tempfile.TemporaryDirectory(prefix="laras-archive-") as folder:
        unpacking = _Unpacking(file, Path(folder), max_bytes, allowance)
        unpacking.take()
        allowance.depth += 1
        try:
            yield sorted(unpacking.found, key=lambda item: item.path), allowance
        finally:
            allowance.depth -= 1


class _Unpacking:
    """One archive on its way into a folder."""

    def __init__(
        self, archive: SourceFile, folder: Path, max_bytes: int, allowance: Allowance
    ) -> None:
        self.archive = archive
        self.folder = folder
        self.max_bytes = max_bytes
        self.allowance = allowance
        self.found: list[SourceFile | Rejection] = []
        self.names: set[str] = set()

    def take(self) -> None:
        """Write out what may be; the rest becomes rows of the ledger."""
        name = self.archive.path.rsplit("/", 1)[-1]
        ending = next(ending for ending in _ENDINGS if name.lower().endswith(ending))
        compression, is_tar = _ENDINGS[ending]
        location = self.archive.location
        damage = ""
        try:
            if compression == "zip":
                self._refuse_large_total(location)
                self._take_all(zip_members(location))
            elif not is_tar:
                inner = name[: -len(ending)] or "data"
                self._take_all(only_member(inner, location, compression, self.archive.size_bytes))
            else:
                if compression:
                    location, damage = self._inflated(compression)
                self._take_all(tar_members(location))
                if compression:
                    location.unlink()
        except DamagedError as error:
            damage = damage or str(error)
        if damage and not self.found:
            raise RefusedError("damaged", damage)
        if damage:
            self.found.append(rejection("damaged", self.archive.path, fact=damage))
        if not self.found:
            raise RefusedError("empty")

    def _refuse_large_total(self, location: Path) -> None:
        with closing(zip_members(location)) as members:
            total = sum(member.size_bytes or 0 for member in members)
        if total > self.allowance.bytes_left:
            raise RefusedError("zip-bomb", f"{total} > {self.allowance.bytes_left} B")

    def _inflated(self, compression: str) -> tuple[Path, str]:
        """The tar in a compressed one, and what is wrong where it is cut off: what comes before
        the cut is read."""
        target = self.folder / "tar"
        most = self._most(None, self.archive.size_bytes, self.allowance.bytes_left)
        try:
            self._write(unzipped(self.archive.location, compression), target, most)
        except DamagedError as error:
            return target, str(error)
        return target, ""

    def _take_all(self, members: Members) -> None:
        with closing(members):
            for member in members:
                name = _safe_name(member.name)
                if name and any(map(is_hidden, name.split("/"))):
                    continue
                self.allowance.members_left -= 1
                if self.allowance.members_left < 0:
                    raise RefusedError("zip-bomb", f"> {MAX_MEMBERS}")
                reason = member.reason or ("" if name else "unsafe-name")
                if not reason and name in self.names:
                    reason = "duplicate-name"
                shown = f"{self.archive.path}/{name or _shown(member.name)}"
                if reason:
                    self.found.append(rejection(reason, shown))
                    continue
                self.names.add(name)
                self._take(member, name, shown)

    def _take(self, member: Member, name: str, shown: str) -> None:
        suffix = Path(name).suffix
        number = f"{len(self.names):06d}"
        location = self.folder / (number + (suffix if _PLAIN_SUFFIX.match(suffix) else ""))
        most = self._most(member.size_bytes, member.packed_bytes, self.max_bytes)
        if member.size_bytes is not None and member.size_bytes > self.max_bytes:
            fact = f"{member.size_bytes} > {self.max_bytes}"
            self.found.append(rejection("too-large", shown, fact=fact))
            return
        try:
            if member.size_bytes is not None and member.size_bytes > most:
                raise RefusedError("zip-bomb", f"{member.size_bytes} B")
            size = self._write(member.blocks(), location, most)
        except DamagedError as error:
            self.found.append(rejection("damaged", shown, fact=str(error)))
            location.unlink(missing_ok=True)
            return
        except RefusedError as error:
            self.found.append(rejection(error.reason, shown, fact=error.fact))
            location.unlink(missing_ok=True)
            return
        key = f"{self.archive.key}/{name}"
        self.found.append(SourceFile(location, f"{self.archive.path}/{name}", key, size))

    def _most(self, declared: int | None, packed: int | None, allowed: int) -> int:
        """How many bytes may come out of something."""
        most = min(allowed, self.allowance.bytes_left)
        if packed is not None:
            most = min(most, max(_RATIO_MATTERS_BYTES, _MAX_RATIO * packed))
        return most

    def _write(self, blocks: Blocks, target: Path, most: int) -> int:
        """Write the blocks into a file and count them against the allowance."""
        size = 0
        with closing(blocks), target.open("wb", buffering=0) as stream:
            for block in blocks:
                size += len(block)
                self.allowance.bytes_left -= len(block)
                if size > most:
                    raise RefusedError("zip-bomb", f"> {most} B")
                try:
                    self._write_block(stream, block)
                except OSError as error:
                    raise _no_room(error, target) from error
        return size

    def _write_block(self, stream: IO[bytes], block: bytes) -> None:
        while block:  # a raw file takes as much as it likes
            block = block[stream.write(block) :]


def _safe_name(name: str) -> str:
    """The name with slashes and without empty parts; empty where it leads out of the archive.

    Nothing is ever written under it; but what records call their file should be a path in it.
    """
    name = _shown(name)
    parts = [part for part in name.split("/") if part not in ("", ".")]
    leads_out = name.startswith("/") or _DRIVE.match(name) or ".." in parts
    return "" if leads_out or len(name) > _MAX_NAME else "/".join(parts)


def _shown(name: str) -> str:
    """The name as text that can be stored: with slashes, without control characters."""
    text = os.fsencode(name.replace("\\", "/")).decode("utf-8", "backslashreplace")
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)[: _MAX_NAME + 1]


def _no_room(error: OSError, target: Path) -> Exception:
    if error.errno not in _NO_ROOM:
        return error
    return StorageFailed(
        "sources.no-room",
        _("There is no room to unpack an archive."),
        where=str(target.parent),
        hint=_("Set TMPDIR to a folder with more room."),
    )
