"""Resumable checkpoints: written aside, hashed, published by one rename; never half there.

A checkpoint is a folder ``step-N`` with ``weights.safetensors`` (what is trained),
``best.safetensors`` (the same at the best validation so far), ``optimizer.safetensors``,
``random.safetensors`` (random states as integers), ``state.json`` and, written last,
``MANIFEST.json`` with the size and SHA-256 of each. safetensors notices a cut file but not a
flipped bit, hence the hashes. Resuming takes the newest folder that verifies and says why newer
ones were passed over.
"""

from __future__ import annotations

import contextlib
import gc
import os
import re
import shutil
import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from laras.errors import StorageFailed
from laras.models.tensors import write_tensors
from laras.runs.atomic import (
    publish_folder,
    remove_folder,
    sweep,
    sync_folder,
    write_json_atomic,
)
from laras.runs.failures import storage_errors
from laras.runs.faults import fault_point
from laras.runs.hashing import FileFacts, file_facts
from laras.saving.state import TrainingState
from laras.saving.verified import (
    BEST,
    FORMAT,
    MANIFEST,
    OPTIMIZER,
    RANDOM,
    STATE,
    WEIGHTS,
    Verified,
    read,
)
from laras.translation import _

Result = TypeVar("Result")

_NAME = re.compile(r"^step-(\d+)$")
_MARGIN_BYTES = 1 << 20  # manifests, and what the file system takes for names


@dataclass(frozen=True, slots=True)
class Skipped:
    """A checkpoint that was not used, and why. ``damaged``: it is not what was written; else it is
    whole, and of another training."""

    name: str
    reason: str
    damaged: bool


@dataclass(frozen=True, slots=True)
class Contents:
    """What goes into a checkpoint beside its best weights, as it was when a step had ended."""

    state: TrainingState
    weights: Mapping[str, torch.Tensor]
    optimizer: Mapping[str, torch.Tensor]
    random: Mapping[str, torch.Tensor]

    @property
    def bytes(self) -> int:
        """Of the tensors."""
        parts = (self.weights, self.optimizer, self.random)
        return sum(tensor.nbytes for part in parts for tensor in part.values())


@dataclass(frozen=True, slots=True)
class Best:
    """The file of the best weights so far, and what was written to it."""

    path: Path
    facts: FileFacts


def proceed() -> None:
    """For who never stops a save."""


class Checkpoints:
    """The checkpoints of one contender, in one folder."""

    def __init__(self, folder: Path, keep: int) -> None:
        self.folder = folder
        self.keep = keep
        # Folders that are not what was written: none of them counts as one that is kept.
        self._damaged: set[Path] = set()

    def save(
        self,
        contents: Contents,
        best: Best | None,
        going_on: Callable[[], None] = proceed,
        rotate: bool = True,
    ) -> int:
        """Publish ``step-N``; only then remove old ones (``rotate``). Returns bytes written.

        ``best`` shares its blocks on the disk with the checkpoint where the file system can do
        that. ``going_on`` is called now and then; what it raises ends the save. Raises
        StorageFailed when there is no room: what was saved before stays.
        """
        step = contents.state.step
        return with_room(
            lambda: self._save(contents, best, going_on, rotate), lambda: self._drop_early(step)
        )

    def _save(
        self, contents: Contents, best: Best | None, going_on: Callable[[], None], rotate: bool
    ) -> int:
        with storage_errors(self.folder):
            # Without its parents: a run folder that was deleted meanwhile stays away.
            self.folder.mkdir(exist_ok=True)
            sweep(self.folder)
            self._refuse_without_room(contents)
            fault_point("saving")
            final = self.folder / f"step-{contents.state.step}"
            temporary = self.folder / f".{final.name}.{uuid.uuid4().hex}.tmp"
            temporary.mkdir()
            try:
                files = _write(temporary, contents, best, going_on)
                fault_point("before-manifest")
                entries = {name: asdict(files[name]) for name in sorted(files)}
                write_json_atomic(temporary / MANIFEST, {"format": FORMAT, "files": entries})
                fault_point("before-rename")
                going_on()
                publish_folder(temporary, final)
            finally:
                shutil.rmtree(temporary, ignore_errors=True)
            fault_point("after-rename")
            self._damaged.discard(final)
            if rotate:
                self._rotate(contents.state.step)
        return sum(facts.bytes for facts in files.values())

    def newest(self, key: str) -> tuple[Verified | None, list[Skipped]]:
        """The newest checkpoint of this run that verifies, and those passed over before it.

        Raises StorageFailed for one that another version of Laras has written.
        """
        if self.folder.is_dir():
            sweep(self.folder)
        skipped: list[Skipped] = []
        for _step, folder in reversed(self._published()):
            found = read(folder)
            if isinstance(found, Verified) and found.state.key == key:
                return found, skipped
            if isinstance(found, Verified):
                reason = _("it belongs to other data or settings")
                skipped.append(Skipped(folder.name, reason, damaged=False))
            else:
                skipped.append(Skipped(folder.name, found, damaged=True))
                self._damaged.add(folder)
        return None, skipped

    def drop_after(self, step: int) -> None:
        """Remove those of later steps, where there is a sound one of that step or before."""
        published = self._published()
        if any(at <= step and folder not in self._damaged for at, folder in published):
            for at, folder in published:
                if at > step:
                    self._remove(folder)

    def clear(self) -> None:
        """Remove all checkpoints: the run they belong to is finished or was changed."""
        if self.folder.is_dir():
            remove_folder(self.folder)

    def _refuse_without_room(self, contents: Contents) -> None:
        need = 2 * contents.bytes + _MARGIN_BYTES
        free = shutil.disk_usage(self.folder).free
        if free < need:
            raise StorageFailed(
                "runs.disk-full",
                _("A checkpoint needs {need} MB of room, {free} MB are free.").format(
                    need=need // 1_000_000 + 1, free=free // 1_000_000
                ),
                where=str(self.folder),
                hint=_("Make room and run the same command again: it continues."),
            )

    def _rotate(self, newest: int) -> None:
        """By step number, not by the clock: a clock that was set back must not delete the newest.
        A higher step than the one just saved was passed over when this training resumed."""
        published = self._published()
        sound = [at for at, folder in published if at <= newest and folder not in self._damaged]
        for step, folder in published:
            if step not in sound[-self.keep :]:
                self._remove(folder)

    def _drop_early(self, coming: int) -> None:
        """What would go once the checkpoint of step ``coming`` is there, but never the newest that
        is sound."""
        older = [folder for step, folder in self._published() if step < coming]
        sound = [folder for folder in older if folder not in self._damaged]
        for folder in older:
            if folder not in sound[-max(1, self.keep - 1) :]:
                self._remove(folder)

    def _remove(self, folder: Path) -> None:
        # Under its name it is there completely, or not at all: first the name goes.
        going = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}.tmp")
        folder.rename(going)
        sync_folder(folder.parent)
        (going / MANIFEST).unlink(missing_ok=True)
        fault_point("rotation")
        shutil.rmtree(going)

    def _published(self) -> list[tuple[int, Path]]:
        found = []
        if self.folder.is_dir():
            for path in self.folder.iterdir():
                match = _NAME.match(path.name)
                if match and path.is_dir():
                    found.append((int(match[1]), path))
        return sorted(found)


