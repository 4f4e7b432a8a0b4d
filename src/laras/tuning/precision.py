"""What numbers are computed in: bfloat16 where the machine does it natively, else float32.

Weights that are trained stay in float32 whatever is chosen here: with a learning rate of 1e-5 a
bfloat16 weight near 1 never moves (its steps are 0.008 apart). Only matrix products run in
bfloat16, under autocast.
"""

from __future__ import annotations

from contextlib import AbstractContextManager

import torch

from laras.errors import UsageError
from laras.translation import _


def choose(setting: str, device: torch.device) -> torch.dtype:
    """``auto``, ``float32`` or ``bfloat16`` -> the dtype of matrix products on ``device``."""
    if setting == "float32":
        return torch.float32
    native = _native_bfloat16(device)
    if setting == "bfloat16" and device.type == "cuda" and not native:
        raise UsageError(
            "model.precision",
            _("This GPU does not compute in bfloat16."),
            where="model.precision",
            hint=_("Use model.precision: float32 or auto."),
        )
    return torch.bfloat16 if native or setting == "bfloat16" else torch.float32


def _native_bfloat16(device: torch.device) -> bool:
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type == "cpu":
        return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return False


def autocast(dtype: torch.dtype, device: torch.device) -> AbstractContextManager[None]:
    """Context in which matrix products run in ``dtype``; does nothing for float32."""
    return torch.autocast(device.type, dtype=dtype, enabled=dtype != torch.float32)


def cast_frozen(model: torch.nn.Module, dtype: torch.dtype) -> None:
    """Hold the frozen matrices of linear layers in ``dtype``: half the memory, and no cast in
    every step. Trained weights, norms and embeddings are left as they are, also where the
    embedding is the output projection as well: it sets the precision of what runs through."""
    embeddings = {id(m.weight) for m in model.modules() if isinstance(m, torch.nn.Embedding)}
    for module in model.modules():
        if (
            isinstance(module, torch.nn.Linear)
            and not module.weight.requires_grad
            and id(module.weight) not in embeddings
        ):
            module.weight.data = module.weight.data.to(dtype)
