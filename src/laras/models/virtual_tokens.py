"""Virtual tokens: ids behind the vocabulary's, known to nothing but an embedding made for them.

Examples begin with them as with any other tokens. So packing, shared beginnings, losses, generation
and judging need to know nothing of what is learnt for them; and since the output projection is left
alone, none of them can ever be produced.
"""

from __future__ import annotations

import torch
from transformers import PreTrainedModel


class VirtualTokens(torch.nn.Module):
    """In the place of the embedding ``words`` of V tokens: the ids from V on are ``count`` virtual
    ones. What these stand for is up to those who inherit; here each is the last word."""

    def __init__(self, words: torch.nn.Module, count: int) -> None:
        super().__init__()
        self.words = words
        self.count = count

    @property
    def weight(self) -> torch.Tensor:
        """That of the words: what an output projection may be tied to."""
        weight = self.words.weight
        assert isinstance(weight, torch.Tensor)
        return weight

    @property
    def first(self) -> int:
        """V, the first virtual id."""
        return self.weight.shape[0]

    def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
        """(..., C) for ids (...)."""
        words: torch.Tensor = self.words(input_ids.clamp(max=self.first - 1))
        return words


def virtual_ids(model: PreTrainedModel) -> list[int]:
    """The ids that every example of ``model`` begins with; none where it has no virtual tokens."""
    embedding = model.get_input_embeddings()
    if not isinstance(embedding, VirtualTokens):
        return []
    return list(range(embedding.first, embedding.first + embedding.count))
