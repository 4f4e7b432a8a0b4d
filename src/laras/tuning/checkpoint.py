"""Resumable checkpoints: written aside, hashed, published by one rename; never half there.

A checkpoint is a folder ``step-N`` with ``weights.safetensors`` (what is trained),
``best.safetensors`` (the same at the best validation so far), ``optimizer.safetensors``,
``random.safetensors`` (random states as bytes), ``state.json`` and, written last,
``MANIFEST.json`` with the size and SHA-256 of each. safetensors notices a cut file but not a
flipped bit, hence the hashes. Resuming takes the newest folder that verifies and says why newer
ones were passed over.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file

from laras.errors import StorageFailed
from laras.models.tensors import write_tensors
from laras.runs.atomic import publish_folder, write_json_atomic
from laras.runs.hashing import file_sha256
from laras.translation import _

BEST = "best.safetensors"
_MANIFEST = "MANIFEST.json"
_FORMAT = 1
_NAME = re.compile(r"^step-(\d+)$")


@dataclass
class TrainingState:
    """What shapes the rest of a run beside tensors. The schedule and the order of examples are
    pure functions of ``step``, so they need no state of their own."""

    key: str  # hash of everything that decided the run; another run's checkpoint is refused
    step: int = 0
    tokens: int = 0
    seconds: float = 0.0
    best_loss: float | None = None
    best_step: int = 0
    validations_without_gain: int = 0
    stopped: bool = False  # by whoever watches the training
    non_finite_in_a_row: int = 0
    loss_scale: tuple[float, int] = (1.0, 0)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A checkpoint that was not used, and why."""

    name: str
    reason: str


class Checkpoints:
    """The checkpoints of one contender, in one folder."""

    def __init__(self, folder: Path, keep: int) -> None:
        self.folder = folder
        self.keep = keep

    def save(
        self,
        state: TrainingState,
        weights: dict[str, torch.Tensor],
        optimizer: dict[str, torch.Tensor],
        best: Path | None,
    ) -> int:
        """Publish ``step-N``; only then remove old ones. Returns bytes written.

        ``best``: the file of the best weights, if there is one yet; it shares its blocks on the
        disk with the checkpoint where the file system can do that. Raises StorageFailed when there
        is no room; what was saved before stays.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self._sweep()
        need = 2 * sum(t.nbytes for part in (weights, optimizer) for t in part.values())
        free = shutil.disk_usage(self.folder).free
        if free < need:
            raise StorageFailed(
                "run.disk-full",
                _("A checkpoint needs {need} MB of room, {free} MB are free.").format(
                    need=need // 1_000_000 + 1, free=free // 1_000_000
                ),
                where=str(self.folder),
                hint=_("Make room and run the same command again: it continues."),
            )
        final = self.folder / f"step-{state.step}"
        temporary = self.folder / f".{final.name}.{uuid.uuid4().hex}.tmp"
        temporary.mkdir()
        try:
            write_tensors(temporary / "weights.safetensors", weights)
            write_tensors(temporary / "optimizer.safetensors", optimizer)
            write_tensors(temporary / "random.safetensors", _random_states())
            if best is not None:
                link_or_copy(best, temporary / BEST)
            write_json_atomic(temporary / "state.json", asdict(state))
            files = {
                path.name: {"bytes": path.stat().st_size, "sha256": file_sha256(path)}
                for path in sorted(temporary.iterdir())
            }
            write_json_atomic(temporary / _MANIFEST, {"format": _FORMAT, "files": files})
            publish_folder(temporary, final)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        # By step number, not by the clock: a clock that was set back must not delete the newest.
        # A higher step than the one just saved was passed over when this training resumed.
        published = self._published()
        older = [step for step, _folder in published if step <= state.step]
        for step, folder in published:
            if step not in older[-self.keep :]:
                shutil.rmtree(folder)
        return sum(int(str(entry["bytes"])) for entry in files.values())

    def newest(self, key: str) -> tuple[Path | None, TrainingState | None, list[Skipped]]:
        """The newest checkpoint of this run that verifies, and those passed over before it."""
        self._sweep()
        skipped: list[Skipped] = []
        for _step, folder in reversed(self._published()):
            reason = _problem(folder)
            if reason is None:
                state = TrainingState(**json.loads((folder / "state.json").read_text("utf-8")))
                if state.key == key:
                    return folder, state, skipped
                reason = _("it belongs to other data or settings")
            skipped.append(Skipped(folder.name, reason))
        return None, None, skipped

    def restore(
        self, folder: Path
    ) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor], dict[str, torch.Tensor]]:
        """Weights, optimizer state and random states of a verified checkpoint."""
        return (
            load_file(folder / "weights.safetensors"),
            load_file(folder / "optimizer.safetensors"),
            load_file(folder / "random.safetensors"),
        )

    def clear(self) -> None:
        """Remove all checkpoints: the run they belong to is finished or was changed."""
        if self.folder.is_dir():
            shutil.rmtree(self.folder)

    def _published(self) -> list[tuple[int, Path]]:
        found = []
        if self.folder.is_dir():
            for path in self.folder.iterdir():
                match = _NAME.match(path.name)
                if match and path.is_dir():
                    found.append((int(match[1]), path))
        return sorted(found)

    def _sweep(self) -> None:
        """Remove what a kill left half-written; it was never published under a name we read."""
        if self.folder.is_dir():
            for path in self.folder.iterdir():
                if not _NAME.match(path.name) and path.name.startswith((".", "step-")):
                    shutil.rmtree(path) if path.is_dir() else path.unlink()


def _problem(folder: Path) -> str | None:
    """Why this checkpoint can't be trusted, or None."""
    try:
        manifest = json.loads((folder / _MANIFEST).read_text("utf-8"))
        if manifest["format"] != _FORMAT:
            return _("its format {format} is unknown").format(format=manifest["format"])
        for name, facts in manifest["files"].items():
            path = folder / name
            if path.stat().st_size != facts["bytes"]:
                return _("{file} has the wrong size").format(file=name)
            if file_sha256(path) != facts["sha256"]:
                return _("{file} is damaged").format(file=name)
    except FileNotFoundError as error:
        return _("{file} is missing").format(file=Path(error.filename).name)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return _("its manifest can't be read: {reason}").format(reason=error)
    return None


def link_or_copy(source: Path, target: Path) -> None:
    """``target`` with the content of ``source``, which is only ever replaced, never changed."""
    try:
        os.link(source, target)
    except OSError:  # a file system without hard links
        shutil.copyfile(source, target)


def _random_states() -> dict[str, torch.Tensor]:
    states = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        states["cuda"] = torch.cuda.get_rng_state()
    if torch.backends.mps.is_available():
        states["mps"] = torch.mps.get_rng_state()
    return states


def restore_random_states(states: dict[str, torch.Tensor]) -> None:
    """Put the random states back to what they were when the checkpoint was saved."""
    torch.set_rng_state(states["cpu"])
    if "cuda" in states and torch.cuda.is_available():
        torch.cuda.set_rng_state(states["cuda"])
    if "mps" in states and torch.backends.mps.is_available():
        torch.mps.set_rng_state(states["mps"])
