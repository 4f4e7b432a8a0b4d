"""Attention in C equals its definition: for any layout, length, width, and number of threads."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from laras.batches.token_batch import EncodedExample, collate
from laras.engine.attend import Heads, Rotation, attend
from laras.kernels import attention_cpu, backends, elementwise
from laras.kernels.attention_cpu import Scores, attention_backward, attention_forward
from laras.kernels.compile_kernels import load
from laras.kernels.packing import Packing
from packed_examples import examples

Products = Callable[[], AbstractContextManager[None]]
DTYPES = [torch.float32, torch.bfloat16]
LENGTHS = [17, 1, 300, 2, 16, 15]
# Channels, groups, queries of each: less than a vector, a remainder, whole tiles, several of them.
HEADS = [(8, 2, 2), (20, 3, 1), (32, 4, 2), (64, 1, 3), (80, 2, 1), (128, 1, 2)]
MASKS = [(None, None), (1, None), (40, None), (None, 2.0), (7, 3.0)]  # window, soft cap

pytestmark = pytest.mark.skipif(elementwise.backend() != "c", reason=elementwise.description())


@pytest.fixture(autouse=True)
def _seed_and_threads() -> Iterator[None]:
    torch.manual_seed(0)
    threads = torch.get_num_threads()
    torch.set_num_threads(2)  # with many, a single long example goes through products
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def in_products(monkeypatch: pytest.MonkeyPatch) -> Products:
    """Within it nothing suits C."""

    @contextmanager
    def within() -> Iterator[None]:
        with monkeypatch.context() as patch:
            patch.setattr(attention_cpu, "_suits_c", lambda *_facts: False)
            yield

    return within


def packed(lengths: list[int]) -> Packing:
    return Packing.of(collate(examples(lengths)))


def tensors(tokens: int, heads: Heads, dtype: torch.dtype) -> list[Tensor]:
    """Query, key, value inside of one wider buffer, as the joined projection leaves them."""
    columns = (heads.queries + 2) * heads.groups * heads.channels
    return list(heads.split((torch.randn(tokens, columns + 7)).to(dtype)[:, 3:-4]))


def both_ways(
    query: Tensor, key: Tensor, value: Tensor, d_out: Tensor, packing: Packing, scores: Scores
) -> list[Tensor]:
    """out, d_query, d_key, d_value, over what memory held before."""
    out = torch.full((*d_out.shape[:-1], d_out.shape[-1] + 5), 9.0, dtype=d_out.dtype)[..., 2:-3]
    sums = attention_forward(query, key, value, out, packing, scores)
    gradients = [torch.full_like(x, 9.0) for x in (query, key, value)]
    attention_backward(
        query, key, value, out, d_out, sums, *gradients, packing=packing, scores=scores
    )
    return [out, *gradients]


def by_definition(
    query: Tensor, key: Tensor, value: Tensor, d_out: Tensor, lengths: list[int], scores: Scores
) -> list[Tensor]:
    """The same in float64: torch's plain attention of each example, or the formula with a cap."""
    leaves = [x.double().detach().requires_grad_() for x in (query, key, value)]
    outs = []
    for q, k, v in zip(*(x.split(lengths) for x in leaves), strict=True):
        q = q.permute(1, 2, 0, 3)
        k, v = (x.transpose(0, 1)[:, None].expand(-1, q.shape[1], -1, -1) for x in (k, v))
        place = torch.arange(len(q[0, 0]))
        back = place[:, None] - place
        seen = (back >= 0) & (back < (scores.window or len(place)))
        if scores.softcap is None:
            with sdpa_kernel(SDPBackend.MATH):
                mixed = F.scaled_dot_product_attention(q, k, v, seen, scale=scores.scale)
        else:
            raw = scores.softcap * (q @ k.mT * scores.scale / scores.softcap).tanh()
            mixed = raw.masked_fill(~seen, -torch.inf).softmax(-1) @ v
        outs.append(mixed.permute(2, 0, 1, 3))
    out = torch.cat(outs)
    return [out.detach(), *torch.autograd.grad(out, leaves, d_out.double())]


def assert_equals(found: list[Tensor], expected: list[Tensor]) -> None:
    """In float32 within 2e-6 of the largest number. In bfloat16, where probabilities and gradients
    of scores may be rounded to it on the way, a rounding of the result and half of one more, over
    all numbers together."""
    for one, other in zip(found, expected, strict=True):
        if one.dtype == torch.bfloat16:
            assert distance(one, other) < 1.5 * 2**-9 * float(other.norm()) + 1e-6
        else:
            atol = 2e-6 * float(other.abs().max())
            torch.testing.assert_close(one.double(), other.double(), rtol=1e-6, atol=atol)


