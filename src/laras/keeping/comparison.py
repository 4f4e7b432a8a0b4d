"""Two runs of one recipe, part by part: the same bytes, or what is not the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from laras.keeping.expectation import finished_stages, judged
from laras.runs.folder import Run
from laras.runs.hashing import file_sha256
from laras.runs.losses import losses
from laras.runs.machine import LIBRARIES
from laras.runs.regular import read_regular_json
from laras.translation import _

DATA = ("train.parquet", "validation.parquet", "test.parquet", "ledger.parquet")
# Of a contender: byte for byte, and apart from what was measured by the clock.
_EXACT = ("predictions.parquet", "ledger.parquet", "checks.json", "prompt.json")
_FIGURES = "scores.json"
# Seconds, joules and bytes that the work took; they are measured, and never the same twice.
_MEASURED = frozenset(
    {
        *("cost", "break_even", "seconds", "energy_wh", "energy_source", "peak_memory_bytes"),
        *("tokens_per_s", "started", "finished_at"),
    }
)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of both runs; ``difference``: None where it is the same."""

    name: str
    difference: str | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """What a run was made with, and what it would be made with now."""

    name: str
    then: str | None
    now: str | None


def other_versions(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[Version]:
    """What differs between two manifests of all that is not the run's own: versions, machine,
    environment."""
    found = []
    for section in ("libraries", "machine", "environment"):
        before, after = _mapping(then.get(section)), _mapping(now.get(section))
        # A manifest of an earlier version names fewer libraries.
        names = [n for n in (*before, *after) if section != "libraries" or n in before]
        for name in dict.fromkeys(names):
            if before.get(name) != after.get(name):
                found.append(Version(name, _text(before.get(name)), _text(after.get(name))))
    for name in ("laras", "python"):
        if then.get(name) != now.get(name):
            found.append(Version(name, _text(then.get(name)), _text(now.get(name))))
    order = {name: place for place, name in enumerate(("laras", "python", *LIBRARIES))}
    return sorted(found, key=lambda each: order.get(each.name, len(order)))


def compare_data(first: Path, second: Path) -> list[Part]:
    """The prepared rows of both runs."""
    return [_files(f"data/{name}", first, second) for name in DATA]


def compare_results(first: Path, second: Path) -> list[Part]:
    """All that the first run has come to, held against the second: losses, weights, answers,
    figures, the verdict. What the first run has lost is a difference, too."""
    parts: list[Part] = []
    one, other = Run.read(first), Run.read(second)
    tuned, of_verdict = finished_stages(first, "tune-"), judged(first)
    if was_finished(one):
        of_verdict |= judged(second)
    for name in sorted({*one.contenders(), *tuned, *of_verdict}):
        parts += _contender(name, one, other, name in tuned, name in of_verdict)
    if was_finished(one):
        parts.append(_figures("verdict.json", first, second))
    return parts


def was_finished(run: Run) -> bool:
    """Whether it had come to a verdict, also where that is lost."""
    return (run.folder / "verdict.json").is_file() or any(
        event["kind"] == "run_finished" for event in run.events()
    )


def _contender(name: str, one: Run, other: Run, is_tuned: bool, is_judged: bool) -> Iterator[Part]:
    """``is_tuned``, ``is_judged``: whether the first run was so far; what the second has made is
    then looked for in the first."""
    folder = f"contenders/{name}"
    if is_tuned or (one.folder / folder / "model").is_dir():
        yield _losses(name, one, other)
        yield from _weights(folder, one.folder, other.folder)
    for file in _EXACT:
        if _is_part(f"{folder}/{file}", one, other, is_judged):
            yield _files(f"{folder}/{file}", one.folder, other.folder)
    # Of the same contender with other seeds, and on shares of the data.
    for path in sorted((one.folder / folder).glob("*/*/predictions.parquet")):
        yield _files(path.relative_to(one.folder).as_posix(), one.folder, other.folder)
    if _is_part(f"{folder}/{_FIGURES}", one, other, is_judged):
        yield _figures(f"{folder}/{_FIGURES}", one.folder, other.folder)


def _is_part(path: str, one: Run, other: Run, in_either: bool) -> bool:
    return (one.folder / path).is_file() or (in_either and (other.folder / path).is_file())


def _losses(name: str, one: Run, other: Run) -> Part:
    title = _("{name}: training losses").format(name=name)
    before, after = (losses(run.events(), name, "step_done") for run in (one, other))
    if before == after:
        return Part(title)
    pairs = zip(before, after, strict=False)
    first = next((int(a[0]) for a, b in pairs if a != b), min(len(before), len(after)) + 1)
    return Part(title, _("differ from step {step} on").format(step=first))


def _weights(folder: str, one: Path, other: Path) -> Iterator[Part]:
    names = {
        path.relative_to(run).as_posix()
        for run in (one, other)
        for path in (run / folder / "model").rglob("*")
        if path.is_file()
    }
    if not names:
        yield Part(f"{folder}/model", _("missing in the first run"))
    for name in sorted(names):
        yield _files(name, one, other)


def _files(name: str, one: Path, other: Path) -> Part:
    """The bytes of one file."""
    if not (other / name).is_file():
        return Part(name, _("missing"))
    if not (one / name).is_file():
        return Part(name, _("missing in the first run"))
    same = file_sha256(one / name) == file_sha256(other / name)
    return Part(name, None if same else _("other bytes"))


def _figures(name: str, one: Path, other: Path) -> Part:
    """The content of a JSON file, but for what the work took."""
    before, after = _unmeasured(_json(one / name)), _unmeasured(_json(other / name))
    if before is None:
        return Part(name, _("missing in the first run"))
    if before == after:
        return Part(name)
    if after is None:
        return Part(name, _("missing"))
    keys = list(_differing(before, after, ""))
    return Part(name, _("differs in {keys}").format(keys=", ".join(keys[:5])))


def _differing(one: Any, other: Any, path: str) -> Iterator[str]:
    if isinstance(one, dict) and isinstance(other, dict):
        for key in dict.fromkeys((*one, *other)):
            yield from _differing(one.get(key), other.get(key), f"{path}.{key}".lstrip("."))
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, (first, second) in enumerate(zip(one, other, strict=True)):
            yield from _differing(first, second, f"{path}.{number}")
    elif one != other:
        yield path


def _unmeasured(content: Any) -> Any:
    if isinstance(content, dict):
        return {k: _unmeasured(v) for k, v in content.items() if k not in _MEASURED}
    if isinstance(content, list):
        return [_unmeasured(each) for each in content]
    return content


def _json(path: Path) -> Any:
    try:
        return read_regular_json(path)
    except (OSError, ValueError):
        return None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
