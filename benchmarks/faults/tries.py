"""What goes wrong, and what came of it."""

from __future__ import annotations

import json
import os
import pickle
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from checkpoint_files import CONTROL, Payload, control_id, has_nan, inside_a_tensor, weights_in
from trainers import Trainer

# Row of the table, name of the fault (see Laras's fault points and faults/spoiled_trainer.py), and
# the how-manieth time it strikes.
KILLS = {
    1: ("step", 7),
    2: ("backward", 7),
    3: ("weights-file", 4),
    4: ("before-manifest", 4),
    5: ("before-rename", 4),
    6: ("after-rename", 4),
    7: ("rotation", 2),
    8: ("evaluation", 2),
}
WHAT = {
    **{row: f"killed: {name}" for row, (name, _count) in KILLS.items()},
    13: "disk full at a checkpoint",
    16: "newest weights cut short",
    17: "one bit flipped in the newest weights",
    17.5: "one bit flipped in the newest optimizer state",
    18: "newest checkpoint lost its last file",
    19: "an empty folder with the highest number",
    23: "clock set back an hour",
    29: "the loss is NaN once",
    48: "a pickle that runs code as weights",
    53: "a control token written by a user",
}


@dataclass
class Outcome:
    """``good``: nothing was lost and nobody misled; ``told``: what happened, in a few words."""

    good: bool
    told: str


