"""Tiny random models of each family, with a small tokenizer: for tests, where seconds count."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

from laras.models.quiet import quiet

_TEXT = (
    "The gamelan is tuned by ear. Gamelan dilaras dengan telinga. Which instrument leads? "
    "Bonang memimpin, gong menutup. A small model learns small things, again and again. "
) * 4
_CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message.role + '\\n' + message.content "
    "+ '<|im_end|>\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
_HEADERS = (
    "{{ bos_token }}{% for message in messages %}"
    "{{ '<|header|>' + message.role + '<|/header|>\\n\\n' + message.content | trim + eos_token }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|header|>assistant<|/header|>\\n\\n' }}{% endif %}"
)
_INSTRUCTIONS = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if message.role == 'user' %}{{ '[INST] ' + message.content + ' [/INST]' }}"
    "{% elif message.role == 'assistant' %}{{ ' ' + message.content + eos_token }}"
    "{% else %}{{ raise_exception('Only user and assistant roles are supported!') }}{% endif %}"
    "{% endfor %}"
)
_SIZES: dict[str, dict[str, Any]] = {
    "hidden": {"hidden_size": 32, "intermediate_size": 64},
    "blocks": {"num_hidden_layers": 2, "num_attention_heads": 4},
}
_MODERN = {**_SIZES["hidden"], **_SIZES["blocks"], "max_position_embeddings": 256}
_GROUPED = {**_MODERN, "num_key_value_heads": 2}

# Family: configuration class, its settings, special tokens (beginning, end, others), template.
_FAMILIES: dict[str, tuple[str, dict[str, Any], tuple[str | None, str, list[str]], str | None]] = {
    "llama": (
        "LlamaConfig",
        {**_GROUPED, "tie_word_embeddings": True},
        ("<s>", "</s>", ["<|header|>", "<|/header|>"]),
        _HEADERS,
    ),
    "mistral": ("MistralConfig", _GROUPED, ("<s>", "</s>", ["[INST]", "[/INST]"]), _INSTRUCTIONS),
    "qwen2": (
        "Qwen2Config",
        {**_GROUPED, "tie_word_embeddings": True},
        (None, "<|im_end|>", ["<|endoftext|>", "<|im_start|>"]),
        _CHATML,
    ),
    "gpt2": (
        "GPT2Config",
        {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 256},
        ("<|endoftext|>", "<|endoftext|>", []),
        None,
    ),
    "falcon": (
        "FalconConfig",
        {**_SIZES["blocks"], "hidden_size": 32, "max_position_embeddings": 256, "alibi": False},
        (None, "<|endoftext|>", []),
        None,
    ),
    "gpt_neox": (
        "GPTNeoXConfig",
        _MODERN,
        ("<|endoftext|>", "<|endoftext|>", ["<|padding|>"]),
        None,
    ),
}
FAMILIES = tuple(_FAMILIES)


def tiny_model(
    family: str, folder: Path, vocab_size: int = 320, *, seed: int = 0, text: str = _TEXT
) -> Path:
    """Write a random model of ``family`` and a byte-level BPE tokenizer trained on ``text``.

    ``vocab_size``: at most so many tokens, 256 bytes and the special tokens among them.
    The same arguments give the same files. Returns ``folder``.
    """
    class_name, settings, (bos, eos, others), template = _FAMILIES[family]
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = _tokenizer(text, vocab_size, bos, [t for t in (bos, eos, *others) if t])
    tokenizer.save(str(folder / "tokenizer.json"))
    facts = {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": bos, "eos_token": eos}
    if template is not None:
        facts["chat_template"] = template
    (folder / "tokenizer_config.json").write_text(json.dumps(facts, indent=1), encoding="utf-8")
    make: Callable[..., Any] = getattr(transformers, class_name)
    configuration = make(
        **settings,
        vocab_size=tokenizer.get_vocab_size(),
        bos_token_id=tokenizer.token_to_id(bos) if bos else None,
        eos_token_id=tokenizer.token_to_id(eos),
        pad_token_id=None,
    )
    with torch.random.fork_rng(devices=[]), quiet():
        torch.manual_seed(seed)
        model = transformers.AutoModelForCausalLM.from_config(configuration, dtype=torch.float32)
        model.save_pretrained(folder)
    return folder


def _tokenizer(text: str, vocab_size: int, bos: str | None, special: list[str]) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=list(dict.fromkeys(special)),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator([text], trainer)
    if bos == "<s>":
        number = tokenizer.token_to_id(bos)
        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{bos} $A", pair=f"{bos} $A {bos} $B", special_tokens=[(bos, number)]
        )
    return tokenizer
