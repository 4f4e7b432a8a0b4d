"""Attention for GPUs, as far as a processor can tell: flex attention without its compiler."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
import torch
from torch.nn.attention.flex_attention import create_block_mask

from laras.kernels import attention_cuda
from laras.kernels.attention_cuda import document_mask, variable_length_attention

pytestmark = pytest.mark.filterwarnings("ignore:flex_attention called without torch.compile")


def borders(lengths: list[int]) -> torch.Tensor:
    return torch.tensor([0, *lengths]).cumsum(0).to(torch.int32)


def plain(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    cu_seqlens: torch.Tensor,
    scale: float,
    window: int | None,
    softcap: float | None,
) -> torch.Tensor:
    """Example by example, query by query, in float64."""
    repeated = query.shape[1] // key.shape[1]
    key, value = (rows.double().repeat_interleave(repeated, 1) for rows in (key, value))
    out = torch.empty(query.shape, dtype=torch.float64)
    for start, end in pairwise(cu_seqlens.tolist()):
        for t in range(start, end):
            first = start if window is None else max(start, t - window + 1)
            scores = torch.einsum("hd,khd->hk", query[t].double(), key[first : t + 1]) * scale
            if softcap is not None:
                scores = softcap * torch.tanh(scores / softcap)
            out[t] = torch.einsum("hk,khd->hd", scores.softmax(-1), value[first : t + 1])
    return out


@pytest.mark.parametrize("window", [None, 1, 7, 200])
@pytest.mark.parametrize("softcap", [None, 3.0])
def test_flex_attention_is_plain_attention_of_each_example(
    window: int | None, softcap: float | None
) -> None:
    torch.manual_seed(0)
    cu_seqlens = borders([5, 140, 1, 33])
    query, key, value = (torch.randn(179, heads, 8) for heads in (4, 2, 2))
    out = variable_length_attention(query, key, value, cu_seqlens, 140, 0.3, window, softcap)
    expected = plain(query, key, value, cu_seqlens, 0.3, window, softcap)
    torch.testing.assert_close(out.double(), expected, rtol=1e-5, atol=1e-5)


def test_rows_may_be_slices_of_a_wider_buffer() -> None:
    torch.manual_seed(0)
    cu_seqlens = borders([9, 20])
    query, key, value = torch.randn(29, 6, 8).split([4, 1, 1], dim=1)
    out = variable_length_attention(query, key, value, cu_seqlens, 20, 0.5)
    expected = plain(query, key, value, cu_seqlens, 0.5, None, None)
    torch.testing.assert_close(out.double(), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("window", [None, 1, 100, 128, 129, 300])
@pytest.mark.parametrize(
    "lengths",
    [[700], [1300], [1] * 300, [128, 128, 128], [127, 1, 130, 300, 2], [40], [256, 256, 100]],
)
def test_tiles_are_those_that_looking_at_every_pair_finds(
    lengths: list[int], window: int | None
) -> None:
    cu_seqlens = borders(lengths)
    tokens = sum(lengths)
    found = document_mask(cu_seqlens, tokens, window)
    length = found.seq_lengths[0]
    assert length >= tokens
    expected = create_block_mask(found.mask_mod, 1, 1, length, length, device="cpu")
    for ours, theirs in (
        ((found.kv_num_blocks, found.kv_indices), (expected.kv_num_blocks, expected.kv_indices)),
        (
            (found.full_kv_num_blocks, found.full_kv_indices),
            (expected.full_kv_num_blocks, expected.full_kv_indices),
        ),
    ):
        assert tiles(*ours) == tiles(*theirs)


def tiles(count: torch.Tensor | None, indices: torch.Tensor | None) -> list[set[int]]:
    assert count is not None
    assert indices is not None
    rows = zip(count[0, 0].tolist(), indices[0, 0].tolist(), strict=True)
    return [set(row[:number]) for number, row in rows]


@pytest.fixture
def forgotten() -> Iterator[None]:
    attention_cuda._kernel_arguments.cache_clear()
    yield
    attention_cuda._kernel_arguments.cache_clear()


@pytest.mark.usefixtures("forgotten")
def test_the_kernel_is_told_what_its_version_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    varlen = pytest.importorskip("torch.nn.attention.varlen")
    calls = []

    def of_2_11(q, k, v, cu_q, cu_k, max_q, max_k, *, scale=None, window_size=(-1, -1)):  # type: ignore[no-untyped-def]
        calls.append((max_q, scale, window_size))
        return q

    def of_2_12(  # type: ignore[no-untyped-def]
        q, k, v, cu_q, cu_k, max_q, max_k, *, scale=None, window_size=(-1, -1), enable_gqa=False
    ):
        calls.append((max_q, scale, window_size, enable_gqa))
        return q

    def of_2_10(q, k, v, cu_q, cu_k, max_q, max_k, is_causal=False):  # type: ignore[no-untyped-def]
        raise AssertionError("it takes neither scale nor window")

    query, key = torch.zeros(12, 4, 8), torch.zeros(12, 2, 8)
    for version in (of_2_11, of_2_12):
        monkeypatch.setattr(varlen, "varlen_attn", version)
        attention_cuda._kernel_arguments.cache_clear()
        for window in (None, 4, 12):
            attention_cuda._by_kernel(query, key, key, borders([12]), 12, 0.5, window)
    # A window of 4 keys: the query's own and 3 to the left.
    assert calls[:3] == [(12, 0.5, (-1, 0)), (12, 0.5, (3, 0)), (12, 0.5, (-1, 0))]
    assert calls[3:] == [(*each, True) for each in calls[:3]]
    monkeypatch.setattr(varlen, "varlen_attn", of_2_10)
    attention_cuda._kernel_arguments.cache_clear()
    assert not {"scale", "window_size"} <= attention_cuda._kernel_arguments()


def test_on_a_processor_and_under_a_soft_cap_flex_attention_is_taken() -> None:
    assert attention_cuda.describe(torch.zeros(3, 2, 8, dtype=torch.bfloat16)) == "flex"
