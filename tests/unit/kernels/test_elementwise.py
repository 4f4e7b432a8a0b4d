"""The C kernels equal their definition: for any layout, number of threads, and kind of number."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from laras.kernels import backends, elementwise

ACTIVATIONS = list(backends.ACTIVATIONS)
DTYPES = [torch.float32, torch.bfloat16]
# One channel, a remainder, a whole number of vectors, and more than one chunk of a row.
SHAPES = [(1, 1), (1, 577), (37, 577), (5, 64), (3, 1601)]
MASKS = [(None, None), (5, None), (None, 3.0), (7, 3.0)]  # window, soft cap

needs_c = pytest.mark.skipif(elementwise.backend() != "c", reason=elementwise.description())


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def strided(rows: int, columns: int, dtype: torch.dtype, scale: float = 1.0) -> Tensor:
    """Rows inside of a wider buffer, as the engine's are."""
    return (scale * torch.randn(rows, columns + 9)).to(dtype)[:, 4 : 4 + columns]


def empty(like: Tensor) -> Tensor:
    return torch.full((*like.shape[:-1], like.shape[-1] + 5), 9.0, dtype=like.dtype)[..., 3:-2]


def exact(*tensors: Tensor | None) -> list[Tensor | None]:
    """In float64, which C leaves to the definition in plain torch."""
    return [None if x is None else x.double() for x in tensors]


def assert_equals(
    actual: Tensor | None, expected: Tensor | None, terms: float | None = None
) -> None:
    """Within 1e-6 of the float64 result; of bfloat16 one rounding more. ``terms``: the size of what
    was added up, where it may cancel."""
    assert (actual is None) == (expected is None)
    if actual is None or expected is None:
        return
    rounding = 2**-8 if actual.dtype == torch.bfloat16 else 0.0
    size = float(expected.abs().max()) if terms is None else terms
    torch.testing.assert_close(
        actual.double(), expected, rtol=1e-6 + rounding * 1.0001, atol=1e-6 * size
    )


@needs_c
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("centred", [False, True])
def test_norm_and_its_backward_equal_their_definition(
    shape: tuple[int, int], dtype: torch.dtype, centred: bool
) -> None:
    residual, delta = strided(*shape, torch.float32), strided(*shape, dtype)
    weight, bias = torch.randn(shape[1]), torch.randn(shape[1]) if centred else None
    for added in (delta, None):
        total = residual if added is None else empty(residual)
        rstd, out = torch.empty(shape[0]), empty(delta)
        mean = torch.empty(shape[0]) if centred else None
        written = [total, mean, rstd, out]
        truth = exact(*written)
        elementwise.add_norm(residual, added, weight, bias, 1e-5, 1.0, *written)
        elementwise.add_norm(*exact(residual, added, weight, bias), 1e-5, 1.0, *truth)
        for one, other in zip(written, truth, strict=True):
            assert_equals(one, other)
        d_out, d_total = strided(*shape, dtype), strided(*shape, torch.float32)
        terms = float(d_out.abs().max() * (1 + weight).abs().max() * rstd.max())
        for past, delta_dtype in ((d_total, dtype), (None, torch.float32), (d_total, None)):
            given = [d_out, past, total, weight, mean, rstd]
            d_delta = None if delta_dtype is None else empty(delta.to(delta_dtype))
            d_bias = torch.empty(shape[1]) if centred else None
            written = [empty(residual), d_delta, torch.empty(shape[1]), d_bias]
            truth = exact(*written)
            elementwise.add_norm_backward(*given, 1.0, *written)
            elementwise.add_norm_backward(*exact(*given), 1.0, *truth)
            for one, other, size in zip(written, truth, (terms, terms, None, None), strict=True):
                assert_equals(one, other, size)


@needs_c
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("half", [1, 7, 32])
def test_rotation_equals_its_definition_and_its_inverse_undoes_it(
    dtype: torch.dtype, half: int
) -> None:
    x = torch.randn(5, 3 * 80).to(dtype)[:, 80:].view(5, 2, 80)
    angle = torch.randn(5, half)
    cos, sin = angle.cos(), angle.sin()
    before, wide = x.clone(), x.double()
    elementwise.rotate_(x, cos, sin, False)
    elementwise.rotate_(wide, cos.double(), sin.double(), False)
    assert_equals(x, wide)
    assert torch.equal(x[..., 2 * half :], before[..., 2 * half :])
    elementwise.rotate_(x, cos, sin, True)
    close = 2**-6 if dtype == torch.bfloat16 else 1e-6
    torch.testing.assert_close(x, before, rtol=close, atol=close)


@needs_c
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_activations_and_gates_equal_their_definition(
    shape: tuple[int, int], dtype: torch.dtype, activation: str
) -> None:
    gate, up, d_out = strided(*shape, dtype, 4.0), strided(*shape, dtype), strided(*shape, dtype)
    out, d_gate, d_up, alone, d_alone = (empty(gate) for _ in range(5))
    for name, inputs, outputs in (
        ("gate", (gate, up), [out]),
        ("gate_backward", (d_out, gate, up), [d_gate, d_up]),
        ("gate", (gate, None), [alone]),
        ("gate_backward", (d_out, gate, None), [d_alone, None]),
    ):
        expected = exact(*outputs)
        getattr(elementwise, name)(*inputs, activation, *outputs)
        getattr(elementwise, name)(*exact(*inputs), activation, *expected)
        for one, other in zip(outputs, expected, strict=True):
            assert_equals(one, other)
            if one is None:
                continue
            buffer = one._base
            assert buffer is not None
            assert bool((buffer[:, :3] == 9).all()), "wrote before its rows"
            assert bool((buffer[:, -2:] == 9).all()), "wrote behind its rows"


