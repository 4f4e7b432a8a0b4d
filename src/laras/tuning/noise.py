"""Noise on the embedded tokens while training (NEFTune): less learning by heart."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from laras.batches.token_batch import TokenBatch
from laras.models.causal import causal_model


def add_noise(embedded: torch.Tensor, batch: TokenBatch, alpha: float) -> torch.Tensor:
    """``embedded`` (T, C) plus noise uniform in ±alpha / sqrt(L x C), from torch's random state.

    L is the length of the token's own example in the row (Jain et al. 2023, "NEFTune", section 2):
    what else was packed into the row does not change how loud its noise is.
    """
    lengths = (batch.cu_seqlens[1:] - batch.cu_seqlens[:-1]).long()
    of_token = lengths.repeat_interleave(lengths, output_size=batch.tokens)
    bound = alpha / (of_token * embedded.shape[-1]).float().sqrt()
    noise = torch.empty_like(embedded).uniform_(-1.0, 1.0)
    return embedded + noise.mul_(bound[:, None].to(embedded.dtype))


@contextmanager
def embedding_noise(
    model: torch.nn.Module, batch: TokenBatch, alpha: float | None
) -> Iterator[None]:
    """While it lasts, what the model's input embeddings give for ``batch`` is noisy.

    A public forward hook on the module: it serves every way through the model that calls it, with
    a packed row (T, C) or (1, T, C), or with one right-padded row per example (N, L, C).
    """
    if alpha is None:
        yield
        return

    def hook(_module: torch.nn.Module, _inputs: object, embedded: torch.Tensor) -> torch.Tensor:
        if embedded.numel() == batch.tokens * embedded.shape[-1]:
            row = embedded.reshape(batch.tokens, embedded.shape[-1])
            return add_noise(row, batch, alpha).view_as(embedded)
        lengths = batch.cu_seqlens[1:] - batch.cu_seqlens[:-1]
        column = torch.arange(embedded.shape[1], device=embedded.device)
        real = column[None, :] < lengths[:, None]
        return embedded.masked_scatter(real[..., None], add_noise(embedded[real], batch, alpha))

    handle = causal_model(model).get_input_embeddings().register_forward_hook(hook)
    try:
        yield
    finally:
        handle.remove()
