"""A checkpoint as it lies on the disk: what it holds, or why it can't be trusted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from laras.errors import StorageFailed
from laras.runs.hashing import FileFacts, file_facts
from laras.runs.regular import read_regular, read_regular_json
from laras.saving.state import TrainingState
from laras.translation import _

FORMAT = 1
WEIGHTS, OPTIMIZER, RANDOM, STATE = (
    *("weights.safetensors", "optimizer.safetensors", "random.safetensors"),
    "state.json",
)
BEST = "best.safetensors"
MANIFEST = "MANIFEST.json"
_ALWAYS = {WEIGHTS, OPTIMIZER, RANDOM, STATE}
_STATE = TypeAdapter(TrainingState)


@dataclass(frozen=True, slots=True)
class Verified:
    """A checkpoint that is what was written. ``files``: by name, those it consists of."""

    folder: Path
    state: TrainingState
    files: Mapping[str, FileFacts]


def read(folder: Path) -> Verified | str:
    """The checkpoint in ``folder``, every file of it hashed, or why it can't be trusted.

    Raises StorageFailed for one that is whole as far as anybody can see, and in a format that this
    version does not know: to pass it over would be to lose what another version has done.
    """
    if folder.is_symlink():
        return _("it is a symbolic link")
    try:
        manifest = read_regular_json(folder / MANIFEST)
        form = manifest["format"]
        if isinstance(form, int) and form != FORMAT:
            raise _of_another_version(folder, form)
        files = {name: _facts(entry) for name, entry in manifest["files"].items()}
        if missing := sorted(_ALWAYS - files.keys()):
            return _("{file} is missing").format(file=missing[0])
        for name, facts in files.items():
            if name not in _ALWAYS | {BEST}:
                return _("its manifest can't be read: {reason}").format(reason=repr(name))
            if reason := _problem(folder / name, facts):
                return reason
        state = _STATE.validate_json(read_regular(folder / STATE))
    except FileNotFoundError as error:
        return _("{file} is missing").format(file=Path(error.filename).name)
    except ValidationError as error:
        return _("its state can't be read: {reason}").format(reason=error.errors()[0]["msg"])
    except OSError as error:  # a disk that fails
        return _("it can't be read: {reason}").format(reason=error.strerror)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        return _("its manifest can't be read: {reason}").format(reason=error)
    if state.best_loss is not None and BEST not in files:
        return _("{file} is missing").format(file=BEST)
    return Verified(folder, state, files)


def _problem(path: Path, facts: FileFacts) -> str | None:
    if path.is_symlink() or not path.is_file():
        return _("{file} is missing").format(file=path.name)
    if path.stat().st_size != facts.bytes:
        return _("{file} has the wrong size").format(file=path.name)
    if file_facts(path) != facts:
        return _("{file} is damaged").format(file=path.name)
    return None


def _facts(entry: Any) -> FileFacts:
    size, digest = entry["bytes"], entry["sha256"]
    if not isinstance(size, int) or not isinstance(digest, str):
        raise TypeError("bytes, sha256")
    return FileFacts(size, digest)


def _of_another_version(folder: Path, form: int) -> StorageFailed:
    return StorageFailed(
        "tuning.checkpoint-version",
        _("This checkpoint has format {format}; this version of Laras reads format {own}.").format(
            format=form, own=FORMAT
        ),
        where=str(folder),
        hint=_(
            "Go on with the version of Laras that wrote it, or delete it to go on from an earlier "
            "one."
        ),
    )
