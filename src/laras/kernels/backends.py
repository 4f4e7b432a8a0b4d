"""Who computes a step: C on a CPU, torch.compile on CUDA, plain torch elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, wraps
from typing import Any, NamedTuple, TypeVar, TypeVarTuple, cast

import torch
from torch import Tensor

from laras.kernels.compile_kernels import Kernels, load
from laras.translation import _

Arguments = TypeVarTuple("Arguments")
Result = TypeVar("Result")

TYPES = {torch.float32: 0, torch.bfloat16: 1}
ACTIVATIONS = {"silu": 0, "gelu": 1, "gelu_tanh": 2, "relu": 3, "relu2": 4}
_DTYPES = {"f32": torch.float32, "i64": torch.int64}
# What a C function returns that could not do its work.
_FAULTS: dict[int, tuple[type[Exception], str]] = {
    1: (MemoryError, "memory is lacking"),
    2: (IndexError, "a label is outside of the vocabulary"),
    3: (ValueError, "sizes that do not fit"),
}
# A letter for each argument of a C function: p pointer, i integer, f float.
_LETTERS = {"attention": "ippipiiififii"}


@cache
def _kernels() -> Kernels:
    return load()


def backend() -> str:
    """``c`` or ``torch``: who computes on this machine's CPU."""
    return "torch" if _kernels().library is None else "c"


def description() -> str:
    """For people: C and the command that compiled it, or torch and the reason."""
    if backend() == "c":
        return _("C, compiled by: {command}").format(command=_kernels().reason)
    return _("torch: {reason}").format(reason=_kernels().reason)


@cache
def _function(name: str) -> Callable[..., int] | None:
    return _kernels().function(name, _LETTERS[name])


def in_c(name: str, *tensors: Tensor) -> Callable[..., int] | None:
    """The C function, where it takes the dtype of all ``tensors`` and the way they lie."""
    dtype = tensors[0].dtype
    for tensor in tensors:
        if tensor.dtype != dtype or not tensor.is_cpu or tensor.stride()[-1] != 1:
            return None
    return _function(name) if dtype in TYPES else None


def kernel(
    signature: str,
) -> Callable[[Callable[[*Arguments], Result]], Callable[[*Arguments], Result]]:
    """Decorates a step in plain torch: where it can, the C function of the same name does the work.

    ``signature`` has a word for each argument. ``[T,C]`` is a tensor of the step's own dtype, which
    is one for all of these; ``f32[T,C]`` and ``i64[T]`` say theirs. Equal letters are equal sizes.
    ``int``, ``float`` and ``activation`` are no tensors. ``?``: may be None. Behind ``->`` is the
    float32 tensor that is returned. C gets the step's dtype, then all of these in their order,
    behind a tensor its strides but for the last, which has to be 1; then the sizes in the order in
    which their letters come, and the number of threads. ``__wrapped__`` is the step in torch.
    """
    words, _arrow, returned = signature.partition("->")
    parameters = [_Parameter.of(word) for word in words.split()]
    results = [_Parameter.of(word) for word in returned.split()]
    letters = "".join(parameter.letters for parameter in parameters + results)
    sizes = {letter for parameter in parameters for letter in parameter.dims}

    def decorate(in_torch: Callable[[*Arguments], Result]) -> Callable[[*Arguments], Result]:
        name = in_torch.__name__
        _LETTERS[name] = "i" + letters + "i" * len(sizes) + "i"

        @wraps(in_torch)
        def step(*values: *Arguments) -> Result:
            call = _call(parameters, values)
            function = None if call is None else _function(name)
            if call is None or function is None:
                return cast(Result, _run_in_torch(in_torch, values))
            arguments, sizes = call
            result: Any = None
            if results:
                result = torch.empty(*(sizes[letter] for letter in results[0].dims))
                arguments += (result.data_ptr(), *result.stride()[:-1])
            if fault := function(*arguments, *sizes.values(), torch.get_num_threads()):
                error, reason = _FAULTS[fault]
                raise error(f"{name}: {reason}, {sizes}")
            return cast(Result, result)

        return step

    return decorate


class _Parameter(NamedTuple):
    """A word of a signature. ``dtype``: None for the step's own; ``dims``: empty for a number;
    ``absent``: what C gets for None, if that may be; ``letters``: see ``_LETTERS``."""

    dtype: torch.dtype | None
    dims: str
    absent: tuple[int | None, ...]
    letters: str

    @classmethod
    def of(cls, word: str) -> _Parameter:
        kind, _bracket, dims = word.rstrip("]?").partition("[")
        dims = dims.replace(",", "")
        letters = "p" + "i" * (len(dims) - 1) if dims else "f" if kind == "float" else "i"
        absent = tuple(None if letter == "p" else 0 for letter in letters)
        return cls(_DTYPES.get(kind), dims, absent if word.endswith("?") else (), letters)


def _call(
    parameters: list[_Parameter], values: Sequence[Any]
) -> tuple[list[Any], dict[str, int]] | None:
    """What C gets for ``values``, and the size of each letter; None where C does not take them."""
    own: torch.dtype | None = None
    arguments: list[Any] = [None]
    shapes: dict[str, torch.Size] = {}
    sizes: dict[str, int] = {}
    for (dtype, dims, absent, _letters), value in zip(parameters, values, strict=True):
        if value is None and absent:
            arguments += absent
        elif not dims:
            arguments.append(ACTIVATIONS[value] if isinstance(value, str) else value)
        else:
            strides = value.stride()
            if dtype is None:
                dtype = own = own or value.dtype
            if value.dtype != dtype or strides[-1] != 1 or not value.is_cpu:
                return None
            # C would read past the end where torch would broadcast or complain.
            shape = value.shape
            if shapes.setdefault(dims, shape) != shape:
                raise ValueError(f"shapes do not fit: {shapes} and {shape}")
            arguments += (value.data_ptr(), *strides[:-1])
    if own not in TYPES:
        return None
    arguments[0] = TYPES[own]
    for dims, shape in shapes.items():
        for letter, size in zip(dims, shape, strict=True):
            if sizes.setdefault(letter, size) != size:
                raise ValueError(f"shapes do not fit: {shapes}")
    return arguments, sizes


def _run_in_torch(step: Callable[..., Any], values: Sequence[Any]) -> Any:
    with torch.no_grad():
        return (_compiled(step) if values[0].is_cuda else step)(*values)


@cache
def _compiled(step: Callable[..., Any]) -> Callable[..., Any]:
    """Compiled by torch at its first call; as it is where that fails."""
    chosen = torch.compile(step, dynamic=True)

    def run(*arguments: Any) -> Any:
        nonlocal chosen
        try:
            return chosen(*arguments)
        except torch._dynamo.exc.TorchDynamoException:  # no Triton, or a GPU too old for it
            chosen = step
            return chosen(*arguments)

    return run
