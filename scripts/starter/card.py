"""The model's card: what it is, how it was made, and whose texts it learnt from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from starter.sources import sources_of


def write_card(record: Mapping[str, Any], folder: Path) -> None:
    """README.md in ``folder``, from the ``record`` of the training (:mod:`starter.record`)."""
    shape = record["shape"]
    megabytes = (folder / "model.safetensors").stat().st_size / 1e6
    size, steps = f"{record['tokens'] / 1e6:.1f}", f"{record['steps']:,}"
    read = {name: text["tokens"] * text["passes"] for name, text in record["texts"].items()}
    made = sum(size for name, size in read.items() if "(made)" in name) / sum(read.values())
    rows = "\n".join(f"| {' | '.join(source)} |" for source in sources_of(record["texts"]))
    (folder / "README.md").write_text(
        f"""---
license: apache-2.0
language: [en, id]
---

# The starter model

A Llama-shaped language model of {shape["parameters"] / 1e6:.1f} million parameters for English and
Indonesian, made for demonstrations, tests, and machines that have nothing else. It continues small
talk and help text in both languages and knows a chat template; it is far too small to be relied on
for facts.

- Shape: {shape["layers"]} blocks, hidden size {shape["hidden"]}, feed-forward size
  {shape["intermediate"]}, {shape["heads"]} heads ({shape["key_value_heads"]} for keys and values),
  context {shape["context"]:,} tokens, byte-level BPE with {shape["vocabulary"]:,} entries, tied
  embeddings; bfloat16, {megabytes:.0f} MB. Loads as `LlamaForCausalLM` with plain transformers.
- Made by `scripts/pretrain_starter.py` from random weights, through Laras's own preparation and
  engine, on two CPU cores: {size} million tokens in {steps} steps. `docs/starter.md`
  tells how, with figures.
- Licence: Apache-2.0.

## Texts it learnt from

No share-alike text was used. {made:.0%} of what it read was made of these texts by
`scripts/starter`: translations that are asked for, headings that ask, and rows whose labels, forms
or names follow from the rows before.

| text | taken from | licence |
|---|---|---|
{rows}

`CREDITS.tsv` names the authors of the stories and the contributors of the sentences.
""",
        "utf-8",
    )
