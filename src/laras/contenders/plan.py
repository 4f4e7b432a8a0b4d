"""The plan of a run: what each contender will cost here, from a rehearsal in its own process."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from laras import errors, threads
from laras.contenders.judged import evaluation_key
from laras.contenders.retraining.planned import band_of, planned_retraining
from laras.contenders.retraining.work import Retrainer
from laras.errors import LarasError, MemoryExhausted
from laras.planning.accuracy import compared, surest
from laras.planning.duration import NOTHING, Band
from laras.recipe.schema import Recipe
from laras.recipe.unread import TUNED_KINDS
from laras.runs.folder import Run
from laras.runs.machine import available_memory_bytes, memory_bytes, usable_cores
from laras.runs.progress import Progress
from laras.translation import _, language

if TYPE_CHECKING:
    from laras.tuning.assignment import Assignment

FILE = "plan.json"
_WORKER = "laras.contenders.rehearsal"
_SCRATCH = ".rehearsal.{name}.tmp"  # what a killed plan leaves is swept when the run is opened
_LAST_LINES = 15
_JUDGED_ONLY = ("base",)
_START_UNCERTAINTY = 0.5  # libraries are read from the disk, or from memory


def make_plan(
    recipe: Recipe,
    assignments: Sequence[Assignment],
    run: Run,
    progress: Progress,
    *,
    rate_test: bool = False,
) -> dict[str, Any]:
    """The plan as plain data, written as plan.json and told in the events.

    A contender that is done already is not rehearsed; what was planned for it stays. Raises what a
    run would raise, but for a lack of memory: that is told in the plan.
    """
    rehearsals = _Rehearsals(recipe, assignments[0], run, progress)
    done = {each.contender.name for each in assignments if _is_done(each, run)}
    here = {each.contender.name for each in assignments if each.contender.kind != "api"}
    judging = rehearsals.judging() if here - done else {}
    before = run.read_json(FILE)
    entries = [
        _as_planned(assignment, before)
        if assignment.contender.name in done
        else _entry(assignment, rehearsals, judging, run, rate_test)
        for assignment in assignments
    ]
    progress.finish()
    pending, events = Retrainer(recipe, assignments, run).pending(), run.events()
    free = shutil.disk_usage(run.folder).free
    for entry in entries:
        of_it = [each for each in pending if each.contender.name == entry["name"]]
        entry["retraining"] = planned_retraining(of_it, entry, judging, events)
        needed = entry.get("disk_bytes")
        # Each of those is dropped before the next one begins.
        at_once = 1 if entry["retraining"] is None else 2
        entry["fits_disk"] = needed is None or at_once * needed <= free
    plan = {
        "machine": {
            "cores": usable_cores(),
            "memory_bytes": memory_bytes(),
            "available_bytes": available_memory_bytes(),
            "disk_free_bytes": free,
        },
        "contenders": entries,
        "seconds": _total(entries, judging).as_json(),
    }
    run.write_json(FILE, plan)
    told = ("name", "key", "peak_memory_bytes", "tuning_seconds", "judging_seconds")
    made = [entry for entry in entries if entry["state"] != "done"]
    if made:
        run.event("plan_made", contenders=[{name: e.get(name) for name in told} for e in made])
    measured = surest(compared(run.events()))
    return {**plan, "measured": [each.as_json() for each in measured]}


def _is_done(assignment: Assignment, run: Run) -> bool:
    """Whether the contender is made for this recipe, and judged."""
    name = assignment.contender.name
    tuned = assignment.contender.kind not in TUNED_KINDS
    tuned = tuned or run.stage(f"tune-{name}", assignment.key()).done
    return tuned and run.stage(f"evaluate-{name}", evaluation_key(assignment)).done


def _as_planned(assignment: Assignment, before: Any) -> dict[str, Any]:
    """The part of a contender that is done: what was planned ``before``, if it was for this."""
    named = _named(assignment)
    entries = before.get("contenders", ()) if isinstance(before, dict) else ()
    planned: dict[str, Any] = next(
        (entry for entry in entries if entry.get("key") == named["key"]), {}
    )
    return {**planned, **named, "state": "done"}


def _named(assignment: Assignment) -> dict[str, Any]:
    contender = assignment.contender
    return {"name": contender.name, "kind": contender.kind, "key": assignment.key()}


def _entry(
    assignment: Assignment,
    rehearsals: _Rehearsals,
    judging: Mapping[str, Any],
    run: Run,
    rate_test: bool,
) -> dict[str, Any]:
    """The part of a contender that is not done. ``state``: ``forecast``, ``does-not-fit``, or
    ``unknown`` where it is made in a way that can't be rehearsed."""
    entry = _named(assignment)
    name, kind = entry["name"], entry["kind"]
    entry["judging_seconds"] = judging.get("judging_seconds")
    if kind == "api":
        from laras.contenders.hosted.forecast import forecast

        asking = forecast(assignment, run).as_json(assignment)
        return {**entry, "judging_seconds": None, "state": "unknown", "asking": asking}
    if kind not in TUNED_KINDS:
        if kind not in _JUDGED_ONLY:  # prompts are compared before they are judged
            return {**entry, "state": "unknown"}
        peak = judging.get("peak_memory_bytes")
        return {**entry, "state": "forecast", "peak_memory_bytes": peak}
    if run.stage(f"tune-{name}", entry["key"]).done:
        return {**entry, "state": "forecast", "tuning_seconds": NOTHING.as_json()}
    told = rehearsals.of(name, "tune")
    if told.get("problem") is not None or not told["fits_memory"]:
        return {**entry, **told, "state": "does-not-fit"}
    if rate_test:
        told["rate_test"] = rehearsals.of(name, "rates")
    return {**entry, **told, "state": "forecast"}


