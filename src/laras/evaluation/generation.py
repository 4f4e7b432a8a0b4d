"""Greedy answers in batches: KV cache, left padding, the template's own end of turn.

A loop of our own and not ``model.generate``: what it does depends on nothing but the weights (a
model folder's generation_config.json may ask for sampling or a repetition penalty), it drops
rows that have ended from the batch, and it is the same for a model that has no padding token.

Left padding, with positions counted from each row's first real token, makes a batched answer
equal the answer given alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from transformers import DynamicCache

from laras.batches.pack import by_length
from laras.models.causal import causal_model


@dataclass(slots=True)
class Answer:
    """Generated token ids without the stop; whether the model stopped itself; whether its
    probabilities were finite all along."""

    token_ids: list[int] = field(default_factory=list)
    finished: bool = False
    finite: bool = True


def greedy_answers(
    model: torch.nn.Module,
    prompts: Sequence[Sequence[int]],
    *,
    stop_ids: frozenset[int],
    max_new_tokens: int,
    context: int,
    batch_tokens: int,
    advance: Callable[[int], None] | None = None,
) -> list[Answer]:
    """The most likely answer, token by token, to each prompt, in the order of the prompts.

    An answer ends at a token of ``stop_ids``, after ``max_new_tokens``, or where prompt and
    answer fill ``context``. ``batch_tokens`` bounds prompt and answer tokens held at a time.
    """
    answers = [Answer() for _ in prompts]
    causal = causal_model(model)
    done = 0
    training = model.training
    model.eval()
    try:
        with torch.no_grad():
            lengths = [len(prompt) for prompt in prompts]
            for rows in by_length(lengths, batch_tokens, padded=True, extra=max_new_tokens):
                _answer_batch(causal, prompts, rows, answers, stop_ids, max_new_tokens, context)
                done += len(rows)
                if advance:
                    advance(done)
    finally:
        model.train(training)
    return answers


def _answer_batch(
    causal: Any,
    prompts: Sequence[Sequence[int]],
    rows: list[int],
    answers: list[Answer],
    stop_ids: frozenset[int],
    max_new_tokens: int,
    context: int,
) -> None:
    """Fill in the answers of ``rows``; those that end leave the batch, and its cache, at once."""
    device = next(causal.parameters()).device
    live = [row for row in rows if len(prompts[row]) < context]
    if not live:
        return
    input_ids, mask = _left_padded([prompts[row] for row in live], device)
    positions = (mask.cumsum(dim=1) - 1).clamp(min=0)
    cache = DynamicCache(config=causal.config)
    for step in range(max_new_tokens):
        logits = causal(
            input_ids=input_ids,
            attention_mask=mask,
            position_ids=positions,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        ).logits[:, -1]
        best, chosen = logits.max(dim=-1)
        staying = []
        for place, (row, token, finite) in enumerate(
            zip(live, chosen.tolist(), best.isfinite().tolist(), strict=True)
        ):
            answer = answers[row]
            answer.finite = finite
            if not finite:
                continue
            if token in stop_ids:
                answer.finished = True
                continue
            answer.token_ids.append(token)
            if len(prompts[row]) + step + 1 < context:
                staying.append(place)
        if not staying:
            return
        if len(staying) < len(live):
            kept = torch.tensor(staying, device=device)
            live = [live[place] for place in staying]
            cache.batch_select_indices(kept)
            chosen, mask, positions = chosen[kept], mask[kept], positions[kept]
        input_ids = chosen[:, None]
        mask = torch.cat([mask, mask.new_ones(len(live), 1)], dim=1)
        positions = positions[:, -1:] + 1


def _left_padded(
    prompts: Sequence[Sequence[int]], device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    """Token ids and mask, (R, longest). Padding repeats the row's first token.

    No position attends to padding, but 0 x NaN is NaN: a broken embedding spoils only its rows.
    """
    longest = max(map(len, prompts))
    input_ids = torch.zeros((len(prompts), longest), dtype=torch.long)
    mask = torch.zeros((len(prompts), longest), dtype=torch.long)
    for row, prompt in enumerate(prompts):
        input_ids[row, : longest - len(prompt)] = prompt[0]
        input_ids[row, longest - len(prompt) :] = torch.tensor(prompt, dtype=torch.long)
        mask[row, longest - len(prompt) :] = 1
    return input_ids.to(device), mask.to(device)
