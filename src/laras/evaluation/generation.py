"""Greedy answers in batches: a cache made once, what prompts share read once, the template's own
end of turn.

A loop of our own and not ``model.generate``: what it does depends on nothing but the weights (a
model folder's generation_config.json may ask for sampling or a repetition penalty), rows that have
ended are computed no longer, and it is the same for a model that has no padding token.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from laras.evaluation.reader import Reader, opened


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
    reader: Reader | None = None,
) -> list[Answer]:
    """The most likely answer, token by token, to each prompt, in the order of the prompts.

    An answer ends at a token of ``stop_ids``, after ``max_new_tokens``, or where prompt and
    answer fill ``context``. ``batch_tokens`` bounds prompt and answer tokens held at a time.
    ``reader`` of the model, where there is one already.
    """
    answers = [Answer() for _ in prompts]
    asked = [row for row, prompt in enumerate(prompts) if len(prompt) < context]
    if not asked or max_new_tokens < 1:
        return answers
    with opened(model, reader) as reading:
        rows = reading.queue([prompts[row] for row in asked], batch_tokens, max_new_tokens)
        live: list[int] = []
        logits: torch.Tensor | None = None
        done = len(prompts) - len(asked)
        while True:
            if admitted := rows.admit():
                live += [asked[place] for place in admitted[0]]
                logits = admitted[1] if logits is None else torch.cat([logits, admitted[1]])
            if logits is None:
                return answers
            chosen, staying = _choose(logits, [answers[row] for row in live], stop_ids)
            staying = [
                place
                for place in staying
                if len(answers[live[place]].token_ids) < max_new_tokens
                and len(answers[live[place]].token_ids) + len(prompts[live[place]]) < context
            ]
            if len(staying) < len(live):
                done += len(live) - len(staying)
                kept = np.array(staying, dtype=np.int64)
                live = [live[place] for place in staying]
                rows.keep(kept)
                chosen = chosen[torch.from_numpy(kept).to(chosen.device)]
                if advance:
                    advance(done)
            logits = rows.step(chosen) if live else None


def _choose(
    logits: torch.Tensor, answers: Sequence[Answer], stop_ids: frozenset[int]
) -> tuple[torch.Tensor, list[int]]:
    """The likeliest token of each row (R,), which its answer takes up; and who goes on."""
    best, chosen = logits.max(dim=-1)
    staying = []
    for place, (answer, token, finite) in enumerate(
        zip(answers, chosen.tolist(), best.isfinite().tolist(), strict=True)
    ):
        answer.finite = finite
        answer.finished = finite and token in stop_ids
        if finite and not answer.finished:
            answer.token_ids.append(token)
            staying.append(place)
    return chosen, staying
