"""What the user's files are, for ``laras init``: told from their names and how they begin."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from laras.cli.guess_file import SeenFile, see_file
from laras.sources.discovery import is_hidden

_MOST_FILES = 2000  # looked at; of those beyond, the names are taken to say the same
_BESIDE = ("readme", "license", "licence", "notice", "changelog", "recipe.yaml")


@dataclass(frozen=True, slots=True)
class Guess:
    """``kind``: which key of a source; ``preset``: the kind of work that suits it."""

    kind: str
    preset: str


@dataclass(slots=True)
class GuessedSource:
    """One source of the recipe: its ``paths`` (files, folders, globs), and how many files of which
    sort were seen there."""

    kind: str
    preset: str
    paths: list[Path] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)

    @property
    def files(self) -> int:
        """How many files were seen."""
        return self.seen.total()


_DOCUMENTS = Guess("documents", "documents")


def guess_source(path: Path) -> Guess:
    """What ``path`` seems to hold mostly; documents where nothing speaks for another kind."""
    found = guess_sources([path])
    if not found:
        return _DOCUMENTS
    most = max(found, key=lambda source: source.files)
    return Guess(most.kind, most.preset)


def guess_sources(data: Sequence[Path], avoid: Path | None = None) -> list[GuessedSource]:
    """The sources that the files and folders ``data`` make: one for each kind of data in them, in
    the order in which they are met.

    A folder of one kind is named as a whole, a mixed one by its folders, by its endings, or file
    by file. ``avoid``: a folder that no path may hold, because the recipe will lie there.
    """
    sources: dict[str, GuessedSource] = {}
    presets: dict[str, Counter[str]] = {}
    for path in data:
        tree = _Tree(path, avoid.resolve() if avoid else None)
        for kind, paths in tree.paths_by_kind().items():
            source = sources.setdefault(kind, GuessedSource(kind, ""))
            source.paths += paths
            of_kind = [seen for seen in tree.seen.values() if seen.kind == kind]
            source.seen.update(seen.what for seen in of_kind)
            presets.setdefault(kind, Counter()).update(seen.preset for seen in of_kind)
    for kind, source in sources.items():
        source.preset = presets[kind].most_common(1)[0][0] if presets[kind] else "documents"
    return list(sources.values())


class _Tree:
    """The files under a path, with what each is; files that are nothing are left out."""

    def __init__(self, top: Path, avoid: Path | None) -> None:
        self.top = top
        self.avoid = avoid
        looked_at = {file: see_file(file) for file in _files(top)}
        known = {file: seen for file, seen in looked_at.items() if seen is not None}
        sure = {
            file: seen
            for file, seen in known.items()
            if seen.certain and not file.name.lower().startswith(_BESIDE)
        }
        # What is only guessed (a list of an export's users, a README) goes with the rest.
        self.seen: dict[Path, SeenFile] = sure or known

    def paths_by_kind(self) -> dict[str, list[Path]]:
        """The shortest list of paths for each kind."""
        found: dict[str, list[Path]] = {}
        if not self.top.is_dir():
            kind = next((seen.kind for seen in self.seen.values()), "documents")
            return {kind: [self.top]}
        self._collect(self.top, found)
        return found or {}

    def _collect(self, folder: Path, found: dict[str, list[Path]]) -> None:
        inside = [file for file in self.seen if folder in file.parents]
        kinds = {self.seen[file].kind for file in inside}
        if len(kinds) == 1 and not self._holds_avoided(folder):
            found.setdefault(kinds.pop(), []).append(folder)
            return
        here = [file for file in inside if file.parent == folder]
        endings: dict[str, list[Path]] = {}
        for file in here:
            endings.setdefault(file.suffix, []).append(file)
        for ending, files in endings.items():
            of_kind = {self.seen[file].kind for file in files}
            if len(of_kind) == 1 and len(files) > 1 and ending and "[" not in str(folder):
                found.setdefault(of_kind.pop(), []).append(folder / f"*{ending}")
            else:
                for file in files:
                    found.setdefault(self.seen[file].kind, []).append(file)
        for child in sorted({_child(folder, file) for file in inside if file.parent != folder}):
            self._collect(child, found)

    def _holds_avoided(self, folder: Path) -> bool:
        return self.avoid is not None and self.avoid.is_relative_to(folder.resolve())


def _child(folder: Path, file: Path) -> Path:
    return folder / file.relative_to(folder).parts[0]


def _files(path: Path) -> Iterable[Path]:
    """The first files under a path, hidden ones and a run's own passed over."""
    if not path.is_dir():
        yield path
        return
    count = 0
    for folder, folders, names in os.walk(path):
        folders[:] = sorted(name for name in folders if not is_hidden(name))
        for name in sorted(names):
            file = Path(folder) / name
            if is_hidden(name) or not file.is_file():
                continue
            count += 1
            if count > _MOST_FILES:
                return
            yield file
