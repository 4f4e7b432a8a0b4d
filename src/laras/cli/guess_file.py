"""What one file is, for ``laras init``: a chat export, rows, an article or a text."""

from __future__ import annotations

import csv
import json
import zipfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from laras.sources.context import FileContext

_TABLES = frozenset({".csv", ".tsv"})
_JSON = frozenset({".json", ".jsonl", ".ndjson"})
_PARQUET = frozenset({".parquet", ".pq"})
_SHEETS = frozenset({".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"})
_ARTICLES = frozenset({".bib", ".ris", ".nxml", ".tex", ".latex", ".xml"})
_CONVERSATION_KEYS = frozenset({"messages", "conversations", "turns", "dialogue", "dialog"})
_LABEL_KEYS = frozenset({"label", "intent", "category", "class", "kelas", "kategori"})
_QUESTION_KEYS = frozenset({"question", "instruction", "prompt", "pertanyaan"})
_SUMMARY_KEYS = frozenset({"summary", "abstract", "ringkasan"})
_HEAD_BYTES = 65_536
_WHOLE_BYTES = 50_000_000  # JSON files and archives up to this size are looked into
_LONGEST_ENDING = 12
_MEMBERS = 40  # of an archive
_TITLES = {
    **{"whatsapp": "WhatsApp", "teams": "Microsoft Teams", "oasst": "OpenAssistant"},
    **{"jats": "JATS", "dialogflow": "Dialogflow"},
}


@dataclass(frozen=True, slots=True)
class SeenFile:
    """``kind``: which key of a source; ``preset``: the kind of work that suits it; ``what``: the
    sort of file in a word; ``certain``: whether something in it says so."""

    kind: str
    preset: str
    what: str
    certain: bool = True


def see_file(path: Path) -> SeenFile | None:
    """What ``path`` holds; None where it is nothing that can be read."""
    from laras.sources.archive import is_archive
    from laras.sources.read import UNSUPPORTED

    suffix = path.suffix.lower()
    if suffix.removeprefix(".") in UNSUPPORTED:
        return None
    try:
        return _archive(path) if is_archive(path.name) else _by_content(path, suffix)
    except (OSError, zipfile.BadZipFile):
        return SeenFile("documents", "documents", "?", certain=False)


def _by_content(path: Path, suffix: str) -> SeenFile | None:
    from laras.sources.context import READERS

    what = suffix.removeprefix(".")
    if not (what.isascii() and what.isalnum() and len(what) <= _LONGEST_ENDING):
        what = "text"  # it is written into the recipe, so it may hold nothing else
    if suffix in _ARTICLES:
        return SeenFile("articles", "documents", "JATS" if suffix in (".xml", ".nxml") else what)
    if suffix in _TABLES:
        header = _header(path, "\t" if suffix == ".tsv" else None)
        return _by_table(header, what, path)
    if suffix in _PARQUET:
        return _by_table(_columns(path), what, path)
    if suffix in _SHEETS:
        return _sheet(path, what)
    if suffix in _JSON:
        return _by_json(path, what)
    known = what in READERS
    text = _head(path) if not known or what in ("txt", "text", "html", "htm") else ""
    if text and (found := _format("text", text[:20_000], path)):
        return found
    if known or _is_text(path):
        return SeenFile("documents", "documents", what or "text")
    return None


def _format(form: str, beginning: Any, path: Path) -> SeenFile | None:
    """The chat export that begins with ``beginning``."""
    from laras.sources.conversations.formats import format_of

    context = _context(path)
    try:
        found = format_of(form, beginning, context)  # type: ignore[arg-type]
    except (ValueError, TypeError, AttributeError, KeyError):
        return None
    if found is None:
        return None
    return SeenFile("conversations", "chat", _TITLES.get(found.name, found.name.capitalize()))


def _context(path: Path) -> FileContext:
    from laras.recipe.data import Source
    from laras.sources.context import FileContext
    from laras.sources.discovery import SourceFile
    from laras.sources.parsing import ParserProcess

    file = SourceFile(path, path.as_posix(), path.name, path.stat().st_size)
    source = Source(conversations=[path.as_posix()])
    return FileContext(file, source, ParserProcess(), _WHOLE_BYTES)


def _by_table(names: list[str], what: str, path: Path) -> SeenFile:
    return _format("table", names, path) or _by_keys(names, what)


def _by_json(path: Path, what: str) -> SeenFile:
    for value in _first_values(path):
        if found := _format("json", value, path):
            return found
    first = next(iter(_rows_of(path)), None)
    return _by_keys([str(key) for key in first] if isinstance(first, dict) else [], what)


