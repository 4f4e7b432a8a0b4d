"""Test examples as rows of a prediction table, before anything is predicted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from laras.errors import DataRefused
from laras.evaluation.result import PREDICTION_SCHEMA
from laras.records import Example, Message, Rejection


def sampled(examples: Sequence[Example], max_rows: int | None, seed: int) -> list[Example]:
    """At most ``max_rows`` examples of each task: the same whatever their order, in their order."""
    if max_rows is None:
        return list(examples)
    kept: set[str] = set()
    for task in sorted({example.task for example in examples}):
        names = sorted(example.example_id for example in examples if example.task == task)
        chosen = np.random.default_rng(seed).permutation(len(names))[:max_rows]
        kept.update(names[place] for place in chosen)
    return [example for example in examples if example.example_id in kept]


def unprompted(example: Example, refusal: DataRefused) -> Rejection:
    """For the ledger: an example that stays a row without a prediction, as its prompt can't be cut
    to fit."""
    return Rejection(
        stage="evaluation",
        reason="prompt-too-long",
        path=example.spans[0].path if example.spans else example.source,
        record_id=example.example_id,
        detail=refusal.what,
        action="cut",
        rows=0,
    )


def blank_row(example: Example) -> dict[str, Any]:
    """A prediction row with what is known before the model was asked.

    The reference is the last assistant message, the prompt what stands before it; for a text,
    the reference is the text.
    """
    row: dict[str, Any] = dict.fromkeys(PREDICTION_SCHEMA.names)
    contents = [message.content for message in example.messages]
    last = last_answer(example)
    if last is None:
        prompt, reference = "", "\n\n".join(contents)
    else:
        prompt, reference = _as_read(example.messages[:last]), contents[last]
    row.update(
        example_id=example.example_id,
        task=example.task,
        group=example.group,
        source=example.source,
        prompt=prompt,
        reference=reference,
        label=example.label,
        nll=0.0,
    )
    return row


def last_answer(example: Example) -> int | None:
    """The place of the last assistant message; None for a text."""
    places = [at for at, message in enumerate(example.messages) if message.role == "assistant"]
    return places[-1] if places else None


def _as_read(messages: Sequence[Message]) -> str:
    """A conversation as people read it: a lone question as it is, else with who speaks."""
    if len(messages) == 1:
        return messages[0].content
    return "\n".join(f"{message.role}: {message.content}" for message in messages)
