"""What a search has tried so far, in one file that is replaced after every change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from laras.recipe.schema import Dimension
from laras.runs.damage import damage_told
from laras.runs.folder import Run

FOLDER = "search"
FILE = f"{FOLDER}/search.json"

# complete: trained to its end. pruned: ended early, for being worse than the others at that time.
# failed: diverged, or could not be trained so.
State = Literal["running", "complete", "pruned", "failed"]


@dataclass(frozen=True, slots=True)
class Trial:
    """One training of a search. ``values``: by path; those of the first trial are the recipe's own,
    as far as they are known. ``loss``: the best validation loss, ``validations``: all of them in
    order, nats per token (per row where a head is trained). ``seconds``: of training. ``reason``:
    why it failed, for people.
    """

    number: int
    values: dict[str, Any]
    state: State = "running"
    loss: float | None = None
    validations: tuple[float, ...] = ()
    best_step: int | None = None
    steps: int | None = None
    seconds: float = 0.0
    reason: str = ""

    @property
    def folder(self) -> str:
        """Where it is kept, as seen from the run's folder."""
        return f"{FOLDER}/trial-{self.number:03}"


@dataclass(frozen=True, slots=True)
class Record:
    """``key``: hash of all that decides what is tried and what comes of it. ``measured_on``: hash
    of the validation examples as the first trial read them; every other trial must read the same.
    ``space``: what is varied; None before the first trial has told where to look.
    """

    key: str
    contender: str
    trials: tuple[Trial, ...] = ()
    space: dict[str, Dimension] | None = None
    measured_on: str | None = None
    validation_rows: int = 0
    unit: str = ""

    @property
    def finished(self) -> list[Trial]:
        """Those that have ended, in order."""
        return [trial for trial in self.trials if trial.state != "running"]

    @property
    def running(self) -> Trial | None:
        """The one that was begun last, if it has not ended."""
        return next((trial for trial in self.trials if trial.state == "running"), None)

    @property
    def default(self) -> Trial | None:
        """The recipe as it stands, once it was trained to its end."""
        return next((t for t in self.trials[:1] if t.state == "complete"), None)

    @property
    def best(self) -> Trial | None:
        """The least validation loss among those that were trained to the end; the first of equals:
        the recipe's own settings are only left for something better."""
        complete = [t for t in self.finished if t.state == "complete" and t.loss is not None]
        return min(complete, key=lambda t: (t.loss, t.number), default=None)

    def as_json(self) -> dict[str, Any]:
        """The content of ``search.json``."""
        facts = asdict(self)
        if self.space is not None:
            facts["space"] = {
                path: dimension.model_dump(exclude_defaults=True)
                for path, dimension in self.space.items()
            }
        return facts


def read_record(run: Run) -> Record | None:
    """What an earlier search in ``run`` left; None where there was none. StorageFailed where it
    can't be read."""
    facts = run.read_json(FILE)
    if facts is None:
        return None
    with damage_told(run.folder / FILE):
        return _record(facts)


def _record(facts: Mapping[str, Any]) -> Record:
    trials: Sequence[Mapping[str, Any]] = facts["trials"]
    return Record(
        key=facts["key"],
        contender=facts["contender"],
        trials=tuple(
            Trial(**{**trial, "validations": tuple(trial["validations"])}) for trial in trials
        ),
        space=None
        if facts["space"] is None
        else {path: Dimension(**entry) for path, entry in facts["space"].items()},
        measured_on=facts["measured_on"],
        validation_rows=facts["validation_rows"],
        unit=facts["unit"],
    )