def distance(one: Tensor, other: Tensor) -> float:
    return float((one.double() - other.double()).norm())


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("heads", HEADS, ids=str)
@pytest.mark.parametrize("by_group", [False, True])
def test_attention_and_its_gradients_equal_the_definition(
    heads: tuple[int, int, int], by_group: bool, dtype: torch.dtype, in_products: Products
) -> None:
    channels, groups, queries = heads
    layout = Heads(groups, queries, channels, by_group)
    packing, tokens = packed(LENGTHS), sum(LENGTHS)
    d_out = torch.randn(tokens, groups, queries, channels).to(dtype)
    for window, softcap in MASKS:
        scores = Scores(channels**-0.5, window, softcap)
        given = [*tensors(tokens, layout, dtype), d_out]
        found = both_ways(*given, packing, scores)
        expected = by_definition(*given, LENGTHS, scores)
        assert_equals(found, expected)
        with in_products():
            products = both_ways(*given, packing, scores)
        # With a window of one, where gradients of queries are zero, products have rounding there.
        bound = 1e-6 if dtype == torch.float32 else 8e-3
        for one, other, exact in zip(found, products, expected, strict=True):
            size = float(max(other.double().norm(), d_out.double().norm()))
            assert distance(one, other) < bound * size
            assert distance(one, exact) <= distance(other, exact) + 1e-6 * size


