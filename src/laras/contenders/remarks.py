"""What the checks say of each contender, in a language of one's own choice.

A verdict holds its notes in the language of whoever ran it; a model card is in English.
"""

from __future__ import annotations

from collections.abc import Sequence

from laras.checks.catalogue import compare_all
from laras.contenders.pairs import Standing
from laras.contenders.verdict import loss_gaps, overfitting, untuned
from laras.recipe.schema import EvaluationSection
from laras.runs.folder import Run
from laras.translation import using


def remarks(
    standings: Sequence[Standing], section: EvaluationSection, run: Run, code: str
) -> dict[str, list[str]]:
    """By contender, the notes of overfitting and of the checks, in the language ``code``."""
    names = [standing.name for standing in standings]
    notes: dict[str, list[str]] = {name: [] for name in names}
    with using(code):
        found = {
            "overfitting": overfitting(loss_gaps(run.events(), names)),
            **compare_all({s.name: s.checks for s in standings}, untuned(standings), section),
        }
    for entries in found.values():
        for entry in entries or ():
            notes[entry["contender"]].append(str(entry["note"]))
    return notes
