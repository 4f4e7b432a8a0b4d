"""What a run must hold by its own account, and what it holds that no stage tells of."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from laras.errors import LarasError
from laras.runs.events import EVENTS_NAME, read_events
from laras.runs.folder import MANIFEST_NAME
from laras.runs.regular import read_regular_json

_OF_ANY = ("recipe.yaml", "origin.json")
_OF_FINISHED = (
    *(MANIFEST_NAME, "verdict.json", "verdict.md", "stages/prepare.json", "data/train.parquet"),
    *("data/validation.parquet", "data/test.parquet", "data/ledger.parquet"),
)
_STAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,200}")


def what_is_missing(run: Path) -> list[str]:
    """Paths from the folder ``run`` of what its events, stages and verdict say was made."""
    return [path for path in dict.fromkeys(_expected(run)) if not os.path.lexists(run / path)]


def unrecorded(run: Path) -> list[str]:
    """Models of contenders that no stage's record names, and contenders that are links: nothing
    tells whether they are what they were."""
    recorded = {path for record in _records(run) for path in _paths(record)}
    found = []
    for contender in sorted((run / "contenders").glob("*")):
        name = f"contenders/{contender.name}"
        if contender.is_symlink():
            found.append(name)
        elif os.path.lexists(contender / "model") and f"{name}/model" not in recorded:
            found.append(f"{name}/model")
    return found


def finished_stages(run: Path, prefix: str) -> set[str]:
    """Names behind ``prefix`` (``tune-``) of the stages that were finished, by the records and by
    the events; a record may be lost."""
    kept = {path.stem for path in (run / "stages").glob(f"{prefix}*.json")}
    told = {e.get("stage") for e in _events(run) if e["kind"] == "stage_finished"}
    names = kept | {each for each in told if isinstance(each, str)}
    whole = {name for name in names if name.startswith(prefix) and _STAGE.fullmatch(name)}
    return {name.removeprefix(prefix) for name in whole}


def judged(run: Path) -> set[str]:
    """Names of the contenders that the verdict is about, or that were judged by their records."""
    verdict = _json(run / "verdict.json")
    entries = verdict.get("contenders") if isinstance(verdict, dict) else None
    entries = entries if isinstance(entries, list) else []
    names = {entry.get("name") for entry in entries if isinstance(entry, dict)}
    kept = {path.stem for path in (run / "stages").glob("evaluate-*.json")}
    return {name for name in names if isinstance(name, str) and _STAGE.fullmatch(name)} | {
        name.removeprefix("evaluate-") for name in kept
    }


def _expected(run: Path) -> Iterator[str]:
    kinds = [event["kind"] for event in _events(run)]
    has_records = any((run / "stages").glob("*.json"))
    if has_records or (run / MANIFEST_NAME).exists() or (run / "verdict.json").exists():
        yield EVENTS_NAME
    if "run_started" in kinds:
        yield from _OF_ANY
        # Of a search's attempts and of retrainings, which begin no run, weights may be gone.
        yield from (f"stages/tune-{name}.json" for name in sorted(finished_stages(run, "tune-")))
    if "run_finished" in kinds:
        yield from _OF_FINISHED
    if any(e["kind"] == "stage_finished" and e.get("stage") == "report" for e in _events(run)):
        yield "report.html"
    if (run / "verdict.json").exists():
        yield from (f"stages/evaluate-{name}.json" for name in sorted(judged(run)))


def _records(run: Path) -> Iterator[dict[str, Any]]:
    for path in (run / "stages").glob("*.json"):
        record = _json(path)
        if isinstance(record, dict):
            yield record


def _paths(record: dict[str, Any]) -> Iterator[str]:
    outputs = record.get("outputs")
    for value in outputs.values() if isinstance(outputs, dict) else ():
        if isinstance(value, dict) and isinstance(value.get("path"), str):
            yield value["path"]


def _events(run: Path) -> list[dict[str, Any]]:
    try:
        events = read_events(run)
    except LarasError:
        return []
    return [event for event in events if isinstance(event["kind"], str)]


def _json(path: Path) -> Any:
    try:
        return read_regular_json(path)
    except (OSError, ValueError):
        return None
