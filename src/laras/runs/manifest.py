"""What a result depended on: versions, machine, seeds, hashes; and nothing about a person.

A manifest travels with reports and models, so it must not tell whose machine it was: absolute
paths are cut to their last part; secrets, e-mail addresses and the names of host and user are
taken out.
"""

from __future__ import annotations

import contextlib
import getpass
import platform
import re
from collections.abc import Mapping
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

import laras
from laras.runs.atomic import plain
from laras.runs.machine import describe_machine, library_versions
from laras.runs.redaction import REMOVED, redacted

# A path from the root, at the start of a text or after a space, quote or bracket.
_POSIX_PATH = re.compile(r"(?<![^\s\"'(=\[,:])/(?:[^/\s\"',;:)\]]+/)*[^/\s\"',;:)\]]+/?")
_WINDOWS_PATH = re.compile(r"\b[A-Za-z]:\\(?:[^\\\s\"']+\\)*[^\\\s\"']*")
_SHORTEST_NAME = 4  # shorter host and user names are also ordinary words
_NO_NAMES = frozenset({"root", "user", "admin", "localhost", "ubuntu", "runner"})


def manifest(facts: Mapping[str, Any]) -> dict[str, Any]:
    """``facts`` (seeds, hashes, ...) with versions and machine, fit to be given away."""
    return {
        "laras": laras.__version__,
        "python": platform.python_version(),
        "libraries": library_versions(),
        "machine": describe_machine(),
        **without_identity(plain(dict(facts))),
    }


VERSIONS = ("laras", "python", "libraries")


def earlier_versions(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[dict[str, Any]]:
    """With which other versions commands were given in the same run, oldest first, each once:
    those that the manifest ``before`` names, and its own."""
    named = before.get("earlier")
    found = [each for each in named if isinstance(each, dict)] if isinstance(named, list) else []
    found.append({key: before.get(key) for key in VERSIONS})
    current = {key: now[key] for key in VERSIONS}
    return [each for at, each in enumerate(found) if each != current and each not in found[:at]]


def without_identity(value: Any) -> Any:
    """``value`` (as JSON knows it) with absolute paths, secrets, e-mail addresses, host and user
    names removed."""
    return _walked(redacted(value))


def _walked(value: Any) -> Any:
    if isinstance(value, str):
        return _clean(value)
    if isinstance(value, list):
        return [_walked(item) for item in value]
    if isinstance(value, dict):
        return {_clean(key): _walked(item) for key, item in value.items()}
    return value


def _clean(text: str) -> str:
    text = _WINDOWS_PATH.sub(lambda match: PureWindowsPath(match[0]).name, text)
    text = _POSIX_PATH.sub(lambda match: PurePosixPath(match[0]).name, text)
    for name in _identities():
        text = re.sub(rf"\b{re.escape(name)}\b", REMOVED, text)
    return text


def _identities() -> list[str]:
    names = [platform.node(), platform.node().split(".")[0]]
    with contextlib.suppress(KeyError, OSError):  # a user without an entry, as containers have
        names.append(getpass.getuser())
    return [
        name
        for name in dict.fromkeys(names)
        if len(name) >= _SHORTEST_NAME and name not in _NO_NAMES
    ]
