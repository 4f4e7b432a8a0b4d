"""Attention on a processor, three ways: torch's flash kernel, matrix products, C.

    python benchmarks/attention.py [--threads 1] [--results benchmarks/results/attention.json]

A row of about 1,600 tokens in examples of one length (or one longer example), bfloat16, causal.
Flash is torch's scaled_dot_product_attention over a batch of the examples, its gradients by
autograd; products and C are Laras's (src/laras/kernels/attention_cpu.py), which takes C where it
can. The ways take turns. Medians of milliseconds: of processor time with one thread, since machines
are shared; else by the clock, which others disturb.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

from laras.batches.token_batch import EncodedExample, collate
from laras.kernels import attention_cpu, backends
from laras.kernels.attention_cpu import Scores, attention_backward, attention_forward
from laras.kernels.packing import Packing
from laras.runs.machine import describe_machine

LENGTHS = (64, 200, 512, 1024, 2048, 4096)
HEADS = ((4, 2, 32), (3, 3, 64), (2, 4, 128))  # key heads, query heads of each, channels
TOKENS = 1600
WAYS = ("flash", "products", "c")
LEAST_REPEATS, MOST_REPEATS, LIMIT_S = 3, 9, 1.5  # of a cell


@dataclass(frozen=True)
class Row:
    """Query, key, value and the gradient of what comes out, of a packed row."""

    tensors: list[torch.Tensor]
    packing: Packing
    length: int

    @classmethod
    def of(cls, heads: tuple[int, int, int], length: int) -> Row:
        """As many examples as make ``TOKENS`` tokens, or one."""
        groups, queries, channels = heads
        count = max(1, TOKENS // length)
        example = EncodedExample("", np.zeros(length, np.int32), np.ones(length, bool))
        shapes = [(groups, queries, channels), (groups, channels), (groups, channels)]
        made = [torch.randn(count * length, *shape).bfloat16() for shape in (*shapes, shapes[0])]
        return cls(made, Packing.of(collate([example] * count)), length)


def flash(row: Row) -> tuple[Callable[[], Any], Callable[[Any], Any]]:
    """Forward and backward of torch's kernel; key heads are repeated beforehand."""
    queries = row.tensors[0].shape[2]

    def by_example(x: torch.Tensor) -> torch.Tensor:
        heads = x.flatten(1, 2) if x.dim() == 4 else x.repeat_interleave(queries, dim=1)
        return heads.unflatten(0, (-1, row.length)).transpose(1, 2).contiguous()

    *leaves, gradient = (by_example(x) for x in row.tensors)
    leaves = [x.requires_grad_() for x in leaves]

    def forward() -> torch.Tensor:
        with sdpa_kernel(SDPBackend.FLASH_ATTENTION):
            return F.scaled_dot_product_attention(*leaves, is_causal=True)

    return forward, lambda out: torch.autograd.grad(out, leaves, gradient)


def packed(row: Row, in_c: bool) -> tuple[Callable[[], Any], Callable[[Any], Any]]:
    """Forward and backward of Laras, in C or in products."""
    *given, d_out = row.tensors
    scores = Scores(d_out.shape[-1] ** -0.5)
    out = torch.empty_like(d_out)
    gradients = [torch.empty_like(x) for x in given]

    def forward() -> list[torch.Tensor]:
        attention_cpu._suits_c = lambda *_facts: in_c
        return attention_forward(*given, out, row.packing, scores)

    def backward(sums: list[torch.Tensor]) -> None:
        attention_backward(*given, out, d_out, sums, *gradients, row.packing, scores)

    return forward, backward


def measure(heads: tuple[int, int, int], length: int, threads: int) -> dict[str, Any]:
    """Milliseconds of each way, forward and backward, and how many times as long as C."""
    row = Row.of(heads, length)
    ways = {"flash": flash(row), "products": packed(row, False), "c": packed(row, True)}
    clock = time.process_time if threads == 1 else time.perf_counter
    found: dict[str, list[tuple[float, float]]] = {way: [] for way in WAYS}
    begun = time.perf_counter()
    for repeat in range(MOST_REPEATS + 1):
        if repeat > LEAST_REPEATS and time.perf_counter() - begun > LIMIT_S:
            break
        for way, (forward, backward) in ways.items():
            started = clock()
            kept = forward()
            between = clock()
            backward(kept)
            if repeat:  # the first is to warm up
                found[way].append((between - started, clock() - between))
    groups, queries, channels = heads
    cell: dict[str, Any] = {"threads": threads, "length": length, "channels": channels}
    cell |= {"key_heads": groups, "query_heads": groups * queries, "repeats": len(found["c"])}
    for way in WAYS:
        one, other = (statistics.median(times) for times in zip(*found[way], strict=True))
        cell[way] = {"forward_ms": round(one * 1e3, 2), "backward_ms": round(other * 1e3, 2)}
    own = sum(cell["c"].values())
    for way in WAYS[:-1]:
        cell[f"{way}_over_c"] = round(sum(cell[way].values()) / own, 2)
    return cell


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", default="1")
    parser.add_argument(
        "--results", type=Path, default=Path(__file__).parent / "results" / "attention.json"
    )
    arguments = parser.parse_args()
    if backends.backend() != "c":
        raise SystemExit(backends.description())
    cells = []
    print(f"{'':22}" + "".join(f"{way + ' forward, backward':>30}" for way in WAYS) + "  over C")
    for threads in map(int, arguments.threads.split(",")):
        torch.set_num_threads(threads)
        for heads in HEADS:
            for length in LENGTHS:
                torch.manual_seed(0)
                cell = measure(heads, length, threads)
                cells.append(cell)
                times = "".join(
                    f"{cell[way]['forward_ms']:>20.1f} {cell[way]['backward_ms']:>6.1f} ms"
                    for way in WAYS
                )
                print(
                    f"{threads} thr. D={heads[2]:3} L={length:4} {times}"
                    f"  flash {cell['flash_over_c']:.2f}, products {cell['products_over_c']:.2f}",
                    flush=True,
                )
    found = {
        "command": " ".join(["python", "benchmarks/attention.py", *sys.argv[1:]]),
        "machine": describe_machine(),
        "torch": torch.__version__,
        "kernels": backends.description(),
        "cells": cells,
    }
    arguments.results.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
