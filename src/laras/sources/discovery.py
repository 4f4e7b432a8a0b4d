"""Files, folders and globs of a recipe to the files to read, in an order that never changes.

Hidden files are passed over. A link that leads out of the folder it stands in is refused, as is
anything that is not a regular file: opening a pipe would wait for ever.
"""

from __future__ import annotations

import difflib
import os
import posixpath
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import xxhash

from laras.errors import UsageError
from laras.records import Rejection
from laras.sources.reasons import rejection
from laras.translation import _

_MAGIC = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A regular file to read: where it is, what records call it, and how big it is.

    ``key`` goes into the identifiers of its records: the same on every machine, hence made of the
    path relative to the recipe and never of the absolute one. ``fragment`` is what the recipe
    says behind a ``#``: only what stands under this key of a JSON file is meant.
    """

    location: Path
    path: str
    key: str
    size_bytes: int
    fragment: str = ""


@dataclass(frozen=True, slots=True)
class _Found:
    location: Path
    path: str
    root: Path | None  # links may not lead out of it; None: named by the user, so wanted
    fragment: str = ""


def find_files(paths: list[str], folder: Path) -> list[SourceFile | Rejection]:
    """What ``paths`` of a recipe in ``folder`` stand for, sorted by path, each file once.

    Raises :class:`UsageError` for a path that is not there, or that holds no file at all.
    """
    folder = folder.resolve()
    found: list[_Found | Rejection] = []
    for given in paths:
        under_this = list(_expand(given, folder))
        if not under_this:
            raise UsageError(
                "sources.nothing-found",
                _("There is no file to read in {path!r}.").format(path=given),
                hint=_("Hidden files are passed over."),
            )
        found.extend(under_this)
    results: list[SourceFile | Rejection] = []
    seen: set[tuple[Path, str]] = set()
    # A file reached both by itself and by a link is read under its own name.
    for item in sorted(found, key=_own_name_first):
        result = item if isinstance(item, Rejection) else _inspect(item, folder)
        if isinstance(result, SourceFile):
            if (result.location, result.fragment) in seen:
                continue
            seen.add((result.location, result.fragment))
        results.append(result)
    unique = {(*_place(result), type(result)): result for result in results}
    return sorted(unique.values(), key=_place)


def _place(result: SourceFile | Rejection) -> tuple[str, str]:
    return result.path, result.fragment if isinstance(result, SourceFile) else ""


def _own_name_first(item: _Found | Rejection) -> tuple[bool, str]:
    return (isinstance(item, _Found) and item.location.is_symlink(), item.path)


def _expand(given: str, folder: Path) -> Iterator[_Found | Rejection]:
    base = folder / _at_home(given)
    whole, _mark, fragment = given.rpartition("#")
    if os.path.lexists(base):
        yield from (
            _walk(base, given, folder)
            if base.is_dir()
            else [_Found(base, _shown(base, given, folder), None)]
        )
    elif fragment and whole.lower().endswith(".json") and (folder / _at_home(whole)).is_file():
        named = folder / _at_home(whole)
        yield _Found(named, _shown(named, whole, folder), None, fragment)
    elif _MAGIC.intersection(given):
        yield from _glob(given, folder)
    else:
        raise UsageError(
            "sources.not-found",
            _("There is no file or folder {path!r}.").format(path=given),
            where=str(folder),
            hint=_with_slashes(given, folder) or _closest(base),
        )


def _at_home(given: str) -> Path:
    """The path with a ``~`` at its beginning made a home folder, where there is such a one."""
    try:
        return Path(given).expanduser()
    except RuntimeError:  # the home of nobody: then it is a name that begins so
        return Path(given)


def _with_slashes(given: str, folder: Path) -> str | None:
    """What to write for a path of Windows on another system, where it would be right."""
    path = given.replace("\\", "/")
    if path == given or not (folder / _at_home(path)).exists():
        return None
    return _("Did you mean {name!r}?").format(name=path)


def _closest(base: Path) -> str | None:
    try:
        names = [entry.name for entry in base.parent.iterdir()]
    except OSError:
        return _("The folder {path!r} is not there either.").format(path=str(base.parent))
    close = difflib.get_close_matches(base.name, names, n=1)
    return _("Did you mean {name!r}?").format(name=close[0]) if close else None


def _glob(given: str, folder: Path) -> Iterator[_Found | Rejection]:
    parts = Path(given).parts
    first_magic = next(index for index, part in enumerate(parts) if _MAGIC.intersection(part))
    prefix = Path(*parts[:first_magic])
    root = folder / _at_home(str(prefix))
    wants_hidden = any(part.startswith(".") for part in parts[first_magic:])
    for match in root.glob(str(Path(*parts[first_magic:]))):
        inside = match.relative_to(root)
        if not wants_hidden and any(is_hidden(part) for part in inside.parts):
            continue
        shown = str(prefix / inside)
        if match.is_dir():
            yield from _walk(match, shown, folder, root)
        else:
            yield _Found(match, _shown(match, shown, folder), root)


def _walk(
    top: Path, given: str, folder: Path, root: Path | None = None
) -> Iterator[_Found | Rejection]:
    root = root or top
    failures: list[OSError] = []
    for here, folders, files in os.walk(top, onerror=failures.append):
        folders[:] = sorted(name for name in folders if not is_hidden(name))
        for name in sorted(folders) + sorted(files):
            location = Path(here, name)
            shown = _shown(location, str(Path(given, location.relative_to(top))), folder)
            if name in folders:
                # os.walk does not follow these; one that stays inside is read where it leads.
                if location.is_symlink() and not _lies_in(location, root):
                    yield rejection("symlink-outside", shown)
            elif not is_hidden(name):
                yield _Found(location, shown, root)
    for failure in failures:
        location = Path(failure.filename)
        shown = _shown(location, str(Path(given, location.relative_to(top))), folder)
        yield rejection("unreadable", shown, fact=failure.strerror or "")


def is_hidden(name: str) -> bool:
    """Whether a file or folder of this name is passed over."""
    return name.startswith((".", "~$"))  # "~$": a lock that Office leaves beside an open file


def _lies_in(location: Path, root: Path) -> bool:
    return location.resolve().is_relative_to(root.resolve())


def _shown(location: Path, given: str, folder: Path) -> str:
    """What records call the file: relative to the recipe where below it, else as given."""
    absolute = os.path.normpath(location)
    try:
        relative = os.path.relpath(absolute, folder)
    except ValueError:  # on another drive of Windows
        relative = os.pardir
    path = given if relative.startswith(os.pardir) else relative
    # A name that is not UTF-8 could be stored nowhere.
    return os.fsencode(path).decode("utf-8", "backslashreplace").replace(os.sep, "/")


def _inspect(found: _Found, folder: Path) -> SourceFile | Rejection:
    try:
        if found.root is not None and not _lies_in(found.location, found.root):
            return rejection("symlink-outside", found.path)
        facts = found.location.stat()
        location = found.location.resolve()
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle
        return rejection("unreadable", found.path, fact=type(error).__name__)
    if not stat.S_ISREG(facts.st_mode):
        return rejection("not-a-file", found.path)
    try:
        key = _key(found.path, location, facts.st_size)
    except OSError as error:
        return rejection("unreadable", found.path, fact=type(error).__name__)
    if found.fragment:
        key = f"{key}#{found.fragment}"
    return SourceFile(location, found.path, key, facts.st_size, found.fragment)


def _key(path: str, location: Path, size_bytes: int) -> str:
    """``path`` where it is relative. For an absolute one, its last two names and how the file
    begins: the names alone may be shared by the files of two folders."""
    if not Path(path).is_absolute():
        return posixpath.normpath(path)
    with location.open("rb") as stream:
        beginning = xxhash.xxh3_64_hexdigest(stream.read(1 << 20))
    return "/".join([*path.split("/")[-2:], f"{size_bytes}", beginning])
