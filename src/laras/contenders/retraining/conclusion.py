"""What was found by training once more, put into the verdict that was written before."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet as pq

from laras.contenders.pairs import Standing
from laras.contenders.retraining.figures import Ground
from laras.contenders.retraining.learning_curve import curve_entries
from laras.contenders.retraining.seeds import luck_sentence, seed_entries
from laras.contenders.retraining.work import Retrained
from laras.preparation.pipeline import Prepared
from laras.recipe.schema import Recipe
from laras.runs.folder import Run
from laras.translation import LANGUAGES, language, using


def conclude_retraining(
    retrained: Sequence[Retrained],
    standings: Sequence[Standing],
    recipe: Recipe,
    prepared: Prepared,
    run: Run,
) -> Path:
    """Write verdict.json anew, with ``seeds`` and ``learning_curve``; where luck weighs as much as
    what the verdict turns on, its sentence says so. What it recommends stays."""
    found = run.read_json("verdict.json")
    ground = Ground(found, standings, recipe.evaluation)
    rows = pq.read_metadata(prepared.train).num_rows
    seeds = seed_entries(ground, retrained, recipe.tuning.seed)
    curve = curve_entries(ground, retrained, rows, seeds)
    sentences = dict(found["sentences"])
    for code in LANGUAGES:
        with using(code):
            if warning := luck_sentence(ground, seeds or ()):
                sentences[code] += f" {warning}"
    told = {
        "sentence": sentences[language()],
        "sentences": sentences,
        "seeds": seeds,
        "learning_curve": curve,
    }
    return run.write_json("verdict.json", {**found, **told})
