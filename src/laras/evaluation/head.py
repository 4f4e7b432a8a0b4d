"""Log-probability of every label by a classification head, as plain transformers computes it.

The classifier is run through its own forward on right-padded prompts, and not through the packed
way that it was trained by: so what is judged is what somebody else's program will get from the
files, and a mistake in either way would show as a difference.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from transformers import PreTrainedModel

from laras.batches.pack import by_length
from laras.evaluation.losses import not_finite
from laras.translation import _


@torch.no_grad()
def head_log_probabilities(
    model: PreTrainedModel,
    prompts: Sequence[Sequence[int]],
    *,
    names: Sequence[str],
    batch_tokens: int,
    advance: Callable[[int], None] | None = None,
) -> np.ndarray:
    """Log-probability (nats) of each label after each prompt, (rows, labels) float64.

    ``names`` of the rows: one whose probabilities are not finite is a GuardStopped error.
    """
    scores = np.zeros((len(prompts), model.config.num_labels), dtype=np.float64)
    pad_id = model.config.get_text_config().pad_token_id
    done = 0
    for rows in by_length([len(prompt) for prompt in prompts], batch_tokens, padded=True):
        length = len(prompts[rows[0]])
        ids = torch.full((len(rows), length), pad_id, dtype=torch.long)
        mask = torch.zeros_like(ids)
        for place, row in enumerate(rows):
            ids[place, : len(prompts[row])] = torch.tensor(prompts[row])
            mask[place, : len(prompts[row])] = 1
        logits = model(
            input_ids=ids.to(model.device), attention_mask=mask.to(model.device), use_cache=False
        ).logits
        scores[rows] = logits.double().log_softmax(-1).cpu().numpy()
        done += len(rows)
        if advance:
            advance(done)
    for row in np.flatnonzero(~np.isfinite(scores).all(axis=1)).tolist():
        raise not_finite(names[row], _("label likelihood"))
    return scores
