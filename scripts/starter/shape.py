"""The starter's shape: a small Llama with random weights."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from laras.models.tokenizer import Tokenizer


@dataclass(frozen=True)
class Shape:
    """What is chosen by measurement (benchmarks/starter_shapes.py); embeddings are tied."""

    vocabulary: int = 8192
    layers: int = 4
    hidden: int = 256
    intermediate: int = 704
    heads: int = 4
    key_value_heads: int = 2
    context: int = 1024

    @property
    def parameters(self) -> int:
        """All that is trained."""
        keys = self.hidden * self.hidden * self.key_value_heads // self.heads
        block = 2 * self.hidden**2 + 2 * keys + 3 * self.hidden * self.intermediate
        norms = (2 * self.layers + 1) * self.hidden
        return self.vocabulary * self.hidden + self.layers * block + norms


def new_model(shape: Shape, tokenizer: Tokenizer, seed: int) -> LlamaForCausalLM:
    """A Llama of ``shape`` with random weights.

    What writes into the residual stream begins smaller, by the root of twice the depth (Radford et
    al. 2019, GPT-2, section 2.3), so that the stream does not grow with it.
    """
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=shape.vocabulary,
        hidden_size=shape.hidden,
        intermediate_size=shape.intermediate,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.key_value_heads,
        max_position_embeddings=shape.context,
        rope_theta=10_000.0,
        rms_norm_eps=1e-5,
        bos_token_id=tokenizer.bos_id,
        eos_token_id=tokenizer.eos_id,
        pad_token_id=tokenizer.pad_id,
        tie_word_embeddings=True,
    )
    model = LlamaForCausalLM(config)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if name.endswith(("o_proj.weight", "down_proj.weight")):
                weight.div_((2 * shape.layers) ** 0.5)
    return model
