"""Examples of unequal length in random tokens, and the families they are tried on."""

from __future__ import annotations

import numpy as np

from laras.batches.token_batch import EncodedExample

FAMILIES = ("llama", "gpt2", "falcon", "mistral", "qwen2", "gpt_neox")


def examples(lengths: list[int], *, seed: int = 0, trained: float = 0.6) -> list[EncodedExample]:
    """Random tokens; about ``trained`` of them have a label, at least one in each example."""
    generator = np.random.default_rng(seed)
    made = []
    for index, length in enumerate(lengths):
        mask = generator.random(length) < trained
        mask[0], mask[-1] = False, True
        ids = generator.integers(5, 200, length).astype(np.int32)
        made.append(EncodedExample(f"example-{index}", ids, mask, weight=1.0))
    return made
