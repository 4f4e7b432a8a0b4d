"""Elementwise steps of a decoder: in C on a CPU, compiled by torch on CUDA, plain torch elsewhere.

Each function has the meaning and the arguments of its namesake in :mod:`reference`, and hands the
work to whoever does it (:mod:`backends`). The last dimension of a tensor is in one piece; rows may
lie further apart than they are long, so that slices of wider buffers are read and written in
place. A gradient may be written over the tensor that it is the gradient of. Results are the same
for any number of threads. C takes float32 and bfloat16, with residual stream, norm weights and
statistics in float32. ``LARAS_KERNELS=torch`` in the environment switches it off.
"""

from __future__ import annotations

import torch
from torch import Tensor

from laras.tuning.fast.backends import ACTIVATIONS, TYPES, in_c, in_torch
from laras.tuning.fast.backends import backend as backend
from laras.tuning.fast.backends import description as description


def _is_plain(*tensors: Tensor | None) -> bool:
    """float32 with rows in one piece: what C takes beside the tensors of the kernel's dtype."""
    for tensor in tensors:
        if tensor is not None and (
            tensor.dtype != torch.float32 or tensor.stride()[-1] != 1 or not tensor.is_cpu
        ):
            return False
    return True


def _check_shape(shape: tuple[int, ...], *tensors: Tensor | None) -> None:
    """C would read past the end where torch would broadcast or complain."""
    for tensor in tensors:
        if tensor is not None and tensor.shape != shape:
            raise ValueError(f"expected the shape {tuple(shape)}, not {tuple(tensor.shape)}")


def _matrix(tensor: Tensor | None) -> tuple[int | None, int]:
    return (None, 0) if tensor is None else (tensor.data_ptr(), tensor.stride()[0])


def _stack(tensor: Tensor) -> tuple[int, int, int]:
    first, second, _last = tensor.stride()
    return tensor.data_ptr(), first, second


def _pointer(tensor: Tensor | None) -> int | None:
    return None if tensor is None else tensor.data_ptr()


def _check_queries(queries: int) -> None:
    if queries < 1:
        raise ValueError(f"{queries} queries")


def add_norm(
    residual: Tensor,
    delta: Tensor | None,
    weight: Tensor,
    bias: Tensor | None,
    eps: float,
    centred: bool,
    offset: float,
    out: Tensor,
) -> tuple[Tensor, Tensor | None, Tensor]:
    """See :func:`reference.add_norm`."""
    run = in_c("add_norm", out) if delta is None else in_c("add_norm", out, delta)
    if run is None or not _is_plain(residual, weight, bias):
        result: tuple[Tensor, Tensor | None, Tensor] = in_torch("add_norm", out)(
            residual, delta, weight, bias, eps, centred, offset, out
        )
        return result
    rows, channels = out.shape
    _check_shape((rows, channels), residual, delta)
    _check_shape((channels,), weight, bias)
    total = residual if delta is None else residual.new_empty(rows, channels)
    mean, rstd = residual.new_empty(rows) if centred else None, residual.new_empty(rows)
    run(
        TYPES[out.dtype], *_matrix(residual), *_matrix(delta), weight.data_ptr(), _pointer(bias),
        eps, offset, total.data_ptr(), _pointer(mean), rstd.data_ptr(), *_matrix(out),
        rows, channels, torch.get_num_threads(),
    )  # fmt: skip
    return total, mean, rstd


