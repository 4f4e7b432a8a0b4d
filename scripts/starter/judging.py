"""Bits per byte of texts that watched the training: what vocabularies are compared by."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping

import numpy as np
import torch

from laras.evaluation.losses import example_losses
from starter.mix import NOVELS
from starter.tokens import Tokens

# Not the held-out sets, but texts of the same mix: one document in eighty, and two novels.
GROUPS = ("en", "id", "prose")


def group_of(name: str) -> str:
    """Which of :data:`GROUPS` a text belongs to."""
    return "prose" if name == NOVELS else name[:2]


def bits_per_byte(model: torch.nn.Module, watched: Tokens) -> Mapping[str, float]:
    """Negative log-likelihood in bits over UTF-8 bytes, by group, and their plain ``mean``."""
    model.eval()
    bits: dict[str, float] = defaultdict(float)
    size: dict[str, int] = defaultdict(int)
    for name, places in watched.places.items():
        encoded = [watched.cache[place] for place in places]
        if not encoded:
            continue
        nats = float(np.sum(example_losses(model, encoded, batch_tokens=8192)))
        bits[group_of(name)] += nats / math.log(2)
        size[group_of(name)] += sum(example.text_bytes for example in encoded)
    found = {group: bits[group] / size[group] for group in GROUPS if size[group]}
    return {**found, "mean": sum(found.values()) / len(found)}
