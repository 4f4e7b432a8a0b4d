"""What a user may ask for: the recipe, in eight sections that follow the work.

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
from laras.recipe.gates import ASKED_OF, GatesSection
from laras.recipe.judging import JudgeSection
from laras.recipe.preparing import GenerationSection, PreparationSection
from laras.recipe.searching import Dimension, SearchSection
from laras.recipe.section import Section, Seed
from laras.recipe.tuning import DECAY_SHARE, FROZEN_CACHE_BYTES, TuningSection

__all__ = [
    "SOURCE_KINDS",
    "TEXT_KINDS",
    "ColumnMap",
    "ComparisonSection",
    "Contender",
    "DataSection",
    "Dimension",
    "EvaluationSection",
    "GatesSection",
    "GenerationSection",
    "JudgeSection",
    "ModelSection",
    "PreparationSection",
    "Recipe",
    "SearchSection",
    "Section",
    "Source",
    "TuningSection",
]

HEAD = "classification"
MetricFamily = Literal[
    "perplexity", "f1", "calibration", "bleu", "chrf", "ter", "rouge", "token_f1", "span_f1",
    "exact_match", "refusal", "repetition", "length", "distinct",
]  # fmt: skip


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

    metrics: list[MetricFamily] = Field(
        default=[
            "perplexity", "f1", "calibration", "bleu", "chrf", "rouge", "token_f1", "span_f1",
            "exact_match", "refusal", "repetition", "length", "distinct",
        ],
        min_length=1,
    )  # fmt: skip
    """Which metrics to compute, where the data allows them. ``length`` and ``distinct`` describe
    answers and judge none, so that no verdict can turn on them."""
    max_rows: int | None = Field(default=None, ge=1)
    """At most this many test examples of each task (a fixed sample); default: all."""
    max_new_tokens: int = Field(default=96, ge=1)
    """Longest generated answer in tokens."""
    batch_tokens: int = Field(default=8192, ge=64)
    """Most tokens in one forward pass."""
    checks: list[Literal["memorisation", "wording", "forgetting", "bias"]] = [
        "memorisation", "wording", "forgetting", "bias"
    ]  # fmt: skip
    """What else is looked at in every contender, beside the metrics: whether it repeats its
    training data word for word, how much hangs on the wording of a question, what it has forgotten
    of general abilities, and whether it treats people of different groups differently."""
    check_rows: int = Field(default=64, ge=1)
    """At most this many rows for each part of a check."""
    confidence: float = Field(default=0.95, gt=0.0, lt=1.0)
    """Level of the intervals."""
    bootstrap_samples: int = Field(default=1000, ge=100)
    """Resamples for each interval."""
    seed: Seed = 0
    """Decides the resamples and the sample of rows."""
    judge: JudgeSection | None = None
    """Have a language model compare answers, as evidence beside the metrics."""


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
    gates: GatesSection = GatesSection()
    """What the recommended contender must fulfil, else the command fails."""
    search: SearchSection = SearchSection()
    """What `laras search` varies."""

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
        unread.refuse(
            unread.of_decay_share(
                (
                    self.tuning.decay_share if self.tuning.decay_share != DECAY_SHARE else None,
                    self.tuning.schedule,
                ),
                [(c.kind, c.decay_share, c.schedule) for c in self.comparison.contenders],
            )
        )
        unread.refuse(unread.of_new_tokens(self.model.new_tokens, kinds))
        with_head = [c.kind for c in self.comparison.contenders if self.objective_of(c) == HEAD]
        unread.refuse(unread.of_new_tokens_beside_a_head(self.model.new_tokens, with_head))
        asked = {gate: check for gate, check in ASKED_OF.items() if getattr(self.gates, gate)}
        unread.refuse(unread.of_gates(asked, self.evaluation.checks))
        if self.gates.beats_reference:
            unread.refuse(unread.of_gate_on_the_reference(len(kinds)))
        if self.evaluation.judge is not None:
            unread.refuse(unread.of_judge(self.evaluation.judge.model, len(kinds)))
        return self

    def objective_of(self, contender: Contender) -> str | None:
        """What ``contender`` is tuned for; None for one that is not tuned."""
        if contender.kind not in unread.TUNED_KINDS:
            return None
        return contender.objective or self.tuning.objective