def _by_keys(names: Iterable[str], what: str) -> SeenFile:
    from laras.recipe.data import ColumnMap
    from laras.sources.tables.shapes import message_shape_of, shape_of

    given = list(names)
    keys = frozenset(name.strip().lower() for name in given)
    columns = ColumnMap()
    shape = shape_of(given, columns)
    asks = bool(shape.question and shape.answer)
    if keys & _CONVERSATION_KEYS or message_shape_of(given, columns):
        return SeenFile("conversations", "chat", what)
    if keys & _LABEL_KEYS and not asks:
        return SeenFile("examples", "classification", what)
    if keys & _SUMMARY_KEYS:
        return SeenFile("examples", "summaries", what)
    if keys & _QUESTION_KEYS or asks:
        return SeenFile("examples", "questions", what)
    if shape.messages:
        return SeenFile("conversations", "chat", what)
    if keys == frozenset({"text"}):
        return SeenFile("documents", "documents", what)
    if shape.text and shape.label:
        return SeenFile("examples", "classification", what)
    return SeenFile("examples", "questions", what, certain=False)


def _sheet(path: Path, what: str) -> SeenFile:
    """Rows where the first row with several cells names what is known; else a text of tables."""
    from laras.sources.extraction import RefusedError
    from laras.sources.parsing import ParserProcess

    try:
        with ParserProcess() as parser:
            sheets = parser.extract("spreadsheet-rows", path)
    except RefusedError:
        return SeenFile("documents", "documents", what, certain=False)
    for sheet in sheets:
        rows = (json.loads(line)[1] for line in sheet.text.split("\n")[:50] if line)
        header: list[Any] = next((cells for cells in rows if sum(map(bool, cells)) > 1), [])
        seen = _by_table([str(cell) for cell in header if cell], what, path)
        if seen.certain:
            return seen
    return SeenFile("documents", "documents", what)


def _archive(path: Path) -> SeenFile:
    """What most of its members are; large ones are told by their members' names alone."""
    from laras.sources.archive import is_archive, unpacked
    from laras.sources.discovery import SourceFile
    from laras.sources.extraction import RefusedError

    what = path.suffix.lower().removeprefix(".")
    unknown = SeenFile("documents", "documents", what, certain=False)
    size = path.stat().st_size
    if size > _WHOLE_BYTES:
        return unknown
    counts: Counter[tuple[str, str, str]] = Counter()
    file = SourceFile(path, path.name, path.name, size)
    try:
        with unpacked(file, _WHOLE_BYTES) as (members, _left):
            for member in [m for m in members if isinstance(m, SourceFile)][:_MEMBERS]:
                # It lies there under a number, with the ending of its name.
                seen = None if is_archive(member.path) else see_file(member.location)
                if seen is not None and seen.certain:
                    counts[seen.kind, seen.preset, seen.what] += 1
    except RefusedError:
        return unknown
    if not counts:
        return unknown
    kind, preset, inner = counts.most_common(1)[0][0]
    return SeenFile(kind, preset, f"{inner} ({what})")


def _head(path: Path) -> str:
    from laras.sources.encoding import UndecodableError, decode

    with path.open("rb") as file:
        data = file.read(_HEAD_BYTES)
    try:
        return decode(data).text
    except UndecodableError:
        return data.decode("utf-8-sig", errors="replace")


def _is_text(path: Path) -> bool:
    with path.open("rb") as file:
        data = file.read(_HEAD_BYTES)
    return bool(data) and b"\0" not in data


def _header(path: Path, delimiter: str | None) -> list[str]:
    from laras.sources.tables.delimited import sniff_delimiter

    text = _head(path)
    first = next(csv.reader(text.splitlines(), delimiter=delimiter or sniff_delimiter(text)), [])
    return [name.strip() for name in first]


def _columns(path: Path) -> list[str]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return list(pq.read_schema(path).names)
    except pa.ArrowException:
        return []


def _first_values(path: Path) -> Iterable[Any]:
    """The first value of the file, and the first that it wraps, as a chat format is shown it."""
    whole = _whole(path)
    if whole is not None and not isinstance(whole, list):
        yield whole
    yield from _rows_of(path, whole)


def _rows_of(path: Path, whole: Any = None) -> Iterable[Any]:
    """The first row, of JSON lines, of a list, or of a list within an object."""
    whole = _whole(path) if whole is None else whole
    if isinstance(whole, list):
        yield from whole[:1]
    elif isinstance(whole, dict):
        lists = [v for v in whole.values() if isinstance(v, list) and v and isinstance(v[0], dict)]
        if len(lists) == 1 and not {*map(str.lower, whole)} & _CONVERSATION_KEYS:
            yield lists[0][0]
        else:
            yield whole
    else:
        text = _head(path)
        start = text.find("{")
        if start >= 0:
            try:
                yield json.JSONDecoder().raw_decode(text, start)[0]
            except (ValueError, RecursionError):
                return


def _whole(path: Path) -> Any:
    if path.suffix.lower() != ".json" or path.stat().st_size > _WHOLE_BYTES:
        return None
    from laras.sources.encoding import UndecodableError, decode

    try:
        return json.loads(decode(path.read_bytes()).text)
    except (UndecodableError, ValueError, RecursionError):
        return None
