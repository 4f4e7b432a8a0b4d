"""Tiny models of three families, with weights that make their logits differ clearly."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from transformers import (
    FalconConfig,
    FalconForCausalLM,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
)

VOCABULARY = 96


def llama() -> PreTrainedModel:
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=VOCABULARY,
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            max_position_embeddings=256,
            initializer_range=0.2,
        )
    )


def gpt2() -> PreTrainedModel:
    return GPT2LMHeadModel(
        GPT2Config(
            vocab_size=VOCABULARY,
            n_embd=32,
            n_layer=2,
            n_head=4,
            n_positions=256,
            initializer_range=0.2,
            bos_token_id=0,
            eos_token_id=1,
        )
    )


def falcon(*, alibi: bool = False) -> PreTrainedModel:
    return FalconForCausalLM(
        FalconConfig(
            vocab_size=VOCABULARY,
            hidden_size=32,
            num_hidden_layers=2,
            num_attention_heads=4,
            alibi=alibi,
            initializer_range=0.2,
            bos_token_id=0,
            eos_token_id=1,
        )
    )


FAMILIES: dict[str, Callable[[], PreTrainedModel]] = {
    "llama": llama,
    "gpt2": gpt2,
    "falcon": falcon,
    "falcon-alibi": lambda: falcon(alibi=True),
}


@pytest.fixture(params=FAMILIES)
def family(request: pytest.FixtureRequest) -> str:
    """Name of a model family; a test that takes it runs once for each."""
    name: str = request.param
    return name


@pytest.fixture
def model(family: str) -> PreTrainedModel:
    """A tiny model of the family, the same each time."""
    torch.manual_seed(7)
    return FAMILIES[family]().eval()


@pytest.fixture
def tiny_llama() -> PreTrainedModel:
    """A tiny Llama, the same each time."""
    torch.manual_seed(7)
    return llama().eval()
