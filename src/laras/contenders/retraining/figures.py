"""The metric that decides, of what is judged beside the verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from laras.contenders.pairs import Standing, compare, pair_of
from laras.contenders.retraining.work import Retrained
from laras.evaluation.figures import figures
from laras.evaluation.metric import METRICS, Metric
from laras.evaluation.result import Score
from laras.recipe.schema import EvaluationSection

Facts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ground:
    """What retrainings are held against: the content of verdict.json as ``found``, the
    ``standings`` that it is of, and the recipe's evaluation ``section``."""

    found: Mapping[str, Any]
    standings: Sequence[Standing]
    section: EvaluationSection

    @property
    def metric(self) -> Metric:
        """The one that decides."""
        return METRICS.get(self.found["primary"]["metric"])

    @property
    def sign(self) -> int:
        """Times which a difference is above 0 where it is for the better."""
        return 1 if self.metric.higher_is_better else -1

    def standing(self, name: str) -> Standing:
        """That of the contender ``name``."""
        return next(each for each in self.standings if each.name == name)

    def own(self, name: str) -> Score:
        """The contender's own figure."""
        return self.standing(name).scores[self.metric.name]

    def score(self, predictions: pa.Table) -> Score | None:
        """The figure of ``predictions``; None where there are no rows for it."""
        scores, _remarks = figures(predictions, self._narrowed(self.section.bootstrap_samples))
        return scores.get(self.metric.name)

    def beats_reference(self, name: str, predictions: pa.Table) -> bool | None:
        """Whether the contender ``name`` would beat the reference with these ``predictions``.

        By the verdict's own test; p is multiplied by the number of its pairs (Bonferroni), the
        strictest step of Holm's method, so that no other seed passes more easily than the one that
        competes. None where they can't be compared.
        """
        pairs = [each for each in self.found["pairs"] if each["metric"] == self.metric.name]
        level = (1 - self.section.confidence) / max(1, len(pairs))
        samples = max(self.section.bootstrap_samples, round(4 / level))
        reference = self.standing(self.found["reference"])
        other = replace(self.standing(name), predictions=predictions)
        compared = compare([reference, other], self._narrowed(samples))
        pair = pair_of(compared, reference.name, name, self.metric.name)
        if pair is None or pair.p is None:
            return None
        return pair.better == name and pair.p <= level

    def _narrowed(self, samples: int) -> EvaluationSection:
        return self.section.model_copy(
            update={"metrics": [self.metric.family], "bootstrap_samples": samples}
        )


def cost_of(retrained: Sequence[Retrained]) -> Facts:
    """What all of them took; it is in no contender's own cost."""
    energies = [each.energy_wh for each in retrained if each.energy_wh is not None]
    known = len(energies) == len(retrained)
    return {
        "seconds": sum(each.seconds for each in retrained),
        "energy_wh": sum(energies) if known else None,
    }
