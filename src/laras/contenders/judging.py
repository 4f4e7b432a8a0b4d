"""How long judging a contender will take, from judging the base model on some rows of the training
and validation data: the test is not looked at."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from laras.checks.catalogue import measure_all
from laras.checks.check import Grounds
from laras.contenders.obtain import load_candidate
from laras.evaluation.evaluate import evaluate
from laras.planning.duration import Band
from laras.preparation.pipeline import Prepared, load_examples
from laras.recipe.schema import Contender, EvaluationSection, Recipe
from laras.records import Example
from laras.runs.folder import Run
from laras.runs.progress import Progress, Silent
from laras.translation import _

_ROWS = 96
_CHECK_ROWS = 12
_ENOUGH_S = 20.0
_SMALL = 4  # times fewer rows in the smaller of two measurements
# Answers of a tuned model are shorter or longer than the base's, and nobody knows which before.
_UNCERTAINTY, _MEMORY_UNCERTAINTY = 0.4, 0.15
_BASE = Contender(kind="base", name="base")


def rehearse_judging(
    recipe: Recipe, recipe_folder: Path, prepared: Prepared, run: Run, progress: Progress
) -> dict[str, Any]:
    """Seconds and peak memory of judging one contender, as plain data; ``run``: a scratch folder.

    Two amounts of rows tell what each row costs and what all of it costs whatever the rows.
    """
    section = recipe.evaluation
    started = time.monotonic()
    candidate = load_candidate(_BASE, recipe.model, recipe_folder, run)
    loading = time.monotonic() - started
    counts = rows_to_judge(prepared.audit["splits"]["test"]["tasks"], section)
    known = [row for path in (prepared.validation, prepared.train) for row in load_examples(path)]
    labels = prepared.audit["labels"]
    unlimited = section.model_copy(update={"max_rows": None})
    peaks: list[float] = []

    def judged(rows: int) -> None:
        chosen = alike(known, counts, rows)
        if chosen:
            result = evaluate(candidate, chosen, unlimited, labels, Silent())
            peaks.append(float(result.as_json("", "")["cost"]["peak_memory_bytes"]))

    def checked(rows: int) -> None:
        few = unlimited.model_copy(update={"check_rows": rows})
        grounds = Grounds(known, known, labels, prepared.audit["splits"]["train"]["languages"])
        measure_all(candidate, grounds, few, Silent())

    total = sum(counts.values())
    progress.stage(_("Rehearsing the judging"), 2)
    seconds = by_rows(judged, min(_ROWS, total), total)
    progress.advance(1)
    answering = loading + seconds
    if section.checks:
        seconds += by_rows(checked, min(_CHECK_ROWS, section.check_rows), section.check_rows)
    progress.advance(2)
    return {
        "judging_seconds": Band.around(loading + seconds, _UNCERTAINTY).as_json(),
        "answering_seconds": Band.around(answering, _UNCERTAINTY).as_json(),
        "peak_memory_bytes": Band.around(max(peaks, default=0.0), _MEMORY_UNCERTAINTY).as_json(),
        "loading_seconds": loading,
        "rows": total,
    }


def rows_to_judge(tasks: Mapping[str, int], section: EvaluationSection) -> dict[str, int]:
    """How many test rows of each task will be judged, from the counts of the test."""
    return {task: min(count, section.max_rows or count) for task, count in tasks.items()}


def alike(known: Sequence[Example], counts: Mapping[str, int], rows: int) -> list[Example]:
    """About ``rows`` of the examples ``known``: each task's share as in ``counts``, from its
    longest to its shortest at even steps."""
    total = max(1, sum(counts.values()))
    chosen: list[Example] = []
    for task, count in counts.items():
        of_task = sorted(
            (example for example in known if example.task == task),
            key=lambda example: -sum(len(message.content) for message in example.messages),
        )
        wanted = min(len(of_task), max(1, round(rows * count / total)))
        chosen += [of_task[len(of_task) * place // wanted] for place in range(wanted)]
    return chosen


def by_rows(work: Callable[[int], None], most: int, total: int) -> float:
    """Seconds of ``work`` on ``total`` rows, from what fewer take: at most ``most``, fewer where a
    few are slow already."""

    def timed(rows: int) -> float:
        started = time.monotonic()
        work(rows)
        return time.monotonic() - started

    few = max(1, most // _SMALL)
    first = timed(few)  # also makes what is made once
    many = max(few, min(most, int(few * _ENOUGH_S / max(first, 1e-6))))
    if many <= few:
        return first * total / few
    long = timed(many)
    short = timed(few)
    each = max(0.0, long - short) / (many - few)
    return max(long, long + each * (total - many))
