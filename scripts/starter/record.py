"""What a training of the starter was, as JSON: texts, tokens, course and figures."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from laras.engine.precision import choose
from laras.runs.folder import Run
from laras.runs.hashing import file_sha256
from laras.runs.machine import describe_machine
from laras.tuning.result import TrainingResult
from starter.shape import Shape
from starter.steps import account_of
from starter.training import STABLE, Material, Settings, newest_step


def write_record(
    path: Path,
    material: Material,
    shape: Shape,
    settings: Settings,
    run: Run,
    falling: Material,
    name: str,
    result: TrainingResult,
    figures: Mapping[str, float],
    packaged: Path,
) -> dict[str, Any]:
    """Everything that docs and card tell of the training that ended as ``name``, whose model lies
    in ``packaged``; also written to ``path``."""
    begun = newest_step(run, STABLE, material.key(shape, settings))
    steady = begun[1] if begun else 0
    parts = ((material, steady), (falling, result.tokens - steady))
    read = [_passes(part, tokens) for part, tokens in parts]
    record: dict[str, Any] = {
        "weights_sha256": file_sha256(packaged / "model.safetensors"),
        "machine": describe_machine(),
        "precision": str(choose(settings.precision, torch.device("cpu"))).removeprefix("torch."),
        "shape": asdict(shape) | {"parameters": shape.parameters},
        "settings": asdict(settings),
        "tokens_folder": falling.tokens.folder.name,  # it has all that either stage reads
        "tokens": result.tokens,
        "decay_tokens": result.tokens - steady,
        "steps": result.steps,
        "seconds": result.seconds,
        "bits_per_byte_of_validation": dict(figures),
        "texts": {
            entry: {
                "tokens": falling.tokens.tokens_of(entry),
                "passes": round(sum(each.get(entry, 0.0) for each in read), 2),
                "passes_while_falling": round(read[1][entry], 2),
            }
            for entry in falling.tokens.places
        },
        "preparation": account_of(material),
        "course": course(run, (STABLE, name)),
    }
    path.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return record


def _passes(material: Material, tokens: int) -> dict[str, float]:
    """How often each entry is read in ``tokens`` of the mix."""
    size = {entry: material.tokens.tokens_of(entry) for entry in material.tokens.places}
    share = sum(material.passes[entry] * count for entry, count in size.items())
    return {entry: material.passes[entry] * tokens / share for entry in size}


def course(run: Run, names: Sequence[str]) -> list[dict[str, Any]]:
    """Validation losses (nats a token) by stage, step and tokens learnt, from the run's events."""
    tokens: dict[tuple[str, int], int] = {}
    found: dict[tuple[str, int], float] = {}
    for event in run.events():
        place = (str(event.get("contender")), int(event.get("step") or 0))
        if place[0] not in names:
            continue
        if event["kind"] == "step_done":
            tokens[place] = int(event["tokens"])
        elif event["kind"] == "validation_done" and event["loss"] is not None:
            found[place] = float(event["loss"])
    rows = []
    for (stage, step), loss in found.items():
        learnt = sum(size for (_name, at), size in _once(tokens, stage).items() if at <= step)
        rows.append({"stage": stage, "step": step, "tokens": learnt, "loss": round(loss, 4)})
    return rows


def _once(tokens: Mapping[tuple[str, int], int], stage: str) -> dict[tuple[str, int], int]:
    """Those of each step: of ``stage``, and of the steady one where it began later."""
    own = {place: size for place, size in tokens.items() if place[0] == stage}
    steps = {step for _name, step in own}
    before = {
        place: size
        for place, size in tokens.items()
        if place[0] == STABLE and place[1] not in steps and stage != STABLE
    }
    return {**before, **own}
