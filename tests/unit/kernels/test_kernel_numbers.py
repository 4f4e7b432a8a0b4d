"""What C kernels make of every kind of number, and that threads change nothing."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from laras.kernels import backends, elementwise

pytestmark = pytest.mark.skipif(elementwise.backend() != "c", reason=elementwise.description())

ACTIVATIONS = list(backends.ACTIVATIONS)
DTYPES = [torch.float32, torch.bfloat16]
MASKS = [(None, None), (5, None), (None, 3.0), (7, 3.0)]  # window, soft cap


def test_bfloat16_is_rounded_to_the_nearest_even_with_every_kind_of_number() -> None:
    every = torch.arange(-(2**15), 2**15, dtype=torch.int32).to(torch.int16).view(torch.bfloat16)
    gate, up = (
        every[None],
        every[torch.randperm(2**16, generator=torch.Generator().manual_seed(0))][None],
    )
    found = torch.empty_like(gate)
    elementwise.gate(gate, up, "relu", found)
    assert_same_numbers(found, (gate.float().relu() * up.float()).bfloat16())


def assert_same_numbers(actual: Tensor, expected: Tensor) -> None:
    assert torch.equal(actual.isnan(), expected.isnan())
    assert torch.equal(actual.nan_to_num(0.0), expected.nan_to_num(0.0))


def test_the_exponential_is_within_2e_7_and_the_sigmoid_within_4e_7() -> None:
    x = torch.cat([torch.linspace(-87, -1, 200_001), -torch.logspace(-30, 0, 20_001)])[None]
    silu = torch.empty_like(x)
    elementwise.gate(x, None, "silu", silu)
    # silu(x) / x is the sigmoid: e^x / (1 + e^x).
    error = (silu.double() / x.double()) / torch.sigmoid(x.double()) - 1
    assert float(error.abs().max()) < 4e-7
    one = torch.zeros(len(x[0]), 2)
    one[:, 1] = x[0]
    p = torch.empty(len(one), 1, 2)
    elementwise.causal_softmax(one[:, None], 1, 1, 1.0, None, None, p)
    expected = torch.softmax(one.double(), -1)[:, 1]
    assert float((p[:, 0, 1].double() / expected - 1).abs().max()) < 2e-7


def every_step(dtype: torch.dtype, poison: float | None) -> list[Tensor]:
    """All results of all steps on fixed inputs, with ``poison`` at one place of each input."""
    generator = torch.Generator().manual_seed(1)

    def draw(*shape: int, kind: torch.dtype = dtype) -> Tensor:
        x = torch.randn(*shape, generator=generator).to(kind)
        if poison is not None:
            x.view(-1)[x.numel() // 2] = poison
        return x

    results: list[Tensor | None] = []
    weight, bias = (torch.randn(130, generator=generator) for _ in range(2))
    for centred in (False, True):
        residual, delta = draw(101, 130, kind=torch.float32), draw(101, 130)
        total, out, rstd = torch.empty_like(residual), torch.empty_like(delta), torch.empty(101)
        mean = torch.empty(101) if centred else None
        elementwise.add_norm(residual, delta, weight, bias, 1e-5, 0.0, total, mean, rstd, out)
        d_total = draw(101, 130, kind=torch.float32)
        gradients = [torch.empty_like(x) for x in (residual, delta, weight, bias)]
        given = (draw(101, 130), d_total, total, weight, mean, rstd)
        elementwise.add_norm_backward(*given, 0.0, *gradients)
        results += [out, total, mean, rstd, *gradients]
    for activation in ACTIVATIONS:
        gate, up, d_out = draw(101, 130), draw(101, 130), draw(101, 130)
        written = [torch.empty_like(gate) for _ in range(5)]
        elementwise.gate(gate, up, activation, written[0])
        elementwise.gate_backward(d_out, gate, up, activation, *written[1:3])
        elementwise.gate(gate, None, activation, written[3])
        elementwise.gate_backward(d_out, gate, None, activation, written[4], None)
        results += written
    for window, softcap in MASKS:
        scores = draw(3, 70, 40, kind=torch.float32)
        written = [torch.empty(3, 70, 40, dtype=dtype) for _ in range(3)]
        mask = (35, 5, 0.5, window, softcap)
        lse = elementwise.causal_softmax(scores, *mask, written[0])
        d = draw(3, 70, 40, kind=torch.float32)
        elementwise.causal_softmax_backward(scores, d, lse, d.sum(-1), *mask, *written[1:])
        results += [lse, *written]
        logits, labels = draw(101, 130), torch.arange(101)
        results.append(elementwise.cross_entropy_(logits, labels, bias[:101], softcap, True))
        results.append(logits)
    heads = draw(101, 2, 64)
    cos, sin = draw(101, 32, kind=torch.float32), weight[:32].expand(101, 32)
    elementwise.rotate_(heads, cos, sin, False)
    results += [heads, elementwise.row_dot(draw(101, 130), draw(101, 130))]
    return [x for x in results if x is not None]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("poison", [math.nan, math.inf, -math.inf])
def test_nan_and_infinity_travel_through_as_in_the_definition(
    dtype: torch.dtype, poison: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = every_step(dtype, poison)
    monkeypatch.setattr(backends, "_function", lambda _name: None)
    expected = every_step(dtype, poison)
    for one, other in zip(found, expected, strict=True):
        kept, lost = one.isfinite(), other.isfinite()
        assert not bool((kept & ~lost).any()), "a number that is none was made one"
        assert torch.equal(kept.all(-1), lost.all(-1)), "it spread to other rows"
        assert torch.equal(kept, lost) or math.isinf(poison)


@pytest.fixture
def _threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("_threads")
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_results_are_bitwise_equal_for_any_number_of_threads(dtype: torch.dtype) -> None:
    torch.set_num_threads(1)
    alone = every_step(dtype, None)
    for threads in (2, 3):
        torch.set_num_threads(threads)
        for one, other in zip(every_step(dtype, None), alone, strict=True):
            assert torch.equal(one, other)
