"""How much memory a training will hold at its peak, in bytes, and what to do where that is too
much; from sizes alone, without a tensor being made.

The parts are what the engine is known to keep. Of a block, the backward pass needs the inputs of
its four products, what attention read and the residual stream before each of its two norms:

    per token and block:  2 C residual  +  2 C e  +  e P / C  +  e R

with C channels, ``e`` bytes of the products' dtype, ``P`` parameters of the block and R ranks of
its adapters. ``P / C`` is the width of all its products together: queries, keys, values and the
attended rows (H + 2 K + H), and the feed-forward part's (3 I gated, 2 I plain).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from laras.planning.hyperparameters import Hyperparameters

Saving = Literal["keep", "recompute", "offload"]

_FLOAT32 = 4
# transformers' own modules keep more for the backward pass than the decoder in engine/ does:
# copies of what they cast, and every intermediate result. Counted on Llama and GPT-2 blocks, full
# and LoRA, in float32 and bfloat16, it was 1.2 to 1.75 times as much.
_OWN_MODULES = 1.75
# What libraries load and allocate for themselves in a first step (measured: 70 to 105 MiB).
_LIBRARIES_BYTES = 80 * 2**20
# Bytes of an optimizer's state for each trained parameter: two moments, or one for Muon's matrices
# (embeddings and vectors keep AdamW's two: counted so for all).
STATE_BYTES = {"adamw": 8.0, "adamw8bit": 2.1, "muon": 8.0}
_QUANTISED = {"nf4": 0.55, "int8": 1.05, "fp8": 2.0}  # bytes of a weight with its scales
# Quantised matrix by matrix as they are read; an FP8 base is made of one that is all there.
_READ_QUANTISED = ("nf4", "int8")
# A forecast that is met to this share of what there is leaves no room for being wrong.
SAFE_SHARE = 0.9


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of a model. ``parameters``: without adapters; ``trained``: what has gradients;
    ``outer``: parameters of embeddings and head; ``ranks``: of a block's adapters together."""

    parameters: int
    trained: int
    outer: int
    vocabulary: int
    channels: int
    blocks: int
    ranks: int = 0

    @classmethod
    def of(
        cls, config: Mapping[str, Any], parameters: int, trained: int, ranks: int = 0
    ) -> Shape | None:
        """From a transformers configuration, in whichever words its family uses; None where it
        says too little."""

        def first(*names: str) -> int:
            found = (config.get(name) for name in names)
            return next((int(value) for value in found if isinstance(value, int)), 0)

        channels = first("hidden_size", "n_embd", "d_model")
        blocks = first("num_hidden_layers", "n_layer", "num_layers")
        vocabulary = first("vocab_size")
        if not (channels and blocks and vocabulary):
            return None
        tables = 1 if config.get("tie_word_embeddings", True) else 2
        outer = min(tables * vocabulary * channels, parameters)
        return cls(parameters, trained, outer, vocabulary, channels, blocks, ranks)

    @property
    def block(self) -> float:
        """Parameters of a block."""
        return (self.parameters - self.outer) / self.blocks


@dataclass(frozen=True, slots=True)
class Work:
    """What decides how much is held, beside the model and its method. ``product_bytes`` and
    ``residual_bytes``: of an element; ``tokens``: of a micro-batch; ``labelled``: those of them
    that have a label; ``chunk_bytes``: of the logits that engine/loss.py makes at once; ``fast``:
    by the engine's decoder; ``accumulated``: several micro-batches make a step."""

    product_bytes: int
    tokens: int
    labelled: int
    chunk_bytes: int
    fast: bool = True
    residual_bytes: int = _FLOAT32
    accumulated: bool = False


@dataclass(frozen=True, slots=True)
class Forecast:
    """Bytes of each part. ``loading``: of the weights as they are read, before they are held as in
    training; ``activations``: what the backward pass needs; ``working``: what is made and dropped
    again; ``saving``: of the main memory, in which the best weights and a checkpoint are copied, so
    that they are written while the training goes on. It is taken only where it is free then
    (saving/host_copy.py), and counts in none of the sums below."""

    loading: int
    weights: int
    copies: int
    gradients: int
    optimizer: int
    activations: int
    working: int
    logits: int
    saving: int
    accumulated: bool

    @property
    def peak(self) -> int:
        """Most bytes at one moment, from loading on."""
        return max(self.loading, self.training)

    @property
    def training(self) -> int:
        """Most bytes at one moment of a step: activations go as gradients come, unless those of an
        earlier micro-batch are there already."""
        passing = (self.activations + self.logits, self.gradients)
        moving = sum(passing) if self.accumulated else max(passing)
        return self.held + self.optimizer + moving + self.working

    @property
    def held(self) -> int:
        """What is there before the first step."""
        return self.weights + self.copies


