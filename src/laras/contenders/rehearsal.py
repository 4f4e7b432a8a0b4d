"""The child process in which a contender is rehearsed: ``python -m laras.contenders.rehearsal``.

A process of its own, because it begins like the run that it stands for, holds nothing of what was
rehearsed before it, and may run out of memory without ending the plan. The request is one JSON
object on standard input; answers leave as JSON lines on standard output: ``stage``, ``advance`` and
``note`` of the progress, and last ``result`` or ``error``.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import laras  # noqa: F401  (settles threads before torch is loaded)
from laras.errors import LarasError, MemoryExhausted, is_out_of_memory
from laras.runs.atomic import plain
from laras.runs.garbage import seldom_sought
from laras.translation import _, set_language


@dataclass(frozen=True, slots=True)
class Told:
    """A :class:`laras.runs.progress.Progress` that tells another process."""

    stream: BinaryIO

    def stage(self, name: str, total: int | None = None) -> None:
        """Passed on."""
        self.tell("stage", {"name": name, "total": total})

    def advance(self, done: int, **facts: float | int | str | None) -> None:
        """Passed on, without the facts: they are of weights that are thrown away."""
        self.tell("advance", {"done": done})

    def note(self, message: str) -> None:
        """Not passed on: the run will say it."""

    def finish(self) -> None:
        """Not passed on: another rehearsal may follow."""

    def tell(self, kind: str, content: Any) -> None:
        """One line."""
        line = json.dumps({kind: plain(content)}, ensure_ascii=False, allow_nan=False)
        self.stream.write(line.encode("utf-8", errors="replace") + b"\n")
        self.stream.flush()


def main() -> None:
    """Do what standard input asks for."""
    request: dict[str, Any] = json.load(sys.stdin)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # libraries that print must not speak between the answers
    set_language(request["language"])
    told = Told(answers)
    try:
        told.tell("result", _answer(request, told))
    except LarasError as error:
        told.tell("error", {**error.as_json(), "kind": type(error).__name__})
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        exhausted = MemoryExhausted("plan.out-of-memory", _("The rehearsal ran out of memory."))
        told.tell("error", {**exhausted.as_json(), "kind": "MemoryExhausted"})


def _answer(request: Mapping[str, Any], progress: Told) -> dict[str, Any]:
    from laras.preparation.pipeline import Prepared
    from laras.recipe.schema import Recipe
    from laras.rehearsal.forecast import rehearse, try_rates
    from laras.runs.folder import Run
    from laras.tuning.assignment import Assignment

    started = time.time() - request["asked_at"]
    recipe = Recipe.model_validate(request["recipe"])
    folder = Path(request["run"])
    audit = json.loads((folder / "data/audit.json").read_text(encoding="utf-8"))
    data = folder / "data"
    prepared = Prepared(
        data / "train.parquet",
        data / "validation.parquet",
        data / "test.parquet",
        data / "ledger.parquet",
        audit,
        request["prepared"],
    )
    named = {contender.name: contender for contender in recipe.comparison.contenders}
    with Run.open(request["scratch"]) as scratch:
        if request["what"] == "judge":
            from laras.contenders.judging import rehearse_judging

            told = rehearse_judging(
                recipe, Path(request["recipe_folder"]), prepared, scratch, progress
            )
            return {**told, "start_seconds": started}
        assignment = Assignment(
            named[request["contender"]],
            recipe.model,
            request["model_digest"],
            Path(request["recipe_folder"]),
            recipe.tuning,
            prepared,
        )
        work = rehearse if request["what"] == "tune" else try_rates
        told = work(assignment, scratch, folder / "data/tokens", progress)
    return {**told, "start_seconds": started}


if __name__ == "__main__":
    with seldom_sought():
        main()
