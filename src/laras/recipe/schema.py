"""What a user may ask for: the recipe, in six sections that follow the work.

Every field has a default that is sensible on a laptop, except ``data.sources``. Unknown keys
are refused. A docstring under each field is its documentation: it is published in the JSON
Schema and in the reference pages.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from laras.recipe import unread
from laras.recipe.data import SOURCE_KINDS, TEXT_KINDS, ColumnMap, DataSection, Source
from laras.recipe.preparing import GenerationSection, PreparationSection
from laras.recipe.section import Section, Seed, Share
from laras.translation import _

__all__ = [
    "SOURCE_KINDS",
    "TEXT_KINDS",
    "Adjustment",
    "ColumnMap",
    "ComparisonSection",
    "Contender",
    "ContenderKind",
    "DataSection",
    "EvaluationSection",
    "GenerationSection",
    "ModelSection",
    "PreparationSection",
    "Recipe",
    "Section",
    "Source",
    "TuningSection",
    "expand_contender",
]

FROZEN_CACHE_BYTES = 20_000_000_000


# Another package may bring an objective, so that names are looked up when the work begins.
Objective = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
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


class Adjustment(Section):
    """Hyperparameters that a contender may set for itself; None takes the tuning section's."""

    objective: Objective | None = None
    """What it learns; default: as the tuning section says."""
    epochs: float | None = Field(default=None, gt=0.0)
    """Passes over the training data."""
    max_steps: int | None = Field(default=None, ge=1)
    """Stop after this many optimizer steps, whatever the epochs."""
    learning_rate: float | None = Field(default=None, gt=0.0)
    """Peak learning rate; default: by method."""
    batch_tokens: int | None = Field(default=None, ge=64)
    """Tokens per optimizer step (gradient accumulation makes up what memory can't hold)."""
    micro_batch_tokens: int | None = Field(default=None, ge=64)
    """Most tokens in one forward and backward pass."""
    weight_decay: float | None = Field(default=None, ge=0.0)
    """AdamW's decoupled weight decay, on matrices only."""
    warmup_share: Share | None = None
    """Share of the steps in which the learning rate rises."""
    schedule: Literal["cosine", "linear", "constant"] | None = None
    """How the learning rate falls after the warm-up."""
    rank: int | None = Field(default=None, ge=1)
    """The rank of LoRA, its variants and VeRA; default: 16, for VeRA 256."""
    alpha: float | None = Field(default=None, gt=0.0)
    """LoRA's scale: the update is multiplied by alpha / rank, in rslora by alpha / sqrt(rank);
    default: twice the rank, in rslora 8, in pissa and olora the rank."""
    dropout: float | None = Field(default=None, ge=0.0, lt=1.0)
    """Dropout of the adapter, while it is trained."""
    target_modules: list[str] | None = None
    """Layers that get the adapter; default: every linear layer of the blocks, for ia3 those of
    its paper."""
    block_size: int | None = Field(default=None, ge=2)
    """OFT and BOFT: rows and columns of each rotation; default: 32 and 4."""
    rate_ratio: float | None = Field(default=None, ge=1.0)
    """LoRA+: how many times the learning rate of A that of B is; default: 16."""
    quantised: Literal["nf4", "int8", "fp8"] | None = None
    """Hold the base, which an adapter does not change, in 4 or 8 bits: less memory, some accuracy.
    nf4 and int8 need `pip install 'laras[quantised]'`, fp8 a GPU of the Hopper generation."""
    trained_layers: int | None = Field(default=None, ge=1)
    """Freeze: how many of the last blocks are trained; default: a quarter."""