def with_room(write: Callable[[], Result], make_room: Callable[[], None]) -> Result:
    """What ``write`` gives; where it finds no room, once more after ``make_room``, and after what
    Python still holds of files that are deleted was let go."""
    try:
        return write()
    except StorageFailed as error:
        if error.identifier != "runs.disk-full":
            raise
    make_room()
    gc.collect()
    return write()


def _write(
    folder: Path, contents: Contents, best: Best | None, going_on: Callable[[], None]
) -> dict[str, FileFacts]:
    """All files but the manifest."""
    struck = False

    def on_the_way(written: int, size: int) -> None:
        nonlocal struck
        going_on()
        if not struck and 2 * written >= size:
            struck = True
            fault_point("weights-file")

    def going(written: int, size: int) -> None:
        going_on()

    files = {
        WEIGHTS: write_tensors(folder / WEIGHTS, contents.weights, on_the_way),
        OPTIMIZER: write_tensors(folder / OPTIMIZER, contents.optimizer, going),
        RANDOM: write_tensors(folder / RANDOM, contents.random, going),
    }
    if best is not None:
        link_or_copy(best.path, folder / BEST)
        if file_facts(folder / BEST) != best.facts:
            raise damaged(_("it is no longer what was written to it"), best.path)
        files[BEST] = best.facts
    write_json_atomic(folder / STATE, asdict(contents.state))
    files[STATE] = file_facts(folder / STATE)
    return files


def link_or_copy(source: Path, target: Path) -> None:
    """``target`` with the content of ``source``, which is only ever replaced, never changed.

    At most two names share their blocks on the disk: one that goes bad must not take the best
    weights of all checkpoints with it.
    """
    if source.stat().st_nlink == 1:
        with contextlib.suppress(OSError):  # a file system without hard links
            os.link(source, target)
            return
    shutil.copyfile(source, target)


def refuse_other_shapes(
    weights: Mapping[str, torch.Tensor], parameters: Mapping[str, torch.Tensor], folder: Path
) -> None:
    """StorageFailed where ``weights`` are not those of the model: copying would stretch them."""
    for name, part in parameters.items():
        if name not in weights or weights[name].shape != part.shape:
            raise damaged(name, folder / WEIGHTS)


def load_tensors(path: Path) -> dict[str, torch.Tensor]:
    """What the file ``path`` holds. Raises StorageFailed."""
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise damaged(error, path) from error


def damaged(reason: object, path: Path) -> StorageFailed:
    """The error for a file that is not what it should be."""
    return StorageFailed(
        "runs.damaged",
        _("This file of the run is damaged: {reason}.").format(reason=reason),
        where=str(path),
    )
