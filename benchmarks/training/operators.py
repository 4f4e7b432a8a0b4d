"""Operators of a profile by what they are for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

# The first kind with a mark that is part of the operator's name.
_KINDS = {
    "loss": ("cross_entropy", "nll_loss", "log_softmax"),
    "attention": ("attention", "Attention", "_Attend", "bmm", "softmax", "row_dot"),
    "matrix products": ("mm", "linear", "mkldnn", "matmul"),
    "optimizer": ("adam", "Optimizer", "_foreach", "clip_grad", "norm_except"),
    "copies and casts": (
        "copy_",
        "_to_copy",
        "aten::cat",
        "index",
        "gather",
        "contiguous",
        "clone",
    ),
    "elementwise": (
        "mul",
        "add",
        "silu",
        "gelu",
        "pow",
        "rsqrt",
        "mean",
        "neg",
        "sum",
        "div",
        "sub",
        "sigmoid",
        "norm",
        "fill_",
        "zero_",
        "where",
        "rotate",
        "gate",
    ),
}


def show_kernels() -> None:
    """Let the profiler see Laras's own kernels, which are no operators of torch."""
    from importlib.util import find_spec

    if find_spec("laras.kernels") is None:
        return
    from inspect import getmembers, isfunction

    from laras.kernels import elementwise

    for name, function in getmembers(elementwise, isfunction):
        if not name.startswith("_") and function.__module__ == elementwise.__name__:
            setattr(elementwise, name, _recorded(name, function))


def _recorded(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    from torch.profiler import record_function

    def run(*arguments: Any, **named: Any) -> Any:
        with record_function(f"laras::{name}"):
            return function(*arguments, **named)

    return run


def shares_by_kind(averages: Iterable[Any], wall_s: float) -> dict[str, float]:
    """Share of ``wall_s`` by kind, the largest first; ``python``: what no operator accounts for."""
    spent: dict[str, float] = {}
    for average in averages:
        kind = _kind(average.key)
        spent[kind] = spent.get(kind, 0.0) + average.self_cpu_time_total / 1e6
    spent["python"] = max(0.0, wall_s - sum(spent.values()))
    return {kind: time / wall_s for kind, time in sorted(spent.items(), key=lambda item: -item[1])}


def _kind(name: str) -> str:
    for kind, marks in _KINDS.items():
        if any(mark in name for mark in marks):
            return kind
    return "other"