def add_norm_backward(
    d_out: Tensor,
    d_total: Tensor | None,
    total: Tensor,
    weight: Tensor,
    mean: Tensor | None,
    rstd: Tensor,
    centred: bool,
    offset: float,
    delta_dtype: torch.dtype | None,
    needs_weight: bool,
    needs_bias: bool,
) -> tuple[Tensor, Tensor | None, Tensor | None, Tensor | None]:
    """See :func:`reference.add_norm_backward`."""
    run = in_c("add_norm_backward", d_out)
    writes_delta = delta_dtype in (None, torch.float32, d_out.dtype)
    if run is None or not writes_delta or not _is_plain(d_total, total, weight, mean, rstd):
        eager = in_torch("add_norm_backward", d_out)
        result: tuple[Tensor, Tensor | None, Tensor | None, Tensor | None] = eager(
            d_out, d_total, total, weight, mean, rstd, centred, offset,
            delta_dtype, needs_weight, needs_bias,
        )  # fmt: skip
        return result
    rows, channels = d_out.shape
    _check_shape((rows, channels), total, d_total)
    _check_shape((channels,), weight)
    _check_shape((rows,), mean, rstd)
    d_residual = total.new_empty(rows, channels)
    shared = delta_dtype == torch.float32
    d_delta = None if shared or delta_dtype is None else d_out.new_empty(rows, channels)
    d_weight = total.new_empty(channels) if needs_weight else None
    d_bias = total.new_empty(channels) if needs_bias else None
    lacking = run(
        TYPES[d_out.dtype], *_matrix(d_out), *_matrix(d_total), *_matrix(total),
        weight.data_ptr(), _pointer(mean), rstd.data_ptr(), offset, d_residual.data_ptr(),
        _pointer(d_delta), _pointer(d_weight), _pointer(d_bias), rows, channels,
        torch.get_num_threads(),
    )  # fmt: skip
    if lacking:
        raise MemoryError
    return d_residual, d_residual if shared else d_delta, d_weight, d_bias


def rotate_(x: Tensor, cos: Tensor, sin: Tensor, inverse: bool, interleaved: bool) -> None:
    """See :func:`reference.rotate_`."""
    run = in_c("rotate", x)
    if run is None or not _is_plain(cos, sin):
        in_torch("rotate_", x)(x, cos, sin, inverse, interleaved)
        return
    tokens, heads, channels = x.shape
    half = cos.shape[1]
    _check_shape((tokens, half), cos, sin)
    if 2 * half > channels:
        raise ValueError(f"{2 * half} rotated channels of {channels}")
    run(
        TYPES[x.dtype], *_stack(x), *_matrix(cos), *_matrix(sin), inverse, interleaved,
        tokens, heads, half, torch.get_num_threads(),
    )  # fmt: skip


def gate(gate: Tensor, up: Tensor, activation: str, out: Tensor) -> None:
    """See :func:`reference.gate`."""
    if run := in_c("gate", gate, up, out):
        _check_shape(gate.shape, up, out)
        run(
            TYPES[out.dtype], *_matrix(gate), *_matrix(up), ACTIVATIONS[activation],
            *_matrix(out), *out.shape, torch.get_num_threads(),
        )  # fmt: skip
    else:
        in_torch("gate", out)(gate, up, activation, out)


def gate_backward(
    d_out: Tensor, gate: Tensor, up: Tensor, activation: str, d_gate: Tensor, d_up: Tensor
) -> None:
    """See :func:`reference.gate_backward`."""
    if run := in_c("gate_backward", d_out, gate, up, d_gate, d_up):
        _check_shape(d_out.shape, gate, up, d_gate, d_up)
        run(
            TYPES[d_out.dtype], *_matrix(d_out), *_matrix(gate), *_matrix(up),
            ACTIVATIONS[activation], *_matrix(d_gate), *_matrix(d_up), *d_out.shape,
            torch.get_num_threads(),
        )  # fmt: skip
    else:
        in_torch("gate_backward", d_out)(d_out, gate, up, activation, d_gate, d_up)


def activate(x: Tensor, activation: str, out: Tensor) -> None:
    """See :func:`reference.activate`."""
    if run := in_c("gate", x, out):
        _check_shape(x.shape, out)
        run(
            TYPES[out.dtype], *_matrix(x), *_matrix(None), ACTIVATIONS[activation],
            *_matrix(out), *out.shape, torch.get_num_threads(),
        )  # fmt: skip
    else:
        in_torch("activate", out)(x, activation, out)


def activate_backward(d_out: Tensor, x: Tensor, activation: str, d_x: Tensor) -> None:
    """See :func:`reference.activate_backward`."""
    if run := in_c("gate_backward", d_out, x, d_x):
        _check_shape(d_out.shape, x, d_x)
        run(
            TYPES[d_out.dtype], *_matrix(d_out), *_matrix(x), *_matrix(None),
            ACTIVATIONS[activation], *_matrix(d_x), *_matrix(None), *d_out.shape,
            torch.get_num_threads(),
        )  # fmt: skip
    else:
        in_torch("activate_backward", d_out)(d_out, x, activation, d_x)


