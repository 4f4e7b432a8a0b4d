"""Which trainings a recipe asks for beside those of its contenders.

The contender that competes is the one of the recipe's own seed, never the best of several: whoever
takes the best of n figures on a test set has chosen by the test set, reports the luckiest of them,
and no interval or test holds for it. The others only say how much of a figure is luck.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from laras.preparation.shares import on_share
from laras.recipe.schema import Contender, Recipe
from laras.recipe.unread import TUNED_KINDS
from laras.translation import _
from laras.tuning.assignment import Assignment

_SEEDS = 2**63


@dataclass(frozen=True, slots=True)
class Retraining:
    """The tuned ``contender`` once more: with another ``seed``, or on a ``share`` of the training
    rows. The other of the two is None."""

    contender: Contender
    seed: int | None = None
    share: float | None = None

    @property
    def folder(self) -> str:
        """Where it is kept, as seen from the run's folder."""
        part = f"seeds/{self.seed}" if self.share is None else f"shares/{self.share!r}"
        return f"contenders/{self.contender.name}/{part}"

    @property
    def title(self) -> str:
        """What people call it."""
        if self.share is None:
            return _("{name}, seed {seed}").format(name=self.contender.name, seed=self.seed)
        return _("{name}, {share} of the data").format(
            name=self.contender.name, share=f"{self.share:.0%}"
        )

    def assigned(self, own: Assignment, seed: int, run: Path) -> Assignment:
        """The contender's ``own`` assignment with what is different here. ``seed``: of the order in
        which shares are drawn; ``run``: the folder of the run."""
        # Nobody asked for this very training: where the recipe has changed, it begins again.
        own = replace(own, on_change="restart")
        if self.seed is not None:
            return replace(own, tuning=own.tuning.model_copy(update={"seed": self.seed}))
        assert self.share is not None, "one of the two is there"
        data = run / self.folder / "data"
        return replace(own, prepared=on_share(own.prepared, self.share, seed, data))


def retrainings(recipe: Recipe) -> list[Retraining]:
    """All that ``recipe`` asks for, contender by contender: first the seeds, then the shares."""
    section = recipe.comparison
    return [
        variant
        for contender in section.contenders
        if contender.kind in TUNED_KINDS
        for variant in (
            *(Retraining(contender, seed=seed) for seed in other_seeds(recipe)),
            *(Retraining(contender, share=share) for share in sorted(section.learning_curve)),
        )
    ]


def other_seeds(recipe: Recipe) -> list[int]:
    """Those that follow the recipe's own."""
    own = recipe.tuning.seed
    return [(own + step) % _SEEDS for step in range(1, recipe.comparison.seeds)]
