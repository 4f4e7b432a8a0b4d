"""Who is tried: how each trainer is started, and where it leaves checkpoints, weights, losses."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
_SECONDS = 300


@dataclass
class Trainer:
    """One way to train: the command, and where it leaves what."""

    name: str
    command: Callable[[Path, Path, Path], list[str]]
    variable: str
    action: str
    weights: str
    losses: Callable[[Path], dict[int, float]]
    ids: Callable[[Path], list[list[int]]]
    checkpoints: str
    prefix: str
    last_file: str
    optimizer: str
    renamed: dict[str, str] = field(default_factory=dict)

    def run(
        self, model: Path, rows: Path, folder: Path, fault: str = "", **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Once, with a fault perhaps. ``fault``: NAME@COUNT."""
        settings = {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", **variables}
        if fault:
            name, _at, count = fault.partition("@")
            settings[self.variable] = f"{self.renamed.get(name, name)}@{count}{self.action}"
        return subprocess.run(
            self.command(model, rows, folder),
            env={**os.environ, **settings},
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_SECONDS,
            check=False,
        )

    def saved(self, folder: Path) -> list[Path]:
        """Published checkpoints, by step."""
        found = [
            path
            for path in (folder / self.checkpoints).glob(f"{self.prefix}*")
            if path.name.removeprefix(self.prefix).isdigit()
        ]
        return sorted(found, key=lambda path: int(path.name.removeprefix(self.prefix)))

    def end(self, folder: Path) -> tuple[str | None, dict[int, float]]:
        """Hash of the weights, None where there are none, and loss by step."""
        path = folder / self.weights
        digest = hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else None
        return digest, self.losses(folder)


def _beside(folder: Path) -> Path:
    """Where llamafactory_run.py writes its records: in its own folder, LLaMA-Factory would find
    them to be something else's."""
    return folder.with_name(f"{folder.name}.records")


def _by_step(path: Path) -> dict[int, float]:
    losses = {}
    if path.exists():
        for line in path.read_text("utf-8").splitlines():
            fact = json.loads(line)
            losses[fact["step"]] = fact["loss"]
    return losses


def _laras_losses(folder: Path) -> dict[int, float]:
    losses = {}
    path = folder / "events.jsonl"
    for line in path.read_text("utf-8").splitlines() if path.exists() else []:
        try:
            event = json.loads(line)
        except ValueError:  # torn by a kill
            continue
        if event["kind"] == "step_done":
            losses[event["step"]] = event["loss"]
    return losses


def _laras_ids(folder: Path) -> list[list[int]]:
    import pyarrow as pa

    rows: list[list[int]] = []
    for path in sorted((folder / "data/tokens").rglob("*.arrow")):
        with pa.memory_map(str(path)) as file:
            table = pa.ipc.open_file(file).read_all()
        name = next((c for c in ("ids", "input_ids", "tokens") if c in table.column_names), None)
        if name is not None:
            rows += [list(row) for row in table.column(name).to_pylist()]
    return rows


def trainers(trl: Path | None, llamafactory: Path | None) -> list[Trainer]:
    """Laras, and those of which an environment's Python is given."""

    def laras(model: Path, rows: Path, folder: Path) -> list[str]:
        recipe = rows.with_name(f"{rows.stem}-{model.name}.yaml")
        recipe.write_text(
            json.dumps(
                {
                    "model": {"base": str(model), "precision": "float32"},
                    "data": {
                        "sources": [{"conversations": rows.name}],
                        "test_share": 0.1,
                        "validation_share": 0.2,
                    },
                    "tuning": {
                        "batch_tokens": 400,
                        "epochs": 4,
                        "max_steps": 12,
                        "micro_batch_tokens": 200,
                        "checkpoint_every_steps": 2,
                        "keep_checkpoints": 2,
                        "validations_per_epoch": 1,
                        "learning_rate": 1e-3,
                    },
                    "comparison": {"contenders": ["full"]},
                }
            ),
            encoding="utf-8",
        )
        return [sys.executable, "-m", "laras", "tune", str(recipe), "--run", str(folder)]

    def peer(python: Path, script: str) -> Callable[[Path, Path, Path], list[str]]:
        return lambda model, rows, folder: [
            str(python), str(HERE / script), str(model), str(rows), str(folder)
        ]  # fmt: skip

    found = [
        Trainer(
            "laras", laras, "LARAS_FAULT", ":kill", "contenders/full/model/model.safetensors",
            _laras_losses, _laras_ids, "contenders/full/checkpoints", "step-", "MANIFEST.json",
            "optimizer.safetensors", {"evaluation": "validation"},
        )
    ]  # fmt: skip
    if trl:
        found.append(
            Trainer(
                "trl", peer(trl, "trl_run.py"), "FAULT", "", "final/model.safetensors",
                lambda folder: _by_step(folder / "losses.jsonl"),
                lambda folder: json.loads((folder / "rows.json").read_text("utf-8")),
                ".", "checkpoint-", "trainer_state.json", "optimizer.pt",
            )
        )  # fmt: skip
    if llamafactory:
        found.append(
            Trainer(
                "llamafactory", peer(llamafactory, "llamafactory_run.py"), "FAULT", "",
                "model.safetensors",
                lambda folder: _by_step(_beside(folder) / "losses.jsonl"),
                lambda folder: json.loads((_beside(folder) / "rows.json").read_text("utf-8")),
                ".", "checkpoint-", "trainer_state.json", "optimizer.pt",
            )
        )  # fmt: skip
    return found