class TuningSection(Section):
    """How the model is trained."""

    effort: Literal["quick", "standard", "thorough"] = "standard"
    """The one dial: sets epochs and patience where you don't."""
    objective: Objective = "next_token"
    """``next_token``: to write what all of the data says. ``supervised``: answers and labels only.
    ``continued``: texts only (continued pretraining). ``classification``: a head beside the model
    names the label of labelled rows, and nothing is written. Other packages may bring more."""
    epochs: float | None = Field(default=None, gt=0.0)
    """Passes over the training data; default: 1, 3 or 6 by effort."""
    max_steps: int | None = Field(default=None, ge=1)
    """Stop after this many optimizer steps, whatever the epochs."""
    learning_rate: float | None = Field(default=None, gt=0.0)
    """Peak learning rate; default: by method."""
    batch_tokens: int = Field(default=4096, ge=64)
    """Tokens per optimizer step."""
    micro_batch_tokens: int = Field(default=4096, ge=64)
    """Most tokens in one forward and backward pass (an example longer than it goes alone)."""
    recompute_activations: Literal["auto", "always", "never"] = "auto"
    """Compute what the backward pass needs a second time instead of keeping it: less memory, a
    third more time. ``auto``: only where memory is forecast to run out otherwise."""
    curriculum: Literal["none", "length"] = "none"
    """``length``: the first epoch goes from short to long examples; later ones are shuffled."""
    frozen_cache_bytes: int = Field(default=FROZEN_CACHE_BYTES, ge=0)
    """Freeze: what the frozen blocks make of the examples is kept on disk for later epochs if it
    takes no more than this; 0: never."""
    optimizer: Literal["adamw", "adamw8bit", "muon"] = "adamw"
    """``adamw8bit``: its two moments in 8 bits each, for a quarter of their memory (embeddings
    keep 32; needs `pip install 'laras[quantised]'`). ``muon``: orthogonalised momentum for
    matrices, AdamW for the rest, in contenders of kind full; the others are tuned with AdamW in any
    case."""
    weight_decay: float = Field(default=0.01, ge=0.0)
    """Decoupled weight decay, on matrices only."""
    warmup_share: Share = 0.05
    """Share of the steps in which the learning rate rises."""
    schedule: Literal["cosine", "linear", "constant"] = "cosine"
    """How the learning rate falls after the warm-up."""
    layer_decay: float = Field(default=1.0, gt=0.0, le=1.0)
    """Each block learns at this share of the rate of the block above it, embeddings at the lowest
    rate, final norm and head at the full one."""
    embedding_noise: float | None = Field(default=None, gt=0.0)
    """NEFTune's alpha (5 to 15 is usual): random noise on the embedded tokens in training, so that
    a model learns less by heart; default: none."""
    averaging_decay: float | None = Field(default=None, gt=0.0, lt=1.0)
    """Validate and save the moving average of the weights (each step keeps this share of it, 0.99
    looks back about 100 steps) rather than the weights themselves; default: no average."""
    max_gradient_norm: float = Field(default=1.0, gt=0.0)
    """Gradients are scaled down to this global norm."""
    patience: int | None = Field(default=None, ge=1)
    """Stop after this many validations without a better loss; default: by effort."""
    validations_per_epoch: int = Field(default=2, ge=1)
    """How often the validation loss is measured."""
    validation_rows: int = Field(default=500, ge=1)
    """At most this many validation examples are used during training."""
    checkpoint_every_s: float = Field(default=60.0, gt=0.0)
    """Save a resumable checkpoint at the first step after this many seconds."""
    checkpoint_every_steps: int | None = Field(default=None, ge=1)
    """Save every so many steps instead."""
    keep_checkpoints: int = Field(default=2, ge=1)
    """How many resumable checkpoints are kept, besides the best."""
    non_finite_limit: int = Field(default=3, ge=1)
    """Stop after this many steps in a row with a loss or gradient that is not finite."""
    seed: Seed = 0
    """Decides initial adapter weights, dropout and the order of examples."""


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


ContenderKind = Literal[
    "base", "full", "freeze",
    "lora", "rslora", "dora", "pissa", "olora", "loraplus", "vera", "oft", "boft", "ia3",
]  # fmt: skip


class Contender(Adjustment):
    """One way to get a candidate, under a name of its own. A setting that its kind does not read
    is refused: rank, alpha, dropout and target_modules are for adapters, trained_layers is for
    freeze, and base has none."""

    kind: ContenderKind
    """How the candidate is obtained."""
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")
    """What reports and folders call it."""

    @model_validator(mode="after")
    def _reads_what_is_set(self) -> Contender:
        settings = {name: getattr(self, name) for name in Adjustment.model_fields}
        given = {name: value for name, value in settings.items() if value is not None}
        unread.refuse(unread.of_contender(self.kind, given))
        return self


class ComparisonSection(Section):
    """Who competes, and what decides."""

    contenders: list[Contender] = Field(
        default=[Contender(kind="base", name="base"), Contender(kind="lora", name="lora")],
        min_length=1,
    )
    """``[base, lora, full]``, or mappings: ``- lora: {rank: 32}``,
    ``- name: wide, kind: lora, rank: 64``."""
    primary_metric: Literal[
        "auto", "perplexity", "macro_f1", "bleu", "chrf", "rougeL", "exact_match"
    ] = "auto"
    """What the verdict turns on; auto: macro-F1 for labels, ROUGE-L for answers, else
    perplexity."""
    samples: int = Field(default=12, ge=0)
    """How many test examples the report shows side by side."""

    @field_validator(
        "contenders",
        mode="before",
        json_schema_input_type=Annotated[
            list[ContenderKind | dict[ContenderKind, Adjustment | None] | Contender],
            Field(min_length=1),
        ],
    )
    @classmethod
    def _short_forms(cls, value: Any) -> Any:
        return [expand_contender(item) for item in value] if isinstance(value, list) else value

    @field_validator("contenders")
    @classmethod
    def _names_are_unique(cls, value: list[Contender]) -> list[Contender]:
        names = [contender.name for contender in value]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(
                    _("two contenders are called {name!r}; give one a name of its own").format(
                        name=name
                    )
                )
        return value


def expand_contender(item: Any) -> Any:
    """``lora`` and ``{lora: {rank: 8}}`` in full: ``{kind: lora, name: lora, rank: 8}``."""
    if isinstance(item, str):
        return {"kind": item, "name": item}
    if isinstance(item, dict) and len(item) == 1:
        (kind, settings), *_rest = item.items()
        if isinstance(settings, dict) or settings is None:
            return {"kind": kind, "name": kind, **(settings or {})}
    return item


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
        unread.refuse(unread.of_new_tokens(self.model.new_tokens, kinds))
        with_head = [c.kind for c in self.comparison.contenders if self.objective_of(c) == HEAD]
        unread.refuse(unread.of_new_tokens_beside_a_head(self.model.new_tokens, with_head))
        return self

    def objective_of(self, contender: Contender) -> str | None:
        """What ``contender`` is tuned for; None for the base model."""
        return None if contender.kind == "base" else contender.objective or self.tuning.objective
