"""How much general text to mix into the training data so that less is forgotten: a rule of thumb.

Ibrahim et al. 2024 (https://arxiv.org/abs/2403.08763) compare shares of replayed data in models
that are trained on: 5 % nearly keep the old losses where the new data is of the same language, 25 %
where it is of another one.
"""

from __future__ import annotations

import math
from typing import Any

WEAK_SHARE, STRONG_SHARE = 0.05, 0.25
SOURCE = "https://arxiv.org/abs/2403.08763"


def replay_mix(strong: bool, training_examples: int) -> dict[str, Any]:
    """The share of general examples in the training data, how many that are, and what a recipe
    would say. ``strong``: much was forgotten.
    """
    share = STRONG_SHARE if strong else WEAK_SHARE
    return {
        "share": share,
        "examples": max(1, math.ceil(training_examples * share / (1 - share))),
        # A source to add; a weight above 1 makes up for a file with fewer examples.
        "recipe": {"data": {"sources": [{"examples": "general.jsonl", "name": "replay"}]}},
        "source": SOURCE,
    }
