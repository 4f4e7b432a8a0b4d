"""Who computes an elementwise step: C on a CPU, torch.compile on CUDA, plain torch elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import Tensor

from laras.translation import _
from laras.tuning.fast import reference
from laras.tuning.fast.compile_kernels import Kernels, load

TYPES = {torch.float32: 0, torch.bfloat16: 1}
# A letter for each argument: p pointer, i integer, f float. A matrix is "pi": its first element
# and its row stride; "pii" has a stride for the dimension before, too.
_SIGNATURES = {
    "add_norm": "i pi pi pp ff ppp pi iii",
    "add_norm_backward": "i pi pi pi ppp f pppp iii",
    "rotate": "i pii pi pi ii iiii",
    "gate": "i pi pi i pi iii",
    "gate_backward": "i pi pi pi i pi pi iii",
    "attention": "i p p i p iii f i f ii",
    "causal_softmax": "i pii pii p iii ff iiii",
    "causal_softmax_backward": "i pii pii pp pii pii iii ff iiii",
    "cross_entropy": "i pi pp f pi iii",
    "row_dot": "i pi pi p iii",
}
ACTIVATIONS = {"silu": 0, "gelu": 1, "gelu_tanh": 2, "relu": 3, "relu2": 4}


@cache
def _kernels() -> Kernels:
    return load({name: letters.replace(" ", "") for name, letters in _SIGNATURES.items()})


def backend() -> str:
    """``c`` or ``torch``: who computes on this machine's CPU."""
    return "c" if _kernels().functions else "torch"


def description() -> str:
    """For people: C and the command that compiled it, or torch and the reason."""
    if backend() == "c":
        return _("C, compiled by: {command}").format(command=_kernels().reason)
    return _("torch: {reason}").format(reason=_kernels().reason)


def in_c(name: str, *tensors: Tensor) -> Callable[..., int] | None:
    """The C function, where it takes the dtype of all ``tensors`` and the way they lie."""
    dtype = tensors[0].dtype
    for tensor in tensors:
        if tensor.dtype != dtype or not tensor.is_cpu or tensor.stride()[-1] != 1:
            return None
    return _kernels().functions.get(name) if dtype in TYPES else None


def in_torch(name: str, tensor: Tensor) -> Callable[..., Any]:
    """The function of :mod:`reference`, in the form for the device of ``tensor``."""
    return _fused(name) if tensor.is_cuda else _eager(name)


@cache
def _eager(name: str) -> Callable[..., Any]:
    eager: Callable[..., Any] = torch.no_grad()(getattr(reference, name))
    return eager


@cache
def _fused(name: str) -> Callable[..., Any]:
    """Compiled by torch at its first call; as it is where that fails."""
    # Not _eager: what no_grad decorates has one code object, and its recompilations one limit.
    chosen: Callable[..., Any] = torch.compile(getattr(reference, name), dynamic=True)

    def run(*arguments: Any) -> Any:
        nonlocal chosen
        try:
            with torch.no_grad():
                return chosen(*arguments)
        except torch._dynamo.exc.TorchDynamoException:  # no Triton, or a GPU too old for it
            chosen = _eager(name)
            return chosen(*arguments)

    return run