@needs_c
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_gradient_may_be_written_over_its_own_tensor(activation: str) -> None:
    d_out, gate, up = torch.randn(3, 4, 900).unbind()
    d_gate, d_up = torch.empty_like(gate), torch.empty_like(up)
    elementwise.gate_backward(d_out, gate, up, activation, d_gate, d_up)
    elementwise.gate_backward(d_out, gate, up, activation, gate, up)
    assert torch.equal(gate, d_gate)
    assert torch.equal(up, d_up)


def attention_case(keys: int, queries: int) -> list[Tensor]:
    """Scores, their gradient, the row sums; NaN where nothing may be read."""
    rows = torch.arange(2 * queries) % queries + keys - queries
    unseen = torch.arange(keys) > rows[:, None]
    scores = 4 * torch.randn(3, 2 * queries, keys + 3)[..., 1:-2]
    d_probabilities = torch.randn(3, 2 * queries, keys)
    scores[:, unseen] = math.nan
    d_probabilities[:, unseen] = math.nan
    return [scores, d_probabilities, torch.randn(3, 2 * queries)]


@needs_c
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize(("window", "softcap"), MASKS)
@pytest.mark.parametrize(("keys", "queries"), [(1, 1), (33, 21), (1700, 5)])
def test_causal_softmax_and_its_backward_equal_their_definition(
    dtype: torch.dtype, window: int | None, softcap: float | None, keys: int, queries: int
) -> None:
    scores, d_probabilities, delta = attention_case(keys, queries)
    mask = (queries, keys - queries, 0.5, window, softcap)
    found = [empty(d_probabilities.to(dtype)) for _ in range(3)]
    truth = [empty(d_probabilities.double()) for _ in range(3)]
    lse = elementwise.causal_softmax(scores, *mask, found[0])
    elementwise.causal_softmax_backward(scores, d_probabilities, lse, delta, *mask, *found[1:])
    wide, d_wide, delta_wide = scores.double(), d_probabilities.double(), delta.double()
    lse_wide = elementwise.causal_softmax(wide, *mask, truth[0])
    elementwise.causal_softmax_backward(wide, d_wide, lse.double(), delta_wide, *mask, *truth[1:])
    assert_equals(lse, lse_wide)
    for one, other in zip(found, truth, strict=True):
        assert_equals(one, other)
        assert bool((one[other == 0] == 0).all())


@needs_c
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("softcap", [None, 4.0])
@pytest.mark.parametrize("shape", [(1, 1), (7, 31), (19, 1601)], ids=str)
def test_cross_entropy_equals_its_definition(
    dtype: torch.dtype, softcap: float | None, shape: tuple[int, int]
) -> None:
    logits, weights = strided(*shape, dtype, 3.0), torch.rand(shape[0])
    labels = torch.randint(0, shape[1], shape[:1])
    before, wide = logits.clone(), logits.double()
    only_losses = elementwise.cross_entropy_(logits, labels, weights, softcap, False)
    assert torch.equal(logits, before)
    losses = elementwise.cross_entropy_(logits, labels, weights, softcap, True)
    expected = elementwise.cross_entropy_(wide, labels, weights.double(), softcap, True)
    assert torch.equal(only_losses, losses)
    assert_equals(losses, expected)
    assert_equals(logits, wide)


@needs_c
def test_masked_logits_have_no_share_and_a_label_outside_is_refused() -> None:
    logits, labels, weights = torch.randn(2, 40), torch.tensor([3, 7]), torch.ones(2)
    logits[:, 20:] = -math.inf
    losses = elementwise.cross_entropy_(logits, labels, weights, None, True)
    assert bool(losses.isfinite().all())
    assert bool((logits[:, 20:] == 0).all())
    for wrong in (-100, 40):
        with pytest.raises(IndexError, match=r"vocabulary.*'V': 40"):
            elementwise.cross_entropy_(logits, torch.tensor([3, wrong]), weights, None, True)


@needs_c
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_row_dot_equals_its_definition(shape: tuple[int, int], dtype: torch.dtype) -> None:
    a, b = strided(*shape, dtype), strided(*shape, dtype)
    assert_equals(elementwise.row_dot(a, b), elementwise.row_dot(a.double(), b.double()))


def test_other_dtypes_are_left_to_torch() -> None:
    gate, up = torch.randn(2, 3, 50).half().unbind()
    out = torch.empty_like(gate)
    elementwise.gate(gate, up, "silu", out)
    torch.testing.assert_close(out, F.silu(gate.float()).mul(up.float()).half())


@needs_c
def test_shapes_that_do_not_fit_are_refused() -> None:
    x, short, out = torch.randn(4, 8), torch.randn(3, 8), torch.empty(4, 8)
    wrong: list[Callable[[], object]] = [
        lambda: elementwise.gate(x, short, "silu", out),
        lambda: elementwise.row_dot(x, short),
        lambda: elementwise.row_dot(x, x[None]),
        lambda: elementwise.add_norm(
            x, None, torch.ones(7), None, 1e-5, 0.0, x, None, torch.empty(4), out
        ),
        lambda: elementwise.rotate_(x[:, None], torch.ones(4, 5), torch.ones(4, 5), False),
        lambda: elementwise.causal_softmax(x[None], 0, 0, 1.0, None, None, out[None]),
    ]
    for call in wrong:
        with pytest.raises(ValueError, match=r"fit|argument 2"):
            call()