def causal_softmax(
    scores: Tensor,
    queries: int,
    first_query: int,
    scale: float,
    window: int | None,
    softcap: float | None,
    out: Tensor,
) -> Tensor:
    """See :func:`reference.causal_softmax`."""
    run = in_c("causal_softmax", out)
    if run is None or not _is_plain(scores):
        lse: Tensor = in_torch("causal_softmax", out)(
            scores, queries, first_query, scale, window, softcap, out
        )
        return lse
    _check_queries(queries)
    _check_shape(scores.shape, out)
    lse = scores.new_empty(scores.shape[:2])
    run(
        TYPES[out.dtype], *_stack(scores), *_stack(out), lse.data_ptr(), queries, first_query,
        window or 0, scale, softcap or 0.0, *scores.shape, torch.get_num_threads(),
    )  # fmt: skip
    return lse


def causal_softmax_backward(
    scores: Tensor,
    d_probabilities: Tensor,
    lse: Tensor,
    delta: Tensor,
    queries: int,
    first_query: int,
    scale: float,
    window: int | None,
    softcap: float | None,
    probabilities: Tensor,
    d_scores: Tensor,
) -> None:
    """See :func:`reference.causal_softmax_backward`."""
    run = in_c("causal_softmax_backward", probabilities, d_scores)
    contiguous = lse.is_contiguous() and delta.is_contiguous()
    if run is None or not contiguous or not _is_plain(scores, d_probabilities, lse, delta):
        in_torch("causal_softmax_backward", probabilities)(
            scores, d_probabilities, lse, delta, queries, first_query, scale, window, softcap,
            probabilities, d_scores,
        )  # fmt: skip
        return
    _check_queries(queries)
    _check_shape(scores.shape, d_probabilities, probabilities, d_scores)
    _check_shape(scores.shape[:2], lse, delta)
    run(
        TYPES[d_scores.dtype], *_stack(scores), *_stack(d_probabilities), lse.data_ptr(),
        delta.data_ptr(), *_stack(probabilities), *_stack(d_scores), queries, first_query,
        window or 0, scale, softcap or 0.0, *scores.shape, torch.get_num_threads(),
    )  # fmt: skip


def cross_entropy_(
    logits: Tensor, labels: Tensor, weights: Tensor, softcap: float | None, with_gradient: bool
) -> Tensor:
    """See :func:`reference.cross_entropy_`. A label outside the vocabulary is an IndexError."""
    run = in_c("cross_entropy", logits)
    plain = labels.is_cpu and labels.dtype == torch.int64 and labels.is_contiguous()
    if run is None or not plain or not _is_plain(weights):
        losses: Tensor = in_torch("cross_entropy_", logits)(
            logits, labels, weights, softcap, with_gradient
        )
        return losses
    rows, vocabulary = logits.shape
    _check_shape((rows,), labels, weights)
    losses = weights.new_empty(rows)
    bad = run(
        TYPES[logits.dtype], *_matrix(logits), labels.data_ptr(), weights.data_ptr(),
        softcap or 0.0, losses.data_ptr(), with_gradient, rows, vocabulary, torch.get_num_threads(),
    )  # fmt: skip
    if bad:
        raise IndexError(f"a label is outside of the vocabulary of {vocabulary}")
    return losses


def row_dot(a: Tensor, b: Tensor) -> Tensor:
    """See :func:`reference.row_dot`."""
    run = in_c("row_dot", a, b)
    if run is None:
        dots: Tensor = in_torch("row_dot", a)(a, b)
        return dots
    _check_shape(a.shape, b)
    dots = a.new_empty(a.shape[0], dtype=torch.float32)
    code, threads = TYPES[a.dtype], torch.get_num_threads()
    run(code, *_matrix(a), *_matrix(b), dots.data_ptr(), *a.shape, threads)
    return dots