@pytest.mark.skipif(platform.machine() != "x86_64", reason="a flag of x86 compilers")
@pytest.mark.parametrize("heads", HEADS, ids=str)
def test_a_processor_that_multiplies_float32_alone_rounds_results_alone(
    heads: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CC", "gcc -mno-avx512bf16")
    function = load().function("attention", backends._LETTERS["attention"])
    assert function is not None
    monkeypatch.setattr(backends, "in_c", lambda *_asked: function)
    channels, groups, queries = heads
    packing, tokens = packed(LENGTHS), sum(LENGTHS)
    given = tensors(tokens, Heads(groups, queries, channels), torch.bfloat16)
    given.append(torch.randn(tokens, groups, queries, channels).bfloat16())
    for window, softcap in MASKS:
        scores = Scores(channels**-0.5, window, softcap)
        found = both_ways(*given, packing, scores)
        for one, other in zip(found, by_definition(*given, LENGTHS, scores), strict=True):
            atol = 2e-6 * float(other.abs().max())
            torch.testing.assert_close(one.double(), other, rtol=2**-8 + 1e-6, atol=atol)


@pytest.mark.parametrize("length", [511, 513, 1100])
def test_long_examples_in_several_tasks_equal_the_definition(length: int) -> None:
    layout, scores = Heads(1, 2, 32), Scores(0.2, 130)
    given = [*tensors(length + 40, layout, torch.float32), torch.randn(length + 40, 1, 2, 32)]
    lengths = [40, length]
    for one in (scores, Scores(0.2)):
        found = both_ways(*given, packed(lengths), one)
        assert_equals(found, by_definition(*given, lengths, one))


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_any_number_of_threads_gives_the_same_bits(dtype: torch.dtype) -> None:
    lengths = [*LENGTHS, 700]
    layout, packing = Heads(2, 3, 40, by_group=True), packed(lengths)
    given = [*tensors(sum(lengths), layout, dtype), torch.randn(sum(lengths), 2, 3, 40).to(dtype)]
    found = []
    for threads in (1, 2, 3):
        torch.set_num_threads(threads)
        found.append(both_ways(*given, packing, Scores(0.16, 100, 4.0)))
    for other in found[1:]:
        assert all(torch.equal(one, two) for one, two in zip(found[0], other, strict=True))


@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
def test_a_number_that_is_none_poisons_its_example_alone(place: int, bad: float) -> None:
    lengths = [33, 70, 8]
    given = [*tensors(111, Heads(2, 2, 32), torch.float32), torch.randn(111, 2, 2, 32)]
    packing, scores = packed(lengths), Scores(0.2)
    clean = both_ways(*given, packing, scores)
    given[place][50, 1] = bad
    poisoned = both_ways(*given, packing, scores)
    for index, (one, other) in enumerate(zip(poisoned, clean, strict=True)):
        for example, (mine, theirs) in enumerate(
            zip(one.split(lengths), other.split(lengths), strict=True)
        ):
            if example != 1:
                assert torch.equal(mine, theirs)
            elif index or place < 3:  # d_out is no part of the forward pass
                reached = index != 3 or place != 2  # values are no part of their own gradient
                assert bool(mine.isfinite().all()) != reached


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_large_scores_overflow_nowhere(dtype: torch.dtype) -> None:
    given = [*tensors(50, Heads(1, 1, 32), dtype), torch.randn(50, 1, 1, 32).to(dtype)]
    given[0] *= 300.0
    found = both_ways(*given, packed([50]), Scores(1.0))
    expected = by_definition(*given, [50], Scores(1.0))
    # A single key has all of the weight: gradients of scores are differences of equal numbers.
    assert_equals([found[0], found[3]], [expected[0], expected[3]])
    assert float((found[1] - expected[1]).abs().max()) < 1e-3
    assert float((found[2] - expected[2]).abs().max()) < 300.0 * 1e-3


@pytest.mark.parametrize("by_group", [False, True])
def test_a_pass_that_is_made_again_gives_the_same_bits(by_group: bool) -> None:
    heads, packing = Heads(2, 2, 16, by_group), packed([40, 9])
    angles = torch.randn(49, 4)
    rotation = Rotation(angles.cos(), angles.sin())
    rows = torch.randn(49, 2 * 4 * 16).bfloat16().requires_grad_()
    made = []
    for _again in range(2):
        wide = attend(rows.clone(), heads, Scores(0.25), rotation, packing, 8)
        (gradient,) = torch.autograd.grad(wide[:, :64].float().pow(2).sum(), rows)
        made.append((wide[:, :64].detach(), gradient))
    assert torch.equal(made[0][0], made[1][0])
    assert torch.equal(made[0][1], made[1][1])


def test_what_c_does_not_know_goes_through_products(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object) -> None:
        raise AssertionError

    monkeypatch.setattr(attention_cpu, "_run_c", refuse)
    query, key, value = tensors(40, Heads(2, 1, 16), torch.float32)
    plain, out = Scores(0.25), torch.empty(40, 2, 1, 16)
    packing = packed([30, 10])
    with pytest.raises(AssertionError):
        attention_forward(query, key, value, out, packing, plain)
    # Dropout; values of another width than keys; another type; channels that lie apart.
    dropped = Scores(0.25, dropout=0.1, seed=1)
    attention_forward(query, key, value, out, packing, dropped)
    attention_forward(query, key, value[..., :8], out[..., :8], packing, plain)
    wide = [x.double() for x in (query, key, value, out)]
    assert not attention_cpu._suits_c(wide, packing, plain)
    apart = torch.randn(40, 2, 16, 2)[..., 0]
    assert not attention_cpu._suits_c([query, apart, value, out], packing, plain)
    # A single long example for more threads than it has key heads.
    torch.set_num_threads(5)
    assert not attention_cpu._suits_c([query, key, value, out], packed([3000]), plain)
    # Prefixes that are shared.
    start = examples([70])[0].input_ids
    rows = [
        EncodedExample(str(n), np.concatenate([start, end.input_ids]), np.ones(75, bool))
        for n, end in enumerate(examples([5, 5], seed=1))
    ]
    shared = Packing.of(collate(rows, share_prefixes=True))
    assert shared.shared
    assert not attention_cpu._suits_c([query, key, value, out], shared, plain)


def test_a_gradient_that_is_expanded_is_read_as_it_is() -> None:
    query, key, value = tensors(30, Heads(1, 2, 16), torch.float32)
    packing, ones = packed([30]), torch.ones(()).expand(30, 1, 2, 16)
    found = both_ways(query, key, value, ones, packing, Scores(0.25))
    for one, other in zip(
        found, both_ways(query, key, value, ones.clone(), packing, Scores(0.25)), strict=True
    ):
        assert torch.equal(one, other)


def test_tensors_that_do_not_fit_are_refused() -> None:
    query, key, value = tensors(30, Heads(1, 2, 16), torch.float32)
    packing, out = packed([30]), torch.empty(30, 1, 2, 16)
    with pytest.raises(ValueError, match="differ"):
        attention_forward(query, key[:20], value, out, packing, Scores(0.25))
