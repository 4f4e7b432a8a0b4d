"""What numbers are computed in: bfloat16 where the machine does it natively, else float32.

Weights that are trained stay in float32 whatever is chosen here: with a learning rate of 1e-5 a
bfloat16 weight near 1 never moves (its steps are 0.008 apart). Only matrix products run in
fewer bits, under autocast.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from importlib.util import find_spec

import torch

from laras.errors import UsageError
from laras.translation import _

_NAMED = {"bfloat16": torch.bfloat16, "float16": torch.float16, "float8": torch.bfloat16}
_HOPPER = (9, 0)  # CUDA's number for the generation


def choose(setting: str, device: torch.device) -> torch.dtype:
    """``model.precision`` -> the dtype of matrix products on ``device``.

    ``auto`` never takes float16: models that were trained in bfloat16 overflow in it. With
    ``float8`` it is the dtype of all products but those that :func:`use_float8` takes over.
    """
    if setting == "float32":
        return torch.float32
    native = _native_bfloat16(device)
    if setting == "bfloat16" and device.type == "cuda" and not native:
        raise UsageError(
            "model.precision",
            _("This GPU does not compute in bfloat16."),
            where="model.precision",
            hint=_("Use model.precision: float16, float32 or auto."),
        )
    if setting == "float8":
        _require_float8(device)
    return _NAMED.get(setting, torch.bfloat16 if native else torch.float32)


def _native_bfloat16(device: torch.device) -> bool:
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type == "cpu":
        return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return False  # a Mac's GPU: only the newer ones, and nothing says which


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
            and module.weight.is_floating_point()  # else it is packed in 4 or 8 bits
        ):
            module.weight.data = module.weight.data.to(dtype)


def use_float8(model: torch.nn.Module) -> None:
    """Let the frozen and trained linear layers of the blocks multiply in 8 bits, by torchao.

    Weights keep their dtype and names, and are rounded with a scale of their own for each product.
    Adapters' own matrices are too narrow to gain from it, and the head's softmax would suffer.
    """
    from torchao.float8 import Float8LinearConfig, convert_to_float8_training

    def converted(module: torch.nn.Module, name: str) -> bool:
        fits = isinstance(module, torch.nn.Linear) and all(n % 16 == 0 for n in module.weight.shape)
        head = "lm_head" in name or "embed_out" in name or name.endswith("score")
        return fits and not head and "lora_" not in name

    # Rows are as many as there are tokens: padded to what the kernel takes.
    convert_to_float8_training(
        model, module_filter_fn=converted, config=Float8LinearConfig(pad_inner_dim=True)
    )


def _require_float8(device: torch.device) -> None:
    if device.type != "cuda" or torch.cuda.get_device_capability(device) < _HOPPER:
        raise UsageError(
            "model.float8",
            _("float8 needs an NVIDIA GPU of the Hopper generation or later."),
            where="model.precision",
            hint=_("Use model.precision: auto."),
        )
    if find_spec("torchao") is None:
        raise UsageError(
            "model.float8-absent",
            _("The recipe asks for float8, whose library is not installed."),
            where="model.precision",
            hint=_("Install it: pip install {package}").format(package="'laras[float8]'"),
        )
