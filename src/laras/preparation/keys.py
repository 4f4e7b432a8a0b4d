"""The narrow columns that comparisons work on: keys, signatures and 5-grams, never texts.

``domain`` says what may be compared with what: documents with documents, conversations with
conversations of the same system message and instruction, labelled texts with labelled texts.
``exact_key`` finds equal records in a domain; ``text_key`` finds the same words anywhere, with
labels, instructions and system messages left out.

Similarity is measured on the 5-grams of a record's parts. A document has one part, and so has a
labelled text. A conversation has two, what was asked and what was answered, and is only like
another in both: a canned answer doesn't make its questions alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import xxhash

from laras.preparation.examples import DEFAULT_INSTRUCTION
from laras.preparation.grams import Hashes, grams_of, is_short, word_counts
from laras.preparation.likeness import (
    key_bytes,
    normalise,
    without_instruction,
)
from laras.preparation.minhash import HASHES, signatures_of
from laras.preparation.passages import DEFAULT_THRESHOLD, Parts, Passages
from laras.preparation.steps import Step, batch_of

KEYS = pa.schema(
    [
        ("domain", pa.uint64()),
        ("exact_key", pa.binary(16)),
        ("text_key", pa.binary(16)),
        ("word_count", pa.int64()),
    ]
)
# Null where no part has five words: such records are only compared exactly.
SIGNATURE = pa.schema([("signature", pa.binary(HASHES))])
TEXT_KEY = pa.schema([("text_key", pa.binary(16))])

PartsOf = Callable[[pa.RecordBatch], list[Parts]]

_Messages = list[tuple[str, str]]  # (role, content)


def _document_keys(batch: pa.RecordBatch) -> pa.RecordBatch:
    texts = batch.column("text").to_pylist()
    keys = [key_bytes(text) for text in texts]
    return _key_columns(["document"] * len(texts), keys, keys, texts)


DOCUMENT_KEYS = Step("document-keys", 2, ("text",), KEYS, _document_keys)


def dialogue_keys(instructions: Mapping[str, str]) -> Step:
    """The step for dialogues; ``instructions`` by source are part of what is asked."""

    def function(batch: pa.RecordBatch) -> pa.RecordBatch:
        domains, exact_keys, texts = [], [], []
        columns = (batch.column("label").to_pylist(), batch.column("source").to_pylist())
        for turns, label, source in zip(_messages(batch.column("turns")), *columns, strict=True):
            kind = "chat" if label is None else "labelled"
            system = [content for role, content in turns if role == "system"]
            asked = "\x1e".join(map(normalise, (instructions.get(source, ""), *system)))
            spoken = [content for role, content in turns if role != "system"]
            roles = "" if label is not None else ",".join(role for role, _content in turns)
            domains.append(f"{kind}:{asked}")
            exact_keys.append(key_bytes(roles, *spoken))
            texts.append("\n".join(spoken))
        return _key_columns(domains, exact_keys, [key_bytes(text) for text in texts], texts)

    return Step("dialogue-keys", 2, ("turns", "label", "source"), KEYS, function)


def example_keys(instructions: Mapping[str, str]) -> Step:
    """The step that gives an example's ``text_key``, for comparing splits."""

    def function(batch: pa.RecordBatch) -> pa.RecordBatch:
        texts = [
            "\n".join(content for _role, content in spoken)
            for spoken in _spoken_in_examples(batch, instructions)
        ]
        return batch_of(TEXT_KEY, {"text_key": [key_bytes(text) for text in texts]})

    return Step("example-keys", 1, ("messages", "label", "source"), TEXT_KEY, function)


