"""Base models set side by side on the user's own validation rows, and which to take."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from laras.errors import (
    Interrupted,
    LarasError,
    MemoryExhausted,
    StorageFailed,
    UsageError,
    is_out_of_memory,
)
from laras.job import Job, model_digest
from laras.models.load import resolve_model
from laras.models.places import template_file
from laras.preparation.held_back import without_test
from laras.ranking.measure import Ground, Named, measure
from laras.ranking.ranked import Ranked, ranked_from_json
from laras.ranking.recommendation import Recommendation, recommend
from laras.ranking.tuning_cost import tuning_costs
from laras.recipe.load import LoadedRecipe
from laras.recipe.schema import ModelSection
from laras.runs.atomic import temporary_sibling
from laras.runs.damage import damage_told
from laras.runs.folder import Run
from laras.runs.hashing import content_hash, file_sha256
from laras.runs.progress import Progress
from laras.translation import _

VERSION = 1  # raise it when the same candidate gets other figures
FOLDER = "ranking"
FILE = f"{FOLDER}/ranking.json"


@dataclass(frozen=True, slots=True)
class Ranking:
    """All candidates, the best first and those that could not be measured last."""

    folder: Path
    models: tuple[Ranked, ...]
    recommendation: Recommendation

    def as_json(self) -> dict[str, Any]:
        """The content of ``ranking.json``."""
        return {
            "recommendation": asdict(self.recommendation),
            "models": [model.as_json() for model in self.models],
        }


def rank(loaded: LoadedRecipe, models: Sequence[str], run: Run, progress: Progress) -> Ranking:
    """Measure the recipe's own base and each of ``models`` (folders as seen from the current one,
    or hub ids, which are fetched only where the recipe's ``model.download`` says so).

    A candidate that can't be measured is reported with its error, the others are ranked all the
    same. What was measured before is not measured again. UsageError where the names are not
    distinct; DataRefused where there are no validation rows.
    """
    sections = _sections(loaded, models)
    job = Job(loaded, run, progress)
    job.write_recipe()
    ground = Ground(loaded.recipe, without_test(job.prepare()))
    ranked: list[Ranked] = []
    predictions: dict[str, pa.Table] = {}
    for name, (section, folder) in sections.items():
        try:
            candidate = Named(name, section, folder, resolve_model(section, folder))
            found, predictions[name] = _measured(candidate, ground, run, progress)
        except (LarasError, MemoryError, RuntimeError) as error:
            found = _left_out(name, error)
            progress.note(
                _("{model} is left out: {reason}").format(model=name, reason=found.reason)
            )
        ranked.append(found)
        gc.collect()  # the next model needs the room
    recommendation = recommend(ranked, predictions, loaded.recipe.evaluation)
    place = {name: at for at, name in enumerate(recommendation.order)}
    ranked.sort(key=lambda each: place.get(each.model, len(place)))
    ranking = Ranking(run.folder, tuple(ranked), recommendation)
    run.write_json(FILE, ranking.as_json())
    progress.finish()
    return ranking


def _sections(loaded: LoadedRecipe, models: Sequence[str]) -> dict[str, tuple[ModelSection, Path]]:
    """By what each is called: its model section, and what relative paths in it start from."""
    own = loaded.recipe.model
    found = {own.base: (own, loaded.folder)}
    for name in models:
        if name == own.base:
            continue
        if name in found:
            raise UsageError(
                "ranking.named-twice",
                _("The model {name} is named twice.").format(name=name),
                where="--models",
            )
        # A revision, a template and words of its own belong to the recipe's base alone.
        alone: dict[str, Any] = {
            "base": name,
            "revision": None,
            "chat_template": None,
            "new_tokens": [],
        }
        found[name] = (own.model_copy(update=alone), Path.cwd())
    return found


def _left_out(name: str, error: Exception) -> Ranked:
    """The candidate with what is wrong with it; an error that is none of its is raised again."""
    if is_out_of_memory(error):
        error = MemoryExhausted(
            "ranking.out-of-memory", _("Measuring it takes more memory than there is.")
        )
    if not isinstance(error, LarasError) or isinstance(error, StorageFailed | Interrupted):
        raise error
    return Ranked(model=name, error=error.identifier, reason=error.what)


def _measured(
    candidate: Named, ground: Ground, run: Run, progress: Progress
) -> tuple[Ranked, pa.Table]:
    """Figures and losses of the candidate, found where they were left or made now."""
    digest = model_digest(candidate.folder)
    recipe = ground.recipe
    template = template_file(candidate.section, candidate.recipe_folder)
    key = content_hash(
        VERSION,
        digest,
        candidate.section.model_dump(exclude={"base", "download", "revision", "chat_template"}),
        None if template is None else file_sha256(template),
        ground.prepared.key,
        recipe.tuning,
        [each for each in recipe.comparison.contenders if each.kind in ("lora", "full")],
        recipe.comparison.primary_metric,
        recipe.evaluation.model_dump(exclude={"judge"}),
    )
    stage = run.stage(f"rank-{digest[:16]}", key)
    facts = f"{FOLDER}/{digest[:16]}.json"
    path = (run.folder / facts).with_suffix(".parquet")
    if stage.done:
        told = run.read_json(facts)
        with damage_told(run.folder / facts):
            # The same files may be called otherwise this time.
            return replace(ranked_from_json(told), model=candidate.name), pq.read_table(path)
    found, table = measure(candidate, ground, progress)
    costs = tuning_costs(candidate, digest, ground, run, progress)
    found = replace(found, tuning=costs)
    written = run.write_json(facts, found.as_json())
    with temporary_sibling(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")
    stage.finish({"facts": written, "predictions": path})
    return found, table
