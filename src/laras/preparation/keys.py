"""The narrow table that comparisons work on: keys and words, never whole records.

``domain`` says what may be compared with what: documents with documents, conversations with
conversations of the same system message and instruction, labelled texts with labelled texts.
``exact_key`` finds equal records in a domain; ``text_key`` finds the same words anywhere, with
labels, instructions and system messages left out.
"""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from laras.preparation.examples import DEFAULT_INSTRUCTION
from laras.preparation.likeness import SHINGLE_WORDS, key, spoken, words
from laras.preparation.steps import Step, batch_of

KEYS = pa.schema(
    [
        ("domain", pa.string()),
        ("exact_key", pa.string()),
        ("text_key", pa.string()),
        ("words", pa.large_string()),
        ("word_count", pa.int64()),
    ]
)


def _row(domain: str, exact_key: str, parts: list[str]) -> dict[str, object]:
    found = words("\n".join(parts))
    enough = len(found) >= SHINGLE_WORDS  # shorter texts are only compared exactly
    return {
        "domain": domain,
        "exact_key": exact_key,
        "text_key": key("\n".join(parts)),
        "words": " ".join(found) if enough else "",
        "word_count": len(found),
    }


def _as_batch(rows: list[dict[str, object]]) -> pa.RecordBatch:
    return batch_of(KEYS, {name: [row[name] for row in rows] for name in KEYS.names})


def _document_keys(batch: pa.RecordBatch) -> pa.RecordBatch:
    texts = batch.column("text").to_pylist()
    return _as_batch([_row("document", key(text), [text]) for text in texts])


DOCUMENT_KEYS = Step("document-keys", 1, ("text",), KEYS, _document_keys)


def dialogue_keys(instructions: Mapping[str, str]) -> Step:
    """The step for dialogues; ``instructions`` by source are part of what is asked."""

    def function(batch: pa.RecordBatch) -> pa.RecordBatch:
        rows = []
        columns = (batch.column(name).to_pylist() for name in ("turns", "label", "source"))
        for turns, label, source in zip(*columns, strict=True):
            instruction = instructions.get(source, "")
            pairs = [(turn["role"], turn["content"]) for turn in turns]
            parts = spoken(pairs)
            system = [content for role, content in pairs if role == "system"]
            kind = "chat" if label is None else "labelled"
            roles = "" if label is not None else ",".join(role for role, _content in pairs)
            domain = f"{kind}:{key(instruction, *system)}"
            rows.append(_row(domain, key(roles, *parts), parts))
        return _as_batch(rows)

    return Step("dialogue-keys", 1, ("turns", "label", "source"), KEYS, function)


def example_text(instructions: Mapping[str, str]) -> Step:
    """The step that gives an example's ``text_key`` and ``words``, for comparing splits."""

    def function(batch: pa.RecordBatch) -> pa.RecordBatch:
        rows = []
        columns = (batch.column(name).to_pylist() for name in ("messages", "label", "source"))
        for messages, label, source in zip(*columns, strict=True):
            kept = messages if label is None else messages[:-1]
            pairs = [(message["role"], message["content"]) for message in kept]
            default = None if label is None else DEFAULT_INSTRUCTION
            instruction = instructions.get(source, default)
            rows.append(_row("", "", spoken(pairs, instruction)))
        return _as_batch(rows)

    return Step("example-text", 1, ("messages", "label", "source"), KEYS, function)
