"""One base model on the user's own validation rows: likelihood, answers, tokens, licence.

Every candidate is asked the same questions, in its own template: as they are (zero-shot), and with
the same few training examples before them (few-shot), without an instruction that might suit one
model better than another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa

from laras.contenders.primary import expected_primary
from laras.contenders.prompting.asking import Asker, ContextOf
from laras.contenders.prompting.choosing import varied
from laras.contenders.prompting.prompt import Prompt
from laras.contenders.prompting.shots import pool_of
from laras.contenders.prompting.system_role import with_system_role
from laras.devices.choice import best_device
from laras.errors import DataRefused
from laras.evaluation.candidate import Candidate
from laras.evaluation.evaluate import evaluate
from laras.evaluation.metric import METRICS, Metric
from laras.evaluation.rows import sampled
from laras.evaluation.words import UnicodeWords
from laras.models.inspection import read_configuration
from laras.models.licence import licence_of
from laras.models.load import LoadedModel, load_model, supported_context
from laras.preparation.pipeline import Prepared, load_examples
from laras.ranking.ranked import Ranked
from laras.recipe.schema import ModelSection, Recipe
from laras.records import Example, Task
from laras.runs.damage import damage_told
from laras.runs.progress import Progress
from laras.translation import _
from laras.tuning.fitting import refuse_what_never_fits

SHOTS = 4
MOST_ROWS = 200  # of each task, for likelihoods
ASKED_ROWS = 48  # for answers, each of which is written token by token
_LEAST_SAMPLES = 100  # resamples for an interval that nobody looks at


@dataclass(frozen=True, slots=True)
class Named:
    """A candidate: what the user calls it, its section as in a recipe, and its folder."""

    name: str
    section: ModelSection
    recipe_folder: Path  # what relative paths of the section start from
    folder: Path


class Ground:
    """What all candidates are measured on. ``prepared`` is without the test set."""

    def __init__(self, recipe: Recipe, prepared: Prepared) -> None:
        """DataRefused where there are no validation rows."""
        self.recipe = recipe
        self.prepared = prepared
        with damage_told(prepared.validation):
            rows = load_examples(prepared.validation)
        if not rows:
            raise DataRefused(
                "ranking.no-validation",
                _("There are no validation examples to compare models on."),
                where="data.validation_share",
                hint=_("Raise data.validation_share, or give data.validation."),
            )
        seed = recipe.evaluation.seed
        self.rows = sampled(rows, MOST_ROWS, seed)
        self.metric = _metric(recipe, {example.task for example in rows})
        judged = [row for row in rows if self.metric is None or row.task == self.metric.task]
        self.asked = sampled(judged, ASKED_ROWS, seed) if self.metric is not None else []

    @cached_property
    def training(self) -> list[Example]:
        """What may be shown as an example of how to answer."""
        if self.metric is None:
            return []
        with damage_told(self.prepared.train):
            examples = load_examples(self.prepared.train)
        return [example for example in examples if example.task == self.metric.task]

    @cached_property
    def labels(self) -> list[str]:
        """The classes of labelled rows."""
        known = {example.label for example in (*self.training, *self.rows)}
        return sorted(label for label in known if label is not None)


def _metric(recipe: Recipe, tasks: set[str]) -> Metric | None:
    """What answers are scored by: the metric that a verdict would turn on, unless it is one of
    likelihoods, which are measured in any case."""
    wish = recipe.comparison.primary_metric
    families = {"f1", "rouge", *recipe.evaluation.metrics} - {"perplexity"}
    primary = expected_primary("auto" if wish == "perplexity" else wish, families, tasks)
    return None if primary is None else METRICS.get(primary.name)


def measure(candidate: Named, ground: Ground, progress: Progress) -> tuple[Ranked, pa.Table]:
    """The figures, and the losses row by row. Raises what loading and judging raise."""
    recipe, device = ground.recipe, best_device()
    lora = next((each for each in recipe.comparison.contenders if each.kind == "lora"), None)
    if lora is not None:
        refuse_what_never_fits(candidate.folder, lora, recipe.tuning, device)
    loaded = load_model(candidate.section, candidate.recipe_folder, device=device)
    section = recipe.evaluation.model_copy(update={"metrics": ["perplexity"], "max_rows": None})
    judged = evaluate(Candidate(candidate.name, loaded), ground.rows, section, (), progress)
    found = Ranked(
        model=candidate.name,
        licence=licence_of(candidate.folder),
        context=supported_context(SimpleNamespace(**read_configuration(candidate.folder))),
        parameters=loaded.model.num_parameters(),
        rows=judged.predictions.num_rows,
        tokens_per_word=tokens_per_word(loaded, ground.rows),
        bits_per_byte=judged.scores.get("bits_per_byte"),
    )
    if ground.metric is not None and ground.asked:
        found = _scored(found, with_system_role(loaded), ground, ground.metric, progress)
    return found, judged.predictions


def tokens_per_word(loaded: LoadedModel, examples: Sequence[Example]) -> float | None:
    """Tokens of all messages of ``examples`` by their words, which are runs of letters and digits,
    or single characters in scripts without spaces; None where there are no words."""
    texts = [message.content for example in examples for message in example.messages]
    words = sum(len(UnicodeWords().tokenize(text)) for text in texts)
    tokens = sum(len(ids) for ids in loaded.tokenizer.encode_batch(texts))
    return tokens / words if words else None


def _scored(
    found: Ranked, loaded: LoadedModel, ground: Ground, metric: Metric, progress: Progress
) -> Ranked:
    section = ground.recipe.evaluation.model_copy(
        update={"metrics": [metric.family], "max_rows": None}
    )
    prompt = _few_shot(loaded, ground, metric)
    candidates = {"zero_shot": Candidate(_("{name}, as it is").format(name=found.model), loaded)}
    if prompt is not None:
        candidates["few_shot"] = Candidate(
            _("{name}, with examples").format(name=found.model),
            loaded,
            rewrite=Asker(prompt, ContextOf(loaded)).rewrite,
        )
    scores = {
        place: evaluate(
            candidate, ground.asked, section, ground.labels, progress, write_labels=False
        ).scores.get(metric.name)
        for place, candidate in candidates.items()
    }
    shots = 0 if prompt is None else len(prompt.shots)
    return replace(
        found,
        metric=metric.name,
        zero_shot=scores["zero_shot"],
        few_shot=scores.get("few_shot"),
        shots=shots,
    )


def _few_shot(loaded: LoadedModel, ground: Ground, metric: Metric) -> Prompt | None:
    """The same training examples before every question; None where none has room."""
    seed = ground.recipe.evaluation.seed
    pool = pool_of(
        ground.training,
        lambda texts: [len(ids) for ids in loaded.tokenizer.encode_batch(texts)],
        context=loaded.context,
        shots=SHOTS,
        seed=seed,
    )
    shots = varied(pool, SHOTS, seed)
    task: Task = "classification" if metric.task == "classification" else "chat"
    return Prompt("few-shot", task, shots=shots) if shots else None
