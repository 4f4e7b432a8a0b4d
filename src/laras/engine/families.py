"""How the model families name what a block needs; the mathematics is in ``block.py``.

A family is a row of names: adding one means naming its parts. Whether the reading is right is not
taken on trust: ``forward.py`` compares the result with the model's own forward before it is used.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch
from transformers import PreTrainedModel

from laras.engine.attend import Heads
from laras.engine.block import Block
from laras.engine.projection import Projection, UnsupportedLayerError
from laras.engine.steps import Norm
from laras.kernels.attention_cpu import Scores

# transformers' names of activations, and the three that are one function.
_ACTIVATIONS = {
    "silu": "silu",
    "swish": "silu",
    "gelu": "gelu",
    "gelu_new": "gelu_tanh",
    "gelu_fast": "gelu_tanh",
    "gelu_pytorch_tanh": "gelu_tanh",
    "relu": "relu",
    "relu2": "relu2",
}


# Settings that name it. The first that is set counts: some Gemma configurations set two.
_ACTIVATION_SETTINGS = ("activation_function", "hidden_activation", "hidden_act", "activation")


@dataclass(frozen=True, slots=True)
class Names:
    """Where a family keeps the parts of its model, and those of a block (dotted paths). Unless
    another is named, parts are where Llama has them."""

    blocks: str = "layers"
    final_norm: str = "norm"
    attention_norm: str = "input_layernorm"
    qkv: tuple[str, ...] = ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj")
    out: str = "self_attn.o_proj"
    mlp_norm: str | None = "post_attention_layernorm"
    up: tuple[str, ...] = ("mlp.gate_proj", "mlp.up_proj")
    down: str = "mlp.down_proj"
    gated: bool = True
    by_group: bool = False  # see Heads
    norm_offset: float = 0.0
    after_attention: str | None = None
    after_mlp: str | None = None
    head_norms: tuple[str, str] | None = None
    positions: str | None = None  # a table of learned positions instead of rotary ones


_LLAMA = Names()
_HEAD_NORMS = ("self_attn.q_norm", "self_attn.k_norm")
_GEMMA_2 = Names(
    mlp_norm="pre_feedforward_layernorm",
    after_attention="post_attention_layernorm",
    after_mlp="post_feedforward_layernorm",
    norm_offset=1.0,
)
_NEOX = Names(
    final_norm="final_layer_norm",
    qkv=("attention.query_key_value",),
    out="attention.dense",
    up=("mlp.dense_h_to_4h",),
    down="mlp.dense_4h_to_h",
    gated=False,
    by_group=True,
)
FAMILIES = {
    "llama": _LLAMA,
    "mistral": _LLAMA,
    "qwen2": _LLAMA,
    "qwen3": Names(head_norms=_HEAD_NORMS),
    "gemma": Names(norm_offset=1.0),
    "gemma2": _GEMMA_2,
    "gemma3_text": replace(_GEMMA_2, head_norms=_HEAD_NORMS),
    "phi3": Names(qkv=("self_attn.qkv_proj",), up=("mlp.gate_up_proj",)),
    "gpt_neox": _NEOX,
    "gpt2": Names(
        blocks="h",
        final_norm="ln_f",
        attention_norm="ln_1",
        qkv=("attn.c_attn",),
        out="attn.c_proj",
        mlp_norm="ln_2",
        up=("mlp.c_fc",),
        down="mlp.c_proj",
        gated=False,
        positions="wpe",
    ),
    "falcon": replace(
        _NEOX,
        blocks="h",
        final_norm="ln_f",
        qkv=("self_attention.query_key_value",),
        out="self_attention.dense",
    ),
}


def names_of(causal: PreTrainedModel) -> Names | None:
    """The names of the model's family; None for a family, or a member of it, that has no row."""
    config: Any = causal.config
    if config.model_type not in FAMILIES or getattr(config, "alibi", False):
        return None
    names = FAMILIES[config.model_type]
    if config.model_type != "falcon":
        return names
    if _largest_dropout(config, "hidden_dropout", "attention_dropout"):
        return None  # its dropout stands at places of its own
    if not config.parallel_attn:
        return names
    if config.new_decoder_architecture and config.num_ln_in_parallel_attn in (None, 2):
        return replace(names, attention_norm="ln_attn", mlp_norm="ln_mlp")
    return replace(names, mlp_norm=None)


def linear_layers(block: torch.nn.Module, names: Names) -> list[torch.nn.Module]:
    """The layers of a block that become parts of projections."""
    paths = (*names.qkv, names.out, *names.up, names.down)
    return [block.get_submodule(path) for path in paths]


