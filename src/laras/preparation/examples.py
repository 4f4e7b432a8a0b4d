"""Records become examples: passages of text, conversations, texts with their label.

Each step gives, for a record, the list of its examples, why it gave none (``refused``), and
what was cut from it (``cut``). The group is already decided here, and goes into each example.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import pyarrow as pa

from laras.preparation.chunks import passages
from laras.preparation.steps import Step, batch_of
from laras.records import EXAMPLE_SCHEMA

# What a labelled source asks where the recipe doesn't say. Not translated: the same data must
# give the same examples whatever the language of the messages.
DEFAULT_INSTRUCTION = "Name the category of the text below."

EXAMPLES = pa.schema(
    [
        ("examples", pa.list_(pa.struct(list(EXAMPLE_SCHEMA)))),
        ("refused", pa.string()),
        ("cut", pa.string()),
    ]
)

Row = dict[str, Any]


def text_examples(length: int, weights: Mapping[str, float], whole: Collection[str] = ()) -> Step:
    """Documents as passages of about ``length`` characters, in the sources ``whole`` as they are;
    ``weights`` by source."""

    def function(batch: pa.RecordBatch) -> pa.RecordBatch:
        rows: list[list[Row]] = []
        for record in batch.to_pylist():
            # Nothing is cut from what is not half as long as a passage may be.
            most = 4 * len(record["text"]) + 1 if record["source"] in whole else length
            found = passages(record["text"], most)
            rows.append(
                [
                    {
                        "example_id": f"{record['document_id']}#{number}",
                        "task": "text",
                        "messages": [_message("text", content, True)],
                        "group": record["split_group"],
                        "spans": [_span(record, "document_id", passage.start, passage.end)],
                        "label": None,
                        "source": record["source"],
                        "weight": weights.get(record["source"], 1.0),
                    }
                    for number, passage in enumerate(found)
                    for content in [passage.within(record["text"])]
                ]
            )
        refused = [None if found else "no-text" for found in rows]
        return batch_of(
            EXAMPLES, {"examples": [*rows], "refused": [*refused], "cut": [None] * len(rows)}
        )

    reads = ("document_id", "path", "text", "locator", "source", "split_group")
    return Step("text-examples", 4, reads, EXAMPLES, function)


def dialogue_examples(instructions: Mapping[str, str], weights: Mapping[str, float]) -> Step:
    """Dialogues as "chat" or, where they have a label, "classification" examples.

    ``instructions`` and ``weights`` are by source; an instruction stands before the first
    user message.
    """

    def function(batch: pa.RecordBatch) -> pa.RecordBatch:
        examples: list[object] = []
        refused: list[object] = []
        cuts: list[object] = []
        for record in batch.to_pylist():
            instruction = instructions.get(record["source"])
            labelled = record["label"] is not None
            build = _classification if labelled else _chat
            messages, why_not, cut = build(record, instruction)
            refused.append(why_not)
            cuts.append(cut)
            if why_not:
                examples.append([])
                continue
            weight = weights.get(record["source"], 1.0) * record["weight"]
            characters = sum(len(turn["content"]) for turn in record["turns"])
            examples.append(
                [
                    {
                        "example_id": record["dialogue_id"],
                        "task": "classification" if labelled else "chat",
                        "messages": messages,
                        "group": record["split_group"],
                        "spans": [_span(record, "dialogue_id", 0, characters)],
                        "label": record["label"],
                        "source": record["source"],
                        "weight": weight,
                    }
                ]
            )
        return batch_of(EXAMPLES, {"examples": examples, "refused": refused, "cut": cuts})

    reads = ("dialogue_id", "path", "turns", "locator", "label", "source", "weight", "split_group")
    return Step("dialogue-examples", 2, reads, EXAMPLES, function)


def _classification(
    record: Row, instruction: str | None
) -> tuple[list[Row], str | None, str | None]:
    text = "\n\n".join(turn["content"] for turn in record["turns"])
    if not text:
        return [], "empty-after-cleaning", None
    if not record["label"].strip():
        return [], "empty-label", None
    asked = f"{instruction or DEFAULT_INSTRUCTION}\n\n{text}"
    answer = _message("assistant", record["label"], True)
    return [_message("user", asked, False), answer], None, None


def _chat(record: Row, instruction: str | None) -> tuple[list[Row], str | None, str | None]:
    turns = record["turns"]
    last = max((i for i, turn in enumerate(turns) if turn["role"] == "assistant"), default=-1)
    if last < 0:
        return [], "no-answer", None
    if not any(turn["role"] in ("user", "tool") for turn in turns[:last]):
        return [], "no-question", None
    messages = []
    for turn in turns[: last + 1]:
        content = turn["content"]
        if instruction and turn["role"] == "user":
            content, instruction = f"{instruction}\n\n{content}", None
        answer = turn["role"] == "assistant"
        trained = answer if turn["trained"] is None else turn["trained"]
        messages.append(_message(turn["role"], content, trained, turn["weight"]))
    if not any(message["trained"] for message in messages):
        return [], "nothing-to-learn", None
    cut = "unanswered-turns" if last + 1 < len(turns) else None
    return messages, None, cut


def _message(role: str, content: str, trained: bool, weight: float = 1.0) -> Row:
    return {"role": role, "content": content, "trained": trained, "weight": weight}


def _span(record: Row, id_column: str, start: int, end: int) -> Row:
    return {
        "record_id": record[id_column],
        "path": record["path"],
        "start": start,
        "end": end,
        "locator": record["locator"],
    }