def _key_columns(
    domains: Sequence[str], exact: Sequence[bytes], text: Sequence[bytes], texts: Sequence[str]
) -> pa.RecordBatch:
    hashed = [
        xxhash.xxh3_64_intdigest(domain.encode("utf-8", "surrogatepass")) for domain in domains
    ]
    columns = (hashed, exact, text, word_counts(texts))
    arrays = [pa.array(column, field.type) for column, field in zip(columns, KEYS, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=KEYS)


def document_parts(batch: pa.RecordBatch) -> list[Parts]:
    """The hashed 5-grams of documents; reads ``text``."""
    return [(grams,) for grams in grams_of(batch.column("text").to_pylist())]


def dialogue_parts(batch: pa.RecordBatch) -> list[Parts]:
    """The hashed 5-grams of dialogues, asked and answered; reads ``turns`` and ``label``."""
    labels = batch.column("label").to_pylist()
    rows = zip(_messages(batch.column("turns")), labels, strict=True)
    return _parts_of([_sides(turns, label is not None) for turns, label in rows])


def example_parts(instructions: Mapping[str, str]) -> PartsOf:
    """The function that gives the hashed 5-grams of examples (EXAMPLE_SCHEMA): those of a text,
    of a labelled text without its label, of what is asked and answered in a conversation.

    It reads ``messages``, ``label`` and ``source``; ``instructions`` by source are left out.
    """

    def function(batch: pa.RecordBatch) -> list[Parts]:
        labels = batch.column("label").to_pylist()
        rows = zip(_spoken_in_examples(batch, instructions), labels, strict=True)
        return _parts_of([_sides(spoken, label is not None) for spoken, label in rows])

    return function


def document_signatures(common: Hashes, threshold: float = DEFAULT_THRESHOLD) -> Step:
    """The step for the signatures of documents, from what is compared of them at ``threshold``
    where the 5-grams ``common`` are boilerplate."""
    passages = Passages(common, threshold)
    return _signatures("document-signatures", ("text",), document_parts, passages)


def dialogue_signatures(common: Hashes, threshold: float = DEFAULT_THRESHOLD) -> Step:
    """The same for dialogues."""
    passages = Passages(common, threshold)
    return _signatures("dialogue-signatures", ("turns", "label"), dialogue_parts, passages)


def _signatures(name: str, reads: tuple[str, ...], parts_of: PartsOf, passages: Passages) -> Step:

    def function(batch: pa.RecordBatch) -> pa.RecordBatch:
        rows = parts_of(batch)
        signatures = signatures_of([passages.own(row) for row in rows])
        there = pa.array([comparable(row) for row in rows], pa.bool_())
        buffers = [there.buffers()[1], pa.py_buffer(signatures)]
        kind = SIGNATURE.field("signature").type
        array = pa.FixedSizeBinaryArray.from_buffers(kind, len(rows), buffers)
        return pa.RecordBatch.from_arrays([array], schema=SIGNATURE)

    return Step(name, 1, reads, SIGNATURE, function)


def comparable(parts: Parts) -> bool:
    """Whether any part has five words, so that a record can be similar without being equal."""
    return not all(map(is_short, parts))


def bytes_of(column: pa.Array | pa.ChunkedArray, width: int) -> npt.NDArray[np.uint8]:
    """Fixed-size binary values as rows of bytes, whatever bytes where there is none."""
    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    parts = [
        np.frombuffer(chunk.buffers()[1], np.uint8, len(chunk) * width, chunk.offset * width)
        for chunk in chunks
        if len(chunk)
    ]
    flat = np.concatenate(parts) if parts else np.empty(0, dtype=np.uint8)
    return flat.reshape(-1, width)


def halves(keys: pa.Array | pa.ChunkedArray) -> npt.NDArray[np.uint64]:
    """Keys of 128 bits as rows of two numbers."""
    return bytes_of(keys, 16).view(np.uint64)


def _messages(column: pa.Array) -> list[_Messages]:
    """Role and content of the messages of each row, without making a mapping of each."""
    column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    flat = column.flatten()
    pairs = list(
        zip(flat.field("role").to_pylist(), flat.field("content").to_pylist(), strict=True)
    )
    ends = np.cumsum(column.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)).tolist()
    return [pairs[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def _spoken_in_examples(batch: pa.RecordBatch, instructions: Mapping[str, str]) -> list[_Messages]:
    """What tells one example from another: no system messages, instructions and labels."""
    rows = []
    columns = (batch.column("label").to_pylist(), batch.column("source").to_pylist())
    for messages, label, source in zip(_messages(batch.column("messages")), *columns, strict=True):
        kept = messages if label is None else messages[:-1]
        instruction = instructions.get(source, None if label is None else DEFAULT_INSTRUCTION)
        rows.append(
            [
                (role, without_instruction(content, instruction))
                for role, content in kept
                if role != "system"
            ]
        )
    return rows


def _sides(messages: _Messages, labelled: bool) -> list[str]:
    """The texts that are compared one by one: asked and answered, or all there is."""
    spoken = [(role, content) for role, content in messages if role != "system"]
    if labelled or not any(role == "assistant" for role, _content in spoken):
        return ["\n".join(content for _role, content in spoken)]
    return [
        "\n".join(content for role, content in spoken if (role == "assistant") is answered)
        for answered in (False, True)
    ]


def _parts_of(rows: Sequence[Sequence[str]]) -> list[Parts]:
    grams = iter(grams_of([text for row in rows for text in row]))
    return [tuple(next(grams) for _text in row) for row in rows]
