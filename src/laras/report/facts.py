"""All that the report reads from a run's folder, without secrets; and what was not there."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from laras.runs.redaction import redacted
from laras.translation import _

Json = Mapping[str, Any]


@dataclass(frozen=True)
class ContenderFacts:
    """One contender's scores, answers and prompts; empty where they were not written."""

    name: str
    scores: Json = field(default_factory=dict)
    predictions: Sequence[Json] = ()
    prompt: Json = field(default_factory=dict)
    prompts: Sequence[Json] = ()

    @property
    def metrics(self) -> dict[str, Json]:
        """Metric name to its score, in the order in which they were written."""
        metrics = self.scores.get("metrics")
        if not isinstance(metrics, dict):
            return {}
        return {name: score for name, score in metrics.items() if isinstance(score, dict)}


@dataclass(frozen=True)
class RunFacts:
    """What one run left behind. Parts that were not written are empty and named in ``missing``."""

    folder: Path
    recipe: str
    manifest: Json
    events: Sequence[Json]
    audit: Json
    encoding: Json
    shown: Sequence[Json]
    ledger: Sequence[Json]
    verdict: Json
    contenders: Sequence[ContenderFacts]
    missing: Sequence[str]

    def events_of(self, kind: str, contender: str | None = None) -> list[Json]:
        """The events of one kind, in the order in which they happened."""
        return [
            event
            for event in self.events
            if event.get("kind") == kind
            and (contender is None or event.get("contender") == contender)
        ]

    def is_missing(self, part: str) -> bool:
        """Whether the file ``part`` of the run could not be read."""
        return any(part in title for title in self.missing)

    @cached_property
    def with_head(self) -> frozenset[str]:
        """Names of the contenders that name labels by a head and write nothing."""
        planned = {event.get("contender"): event for event in self.events_of("training_planned")}
        settings = {name: event.get("settings") for name, event in planned.items()}
        return frozenset(
            str(name)
            for name, chosen in settings.items()
            if isinstance(chosen, dict) and chosen.get("objective") == "classification"
        )

    @cached_property
    def recommended(self) -> str | None:
        """Name of the contender that the verdict recommends."""
        name = self.verdict.get("recommendation")
        return str(name) if name is not None else None

    @cached_property
    def primary_metric(self) -> str | None:
        """What the verdict turns on."""
        primary = self.verdict.get("primary")
        name = primary.get("metric") if isinstance(primary, dict) else None
        return str(name) if name is not None else None

    @cached_property
    def reference(self) -> str | None:
        """Name of the contender that the others have to beat."""
        name = self.verdict.get("reference")
        return str(name) if name is not None else None

    @cached_property
    def confidence(self) -> float:
        """That of the intervals."""
        level = self.setting("evaluation", "confidence")
        return level if isinstance(level, float) else 0.95

    @cached_property
    def settings(self) -> Json:
        """The recipe as plain data; empty where it can't be read."""
        from ruamel.yaml import YAML
        from ruamel.yaml.error import YAMLError

        try:
            content = YAML(typ="safe", pure=True).load(self.recipe)
        except YAMLError:
            return {}
        return content if isinstance(content, dict) else {}

    def setting(self, section: str, key: str) -> Any:
        """One value of the recipe; None where it is not there."""
        values = self.settings.get(section)
        return values.get(key) if isinstance(values, dict) else None


def mapping_of(value: object) -> Json:
    """``value`` where it is a mapping; else an empty one."""
    return value if isinstance(value, Mapping) else {}


def entries_of(value: object) -> list[Json]:
    """The mappings of a list; none where there is no list."""
    return (
        [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list) else []
    )


def read_facts(folder: Path) -> RunFacts:
    """Everything of a run that the report shows; never fails on a part that is not there."""
    missing: list[str] = []
    verdict = _json(folder / "verdict.json", _("the verdict (verdict.json)"), missing)
    return RunFacts(
        folder=folder,
        recipe=_text(folder / "recipe.yaml", _("the recipe (recipe.yaml)"), missing),
        manifest=_json(folder / "manifest.json", _("the manifest (manifest.json)"), missing),
        events=_events(folder / "events.jsonl", missing),
        audit=_json(folder / "data/audit.json", _("the data audit (data/audit.json)"), missing),
        # Written when tuning begins: a run that only prepared has none, and misses nothing.
        encoding=_json(folder / "data/encoding.json", "", []),
        # Written at the end of a whole run.
        shown=_listed(folder / "data/shown.json"),
        ledger=_rows(
            folder / "data/ledger.parquet", _("the ledger (data/ledger.parquet)"), missing
        ),
        verdict=verdict,
        contenders=_contenders(folder / "contenders", verdict, missing),
        missing=missing,
    )


def _text(path: Path, title: str, missing: list[str]) -> str:
    try:
        return str(redacted(path.read_text(encoding="utf-8", errors="replace")))
    except OSError:
        missing.append(title)
        return ""


def _json(path: Path, title: str, missing: list[str]) -> Json:
    try:
        content = redacted(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError):
        missing.append(title)
        return {}
    if not isinstance(content, dict):
        missing.append(title)
        return {}
    return content


def _listed(path: Path) -> list[Json]:
    """The objects of a list that not every run leaves."""
    try:
        return entries_of(redacted(json.loads(path.read_text(encoding="utf-8"))))
    except (OSError, ValueError, RecursionError):
        return []


def _events(path: Path, missing: list[str]) -> list[Json]:
    """Lines that are JSON objects; a line torn by a crash is left out."""
    if not path.is_file():
        missing.append(_("the events of the run (events.jsonl)"))
        return []
    events: list[Json] = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(event, dict):
            events.append(redacted(event))
    return events


def _rows(path: Path, title: str, missing: list[str]) -> list[Json]:
    try:
        rows: list[Json] = redacted(pq.read_table(path).to_pylist())
    except (OSError, ValueError):  # pyarrow's errors are ValueErrors
        missing.append(title)
        return []
    return rows


def _contenders(folder: Path, verdict: Json, missing: list[str]) -> list[ContenderFacts]:
    """Those that the verdict is about, in its order; without a verdict, all that have a folder.

    A folder may also hold a contender of an earlier recipe, judged on another test set.
    """
    judged = verdict.get("contenders")
    order = [_name_of(entry) for entry in judged] if isinstance(judged, list) else []
    found = (
        sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    )
    if not found:
        missing.append(_("the contenders (contenders/)"))
    contenders = []
    for name in order or found:
        scores = _json(
            folder / name / "scores.json", _("the scores of {name}").format(name=name), missing
        )
        predictions = _rows(
            folder / name / "predictions.parquet",
            _("the answers of {name}").format(name=name),
            missing,
        )
        # Only a contender that is asked by a prompt has one.
        prompt = _json(folder / name / "prompt.json", "", [])
        prompts = _listed(folder / name / "prompts.json")
        contenders.append(ContenderFacts(name, scores, predictions, prompt, prompts))
    return contenders


def _name_of(entry: Any) -> str:
    if isinstance(entry, dict):
        return str(entry.get("name") or entry.get("contender") or "")
    return str(entry)
