"""Whether a training fits into memory, and what becomes of activations where it hardly does: kept,
computed again, or moved to the main memory, as the forecast of planning/memory.py says."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from laras.adapters.prepare import trainable, transformer_blocks
from laras.devices.memory import available_bytes, total_bytes
from laras.engine.forward import PackedForward
from laras.engine.loss import _CHUNK_BYTES
from laras.errors import MemoryExhausted, UsageError
from laras.models.inspection import parameters_in
from laras.planning.hyperparameters import Hyperparameters
from laras.planning.memory import Plan, Shape, Work, least_bytes, plan
from laras.recipe.schema import Contender, TuningSection
from laras.runs.progress import Progress
from laras.translation import _

_GIB = 2**30


def refuse_what_never_fits(
    folder: Path,
    contender: Contender,
    tuning: TuningSection,
    device: torch.device,
    share: float = 1.0,
) -> None:
    """MemoryExhausted before anything is loaded, where the weights (of full tuning: with their
    gradients and the optimizer's state) alone are more than the whole memory. The system would
    end the process in the middle of loading, without a word. ``share``: how much of the memory
    there is for one copy of the model, more than 1 where several devices hold one together."""
    parameters = parameters_in(folder)
    least = least_bytes(parameters, contender.kind, tuning.optimizer, contender.quantised)
    total = share * total_bytes(device)
    if least <= total:
        return
    if contender.kind == "full":
        hint = _("Use lora instead of full, or a smaller model.")
    elif contender.quantised in (None, "fp8"):  # FP8 is made of a base that is there already
        hint = _("Use a quantised base (quantised: nf4), or a smaller model.")
    else:
        hint = _("Use a smaller model.")
    raise MemoryExhausted(
        "tuning.does-not-fit",
        _(
            "{name} can't be tuned here: for {millions:,.0f} million parameters it takes at least "
            "{least:.1f} GiB of memory, and there are {total:.1f} GiB."
        ).format(
            name=contender.name,
            millions=parameters / 1e6,
            least=least / _GIB,
            total=total / _GIB,
        ),
        hint=hint,
    )


def tell_what_hardly_fits(planned: Plan, contender: str, progress: Progress) -> None:
    """A note, before hours of work, where the forecast is near to what there is or beyond it."""
    if not planned.fits:
        progress.note(
            _(
                "{name} is forecast to hold {peak:.1f} GiB of the {room:.1f} GiB there are: it may "
                "run out of memory. Lower tuning.micro_batch_tokens or model.context."
            ).format(
                name=contender,
                peak=planned.forecast.training / _GIB,
                room=planned.room / _GIB,
            )
        )


def plan_activations(
    forward: PackedForward,
    chosen: Hyperparameters,
    parameters: int,
    lengths: Sequence[int] | np.ndarray,
    precision: torch.dtype,
    sharers: int = 1,
) -> Plan | None:
    """The plan for a model that is loaded and ready, whose base has so many parameters.

    ``lengths``: tokens of the examples; ``sharers``: processes that share the memory. None where
    the model's configuration has other words than its sizes are known by.
    """
    shape = shape_of(forward, parameters)
    if shape is None:
        return None
    work = work_of(forward, chosen, lengths, precision)
    device = forward.causal.device
    # The weights are here already; what they take was available to the training as well.
    held = plan(shape, chosen, work, 0, can_offload=False).forecast.held
    room = available_bytes(device) // sharers + held
    return plan(shape, chosen, work, room, can_offload=device.type == "cuda")


def shape_of(forward: PackedForward, parameters: int) -> Shape | None:
    """Sizes of a model that is ready, whose base has so many parameters; None where its
    configuration has other words than they are known by."""
    causal = forward.causal
    blocks = max(1, len(transformer_blocks(causal)))
    trained = trainable(forward.model).values()
    ranks = sum(len(part) for name, part in forward.model.named_parameters() if ".lora_A." in name)
    return Shape.of(
        causal.config.to_dict(), parameters, sum(part.numel() for part in trained), ranks // blocks
    )


def work_of(
    forward: PackedForward,
    chosen: Hyperparameters,
    lengths: Sequence[int] | np.ndarray,
    precision: torch.dtype,
) -> Work:
    """What a training on examples of ``lengths`` tokens computes at a time."""
    device = forward.causal.device.type
    total = int(np.sum(lengths))
    longest = int(np.max(lengths, initial=1))
    tokens = min(max(chosen.micro_batch_tokens, longest), total)
    return Work(
        product_bytes=precision.itemsize,
        residual_bytes=4 if device == "cpu" else precision.itemsize,
        tokens=tokens,
        labelled=tokens,
        chunk_bytes=_CHUNK_BYTES.get(device, _CHUNK_BYTES["cpu"]),
        fast=forward.route.way == "fast",
        accumulated=min(chosen.batch_tokens, total) > tokens,
    )


def recompute(planned: Plan | None, chosen: Hyperparameters, forward: PackedForward) -> None:
    """Let ``forward`` recompute its blocks, and offload their inputs, if that is the plan; or if
    there is no plan and the recipe says so.

    UsageError for a learnt prefix on another way than the fast one: transformers' modules are given
    it as a cache, and have none while they recompute.
    """
    saving = "recompute" if chosen.recompute_activations == "always" else "keep"
    if planned is not None:
        saving = planned.saving
    if saving == "keep":
        return
    if chosen.method == "prefix" and forward.decoder is None:
        raise UsageError(
            "tuning.prefix-keeps-activations",
            _("A learnt prefix needs its activations kept on this model: {reason}.").format(
                reason=forward.route.reason
            ),
            where="tuning.recompute_activations",
            hint=_(
                "Set recompute_activations: never and lower tuning.micro_batch_tokens, or use "
                "soft-prompt."
            ),
        )
    forward.recompute_activations(offload=saving == "offload")
