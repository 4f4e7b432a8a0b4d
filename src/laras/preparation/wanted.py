"""What a person calls a file or a text, compared with what the run calls it."""

from __future__ import annotations

import difflib
import json
import os
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path

_MAGIC = frozenset("*?[")
_MOST_CLOSE = 3
_LEAST_LIKE = 0.6


def flat(text: str) -> str:
    """``text`` without upper case, its white space made single spaces: for finding words."""
    return " ".join(text.casefold().split())


class WantedPlace:
    """A file, a folder or a place in a file, however it is named: as the recipe names it, by its
    base name or the end of its path, as seen from where the user stands, or by its absolute path.

    ``data``: the data folder of a run, whose records name files as seen from the recipe.
    """

    def __init__(self, wanted: str, data: Path) -> None:
        self._given = wanted
        plain = os.path.normpath(wanted.strip()).replace("\\", "/") if wanted.strip() else ""
        self._names = {name.casefold() for name in (wanted, plain) if name not in ("", ".", "..")}
        recipe_folder = _recipe_folder(data)
        here = Path(wanted).expanduser()
        if recipe_folder is not None and _is_there(here):
            relative = os.path.relpath(here.resolve(), recipe_folder).replace(os.sep, "/")
            self._names |= {relative.casefold(), here.resolve().as_posix().casefold()}
        self._known: dict[str, bool] = {}

    def __call__(self, path: str, locator: str = "") -> bool:
        """Whether ``path``, or ``locator`` in it, is meant."""
        if path not in self._known:
            self._known[path] = self._is_path(path)
        return self._known[path] or (
            bool(locator) and self._given.endswith(locator) and self._is_place(path, locator)
        )

    def _is_path(self, path: str) -> bool:
        folded = os.path.normpath(path).replace("\\", "/").casefold() if path else ""
        if not folded:
            return False
        return any(
            folded == name
            or (bool(_MAGIC.intersection(name)) and fnmatchcase(folded, name))
            or folded.endswith(f"/{name}")
            or folded.startswith(f"{name.rstrip('/')}/")
            or f"/{name.rstrip('/')}/" in folded
            or (name == "." and not folded.startswith(("/", "..")))
            for name in self._names
        )

    def _is_place(self, path: str, locator: str) -> bool:
        base = path.rsplit("/", 1)[-1]
        return self._given in (f"{path}: {locator}", f"{base}: {locator}")


def close_names(wanted: str, paths: Iterable[str]) -> list[str]:
    """Names of files that ``wanted`` may be a slip of, the likeliest first."""
    by_name: dict[str, str] = {}
    for path in dict.fromkeys(paths):
        for name in (path, path.rsplit("/", 1)[-1]):
            by_name.setdefault(name.casefold(), path)
    base = wanted.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
    found: dict[str, None] = {}
    for name in (wanted.casefold(), base.casefold()):
        for close in difflib.get_close_matches(name, by_name, _MOST_CLOSE, _LEAST_LIKE):
            found[by_name[close]] = None
    return list(found)[:_MOST_CLOSE]


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # words: too long for a name, or with a null character
        return False


def _recipe_folder(data: Path) -> Path | None:
    """Where the recipe of the run stood."""
    try:
        origin = json.loads((data.parent / "origin.json").read_text(encoding="utf-8"))
        return Path(str(origin["recipe_folder"])).resolve()
    except (OSError, ValueError, KeyError, TypeError):
        return None