def forecast(
    shape: Shape, chosen: Hyperparameters, work: Work, saving: Saving = "keep"
) -> Forecast:
    """What a training by ``chosen`` holds, with activations treated as ``saving`` says."""
    frozen = _frozen(shape, chosen)
    blocks = round(shape.block * shape.blocks)
    matrices = min(frozen, blocks)
    of_matrix = _QUANTISED.get(chosen.quantised or "", work.product_bytes)
    # An adapter's weights are beside those of the model, which are all there in any case.
    trained = _FLOAT32 * shape.trained * (1 if chosen.averaging_decay is None else 2)
    # The products read a narrow copy of each trained matrix, and of the head.
    in_blocks = min(shape.trained, blocks)
    head = shape.vocabulary * shape.channels
    copied = in_blocks + head
    # A trained head's gradient, and the product that it is made of, are there before the backward
    # pass has begun to make room.
    of_head = (_FLOAT32 + work.product_bytes) * head if chosen.method == "full" else 0
    block = _of_a_block(shape, work)
    stream = shape.channels * (work.residual_bytes + work.product_bytes)
    kept = {
        "keep": block * shape.blocks,
        "recompute": stream * shape.blocks,
        "offload": 0.0,
    }[saving]
    loading = of_matrix * matrices if chosen.quantised in _READ_QUANTISED else _FLOAT32 * matrices
    return Forecast(
        loading=round(loading + _FLOAT32 * (shape.parameters - matrices)),
        weights=round(trained + of_matrix * matrices + _FLOAT32 * (frozen - matrices)),
        copies=work.product_bytes * copied if work.product_bytes != _FLOAT32 else 0,
        gradients=_FLOAT32 * shape.trained,
        optimizer=round(STATE_BYTES[chosen.optimizer] * shape.trained),
        activations=round(work.tokens * kept),
        # The gradients of a block's intermediate results are as many as these; recomputing, or
        # fetching it back, has the block's own there as well.
        working=round(work.tokens * block * (1 if saving == "keep" else 2)) + _LIBRARIES_BYTES,
        logits=min(work.chunk_bytes, work.product_bytes * work.labelled * shape.vocabulary)
        + 2 * work.product_bytes * work.labelled * shape.channels
        + of_head,
        saving=round(trained + (_FLOAT32 + STATE_BYTES[chosen.optimizer]) * shape.trained),
        accumulated=work.accumulated,
    )


def _frozen(shape: Shape, chosen: Hyperparameters) -> int:
    """Parameters of the model without gradients."""
    if chosen.method in ("full", "freeze"):
        return max(0, shape.parameters - shape.trained)
    return shape.parameters


def least_bytes(parameters: int, method: str, optimizer: str, quantised: str | None) -> int:
    """What a training of a model with so many parameters can't do without, whatever its batches:
    known before anything is loaded."""
    if quantised in _READ_QUANTISED:
        return round(_QUANTISED[quantised] * parameters)
    of_each = _FLOAT32 + _FLOAT32 + STATE_BYTES[optimizer] if method == "full" else _FLOAT32
    return round(of_each * parameters)


def _of_a_block(shape: Shape, work: Work) -> float:
    """Bytes per token that a block keeps for the backward pass (see above)."""
    residual = 2 * shape.channels * work.residual_bytes
    products = 2 * shape.channels + shape.block / shape.channels + shape.ranks
    own = residual + work.product_bytes * products
    return own if work.fast else _OWN_MODULES * own


@dataclass(frozen=True, slots=True)
class Plan:
    """What is done with activations, and whether it is expected to fit. ``room``: bytes that the
    training may hold. It is made when loading has gone well, which therefore counts no more."""

    saving: Saving
    forecast: Forecast
    room: int

    @property
    def fits(self) -> bool:
        """Whether the forecast leaves some room for being wrong."""
        return self.forecast.training <= SAFE_SHARE * self.room

    def facts(self) -> dict[str, Any]:
        """For the events, in bytes."""
        parts = (
            "loading",
            "weights",
            "copies",
            "gradients",
            "optimizer",
            "activations",
            "working",
            "logits",
        )
        return {
            "activations": self.saving,
            "peak_bytes": self.forecast.peak,
            "saving_bytes": self.forecast.saving,
            "room_bytes": self.room,
            "parts": {name: getattr(self.forecast, name) for name in parts},
        }


def plan(
    shape: Shape, chosen: Hyperparameters, work: Work, room: int, *, can_offload: bool
) -> Plan:
    """Keep activations if that fits, else recompute them, else keep them in the main memory
    (``can_offload``: a GPU has another one). What the recipe says of recomputing comes first."""
    ways: dict[str, tuple[Saving, ...]] = {
        "never": ("keep",),
        "always": ("recompute", "offload") if can_offload else ("recompute",),
        "auto": ("keep", "recompute", "offload") if can_offload else ("keep", "recompute"),
    }
    plans = [
        Plan(saving, forecast(shape, chosen, work, saving), room)
        for saving in ways[chosen.recompute_activations]
    ]
    return next((found for found in plans if found.fits), plans[-1])
