"""The definitions in plain torch, against torch's own functions and autograd, in float64."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from laras.kernels import backends, elementwise

ACTIVATIONS = {
    "silu": F.silu,
    "gelu": F.gelu,
    "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
    "relu": F.relu,
    "relu2": lambda x: F.relu(x).square(),
}


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def leaf(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, requires_grad=True)


def test_norms_have_the_gradients_of_autograd() -> None:
    for centred in (False, True):
        residual, delta, weight, bias = leaf(6, 10), leaf(6, 10), leaf(10), leaf(10)
        d_out, d_total = torch.randn(2, 6, 10, dtype=torch.float64).unbind()
        total = residual + delta
        shape = (10,)
        expected = (
            F.layer_norm(total, shape, 1 + weight, bias, 1e-5)
            if centred
            else F.rms_norm(total, shape, 1 + weight, 1e-5)
        )
        ((expected * d_out).sum() + (total * d_total).sum()).backward()
        out, found = torch.empty_like(d_out), torch.empty_like(total)
        rstd, shift, mean = torch.empty(6, dtype=torch.float64), None, None
        gradients = [torch.empty_like(x) for x in (residual, delta, weight, bias)]
        if centred:
            shift, mean = bias, torch.empty_like(rstd)
        elementwise.add_norm(residual, delta, weight, shift, 1e-5, 1.0, found, mean, rstd, out)
        elementwise.add_norm_backward(d_out, d_total, found, weight, mean, rstd, 1.0, *gradients)
        torch.testing.assert_close(out, expected.detach())
        for one, other in zip(gradients, (residual, delta, weight, bias), strict=True):
            if other.grad is not None:
                torch.testing.assert_close(one, other.grad)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_activations_have_the_gradients_of_autograd(activation: str) -> None:
    gate, up = leaf(6, 10), leaf(6, 10)
    d_out, out, d_gate, d_up = torch.randn(4, 6, 10, dtype=torch.float64).unbind()
    expected = ACTIVATIONS[activation](gate) * up
    (expected * d_out).sum().backward()
    elementwise.gate(gate, up, activation, out)
    elementwise.gate_backward(d_out, gate, up, activation, d_gate, d_up)
    torch.testing.assert_close(out, expected.detach())
    torch.testing.assert_close(d_gate, gate.grad)
    torch.testing.assert_close(d_up, up.grad)


def test_rotation_turns_by_the_angle_and_back() -> None:
    x, angle = torch.randn(5, 2, 8, dtype=torch.float64), torch.randn(5, 3, dtype=torch.float64)
    turned = torch.complex(x[..., :3], x[..., 3:6]) * torch.exp(1j * angle)[:, None]
    found = x.clone()
    elementwise.rotate_(found, angle.cos(), angle.sin(), False)
    torch.testing.assert_close(torch.complex(found[..., :3], found[..., 3:6]), turned)
    elementwise.rotate_(found, angle.cos(), angle.sin(), True)
    torch.testing.assert_close(found, x)


@pytest.mark.parametrize(("window", "softcap"), [(None, None), (5, None), (None, 3.0), (7, 3.0)])
def test_softmax_has_the_gradient_of_autograd(window: int | None, softcap: float | None) -> None:
    scores = leaf(2, 14, 11)
    position = (4 + torch.arange(14) % 7)[:, None]
    key = torch.arange(11)
    seen = (key <= position) & (key > position - (window or 99))
    scaled = scores * 0.5 if softcap is None else softcap * (scores * 0.5 / softcap).tanh()
    expected = torch.softmax(scaled.masked_fill(~seen, -math.inf), -1)
    d_out, out, again, d_scores = torch.randn(4, 2, 14, 11, dtype=torch.float64).unbind()
    (expected * d_out).sum().backward()
    mask = (7, 4, 0.5, window, softcap)
    lse = elementwise.causal_softmax(scores, *mask, out)
    delta = (out * d_out).sum(-1)
    elementwise.causal_softmax_backward(scores, d_out, lse, delta, *mask, again, d_scores)
    torch.testing.assert_close(out, expected.detach())
    torch.testing.assert_close(again, out)
    torch.testing.assert_close(d_scores, scores.grad)


@pytest.mark.parametrize("softcap", [None, 3.0])
def test_cross_entropy_has_the_gradient_of_autograd(softcap: float | None) -> None:
    logits, labels = leaf(6, 10), torch.randint(0, 10, (6,))
    weights = torch.rand(6, dtype=torch.float64)
    capped = logits if softcap is None else softcap * (logits / softcap).tanh()
    expected = F.cross_entropy(capped, labels, reduction="none")
    (expected * weights).sum().backward()
    found = logits.detach().clone()
    losses = elementwise.cross_entropy_(found, labels, weights, softcap, True)
    torch.testing.assert_close(losses, expected.detach())
    torch.testing.assert_close(found, logits.grad)


def arguments(name: str, n: int) -> list[object]:
    draw = torch.Generator().manual_seed(n)

    def r(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=draw)

    mask = (n, 0, 0.1, 3, 5.0)
    of: dict[str, Callable[[], list[object]]] = {
        "add_norm": lambda: [
            *(r(n, 8), r(n, 8), r(8), None, 1e-5, 0.0, r(n, 8), r(n), r(n), r(n, 8))
        ],
        "add_norm_backward": lambda: [
            *(r(n, 8), r(n, 8), r(n, 8), r(8), r(n), r(n), 0.0),
            *(r(n, 8), r(n, 8).bfloat16(), r(8), r(8)),
        ],
        "rotate_": lambda: [r(n, 2, 8), r(n, 3), r(n, 3), False],
        "gate": lambda: [r(n, 8), r(n, 8), "silu", r(n, 8)],
        "gate_backward": lambda: [r(n, 8), r(n, 8), r(n, 8), "gelu", r(n, 8), r(n, 8)],
        "causal_softmax": lambda: [r(2, n, n), *mask, r(2, n, n)],
        "causal_softmax_backward": lambda: [
            *(r(2, n, n), r(2, n, n), r(2, n), r(2, n), *mask, r(2, n, n), r(2, n, n))
        ],
        "cross_entropy_": lambda: [r(n, 8), torch.arange(n) % 8, r(n), None, True],
        "row_dot": lambda: [r(n, 8), r(n, 8)],
    }
    return of[name]()


STEPS = """add_norm add_norm_backward rotate_ gate gate_backward causal_softmax
causal_softmax_backward cross_entropy_ row_dot"""


@pytest.mark.slow
@pytest.mark.parametrize("name", STEPS.split())
def test_a_step_is_one_graph_for_the_compiler_whatever_the_number_of_rows(name: str) -> None:
    eager = getattr(elementwise, name).__wrapped__
    compiled = torch.compile(eager, dynamic=True, fullgraph=True, backend="aot_eager")
    for n in (5, 9, 1):
        one, other = arguments(name, n), arguments(name, n)
        torch.testing.assert_close(compiled(*one), eager(*other))
        for left, right in zip(one, other, strict=True):
            if isinstance(left, Tensor):
                torch.testing.assert_close(left, right)


def test_where_torch_cannot_compile_the_step_runs_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> Callable[..., object]:
        def run(*_: object) -> object:
            raise torch._dynamo.exc.Unsupported("no Triton")

        return run

    monkeypatch.setattr(torch, "compile", refuse)
    compiled = backends._compiled.__wrapped__(elementwise.row_dot.__wrapped__)
    for _ in range(2):
        torch.testing.assert_close(
            compiled(torch.ones(2, 3), torch.ones(2, 3)), torch.full((2,), 3.0)
        )
