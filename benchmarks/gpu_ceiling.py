"""How fast this device multiplies matrices and attends: what the engine's figures are held against.

Random numbers, not zeros: a GPU multiplies zeros faster, because it draws less power.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

import torch
import torch.nn.functional as F


def measure(job: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Rows of TFLOP/s: products in bfloat16 and FP8 (a scale per row, one scale), attention forward
    and backward by each kernel there is."""
    device, tiny = job["device"], job["tiny"]
    for tokens, inputs, outputs in [(64, 64, 64)] if tiny else _PRODUCTS:
        yield from _products(device, tokens, inputs, outputs)
    yield from _attention(device, *((64, 16, 4, 2) if tiny else (4096, 128, 32, 8)))


# Tokens, inputs, outputs: a large square, then the products of Llama-3-8B at 16,384 tokens.
_PRODUCTS = [
    (8192, 8192, 8192),
    (16_384, 4096, 6144),
    (16_384, 4096, 28_672),
    (16_384, 14_336, 4096),
]


def _seconds(function: Callable[[], object], device: str) -> float:
    """Median of ten runs after three, by the device's own clock."""
    for _ in range(3):
        function()
    if device != "cuda":
        started = time.perf_counter()
        function()
        return time.perf_counter() - started
    times = []
    for _ in range(10):
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        function()
        end.record()
        end.synchronize()
        times.append(start.elapsed_time(end) / 1000)
    return median(times)


def _products(device: str, tokens: int, inputs: int, outputs: int) -> Iterator[dict[str, Any]]:
    x = torch.randn(tokens, inputs, device=device, dtype=torch.bfloat16)
    w = torch.randn(outputs, inputs, device=device, dtype=torch.bfloat16)
    flops = 2 * tokens * inputs * outputs
    x8, w8 = x.to(torch.float8_e4m3fn), w.to(torch.float8_e4m3fn)
    rows, columns = (torch.ones(n, device=device) for n in (tokens, outputs))
    one = torch.ones((), device=device)

    def float8(x_scale: torch.Tensor, w_scale: torch.Tensor) -> torch.Tensor:
        return torch._scaled_mm(
            x8, w8.t(), scale_a=x_scale, scale_b=w_scale,
            out_dtype=torch.bfloat16, use_fast_accum=True,
        )  # fmt: skip

    ways: dict[str, Callable[[], object]] = {
        "bf16": lambda: x @ w.t(),
        "fp8 by row": lambda: float8(rows[:, None], columns[None]),
        "fp8 by tensor": lambda: float8(one, one),
    }
    for name, way in ways.items():
        row = {"what": "product", "dtype": name, "shape": [tokens, inputs, outputs]}
        try:
            yield {**row, "tflops": flops / _seconds(way, device) / 1e12}
        except RuntimeError as error:  # a device without FP8
            yield {**row, "absent": str(error).splitlines()[0][:150]}


def _attention(
    device: str, length: int, channels: int, heads: int, key_heads: int
) -> Iterator[dict[str, Any]]:
    """Four examples of equal length, causal; forward and backward together."""
    from torch.nn.attention import SDPBackend, sdpa_kernel

    from laras.kernels import attention_cuda

    count = 4
    tokens = count * length
    flops = 3.5 * 4 * heads * channels * count * length * (length + 1) / 2
    scale = channels**-0.5
    cu_seqlens = torch.arange(0, tokens + 1, length, dtype=torch.int32, device=device)
    query, key, value = (
        torch.randn(tokens, n, channels, device=device, dtype=torch.bfloat16)
        for n in (heads, key_heads, key_heads)
    )
    leaves = [query, key, value]

    def varlen() -> torch.Tensor:
        return attention_cuda._by_kernel(query, key, value, cu_seqlens, length, scale, None)

    def flex() -> torch.Tensor:  # the soft cap sends it there
        return attention_cuda.variable_length_attention(
            query, key, value, cu_seqlens, length, scale, None, 50.0
        )

    def dense(backend: SDPBackend) -> torch.Tensor:
        q, k, v = (leaf.unflatten(0, (count, length)).transpose(1, 2) for leaf in leaves)
        with sdpa_kernel(backend):
            return F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)

    ways: dict[str, Callable[[], torch.Tensor]] = {
        "varlen": varlen,
        "flex, soft cap": flex,
        "dense flash": lambda: dense(SDPBackend.FLASH_ATTENTION),
        "dense cudnn": lambda: dense(SDPBackend.CUDNN_ATTENTION),
    }
    needs_gradient = device == "cuda"  # flex attention has none on a processor
    for leaf in leaves:
        leaf.requires_grad_(needs_gradient)
    for name, way in ways.items():
        row = {"what": "attention", "kernel": name, "shape": [tokens, heads, key_heads, channels]}

        def both(way: Callable[[], torch.Tensor] = way) -> None:
            out = way()
            if needs_gradient:
                out.backward(torch.ones_like(out))

        try:
            yield {**row, "tflops": flops / _seconds(both, device) / 1e12}
        except (RuntimeError, NotImplementedError, ImportError) as error:
            yield {**row, "absent": str(error).strip().splitlines()[0][:150]}
