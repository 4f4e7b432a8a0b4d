"""What is learnt before an example, in one table: vectors, or keys and values of each layer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from transformers import PreTrainedModel

from laras.adapters.prefix_tuning import add_prefix, load_prefix, save_prefix
from laras.adapters.soft_prompt import add_soft_prompt, load_soft_prompt, save_soft_prompt


class LearntBefore(NamedTuple):
    """How it is put before a model (with so many virtual tokens), saved under the base's name, and
    loaded from a folder, which says how many they are."""

    add: Callable[[PreTrainedModel, int], None]
    save: Callable[[PreTrainedModel, Path, str], None]
    load: Callable[[PreTrainedModel, Path], int]


LEARNT_BEFORE = {
    "soft-prompt": LearntBefore(add_soft_prompt, save_soft_prompt, load_soft_prompt),
    "prefix": LearntBefore(add_prefix, save_prefix, load_prefix),
}
