"""An adapter becomes part of its base: in float32, and what that changes is measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from peft import PeftModel, get_peft_model_state_dict
from safetensors.torch import load_file
from transformers import PreTrainedModel
from transformers.pytorch_utils import Conv1D

from laras.adapters.prepare import transformer_blocks
from laras.engine.frozen_matrix import Float8Matrix
from laras.errors import GuardStopped, ModelRefused
from laras.models.inspection import check_adapter
from laras.models.load import LoadedModel, load_model
from laras.models.quantised import BY_LIBRARY, take_over_values
from laras.models.quiet import quiet
from laras.models.tokenizer import Tokenizer
from laras.recipe.schema import ModelSection
from laras.translation import _

# Of the largest logit. A quantised base multiplies in fewer bits than float32 has.
_TOLERANCE = 1e-4
_TOLERANCE_QUANTISED = 5e-2
_PROBES = (
    "Apa syarat untuk mengurus izin usaha, dan berapa lama prosesnya?",
    "The gamelan is tuned by ear; which instrument leads, and which one closes the phrase?",
    "1. Isi formulir. 2. Bayar Rp25.000. 3. Tunggu surel dari kami (maksimal 3 hari kerja).",
)
_PROBE_TOKENS = 64


@dataclass(frozen=True, slots=True)
class MergeDifference:
    """Logits of base and adapter side by side, against those of the merged model.

    ``mean_kl``: Kullback-Leibler divergence of the merged model's next-token distribution from
    the adapter's, in nats, a mean over ``tokens``. ``largest_logit``: what the difference is to be
    seen against.
    """

    max_logit_difference: float
    mean_kl: float
    largest_logit: float
    tokens: int


@dataclass(frozen=True, slots=True)
class Merged:
    """A base with its adapter in it, in float32 and evaluation mode."""

    loaded: LoadedModel
    difference: MergeDifference


def merge(
    section: ModelSection,
    recipe_folder: Path,
    adapter: Path,
    device: torch.device,
    quantised: str | None = None,
    labels: Sequence[str] | None = None,
) -> Merged:
    """Load what ``section`` names and merge the adapter in the folder ``adapter`` into it.

    ``quantised``: how the base was held while the adapter was trained. The adapter is then merged
    into what the quantised base stands for, in float32: into the 4-bit matrices it would be lost
    in rounding, and into the original ones it does not belong. ``labels``: of the head that the
    adapter has.
    Raises ModelRefused where the adapter does not fit, has no effect or can't be merged, and
    GuardStopped where the logits are not finite.
    """
    loaded = load_model(section, recipe_folder, device=device, labels=labels)
    probes = probe_ids(loaded.tokenizer, device)
    as_trained: list[torch.Tensor] | None = None
    if quantised in BY_LIBRARY:
        held = load_model(section, recipe_folder, device=device, quantised=quantised, labels=labels)
        take_over_values(loaded.model, held.model)
        as_trained = _logits(load_adapter(held.model, adapter, probes), probes)
        del held
    elif quantised == "fp8":
        _round_to_float8(loaded.model)
    adapted = load_adapter(loaded.model, adapter, probes)
    expected = as_trained if as_trained is not None else _logits(adapted, probes)
    with quiet():
        merged: PreTrainedModel = adapted.merge_and_unload().eval()
    difference = compare(expected, _logits(merged, probes))
    tolerance = _TOLERANCE if as_trained is None else _TOLERANCE_QUANTISED
    _check(difference, tolerance, adapter)
    merged.requires_grad_(False)
    return Merged(replace(loaded, model=merged), difference)


@torch.no_grad()
def _round_to_float8(model: PreTrainedModel) -> None:
    """Give the blocks' matrices the values that the engine's FP8 base had (frozen_matrix.py)."""
    for block in transformer_blocks(model):
        for part in block.modules():
            if isinstance(part, torch.nn.Linear | Conv1D):
                weight = part.weight.t() if isinstance(part, Conv1D) else part.weight
                weight.copy_(Float8Matrix.of_base(weight).plain())


@torch.no_grad()
def load_adapter(base: PreTrainedModel, folder: Path, probes: Sequence[torch.Tensor]) -> PeftModel:
    """``base`` with the adapter in ``folder``, in evaluation mode; ModelRefused where it isn't.

    peft only warns where an adapter's weights find no place in the model, and the base would then
    be judged, or shipped, under the adapter's name.
    """
    check_adapter(folder)
    plain = _logits(base, probes[:1])
    with quiet():
        adapted = PeftModel.from_pretrained(base, str(folder)).eval()
    saved = load_file(folder / "adapter_model.safetensors")
    # Its default would ask a hub whether the base's vocabulary was changed.
    found = get_peft_model_state_dict(adapted, save_embedding_layers=False)
    if set(saved) != set(found) or not all(
        torch.equal(part, found[name].cpu().to(part.dtype)) for name, part in saved.items()
    ):
        raise ModelRefused(
            "contender.adapter-misfit",
            _("The adapter does not belong to this base model."),
            where=str(folder),
            hint=_("Delete the contender's folder and give the command again."),
        )
    tuned = _logits(adapted, probes[:1])
    if not all(torch.isfinite(each).all() for each in tuned):
        raise GuardStopped(
            "tuning.not-finite",
            _("The tuned model's logits are not finite."),
            where=str(folder),
            hint=_("Training went too far: lower tuning.learning_rate."),
        )
    if torch.equal(plain[0], tuned[0]):
        raise ModelRefused(
            "contender.adapter-without-effect",
            _("The adapter changes nothing: the tuned model is the base model."),
            where=str(folder),
            hint=_("Raise tuning.learning_rate or the number of steps."),
        )
    return adapted


def probe_ids(tokenizer: Tokenizer, device: torch.device) -> list[torch.Tensor]:
    """Token ids (1, T) of a few texts to compare models on."""
    rows = [tokenizer.encode(text)[:_PROBE_TOKENS] for text in _PROBES]
    return [torch.tensor([row], device=device) for row in rows if row]


@torch.no_grad()
def _logits(model: torch.nn.Module, probes: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """Logits (T, vocabulary), of a classifier (1, labels), in float64 on the CPU, one tensor for
    each probe."""
    outputs = (model(input_ids=ids, use_cache=False).logits[0] for ids in probes)
    return [logits.reshape(-1, logits.shape[-1]).double().cpu() for logits in outputs]


def compare(expected: list[torch.Tensor], found: list[torch.Tensor]) -> MergeDifference:
    """How far ``found`` is from ``expected``: logits (T, vocabulary) of the same texts."""
    one, other = torch.cat(expected), torch.cat(found)
    log_p, log_q = one.log_softmax(-1), other.log_softmax(-1)
    return MergeDifference(
        max_logit_difference=float((one - other).abs().max()),
        mean_kl=float((log_p.exp() * (log_p - log_q)).sum(-1).mean()),
        largest_logit=float(one.abs().max()),
        tokens=len(one),
    )


def _check(difference: MergeDifference, tolerance: float, folder: Path) -> None:
    if not difference.max_logit_difference <= tolerance * max(1.0, difference.largest_logit):
        raise ModelRefused(
            "contender.merge-differs",
            _("Merging the adapter changes the model's logits by {difference:.1e}.").format(
                difference=difference.max_logit_difference
            ),
            where=str(folder),
        )
