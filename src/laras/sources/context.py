"""What a reader is given: the file, the recipe's source it belongs to, and the parser process.

Readers make their records here, so that identifiers, paths and names are made in one place. A
reader that needs a second file (the names of the users beside a chat export's channels) asks for
it by :meth:`FileContext.sibling`, which works alike in folders and in archives.
"""

from __future__ import annotations

import os
import posixpath
import stat
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import xxhash

from laras.recipe.schema import Source
from laras.records import Dialogue, Document, Rejection, Turn
from laras.registry import Registry
from laras.sources.discovery import SourceFile
from laras.sources.encoding import UndecodableError, decode
from laras.sources.extraction import RefusedError
from laras.sources.parsing import ParserProcess
from laras.sources.reasons import note, rejection

Record = Document | Dialogue | Rejection


@dataclass(frozen=True, slots=True)
class FileContext:
    """One file to read. Its methods make records that know where they came from."""

    file: SourceFile
    source: Source
    parser: ParserProcess
    max_bytes: int
    files: Mapping[str, SourceFile] = field(default_factory=dict)
    """All files of the source by their path, or all members of the archive that this one is in."""

    def read_bytes(self) -> bytes:
        """All bytes of the file; raises :class:`RefusedError` where it changed into something
        that is not to be read since it was found."""
        return _read_bytes(self.file.location, self.max_bytes)

    def read_text(self) -> Generator[Rejection, None, str | None]:
        """The text of the file, None where it has none; what is to be said of its encoding comes
        first: ``text = yield from context.read_text()``."""
        try:
            decoded = decode(self.read_bytes())
        except UndecodableError as error:
            yield self.rejection("bad-encoding", fact=error.fact)
            return None
        if decoded.guessed:
            yield self.note("guessed-encoding", fact=decoded.encoding)
        return decoded.text

    def sibling(self, relative: str) -> bytes | None:
        """All bytes of another file of the same source, or of the same archive: ``relative`` is
        seen from this file's folder, with ``/`` and ``..`` ("../users.json").

        None where there is no such file, where it is too large, and where the recipe does not
        name it: a path out of the folder that is read finds nothing. (What is not named would
        also be missing from what decides whether prepared data is still up to date.)
        """
        path = posixpath.normpath(posixpath.join(posixpath.dirname(self.file.path), relative))
        file = self.files.get(path)
        if file is None:
            return None
        try:
            return _read_bytes(file.location, self.max_bytes)
        except (OSError, RefusedError):
            return None

    def record_id(self, locator: str) -> str:
        """The identifier of what stands at ``locator``: the same wherever the project lies."""
        name = f"{self.file.key}\0{locator}".encode("utf-8", "surrogatepass")
        return xxhash.xxh3_128_hexdigest(name)

    def document(
        self,
        text: str,
        *,
        title: str = "",
        locator: str = "",
        group: str | None = None,
        metadata: dict[str, str] | None = None,
    ) -> Document:
        """A document found at ``locator``."""
        return Document(
            document_id=self.record_id(locator),
            path=self.file.path,
            text=text,
            title=title,
            locator=locator,
            kind="article" if self.source.kind == "articles" else "document",
            source=self._source_name,
            group=group,
            metadata=metadata or {},
        )

    def dialogue(
        self,
        turns: tuple[Turn, ...],
        *,
        locator: str,
        label: str | None = None,
        group: str | None = None,
        weight: float = 1.0,
        metadata: dict[str, str] | None = None,
    ) -> Dialogue:
        """A dialogue, or a text with its label, found at ``locator``.

        ``metadata``: ``names`` (a JSON list of the people in it, for finding their names in the
        text), ``customer``, ``started`` (ISO 8601), ``rating``, where the export says so.
        """
        return Dialogue(
            dialogue_id=self.record_id(locator),
            path=self.file.path,
            turns=turns,
            locator=locator,
            label=label,
            source=self._source_name,
            group=group,
            weight=weight,
            metadata=metadata or {},
        )

    def rejection(self, reason: str, locator: str = "", fact: str = "") -> Rejection:
        """A row of the ledger about what stands at ``locator``."""
        return rejection(reason, self.file.path, locator, fact, self._named(locator))

    def note(self, reason: str, locator: str = "", fact: str = "") -> Rejection:
        """A row of the ledger about something that was kept, but not whole."""
        return note(reason, self.file.path, locator, fact, self._named(locator))

    @property
    def reads_texts(self) -> bool:
        """Whether the recipe wants texts here, rather than dialogues and labelled rows."""
        return self.source.kind in ("documents", "articles")

    @property
    def _source_name(self) -> str:
        return self.source.name or self.source.paths[0]

    def _named(self, locator: str) -> str:
        return self.record_id(locator) if locator else ""


def _read_bytes(location: Path, max_bytes: int) -> bytes:
    # O_NONBLOCK: a pipe put in the file's place would block the opening itself.
    descriptor = os.open(location, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(descriptor, "rb") as stream:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise RefusedError("not-a-file")
        data = stream.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise RefusedError("too-large")
    return data


Reader = Callable[[FileContext], Iterator[Record]]

READERS: Registry[Reader] = Registry("reader")
"""Readers by the file's suffix, without its dot. Other packages add theirs as entry points of
the group ``laras.reader``."""
