"""What a user may ask for: the recipe, in six sections that follow the work.

Every field has a default that is sensible on a laptop, except ``data.sources``. Unknown keys
are refused. A docstring under each field is its documentation: it is published in the JSON
Schema and in the reference pages.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from laras.recipe import unread
from laras.recipe.comparison import ComparisonSection, Contender
from laras.recipe.data import SOURCE_KINDS, TEXT_KINDS, ColumnMap, DataSection, Source
from laras.recipe.preparing import GenerationSection, PreparationSection
from laras.recipe.section import Section, Seed
from laras.recipe.tuning import FROZEN_CACHE_BYTES, TuningSection

__all__ = [
    "SOURCE_KINDS",
    "TEXT_KINDS",
    "ColumnMap",
    "ComparisonSection",
    "Contender",
    "DataSection",
    "EvaluationSection",
    "GenerationSection",
    "ModelSection",
    "PreparationSection",
    "Recipe",
    "Section",
    "Source",
    "TuningSection",
]

HEAD = "classification"


class ModelSection(Section):
    """The base model."""

    base: str = "starter"
    """``starter`` (ships with Laras), a folder with safetensors weights, or a hub id."""
    revision: str | None = None
    """Commit, tag or branch of a hub id."""
    download: bool = False
    """Allow fetching a hub id over the network; otherwise only the local cache is used."""
    precision: Literal["auto", "float32", "bfloat16", "float16", "float8"] = "auto"
    """What training multiplies in; ``auto``: bfloat16 where the machine computes it natively,
    float32 elsewhere. ``float16`` is for older GPUs; ``float8`` needs a GPU of the Hopper
    generation and `pip install 'laras[float8]'`."""
    context: int | None = Field(default=None, ge=16)
    """Longest example in tokens; default: what the model supports, at most 1,024."""
    chat_template: str | None = None
    """A Jinja file that replaces the model's own chat template."""
    new_tokens: list[Annotated[str, Field(min_length=1)]] = []
    """Words that become one token each, with rows of their own in the embedding, which begin as
    the mean of all others. Trained by full, and by lora and its variants."""
    system_message: Literal["keep", "merge"] = "keep"
    """``merge``: put the system message before the first user message, for templates without it."""


class EvaluationSection(Section):
    """How candidates are judged."""

    metrics: list[Literal["perplexity", "f1", "bleu", "chrf", "rouge", "exact_match"]] = Field(
        default=["perplexity", "f1", "bleu", "chrf", "rouge", "exact_match"], min_length=1
    )
    """Which metrics to compute, where the data allows them."""
    max_rows: int | None = Field(default=None, ge=1)
    """At most this many test examples of each task (a fixed sample); default: all."""
    max_new_tokens: int = Field(default=96, ge=1)
    """Longest generated answer in tokens."""
    batch_tokens: int = Field(default=8192, ge=64)
    """Most tokens in one forward pass."""
    confidence: float = Field(default=0.95, gt=0.0, lt=1.0)
    """Level of the intervals."""
    bootstrap_samples: int = Field(default=1000, ge=100)
    """Resamples for each interval."""
    seed: Seed = 0
    """Decides the resamples and the sample of rows."""


class Recipe(Section):
    """Everything one run needs to know."""

    preset: Literal["chat", "documents", "classification", "questions", "summaries"] | None = None
    """Defaults for a kind of work, below what the recipe itself says."""
    model: ModelSection = ModelSection()
    """The base model."""
    data: DataSection
    """Where the data comes from and what is held out."""
    preparation: PreparationSection = PreparationSection()
    """How records become clean examples."""
    tuning: TuningSection = TuningSection()
    """How the model is trained."""
    evaluation: EvaluationSection = EvaluationSection()
    """How candidates are judged."""
    comparison: ComparisonSection = ComparisonSection()
    """Who competes, and what decides."""

    @model_validator(mode="after")
    def _reads_what_is_set(self) -> Recipe:
        kinds = [contender.kind for contender in self.comparison.contenders]
        unread.refuse(unread.of_optimizer(self.tuning.optimizer, kinds))
        if self.tuning.frozen_cache_bytes != FROZEN_CACHE_BYTES:
            unread.refuse(unread.of_frozen_cache(self.tuning.frozen_cache_bytes, kinds))
        if self.tuning.layer_decay != 1.0:
            depths = [contender.trained_layers for contender in self.comparison.contenders]
            unread.refuse(
                unread.of_layer_decay(self.tuning.layer_decay, zip(kinds, depths, strict=True))
            )
        unread.refuse(unread.of_new_tokens(self.model.new_tokens, kinds))
        with_head = [c.kind for c in self.comparison.contenders if self.objective_of(c) == HEAD]
        unread.refuse(unread.of_new_tokens_beside_a_head(self.model.new_tokens, with_head))
        return self

    def objective_of(self, contender: Contender) -> str | None:
        """What ``contender`` is tuned for; None for the base model."""
        return None if contender.kind == "base" else contender.objective or self.tuning.objective
