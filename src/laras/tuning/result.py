"""How a training went."""

from __future__ import annotations

from dataclasses import dataclass, field

from laras.saving.state import TrainingState


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """Losses are mean negative log-likelihoods per token, in nats. ``stopped``: whoever watched
    the training ended it (:mod:`laras.tuning.watcher`). ``validation_losses``: the finite ones."""

    steps: int
    tokens: int
    seconds: float
    best_step: int
    best_loss: float | None
    trained_parameters: int
    stopped: bool = False
    validation_losses: list[float] = field(default_factory=list)

    @classmethod
    def of(cls, state: TrainingState, trained_parameters: int) -> TrainingResult:
        """Of a training that has ended in ``state``."""
        return cls(
            steps=state.step,
            tokens=state.tokens,
            seconds=state.seconds,
            best_step=state.best_step,
            best_loss=state.best_loss,
            trained_parameters=trained_parameters,
            stopped=state.stopped,
            validation_losses=state.finite_validation_losses,
        )
