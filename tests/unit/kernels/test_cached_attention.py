"""Attention to slots equals its definition, in C and in torch, whatever a token sees."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from laras.kernels import backends, elementwise
from laras.kernels.cached_attention import cached_attention

SLOTS = 70
# Channels, groups, queries of each: less than a vector, a remainder, whole vectors, many of them.
HEADS = [(8, 2, 2), (20, 3, 1), (32, 4, 2), (64, 1, 3), (80, 2, 1), (160, 1, 2)]
MASKS = [(None, None), (1, None), (9, None), (None, 2.0), (7, 3.0)]  # window, soft cap
# What each token sees: two runs of slots, then single ones, -1 behind the last.
SPANS = torch.tensor(
    [[0, 0, 5, 1], [0, 30, 40, 17], [10, 3, 60, 10], [0, 30, 40, 2], [3, 0, 4, 20]]
)
SINGLE = torch.tensor([[-1, -1, -1], [69, 31, 33], [2, -1, -1], [-1, -1, -1], [0, 68, -1]])
ATTEND: dict[str, Callable[..., None]] = {
    "c": cached_attention,
    "torch": cached_attention.__wrapped__,  # type: ignore[attr-defined]
}


@pytest.fixture(params=ATTEND)
def attend(request: pytest.FixtureRequest) -> Callable[..., None]:
    """The step, by whoever computes it."""
    if request.param == "c" and elementwise.backend() != "c":
        pytest.skip(elementwise.description())
    return ATTEND[request.param]


def seen_by(token: int, window: int | None) -> list[int]:
    first, first_length, second, second_length = SPANS[token].tolist()
    slots = [*range(first, first + first_length), *range(second, second + second_length)]
    slots += [slot for slot in SINGLE[token].tolist() if slot >= 0]
    return slots if window is None else slots[-window:]


def by_definition(
    query: Tensor, keys: Tensor, values: Tensor, slots: list[int], scale: float, cap: float | None
) -> Tensor:
    """(G, Q, D) in float64."""
    scores = torch.einsum("gqd,lgd->gql", query.double(), keys[slots].double()) * scale
    if cap is not None:
        scores = cap * torch.tanh(scores / cap)
    return torch.einsum("gql,lgd->gqd", scores.softmax(-1), values[slots].double())


def made(channels: int, groups: int, queries: int) -> tuple[Tensor, Tensor, Tensor]:
    """Queries in a wider buffer, as the joined projection leaves them; keys and values."""
    torch.manual_seed(0)
    wide = torch.randn(len(SPANS), groups, queries + 2, channels)
    return wide[:, :, :-2], *(torch.randn(SLOTS, groups, channels) for _ in range(2))


@pytest.mark.parametrize("mask", MASKS, ids=str)
@pytest.mark.parametrize("heads", HEADS, ids=str)
def test_each_token_sees_its_slots_and_no_others(
    attend: Callable[..., None],
    heads: tuple[int, int, int],
    mask: tuple[int | None, float | None],
) -> None:
    query, keys, values = made(*heads)
    window, cap = mask
    scale = heads[0] ** -0.5
    out = torch.full((*query.shape[:-1], heads[0] + 3), 9.0)[..., 1:-2]
    attend(query, keys, values, SPANS, SINGLE, None, None, scale, window, cap, out)
    for token in range(len(SPANS)):
        expected = by_definition(query[token], keys, values, seen_by(token, window), scale, cap)
        torch.testing.assert_close(out[token].double(), expected, rtol=1e-6, atol=4e-6)


def test_what_was_seen_elsewhere_counts_as_if_it_were_seen_here(
    attend: Callable[..., None],
) -> None:
    query, keys, values = made(32, 4, 2)
    scale = 32**-0.5
    expected = torch.empty(query.shape)
    attend(query, keys, values, SPANS, SINGLE, None, None, scale, None, None, expected)
    # The first run of the second and the fourth token by itself, and then only the rest.
    before, log_sums = torch.zeros(query.shape), torch.full(query.shape[:-1], -math.inf)
    apart = SPANS.clone()
    for token in (1, 3):
        slots = list(range(30))
        before[token] = by_definition(query[token], keys, values, slots, scale, None).float()
        scores = torch.einsum("gqd,lgd->gql", query[token], keys[slots]) * scale
        log_sums[token] = scores.logsumexp(-1)
        apart[token, 1] = 0
    out = torch.empty(query.shape)
    attend(query, keys, values, apart, SINGLE, before, log_sums, scale, None, None, out)
    torch.testing.assert_close(out, expected, rtol=1e-6, atol=2e-6)


def test_what_stands_in_slots_of_others_does_not_matter(attend: Callable[..., None]) -> None:
    query, keys, values = made(32, 4, 2)
    token = 2
    unseen = [slot for slot in range(SLOTS) if slot not in seen_by(token, None)]
    keys[unseen], values[unseen] = math.nan, math.inf
    out = torch.empty(query.shape)
    attend(query, keys, values, SPANS, SINGLE, None, None, 0.2, None, None, out)
    assert out[token].isfinite().all()
    assert out[1].isnan().all()


@pytest.mark.skipif(elementwise.backend() != "c", reason="nothing else is there")
def test_it_runs_in_c(monkeypatch: pytest.MonkeyPatch) -> None:
    query, keys, values = made(32, 4, 2)
    monkeypatch.setattr(backends, "_run_in_torch", None)
    out = torch.empty(query.shape)
    cached_attention(query, keys, values, SPANS, SINGLE, None, None, 0.2, None, None, out)


def test_results_are_the_same_for_any_number_of_threads() -> None:
    query, keys, values = made(64, 1, 3)
    many = torch.arange(len(SPANS)).repeat(40)
    found = []
    threads = torch.get_num_threads()
    for count in (1, 2, 5):
        torch.set_num_threads(count)
        out = torch.empty(len(many), *query.shape[1:])
        cached_attention(
            query[many], keys, values, SPANS[many], SINGLE[many], None, None, 0.1, None, None, out
        )
        found.append(out)
    torch.set_num_threads(threads)
    assert torch.equal(found[0], found[1])
    assert torch.equal(found[0], found[2])


@pytest.mark.skipif(elementwise.backend() != "c", reason="torch says so itself")
@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_slots_that_are_not_there_are_refused(place: int) -> None:
    query, keys, values = made(8, 2, 2)
    spans = SPANS.clone()
    spans[2, place] = SLOTS + 1
    with pytest.raises(ValueError, match="do not fit"):
        cached_attention(
            query,
            keys,
            values,
            spans,
            SINGLE,
            None,
            None,
            0.1,
            None,
            None,
            torch.empty(query.shape),
        )