def read_block(
    block: torch.nn.Module, index: int, names: Names, config: Any, dtype: torch.dtype
) -> Block:
    """The block as configuration and joined weights. :class:`UnsupportedLayerError`."""
    layers = [block.get_submodule(path) for path in names.qkv]
    attention = block.get_submodule(names.qkv[0].rpartition(".")[0])
    heads = _heads(config, names)
    settings = (getattr(config, name, None) for name in _ACTIVATION_SETTINGS)
    inner = next((setting for setting in settings if setting), None)
    if inner not in _ACTIVATIONS:
        raise UnsupportedLayerError(f"activation {inner}")

    def norm(path: str | None) -> Norm | None:
        return None if path is None else read_norm(block.get_submodule(path), names)

    first = norm(names.attention_norm)
    assert first is not None
    # What may be refused comes before the projections, which change the model.
    scores = _scores(attention, config, heads, index)
    query_norm, key_norm = names.head_norms or (None, None)
    return Block(
        attention_norm=first,
        qkv=Projection(layers, dtype),
        heads=heads,
        scores=scores,
        rotary=None if names.positions else _rotary_name(config, index),
        out=Projection([block.get_submodule(names.out)], dtype),
        mlp_norm=norm(names.mlp_norm),
        up=Projection([block.get_submodule(path) for path in names.up], dtype),
        down=Projection([block.get_submodule(names.down)], dtype),
        activation=_ACTIVATIONS[inner],
        gated=names.gated,
        parallel=bool(
            getattr(config, "use_parallel_residual", False)
            or getattr(config, "parallel_attn", False)
            or getattr(config, "new_decoder_architecture", False)
        ),
        after_attention=norm(names.after_attention),
        after_mlp=norm(names.after_mlp),
        query_norm=norm(query_norm),
        key_norm=norm(key_norm),
        dropout=_largest_dropout(config, "hidden_dropout", "resid_pdrop"),
    )


def read_norm(module: torch.nn.Module, names: Names) -> Norm:
    """A norm of the model with its epsilon, wherever its class keeps that."""
    centred = isinstance(module, torch.nn.LayerNorm)
    for attribute in ("variance_epsilon", "eps"):
        if hasattr(module, attribute):
            return Norm(module, float(getattr(module, attribute)), centred, names.norm_offset)
    raise UnsupportedLayerError(type(module).__name__)


def _heads(config: Any, names: Names) -> Heads:
    heads = config.num_attention_heads
    channels = getattr(config, "head_dim", None) or config.hidden_size // heads
    groups = getattr(config, "num_key_value_heads", None) or heads
    if config.model_type == "falcon":
        one = config.multi_query and not config.new_decoder_architecture
        groups = 1 if one else (config.num_kv_heads if config.new_decoder_architecture else heads)
    return Heads(groups, heads // groups, channels, names.by_group)


def _scores(attention: Any, config: Any, heads: Heads, index: int) -> Scores:
    window = getattr(attention, "sliding_window", None)
    if not hasattr(attention, "sliding_window"):
        window = getattr(config, "sliding_window", None)  # Phi-3 and Mistral ask the configuration
    if getattr(config, "use_bidirectional_attention", False):
        raise UnsupportedLayerError("bidirectional attention")
    dropout = _largest_dropout(config, "attention_dropout", "attn_pdrop")
    if dropout and next(attention.parameters()).is_cuda:
        raise UnsupportedLayerError("attention dropout on a GPU")
    return Scores(
        scale=float(getattr(attention, "scaling", heads.channels**-0.5)),
        window=window,
        softcap=getattr(attention, "attn_logit_softcapping", None),
        dropout=dropout,
    )


def _rotary_name(config: Any, index: int) -> str:
    """Which rotary table block ``index`` uses: Gemma 3 has one for each type of attention."""
    types = getattr(config, "layer_types", None)
    return types[index] if config.model_type == "gemma3_text" and types else "full_attention"


def embedding_dropout(config: Any) -> float:
    """Dropout of embedded tokens while training."""
    names = {"gpt2": "embd_pdrop", "gpt_neox": "hidden_dropout", "phi3": "embd_pdrop"}
    name = names.get(config.model_type)
    # Phi-3 has the setting and reads it nowhere.
    return 0.0 if name is None or config.model_type == "phi3" else _largest_dropout(config, name)


def _largest_dropout(config: Any, *names: str) -> float:
    return max(float(getattr(config, name, 0.0) or 0.0) for name in names)
