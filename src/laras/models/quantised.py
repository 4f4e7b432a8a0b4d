"""A base model held in fewer bits while an adapter is trained on it: NF4 and INT8, FP8.

NF4 (Dettmers et al. 2023, "QLoRA", section 3: 4 bits by quantiles of the normal distribution, in
blocks of 64, their scales quantised again) and INT8 (Dettmers et al. 2022, "LLM.int8()": one scale
a row) come from bitsandbytes, through transformers' public ``quantization_config``. Matrices are
quantised one by one as they are read, so the whole model is never there in float32. FP8 matrices
are made by the engine itself from a model that is loaded as usual.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import torch
from transformers import PreTrainedModel

from laras.errors import ModelRefused, UsageError
from laras.translation import _

BY_LIBRARY = ("nf4", "int8")
_HOPPER = (9, 0)


def require_support(kind: str, device: torch.device) -> None:
    """UsageError where this installation or ``device`` can't hold a base as ``kind``."""
    if kind in BY_LIBRARY and find_spec("bitsandbytes") is None:
        raise UsageError(
            "model.quantised-absent",
            _("The recipe asks for a quantised base; bitsandbytes is not installed."),
            where="quantised",
            hint=_("Install it: pip install {package}").format(package="'laras[quantised]'"),
        )
    if kind == "fp8" and not (
        device.type == "cuda" and torch.cuda.get_device_capability(device) >= _HOPPER
    ):
        raise UsageError(
            "model.no-fp8",
            _("An FP8 base needs a GPU of the Hopper generation or later."),
            where="quantised",
            hint=_("Use quantised: nf4 or int8, which every machine takes."),
        )


def loading_arguments(kind: str, device: torch.device, compute: torch.dtype) -> dict[str, Any]:
    """What ``from_pretrained`` is told, beside the rest, to quantise while it loads.

    ``compute``: the dtype that matrices are multiplied in.
    """
    from transformers import BitsAndBytesConfig

    if kind == "nf4":
        configuration = BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=compute,
        )
    else:
        configuration = BitsAndBytesConfig(load_in_8bit=True)
    return {"quantization_config": configuration, "device_map": {"": device}}


def settle(model: PreTrainedModel, source: str) -> None:
    """After loading: check that something was quantised, and that it stays as it is."""
    quantised = _quantised(model)
    if not quantised:
        raise ModelRefused(
            "model.nothing-quantised",
            _(
                "bitsandbytes finds no layer that it could quantise in a model of type {name}."
            ).format(name=model.config.model_type),
            where=source,
            hint=_("Leave quantised out for this model."),
        )
    for module in quantised.values():
        # On CPUs with AVX-512 BF16, bitsandbytes 0.50 packs a 4-bit matrix anew at the first
        # forward pass in evaluation mode, rounding its scales to bfloat16; no gradient goes
        # through it from then on, and a validation in mid-training would end the training.
        if hasattr(module, "support_avx512bf16_for_cpu"):
            setattr(module, "support_avx512bf16_for_cpu", False)  # noqa: B010  (no type knows it)


@torch.no_grad()
def take_over_values(model: PreTrainedModel, quantised: PreTrainedModel) -> None:
    """Give the float32 ``model`` the values that the same model stands for, ``quantised``.

    An adapter that was trained on rounded matrices belongs to these: merged into the original
    ones, it would correct errors that are not there.
    """
    for name, module in _quantised(quantised).items():
        weight = model.get_submodule(name).weight
        values = dequantised(module).to(weight)
        # GPT-2 stores its projections transposed; quantised they are not.
        weight.copy_(values if type(model.get_submodule(name)).__name__ != "Conv1D" else values.T)


def dequantised(layer: torch.nn.Module) -> torch.Tensor:
    """The weight (N, K) that a layer of bitsandbytes stands for; the layer stays as it is.

    peft's ``dequantize_module_weight`` puts a new 8-bit weight into a layer on the CPU, without its
    scales, and the layer's next forward pass fails.
    """
    from peft.utils.integrations import dequantize_bnb_weight

    values: torch.Tensor = dequantize_bnb_weight(layer.weight, getattr(layer, "state", None))
    return values


def _quantised(model: torch.nn.Module) -> dict[str, torch.nn.Module]:
    kinds = ("Params4bit", "Int8Params")
    return {
        name: module
        for name, module in model.named_modules()
        if type(getattr(module, "weight", None)).__name__ in kinds
    }
