"""A search in words: one trial, the outcome, and the progress of what is under way."""

from __future__ import annotations

from dataclasses import dataclass

from laras.recipe.origins import written
from laras.runs.progress import Progress, Titled
from laras.translation import _, ngettext
from laras.trials.record import Record, State, Trial


@dataclass(frozen=True, slots=True)
class Outcome:
    """``best``: number of the best trial. ``gain``: by how much its validation loss is lower than
    that of the recipe as it stands; 0 where that is the best, None where either failed."""

    best: int | None
    default_loss: float | None
    best_loss: float | None
    gain: float | None
    sentence: str


def outcome(record: Record) -> Outcome:
    """What the trials so far come to."""
    best, default = record.best, record.default
    gain = None
    if best is not None and default is not None and best.loss is not None:
        gain = (default.loss or 0.0) - best.loss
    return Outcome(
        best=None if best is None else best.number,
        default_loss=None if default is None else default.loss,
        best_loss=None if best is None else best.loss,
        gain=gain,
        sentence=_sentence(record, best, default),
    )


def _sentence(record: Record, best: Trial | None, default: Trial | None) -> str:
    if best is None:
        return _("No trial could be trained to its end.") if record.finished else ""
    if default is None:
        return _(
            "The recipe's own settings could not be trained to the end; trial {number} is the "
            "best: a validation loss of {loss:.4f} {unit}."
        ).format(number=best.number, loss=best.loss, unit=unit_in_words(record.unit))
    if best.number == 0:
        others = len(record.finished) - 1
        if not others:
            return _(
                "Only the recipe's own settings were tried: a validation loss of {loss:.4f} {unit}."
            ).format(loss=default.loss, unit=unit_in_words(record.unit))
        return ngettext(
            "The recipe's own settings stand: {count} other trial has no lower validation loss "
            "than {loss:.4f} {unit}.",
            "The recipe's own settings stand: none of {count} other trials has a lower validation "
            "loss than {loss:.4f} {unit}.",
            others,
        ).format(count=others, loss=default.loss, unit=unit_in_words(record.unit))
    gain = (default.loss or 0.0) - (best.loss or 0.0)
    return _(
        "Trial {number} is better than the recipe's own settings by {gain:.4f}: a validation loss "
        "of {loss:.4f} against {default:.4f} {unit}."
    ).format(
        number=best.number,
        gain=gain,
        loss=best.loss,
        default=default.loss,
        unit=unit_in_words(record.unit),
    )


def unit_in_words(unit: str) -> str:
    """What a validation loss is measured in."""
    titles = {"nats per token": _("nats per token"), "nats per row": _("nats per row")}
    return titles.get(unit, unit)


def state_in_words(state: State) -> str:
    """How a trial ended."""
    return {
        "running": _("under way"),
        "complete": _("complete"),
        "pruned": _("ended early"),
        "failed": _("failed"),
    }[state]


def trial_line(trial: Trial, record: Record) -> str:
    """A trial that has just ended, in a line."""
    values = ", ".join(f"{last_part(path)} {written(v)}" for path, v in trial.values.items())
    parts = [_("Trial {number}: {values}").format(number=trial.number, values=values)]
    if trial.loss is not None:
        parts.append(_("loss {loss:.4f}").format(loss=trial.loss))
    if trial.state != "complete":
        parts.append(state_in_words(trial.state))
    if trial.reason:
        parts.append(trial.reason)
    if record.best is not None and record.best.number == trial.number:
        parts.append(_("the best so far"))
    return "; ".join(parts)


def last_part(path: str) -> str:
    """A path by its last word."""
    return path.rpartition(".")[2]


class TrialProgress(Titled):
    """Shows the work of one trial as such, and passes each note on once in a whole search."""

    def __init__(self, progress: Progress, number: int, trials: int, seen: set[str]) -> None:
        super().__init__(
            progress, _("Trial {number}/{last}").format(number=number, last=trials - 1)
        )
        self._seen = seen

    def note(self, message: str) -> None:
        """What every trial would say again is said once."""
        if message not in self._seen:
            self._seen.add(message)
            self._progress.note(message)
