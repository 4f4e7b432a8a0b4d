"""What the GPU benchmark trains: shapes of public models, lengths of examples, and their FLOPs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

CONTEXT = 4096
RANK = 16


@dataclass(frozen=True)
class Shape:
    """A decoder: ``channels`` C, ``inner`` I of the feed-forward part, query and key ``heads`` of
    ``head_channels`` each."""

    model_type: str
    vocabulary: int
    channels: int
    inner: int
    layers: int
    heads: int
    key_heads: int
    head_channels: int
    tied: bool = False

    @property
    def linear_parameters(self) -> int:
        """Of all blocks: queries, keys, values, output; gate, up, down."""
        attention = 2 * self.channels * self.head_channels * (self.heads + self.key_heads)
        return self.layers * (attention + 3 * self.channels * self.inner)

    def adapter_parameters(self, rank: int) -> int:
        """LoRA on every linear layer of the blocks: rank x (inputs + outputs) of each."""
        queries, keys = self.heads * self.head_channels, self.key_heads * self.head_channels
        sums = 4 * self.channels + 2 * queries + 2 * keys + 3 * (self.channels + self.inner)
        return self.layers * rank * sums

    def model(self, device: str, dtype: torch.dtype, attention: str) -> Any:
        """A random model, made on the device from a configuration alone."""
        from transformers import AutoConfig, AutoModelForCausalLM

        config = AutoConfig.for_model(
            self.model_type,
            vocab_size=self.vocabulary,
            hidden_size=self.channels,
            intermediate_size=self.inner,
            num_hidden_layers=self.layers,
            num_attention_heads=self.heads,
            num_key_value_heads=self.key_heads,
            max_position_embeddings=2 * CONTEXT,
            tie_word_embeddings=self.tied,
        )
        torch.manual_seed(0)
        with torch.device(device):
            return AutoModelForCausalLM.from_config(
                config, dtype=dtype, attn_implementation=attention
            )


SHAPES = {
    "llama-3-8b": Shape("llama", 128_256, 4096, 14_336, 32, 32, 8, 128),
    "qwen2.5-7b": Shape("qwen2", 152_064, 3584, 18_944, 28, 28, 4, 128),
    "llama-3.2-1b": Shape("llama", 128_256, 2048, 8192, 16, 32, 8, 64, tied=True),
}


def tiny(shape: Shape) -> Shape:
    """The same family, small enough for a processor."""
    return replace(
        shape, vocabulary=512, channels=64, inner=128, layers=2, heads=4, key_heads=2,
        head_channels=16,
    )  # fmt: skip


@dataclass(frozen=True)
class Row:
    """An example: its tokens, and how many of them at the end are trained on."""

    input_ids: np.ndarray
    answer: int


def rows(workload: str, tokens: int, context: int, vocabulary: int, seed: int) -> list[Row]:
    """Examples of about ``tokens`` tokens together.

    ``full``: ``context`` tokens each, all trained. ``mix``: a prompt of log-normal length (median
    60, sigma 0.9) and a trained answer (median 80, sigma 1.1), as in instruction data.
    """
    generator = np.random.default_rng(seed)
    if workload == "full":
        sizes = [(0, context)] * max(1, tokens // context)
    else:
        sizes, total = [], 0
        while total < tokens:
            prompt = max(4, int(np.exp(generator.normal(np.log(60), 0.9))))
            answer = max(2, int(np.exp(generator.normal(np.log(80), 1.1))))
            if prompt + answer <= context:
                sizes.append((prompt, answer))
                total += prompt + answer
    ids = [generator.integers(0, vocabulary, sum(size), dtype=np.int32) for size in sizes]
    return [Row(own, size[1]) for own, size in zip(ids, sizes, strict=True)]


def step_flops(shape: Shape, examples: list[Row], *, adapter: bool) -> float:
    """Model FLOPs of a training step on ``examples``: what the mathematics needs, nothing that is
    computed again or for padding.

    Chowdhery et al. 2022 ("PaLM", appendix B): 2 FLOPs a weight and token forwards, 4 backwards,
    and attention's 4 H D for each pair of query and key, twice that backwards; here with the pairs
    that a causal model has. Of frozen weights only the gradient of their inputs is needed: 2
    FLOPs backwards. The vocabulary's projection counts for trained positions.
    """
    tokens = sum(len(row.input_ids) for row in examples)
    pairs = sum(len(row.input_ids) * (len(row.input_ids) + 1) / 2 for row in examples)
    trained = sum(min(row.answer, len(row.input_ids) - 1) for row in examples)
    weights = shape.linear_parameters * tokens + shape.vocabulary * shape.channels * trained
    attention = 12 * shape.layers * shape.heads * shape.head_channels * pairs
    if not adapter:
        return 6 * weights + attention
    return 4 * weights + 6 * shape.adapter_parameters(RANK) * tokens + attention
