"""How a training went."""

from __future__ import annotations

from dataclasses import dataclass, field


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
