"""Whether the processes of a training divide the model among them."""

from __future__ import annotations

from pathlib import Path

from laras.adapters.learnt_before import LEARNT_BEFORE
from laras.distribution.ranks import Ranks
from laras.errors import UsageError
from laras.models.inspection import parameters_in
from laras.planning.memory import SAFE_SHARE, least_bytes
from laras.translation import _
from laras.tuning.assignment import Assignment


def is_divided(assignment: Assignment, base: Path, ranks: Ranks, room: int) -> bool:
    """Whether ``ranks`` train the model in the folder ``base`` in parts: as the user wishes, else
    where what a training can't do without is too much for the ``room``, in bytes, that each has.

    UsageError where that is wished and this training can't be divided.
    """
    wish, contender = assignment.processes.shard, assignment.contender
    if ranks.count == 1 or wish == "never":
        return False
    reason = _reason_against(assignment)
    if wish == "always" and reason is not None:
        raise UsageError(
            "distribution.not-divided",
            _("The training of {name} can't be divided among processes: {reason}.").format(
                name=contender.name, reason=reason
            ),
            where="--shard",
            hint=_("Use --shard auto, which divides what can be divided."),
        )
    if wish == "always" or reason is not None:
        return reason is None
    optimizer = assignment.tuning.optimizer
    return least_bytes(parameters_in(base), contender.kind, optimizer, None) > SAFE_SHARE * room


def _reason_against(assignment: Assignment) -> str | None:
    contender, tuning = assignment.contender, assignment.tuning
    if contender.quantised is not None:
        return _("its base is quantised")
    if assignment.model.precision == "float8":
        return _("it multiplies in float8")
    if contender.kind == "full" and tuning.optimizer == "muon":
        return _("Muon needs whole matrices")
    if tuning.optimizer == "adamw8bit":
        return _("adamw8bit rounds its state in blocks that would be cut")
    if contender.kind in LEARNT_BEFORE:
        return _("next to nothing of it is trained")
    return None
