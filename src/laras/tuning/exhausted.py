"""A training that ran out of memory: what it held, what to change, and the same with less."""

from __future__ import annotations

from dataclasses import replace

import torch

from laras.devices.memory import peak_memory_bytes, total_bytes
from laras.errors import MemoryExhausted
from laras.planning.hyperparameters import Hyperparameters
from laras.planning.memory import Plan
from laras.runs.folder import Run
from laras.runs.progress import Progress
from laras.translation import _
from laras.tuning.assignment import Assignment

OUT_OF_MEMORY = "tuning.out-of-memory"
LEAST_TOKENS = 64  # the recipe takes no fewer in a micro-batch
_GIB = 2**30


def ran_out(
    name: str,
    device: torch.device,
    chosen: Hyperparameters | None = None,
    planned: Plan | None = None,
) -> MemoryExhausted:
    """The error, with what was held at the most and what there is; ``chosen`` and ``planned``:
    where the training had got so far."""
    forecast = ""
    if planned is not None:
        forecast = " " + _(
            "The forecast was {peak:.2f} GiB, {held:.2f} GiB of it for the model."
        ).format(peak=planned.forecast.training / _GIB, held=planned.forecast.held / _GIB)
    advice = []
    if chosen is not None and chosen.micro_batch_tokens >= 2 * LEAST_TOKENS:
        advice.append(
            _(
                "Set tuning.micro_batch_tokens to {half:,} (it is {now:,}), or "
                "tuning.on_out_of_memory: halve, which does so by itself."
            ).format(half=chosen.micro_batch_tokens // 2, now=chosen.micro_batch_tokens)
        )
    if chosen is not None and chosen.recompute_activations == "never":
        advice.append(_("Set tuning.recompute_activations: auto."))
    if chosen is None or chosen.method in ("full", "freeze"):
        advice.append(_("Use lora instead of full, or a smaller model."))
    elif chosen.quantised is None:
        advice.append(_("Use a quantised base (quantised: nf4)."))
    advice.append(_("Lower model.context."))
    advice.append(_("What was saved stays; the same command continues."))
    return MemoryExhausted(
        "tuning.out-of-memory",
        _(
            "Not enough memory to tune {name}: {peak:.2f} GiB were held, {total:.1f} GiB are there."
        ).format(name=name, peak=peak_memory_bytes(device) / _GIB, total=total_bytes(device) / _GIB)
        + forecast,
        hint="\n".join(advice),
    )


def with_half(assignment: Assignment, run: Run, progress: Progress) -> Assignment | None:
    """``assignment`` with micro-batches of half the size, where the recipe wishes that; None where
    it does not, or they can't be any smaller."""
    tuning, contender = assignment.tuning, assignment.contender
    now = contender.micro_batch_tokens or tuning.micro_batch_tokens
    together = torch.distributed.is_available() and torch.distributed.is_initialized()
    # One of several processes can't begin again by itself.
    if tuning.on_out_of_memory != "halve" or now < 2 * LEAST_TOKENS or together:
        return None
    half = now // 2
    run.event("memory_exhausted", contender=contender.name, micro_batch_tokens=now, next=half)
    progress.note(
        _("{name} ran out of memory; it goes on with micro-batches of {half:,} tokens.").format(
            name=contender.name, half=half
        )
    )
    return replace(assignment, contender=contender.model_copy(update={"micro_batch_tokens": half}))