class Bench:
    """The faults, one after the other, for one trainer."""

    def __init__(self, trainer: Trainer, work: Path) -> None:
        self.trainer = trainer
        self.work = work / trainer.name
        self.model, self.rows = work / "model", work / "rows.jsonl"
        self.work.mkdir()
        shutil.copy(self.rows, self.work / "rows.jsonl")
        self.rows = self.work / "rows.jsonl"
        done = self.run("unbroken")
        if done.returncode:
            raise SystemExit(f"{trainer.name}: {done.stderr[-2000:]}")
        self.expected = trainer.end(self.work / "unbroken")
        # A run that was killed after four checkpoints, for what is spoiled afterwards.
        self.run("killed", "backward@9")

    def run(self, name: str, fault: str = "", **variables: str) -> Any:
        """One run in the folder ``name``."""
        return self.trainer.run(self.model, self.rows, self.work / name, fault, **variables)

    def broken_off(self, name: str) -> Path:
        """A copy of the killed run."""
        folder = self.work / name
        for suffix in ("", ".records"):
            source = self.work / f"killed{suffix}"
            if source.exists():
                shutil.copytree(source, folder.with_name(name + suffix), copy_function=shutil.copy2)
        return folder

    def compared(self, name: str, done: subprocess.CompletedProcess[str]) -> Outcome:
        """How the end of the run ``name`` stands to that of the unbroken one."""
        folder = self.work / name
        if done.returncode:
            return Outcome(False, f"does not go on: {_last_words(done)}")
        weights, losses = self.trainer.end(folder)
        if list(folder.rglob("*.tmp")):
            return Outcome(False, "leaves temporary files")
        if (weights, losses) == self.expected:
            return Outcome(True, "same weights and losses, bit for bit")
        if weights == self.expected[0]:
            return Outcome(False, "same weights, other losses told")
        return Outcome(False, "goes on in silence and ends with other weights")

    def killed(self, row: int) -> Outcome:
        """Killed at a place, and the same command again."""
        name, count = KILLS[row]
        folder = f"row-{row}"
        done = self.run(folder, f"{name}@{count}")
        if done.returncode != -9:
            return Outcome(False, f"the fault was not reached ({_last_words(done)})")
        return self.compared(folder, self.run(folder))

    def spoiled(self, name: str, spoil: Callable[[list[Path]], None]) -> Outcome:
        """The newest checkpoint of a killed run is spoiled, and the same command given again."""
        spoil(self.trainer.saved(self.broken_off(name)))
        return self.compared(name, self.run(name))

    def cut(self) -> Outcome:
        """Four cut points; the worst outcome is told."""

        def cut_at(share: float) -> Callable[[list[Path]], None]:
            def cut(saved: list[Path]) -> None:
                file = weights_in(saved[-1])
                os.truncate(file, int(file.stat().st_size * share))

            return cut

        found = [self.spoiled(f"cut-{share}", cut_at(share)) for share in (0.0, 0.1, 0.6, 0.99)]
        return next((each for each in found if not each.good), found[0])

    def flipped(self, optimizer: bool) -> Outcome:
        """One bit near the end, inside a tensor."""

        def flip(saved: list[Path]) -> None:
            file = saved[-1] / self.trainer.optimizer if optimizer else weights_in(saved[-1])
            content = bytearray(file.read_bytes())
            content[inside_a_tensor(file)] ^= 0x40
            file.write_bytes(content)

        return self.spoiled(f"flip-{optimizer}", flip)

    def without_last_file(self) -> Outcome:
        """What is written last is missing."""
        return self.spoiled("last", lambda saved: (saved[-1] / self.trainer.last_file).unlink())

    def empty_highest(self) -> Outcome:
        """As a kill between making the folder and filling it leaves it."""
        return self.spoiled(
            "empty", lambda saved: (saved[-1].parent / f"{self.trainer.prefix}10").mkdir()
        )

    def clock_back(self) -> Outcome:
        """What was saved so far has times of an hour ahead."""

        def age(saved: list[Path]) -> None:
            ahead = time.time() + 3600
            for folder in saved:
                for path in [*folder.rglob("*"), folder]:
                    os.utime(path, (ahead, ahead))

        folder = self.broken_off("clock")
        age(self.trainer.saved(folder))
        # Killed again before the end, where Laras would remove its checkpoints; and since it saves
        # while the training goes on, when the coming one is published for sure.
        done = self.run("clock", "rotation@1" if self.trainer.name == "laras" else "backward@3")
        steps = [path.name for path in self.trainer.saved(folder)]
        if done.returncode != -9 or not steps:
            return Outcome(False, f"does not go on: {_last_words(done)}")
        if steps[-1] != f"{self.trainer.prefix}10":
            return Outcome(False, f"the newest checkpoint was deleted, {', '.join(steps)} kept")
        return self.compared("clock", self.run("clock"))

    def not_a_number(self) -> Outcome:
        """Whether weights took the NaN, and whether it was told."""
        if self.trainer.name == "laras":
            folder = self.work / "nan"
            environment = {**os.environ, "LARAS_FAULT": "loss@5:nan", "OMP_NUM_THREADS": "1"}
            command = self.trainer.command(self.model, self.rows, folder)
            done = subprocess.run(
                command, env=environment, capture_output=True, text=True, check=False
            )
        else:
            done = self.run("nan", "loss@5")
            folder = self.work / "nan"
        weights = folder / self.trainer.weights
        losses = self.trainer.end(folder)[1]
        if done.returncode or not weights.exists():
            return Outcome(False, f"the run ends: {_last_words(done)}")
        spoiled = has_nan(weights)
        told = [step for step, loss in losses.items() if loss is None or loss != loss]
        if spoiled:
            shown = f"shown in {len(told)} steps" if told else "not shown: losses look like numbers"
            return Outcome(False, f"the step is applied, all weights are NaN; {shown}")
        return Outcome(bool(told), f"step not applied, told of step {told}")

    def disk_full(self) -> Outcome:
        """After the first checkpoint nothing more fits; then there is room again."""
        place = self.work / "disk"
        place.mkdir()
        if subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=32m", "none", str(place)], check=False
        ).returncode:
            return Outcome(False, "not tried: no right to mount a small disk")
        try:
            command = self.trainer.command(self.model, self.rows, place / "run")
            environment = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
            # Killed with one checkpoint, so that the disk can be filled at leisure.
            fault = f"{self.trainer.renamed.get('backward', 'backward')}@4{self.trainer.action}"
            subprocess.run(
                command, env={**environment, self.trainer.variable: fault},
                capture_output=True, check=False,
            )  # fmt: skip
            size = sum(p.stat().st_size for p in self.trainer.saved(place / "run")[-1].iterdir())
            filler = place / "filler"
            room = shutil.disk_usage(place).free - size // 2
            filler.write_bytes(bytes(room))
            full = subprocess.run(
                command, env=environment, capture_output=True, text=True, check=False
            )
            filler.unlink()
            done = subprocess.run(
                command, env=environment, capture_output=True, text=True, check=False
            )
            name = "disk-end"
            shutil.copytree(place / "run", self.work / name)
            records = place / "run.records"
            if records.exists():
                shutil.copytree(records, self.work / f"{name}.records")
        finally:
            subprocess.run(["umount", str(place)], check=False)
        found = self.compared(name, done)
        return Outcome(found.good, f"exit code {full.returncode}; with room again: {found.told}")

    def pickled(self) -> Outcome:
        """As .bin, and as .bin called safetensors; the payload writes a file."""
        told = []
        for name in ("pytorch_model.bin", "model.safetensors"):
            canary = self.work / f"ran-{name}"
            model = self.work / f"hostile-{name.split('.')[0]}"
            shutil.copytree(self.model, model, ignore=shutil.ignore_patterns("*.safetensors"))
            (model / name).write_bytes(pickle.dumps(Payload(str(canary))))
            done = self.trainer.run(model, self.rows, self.work / f"pickle-{name}")
            if canary.exists():
                return Outcome(False, f"{name}: the code was run")
            if not done.returncode:
                return Outcome(False, f"{name}: trained all the same")
            told.append(_last_words(done))
        return Outcome(True, f"refused: {told[0]}")

    def control_tokens(self) -> Outcome:
        """How many control ids more the rows have for what a user wrote."""
        counts = []
        for name, word in (("plain", "bronze"), ("spelt", CONTROL)):
            rows = self.work / f"{name}.jsonl"
            changed = []
            for line in self.rows.read_text("utf-8").splitlines():
                row = json.loads(line)
                row["messages"][0]["content"] += f" {word} iron"
                changed.append(json.dumps(row))
            rows.write_text("\n".join(changed) + "\n", encoding="utf-8")
            folder = self.work / f"control-{name}"
            self.trainer.run(self.model, rows, folder, ENCODE_ONLY="1")
            ids = self.trainer.ids(folder)
            control = control_id(self.model)
            counts.append((sum(row.count(control) for row in ids), len(ids)))
        (plain, rows_plain), (spelt, rows_spelt) = counts
        if not plain or rows_plain != rows_spelt:
            return Outcome(False, f"not comparable: {counts}")
        if spelt == plain:
            return Outcome(True, "stays text")
        return Outcome(False, f"becomes a control token in {spelt - plain} of {rows_spelt} rows")


def outcome(bench: Bench, row: float) -> Outcome:
    """What came of the fault of ``row``."""
    if row in KILLS:
        return bench.killed(int(row))
    faults: dict[float, Callable[[], Outcome]] = {
        13: bench.disk_full,
        16: bench.cut,
        17: lambda: bench.flipped(False),
        17.5: lambda: bench.flipped(True),
        18: bench.without_last_file,
        19: bench.empty_highest,
        23: bench.clock_back,
        29: bench.not_a_number,
        48: bench.pickled,
        53: bench.control_tokens,
    }
    return faults[row]()


def _last_words(done: subprocess.CompletedProcess[str]) -> str:
    """The line of an error that names it."""
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    named = [line for line in lines if re.match(r"[\w.]*Error: .", line)]
    return (named or lines or [f"exit code {done.returncode}"])[-1][:110]
