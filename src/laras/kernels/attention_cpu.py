"""Causal attention of packed rows on a processor, forward and backward.

One call of C (``attention.c``) does it all where it can; benchmarks/attention.py times it beside
torch's flash kernel and beside batched matrix products. Those do the rest: shared prefixes,
dropout, fewer examples than threads, machines without a compiler.

In the products, queries go in chunks, so memory grows with the length and not with its square, and
products beyond the diagonal are mostly not made. Query heads that share a key head are stacked as
rows: no key is repeated.

Shapes: T tokens of the row; G key heads, Q query heads of each, D channels of a head;
B examples of a bucket, L its length, P keys of a shared prefix before it.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from laras.kernels import backends, elementwise
from laras.kernels.packing import Bucket, Packing

_CHUNK = 256  # queries at a time: their scores stay in the cache


@dataclass(frozen=True, slots=True)
class Scores:
    """What is done to scores: a scale, a window (so many keys are seen, the own one included), a
    soft cap, and dropout of probabilities, drawn again from ``seed`` in the backward pass."""

    scale: float
    window: int | None = None
    softcap: float | None = None
    dropout: float = 0.0
    seed: int = 0


def attention_forward(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    out: torch.Tensor,
    packing: Packing,
    scores: Scores,
) -> list[torch.Tensor]:
    """(T, G, Q, D), (T, G, D), (T, G, D) -> ``out`` (T, G, Q, D); any strides but the last.

    Returns the logarithm of each softmax's denominator, which the backward pass needs.
    """
    if _suits_c([query, key, value, out], packing, scores):
        log_sums = torch.empty(query.shape[:3])
        _run_c([query, key, value, out], log_sums, packing, scores)
        return [log_sums]
    generator = _generator(scores)
    sums = []
    for bucket in packing.buckets:
        shape = (bucket.examples, key.shape[1], query.shape[2], bucket.length)
        queries = _by_head(bucket.read(query)).float()
        keys, values = _keys(bucket, key).float(), _keys(bucket, value)
        result = torch.empty(*shape, value.shape[-1], dtype=value.dtype)
        log_sums = torch.empty(shape)
        for chunk in _chunks(bucket, scores.window):
            part = queries[:, :, :, chunk.queries].reshape(*chunk.stacked(shape), -1)
            raw = torch.bmm(part, keys[:, chunk.keys].transpose(1, 2))
            probabilities = torch.empty_like(raw, dtype=value.dtype)
            sums_of_chunk = elementwise.causal_softmax(
                raw,
                chunk.count,
                chunk.first_key,
                scores.scale,
                scores.window,
                scores.softcap,
                probabilities,
            )
            _drop(probabilities, scores, generator, value.dtype)
            mixed = torch.bmm(probabilities, values[:, chunk.keys])
            result[:, :, :, chunk.queries] = mixed.view(*shape[:3], chunk.count, -1)
            log_sums[:, :, :, chunk.queries] = sums_of_chunk.view(*shape[:3], chunk.count)
        bucket.write(out, result.permute(0, 3, 1, 2, 4))
        sums.append(log_sums)
    return sums


def attention_backward(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    out: torch.Tensor,
    d_out: torch.Tensor,
    sums: list[torch.Tensor],
    d_query: torch.Tensor,
    d_key: torch.Tensor,
    d_value: torch.Tensor,
    packing: Packing,
    scores: Scores,
) -> None:
    """Gradients into ``d_query``, ``d_key`` and ``d_value``, which the caller has made (zeros
    where ``packing.shared``: a prefix's keys gather from all of its suffixes)."""
    if sums and sums[0].shape == query.shape[:3]:  # the forward pass was in C
        given = d_out if d_out.stride(-1) == 1 else d_out.contiguous()
        tensors = [query, key, value, given, d_query, d_key, d_value]
        _run_c(tensors, sums[0], packing, scores)
        return
    generator = _generator(scores)
    kind, add = value.dtype, packing.shared
    for bucket, log_sums in zip(packing.buckets, sums, strict=True):
        shape = tuple(log_sums.shape)
        queries, gradients = _by_head(bucket.read(query)), _by_head(bucket.read_gradient(d_out))
        keys, values = _keys(bucket, key), _keys(bucket, value)
        keys_float, values_float = keys.float(), values.float()
        results = _by_head(bucket.read(out))
        d_queries = torch.empty_like(queries)
        d_keys = torch.zeros(keys.shape, dtype=torch.float32)
        d_values = torch.zeros(values.shape, dtype=torch.float32)
        for chunk in _chunks(bucket, scores.window):
            stacked = chunk.stacked(shape)
            part = queries[:, :, :, chunk.queries].reshape(*stacked, -1)
            gradient = gradients[:, :, :, chunk.queries].reshape(*stacked, -1)
            raw = torch.bmm(part.float(), keys_float[:, chunk.keys].transpose(1, 2))
            d_raw = torch.bmm(gradient.float(), values_float[:, chunk.keys].transpose(1, 2))
            kept = _drop(d_raw, scores, generator, kind)
            probabilities, d_scores = (
                torch.empty_like(raw, dtype=kind),
                torch.empty_like(raw, dtype=kind),
            )
            result = results[:, :, :, chunk.queries].reshape(-1, value.shape[-1])
            delta = elementwise.row_dot(gradient.reshape(-1, value.shape[-1]), result)
            elementwise.causal_softmax_backward(
                raw,
                d_raw,
                log_sums[:, :, :, chunk.queries].reshape(stacked),
                delta.view(stacked),
                chunk.count,
                chunk.first_key,
                scores.scale,
                scores.window,
                scores.softcap,
                probabilities,
                d_scores,
            )
            if kept is not None:
                probabilities.mul_(kept)
            moved = torch.bmm(d_scores, keys[:, chunk.keys])
            d_queries[:, :, :, chunk.queries] = moved.view(*shape[:3], chunk.count, -1)
            d_keys[:, chunk.keys] += torch.bmm(d_scores.transpose(1, 2), part)
            d_values[:, chunk.keys] += torch.bmm(probabilities.transpose(1, 2), gradient)
        bucket.write(d_query, d_queries.permute(0, 3, 1, 2, 4), add)
        _write_keys(bucket, d_key, d_keys, add)
        _write_keys(bucket, d_value, d_values, add)


def _suits_c(tensors: list[torch.Tensor], packing: Packing, scores: Scores) -> bool:
    """Whether C can do it, and is the quicker way. ``tensors``: query, key, value, out."""
    query, key, value, _out = tensors
    if backends.in_c("attention", *tensors) is None or query.shape[-1] != value.shape[-1]:
        return False
    if scores.dropout or packing.shared or packing.segments is None:
        return False
    # Backwards a key head of an example is one thread's work. Matrix products divide it, and take
    # twice as long. (Bits thus depend on the number of threads where a single long example meets
    # many of them.)
    lengths = packing.segments[:, 1]
    tasks = int((lengths * 4 >= packing.max_seqlen).sum()) * key.shape[1]
    return 2 * tasks >= torch.get_num_threads() or packing.max_seqlen <= _CHUNK


def _run_c(
    tensors: list[torch.Tensor], log_sums: torch.Tensor, packing: Packing, scores: Scores
) -> None:
    """``tensors``: query, key, value, then out; or d_out, d_query, d_key, d_value."""
    function = backends.in_c("attention", *tensors)
    query, key = tensors[:2]
    shapes = {3: key.shape, 4: query.shape}
    if function is None or any(tensor.shape != shapes[tensor.dim()] for tensor in tensors):
        raise ValueError("tensors of attention differ in type, width, or the way they lie")
    assert packing.segments is not None
    addresses = torch.tensor([_address(tensor) for tensor in tensors])
    lacking = function(
        backends.TYPES[query.dtype], addresses.data_ptr(), packing.segments.data_ptr(),
        len(packing.segments), log_sums.data_ptr(), *query.shape[1:], scores.scale,
        scores.window or 0, scores.softcap or 0.0, len(tensors) == 7, torch.get_num_threads(),
    )  # fmt: skip
    if lacking:
        raise MemoryError


def _address(tensor: torch.Tensor) -> list[int]:
    """Where (T, G, Q, D) or (T, G, D) begins, and the strides of T, G and Q (0 without Q)."""
    strides = tensor.stride()
    return [tensor.data_ptr(), strides[0], strides[1], strides[2] if tensor.dim() == 4 else 0]


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Queries of a bucket that are worked on at a time, and the keys that they may see."""

    queries: slice
    keys: slice
    first_key: int  # place of the first query's own key among these keys

    @property
    def count(self) -> int:
        return int(self.queries.stop - self.queries.start)

    def stacked(self, shape: tuple[int, ...]) -> tuple[int, int]:
        """(B G, Q c): query heads of a key head under each other."""
        return shape[0] * shape[1], shape[2] * self.count


def _chunks(bucket: Bucket, window: int | None) -> list[_Chunk]:
    found = []
    before = bucket.prefix_length
    for first in range(0, bucket.length, _CHUNK):
        last = min(first + _CHUNK, bucket.length)
        low = 0 if window is None else max(0, before + first - window + 1)
        found.append(_Chunk(slice(first, last), slice(low, before + last), before + first - low))
    return found


def _by_head(rows: torch.Tensor) -> torch.Tensor:
    """(B, L, G, Q, D) -> (B, G, Q, L, D), contiguous."""
    return rows.permute(0, 2, 3, 1, 4).contiguous()


def _keys(bucket: Bucket, rows: torch.Tensor) -> torch.Tensor:
    """(T, G, D) -> (B G, P + L, D): the shared prefix before the keys of each example."""
    own = bucket.read(rows)
    if bucket.prefix is not None:
        before = rows[bucket.prefix].expand(bucket.examples, -1, -1, -1)
        own = torch.cat([before, own], dim=1)
    return own.transpose(1, 2).reshape(-1, own.shape[1], rows.shape[-1])


def _write_keys(bucket: Bucket, rows: torch.Tensor, values: torch.Tensor, add: bool) -> None:
    by_token = values.view(bucket.examples, -1, *values.shape[1:]).transpose(1, 2)
    if bucket.prefix is not None:
        # The sum over examples is made in float32 before it is rounded once.
        rows[bucket.prefix] += by_token[:, : bucket.prefix_length].sum(0).to(rows.dtype)
    bucket.write(rows, by_token[:, bucket.prefix_length :], add)


def _generator(scores: Scores) -> torch.Generator | None:
    return torch.Generator().manual_seed(scores.seed) if scores.dropout else None


def _drop(
    values: torch.Tensor, scores: Scores, generator: torch.Generator | None, dtype: torch.dtype
) -> torch.Tensor | None:
    """Drop and scale ``values`` in place; what they were multiplied by, a number in ``dtype``, so
    that both passes multiply by the same."""
    if generator is None:
        return None
    kept = torch.rand(values.shape, generator=generator).ge_(scores.dropout)
    kept = kept.div_(1.0 - scores.dropout).to(dtype).to(values.dtype)
    values.mul_(kept)
    return kept