def _total(entries: Sequence[Mapping[str, Any]], judging: Mapping[str, Any]) -> Band:
    """Of all that is not done yet."""
    total = Band.around(judging.get("start_seconds", 0.0), _START_UNCERTAINTY)
    for entry in entries:
        if entry["state"] in ("forecast", "unknown"):
            total += _band(entry.get("tuning_seconds")) + _band(entry.get("judging_seconds"))
        if entry["state"] != "does-not-fit":
            total += _band((entry["retraining"] or {}).get("seconds"))
    return total


def _band(told: Mapping[str, float] | None) -> Band:
    return band_of(told) or NOTHING


class _Rehearsals:
    """Children that rehearse, one after the other."""

    def __init__(
        self, recipe: Recipe, any_assignment: Assignment, run: Run, progress: Progress
    ) -> None:
        self._run = run
        self._progress = progress
        self._request = {
            # Only what was written: reasons tell it from defaults.
            "recipe": recipe.model_dump(mode="json", exclude_unset=True),
            "recipe_folder": str(any_assignment.recipe_folder.resolve()),
            "model_digest": any_assignment.model_digest,
            "prepared": any_assignment.prepared.key,
            "run": str(run.folder.resolve()),
            "language": language(),
        }

    def of(self, contender: str, what: str) -> dict[str, Any]:
        """What the rehearsal of ``contender`` told; ``problem`` where memory did not suffice."""
        try:
            return self._rehearse({"what": what, "contender": contender})
        except MemoryExhausted as error:
            return {"problem": error.as_json(), "fits_memory": False}

    def judging(self) -> dict[str, Any]:
        """What judging costs; nothing where memory did not suffice for it."""
        try:
            return self._rehearse({"what": "judge"})
        except MemoryExhausted:
            return {}

    def _rehearse(self, work: Mapping[str, Any]) -> dict[str, Any]:
        # On the disk of the run, whose speed is part of what is measured.
        scratch = self._run.folder / _SCRATCH.format(name=uuid.uuid4().hex)
        request = {**self._request, **work, "scratch": str(scratch), "asked_at": time.time()}
        try:
            return self._ask(request)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)

    def _ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        told: dict[str, Any] = {}
        with tempfile.TemporaryFile() as complaints:
            child = subprocess.Popen(
                [sys.executable, "-m", _WORKER],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=complaints,
                env=_environment(),
            )
            assert child.stdin is not None
            assert child.stdout is not None
            try:
                child.stdin.write(json.dumps(request).encode())
                child.stdin.close()
                for line in child.stdout:
                    told = json.loads(line)
                    self._pass_on(told)
                code = child.wait()
            finally:
                if child.poll() is None:
                    child.kill()
                    child.wait()
                child.stdout.close()
            complaints.seek(0)
            complaint = complaints.read().decode("utf-8", errors="replace")
        if "result" in told:
            result: dict[str, Any] = told["result"]
            return result
        raise _failure(told.get("error"), code, complaint)

    def _pass_on(self, told: Mapping[str, Any]) -> None:
        if "stage" in told:
            self._progress.stage(told["stage"]["name"], told["stage"]["total"])
        elif "advance" in told:
            self._progress.advance(told["advance"]["done"])


def _environment() -> dict[str, str]:
    """This process's, without what it set for itself alone: the child settles as a run does."""
    variables = dict(os.environ)
    if threads.setting().waiting != "chosen":
        variables.pop("OMP_WAIT_POLICY", None)
    return variables


def _failure(error: Mapping[str, Any] | None, code: int, complaint: str) -> LarasError:
    if error is not None:
        kind = getattr(errors, str(error["kind"]), LarasError)
        failure: LarasError = kind(
            error["error"], error["what"], where=error["where"], hint=error["hint"]
        )
        return failure
    if code < 0:
        what = _("The system ended the rehearsal (signal {number}): memory ran out, most likely.")
        return MemoryExhausted(
            "plan.ended",
            what.format(number=-code),
            hint=_("Lower tuning.micro_batch_tokens or model.context, or use a smaller model."),
        )
    last = "\n".join(complaint.strip().splitlines()[-_LAST_LINES:])
    what = _("The rehearsal failed:\n{reason}").format(reason=last)
    return LarasError("plan.rehearsal-failed", what)
