"""How models are trained: what all contenders share, and what one may set for itself."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from laras.recipe.section import Section, Seed, Share

FROZEN_CACHE_BYTES = 20_000_000_000
DECAY_SHARE = 0.2

# Another package may bring an objective, so that names are looked up when the work begins.
Objective = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


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
    schedule: Literal["cosine", "linear", "constant", "wsd"] | None = None
    """How the learning rate falls after the warm-up."""
    decay_share: Share | None = None
    """wsd: share of the steps, the last ones, in which the learning rate falls."""
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
    batch_tokens: int | None = Field(default=None, ge=64)
    """Tokens per optimizer step; default: 4,096, fewer where there is little data."""
    micro_batch_tokens: int = Field(default=2048, ge=64)
    """Most tokens in one forward and backward pass (an example longer than it goes alone). Memory
    for activations grows with it; more than the default pays on a large GPU only."""
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
    schedule: Literal["cosine", "linear", "constant", "wsd"] = "cosine"
    """How the learning rate falls after the warm-up. ``wsd``: it stays (warm-up, stable), and falls
    in the last steps only (decay), so that a longer training goes on from the same checkpoints."""
    decay_share: Share = DECAY_SHARE
    """wsd: share of the steps, the last ones, in which the learning rate falls."""
    layer_decay: float = Field(default=1.0, gt=0.0, le=1.0)
    """Each block learns at this share of the rate of the block above it, embeddings at the lowest
    rate, final norm and head at the full one; it changes nothing where one block is trained."""
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
    divergence: Literal["stop", "warn"] = "stop"
    """What happens when the loss has been three times its lowest level, and a nat above it, for ten
    steps in a row: ``stop``, with the best weights and the last good checkpoint kept, or ``warn``
    and go on."""
    on_out_of_memory: Literal["stop", "halve"] = "stop"
    """``halve``: where a step runs out of memory, training goes on from its newest checkpoint with
    half of micro_batch_tokens, as often as that helps; the steps stay the same but for rounding."""
    seed: Seed = 0
    """Decides initial adapter weights, dropout, the order of examples, and which of them prompts
    show."""
