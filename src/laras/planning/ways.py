"""What else could be done with the same model on this machine, where a contender does not fit, and
what memory it would take."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from laras.planning.hyperparameters import USUAL_RANK, Hyperparameters
from laras.planning.memory import SAFE_SHARE, Saving, Shape, Work, forecast

_LEAST_MICRO_BATCH = 256
# Of a block with gates: seven linear layers, six of which read the residual stream or as much.
_LAYERS = 7


@dataclass(frozen=True, slots=True)
class Way:
    """``settings`` of the contender or the tuning section that differ from what was chosen;
    ``peak_bytes`` of the training; whether it ``fits`` with some room for being wrong."""

    settings: dict[str, Any]
    peak_bytes: int
    fits: bool

    def as_json(self) -> dict[str, Any]:
        """The same as plain data."""
        return {"settings": self.settings, "peak_bytes": self.peak_bytes, "fits": self.fits}


def ways_that_fit(
    shape: Shape, chosen: Hyperparameters, work: Work, room: int, can_offload: bool
) -> list[Way]:
    """From what changes least to what changes most: the first is what was chosen itself, the others
    take less than it.

    ``room``: bytes that the training may hold. One longer example than a micro-batch decides how
    much is held at once, so that micro-batches are not made smaller than what ``work`` says then.
    """
    found: list[Way] = []
    for settings, other_shape, other, saving in _ways(shape, chosen, can_offload):
        tokens = min(work.tokens, settings.get("micro_batch_tokens", work.tokens))
        accumulated = work.accumulated or tokens < work.tokens
        own = replace(work, tokens=tokens, labelled=tokens, accumulated=accumulated)
        peak = forecast(other_shape, other, own, saving).peak
        if not found or peak < found[0].peak_bytes:
            found.append(Way(settings, peak, peak <= SAFE_SHARE * room))
    return found


def _ways(
    shape: Shape, chosen: Hyperparameters, can_offload: bool
) -> Iterator[tuple[dict[str, Any], Shape, Hyperparameters, Saving]]:
    least: Saving = "offload" if can_offload else "recompute"
    yield {}, shape, chosen, "keep"
    micro = chosen.micro_batch_tokens // 2
    while micro >= _LEAST_MICRO_BATCH:
        yield {"micro_batch_tokens": micro}, shape, chosen, "keep"
        micro //= 4
    yield {"recompute_activations": "always"}, shape, chosen, least
    if chosen.method in ("full", "freeze"):
        narrow, lora = with_adapter(shape), replace(chosen, method="lora", optimizer="adamw")
        yield {"kind": "lora"}, narrow, lora, "keep"
        yield {"kind": "lora", "recompute_activations": "always"}, narrow, lora, least
    else:
        narrow, lora = shape, chosen
    if lora.quantised is None and lora.method == "lora":
        four = replace(lora, quantised="nf4")
        yield {"kind": "lora", "quantised": "nf4"}, narrow, four, "keep"


def with_adapter(shape: Shape, rank: int = USUAL_RANK) -> Shape:
    """The same model with LoRA on all linear layers of its blocks, by the usual shape of a block:
    a layer's two matrices have as many columns as it has inputs and outputs together."""
    widths = shape.block / shape.channels + _LAYERS * shape.channels
    return replace(shape, trained=round(rank * shape.blocks * widths), ranks=_LAYERS * rank)
