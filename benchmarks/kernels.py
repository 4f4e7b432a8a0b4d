"""Elementwise steps in C beside plain torch: microseconds of each, and GB/s of memory in C.

    python benchmarks/kernels.py [--threads N] [--rounds N]

Shapes are those of a packed row of 1,424 tokens through a model of the shape of SmolLM2-135M (nine
query heads on three key heads; 200 keys an example). A round runs both sides in turn; the fastest
of a side counts, because the machine's other work only makes it slower. GB/s counts each tensor
once, read or written; a copy of 256 MB is the last row.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable, Iterator

import torch

from laras.kernels import elementwise

TOKENS, CHANNELS, INNER, VOCABULARY = 1424, 576, 1536, 49152
ITEMS, QUERIES, KEYS = 27, 200, 200

Step = tuple[str, list[object], list[torch.Tensor]]


def steps(dtype: torch.dtype) -> Iterator[Step]:
    """Name of a function, its arguments, and the tensors that it reads or writes."""

    def draw(*shape: int, kind: torch.dtype = dtype) -> torch.Tensor:
        return torch.randn(*shape).to(kind)

    residual, delta, out = draw(TOKENS, CHANNELS, kind=torch.float32), *draw(2, TOKENS, CHANNELS)
    weight, total, rstd = torch.ones(CHANNELS), torch.empty_like(residual), torch.empty(TOKENS)
    norm = [residual, delta, weight, None, 1e-5, 0.0, total, None, rstd, out]
    yield "add_norm", norm, [residual, delta, total, out]
    elementwise.add_norm(residual, delta, weight, None, 1e-5, 0.0, total, None, rstd, out)
    d_residual, d_weight = torch.empty_like(residual), torch.empty_like(weight)
    d_delta = [] if dtype == torch.float32 else [torch.empty_like(delta)]
    written = [d_residual, *(d_delta or [None]), d_weight, None]
    backward = [delta, residual, total, weight, None, rstd, 0.0, *written]
    yield "add_norm_backward", backward, [delta, residual, total, d_residual, *d_delta]
    heads = draw(TOKENS, 12, 64)
    angles = draw(TOKENS, 32, kind=torch.float32)
    yield "rotate_", [heads, angles.cos(), angles.sin(), False], [heads, heads]
    joined, d_joined = draw(2, TOKENS, 2 * INNER)
    gate, up = joined.chunk(2, dim=1)
    d_gate, d_up = d_joined.chunk(2, dim=1)
    inner = draw(TOKENS, INNER)
    for activation in ("silu", "gelu", "gelu_tanh"):
        yield "gate", [gate, up, activation, inner], [gate, up, inner]
        everything = [inner, gate, up, d_gate, d_up]
        yield "gate_backward", [inner, gate, up, activation, d_gate, d_up], everything
    scores, d_probabilities = draw(2, ITEMS, 3 * QUERIES, KEYS, kind=torch.float32)
    p, d_scores = draw(2, ITEMS, 3 * QUERIES, KEYS)
    mask = [QUERIES, 0, 0.125, None, None]
    # Half of the scores are never read.
    yield "causal_softmax", [scores, *mask, p], [scores[::2], p]
    lse = elementwise.causal_softmax(scores, *mask, p)
    again = [scores, d_probabilities, lse, lse, *mask, p, d_scores]
    yield "causal_softmax_backward", again, [scores[::2], scores[::2], p, d_scores]
    logits, labels = draw(200, VOCABULARY), torch.randint(0, VOCABULARY, (200,))
    yield "cross_entropy_", [logits, labels, torch.ones(200), None, True], [logits, logits]
    a, b = draw(2, TOKENS * 9, 64)
    yield "row_dot", [a, b], [a, b]


def seconds(function: Callable[..., object], arguments: list[object]) -> float:
    began = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - began


@torch.no_grad()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(f"torch {torch.__version__}, {options.threads} threads, {elementwise.description()}")
    print(f"{'':26}{'dtype':>10}{'shape':>18}{'eager us':>10}{'C us':>8}{'ratio':>7}{'GB/s':>7}")
    for dtype in (torch.bfloat16, torch.float32):
        for name, arguments, streams in steps(dtype):
            eager, fast = math.inf, math.inf
            for _round in range(options.rounds):
                eager = min(eager, seconds(getattr(elementwise, name).__wrapped__, arguments))
                fast = min(fast, seconds(getattr(elementwise, name), arguments))
            size = sum(tensor.numel() * tensor.element_size() for tensor in streams)
            shape = "x".join(map(str, streams[-1].shape))
            label = " ".join([name, *(word for word in arguments if isinstance(word, str))])
            print(
                f"{label:26}{str(dtype)[6:]:>10}{shape:>18}{eager * 1e6:10.0f}{fast * 1e6:8.0f}"
                f"{eager / fast:7.1f}{size / fast / 1e9:7.1f}",
                flush=True,
            )
    source, target = torch.randn(2, 2**26)
    copy = min(seconds(target.copy_, [source]) for _ in range(options.rounds))
    rate = 2 * source.numel() * source.element_size() / copy / 1e9
    print(f"{'copy':26}{'float32':>10}{source.numel():>18}{copy * 1e6:10.0f}{rate:22.1f}")


if __name__ == "__main__":
    main()
