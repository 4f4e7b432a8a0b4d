"""Words of a domain that become one token each: in the tokenizer's files, and in the model.

The tokens are content: a text that spells one gets it. That sets them apart from all other added
tokens, which no text may spell (see ``plain.py``), and ``tokenizer_config.json`` says so, where
transformers keeps what it does not know and Laras finds it again.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import torch
from transformers import PreTrainedModel

from laras.models.tokenizer import Tokenizer
from laras.models.tokenizer_files import CONTENT_TOKENS, content_tokens


def with_new_tokens(tokenizer: Tokenizer, tokens: Sequence[str]) -> Tokenizer:
    """``tokenizer`` with those of ``tokens`` that it does not have yet, behind all others."""
    missing = [token for token in dict.fromkeys(tokens) if tokenizer.number(token) is None]
    if not missing:
        return tokenizer
    files = dict(tokenizer.files)
    definition = json.loads(files["tokenizer.json"])
    first = tokenizer.highest_id + 1
    plain = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    definition["added_tokens"] = [
        *(definition.get("added_tokens") or []),
        *(
            {"id": first + place, "content": token, **plain, "special": False}
            for place, token in enumerate(missing)
        ),
    ]
    settings: dict[str, Any] = json.loads(files.get("tokenizer_config.json", b"{}"))
    settings[CONTENT_TOKENS] = [*content_tokens(settings), *missing]
    for name, content in (("tokenizer.json", definition), ("tokenizer_config.json", settings)):
        files[name] = json.dumps(content, ensure_ascii=False).encode()
    return tokenizer.with_files(files)


@torch.no_grad()
def add_rows(model: PreTrainedModel, first: int, count: int) -> None:
    """Rows ``first`` to ``first + count`` of the embedding and of the output projection, as the
    mean of the rows before them (Hewitt 2021, "Initializing New Word Embeddings": the model then
    takes a new token for an average one, instead of preferring it to all others).

    The matrices grow where they are too small; many have rows to spare.
    """
    rows = model.get_input_embeddings().weight.shape[0]
    if first + count > rows:
        model.resize_token_embeddings(first + count, mean_resizing=False)
    for part in (model.get_input_embeddings(), model.get_output_embeddings()):
        if part is not None:
            part.weight[first : first + count] = part.weight[:first].mean(0)
            if getattr(part, "bias", None) is not None:
                part.bias[first : first + count] = part.bias[:first].mean()


def new_ids(tokenizer: Tokenizer, tokens: Sequence[str]) -> list[int]:
    """Ids of ``tokens`` in ``tokenizer``, in rising order."""
    numbers = (tokenizer.number(token) for token in tokens)
    return sorted({number for number in numbers if number is not None})
