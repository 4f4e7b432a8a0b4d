"""The steps that find personal data in documents and conversations, and replace it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from laras.preparation.privacy.scan import Placeholders, detectors_of, find_personal_data
from laras.preparation.steps import Step, batch_of
from laras.records import DIALOGUE_SCHEMA

PERSONAL = pa.list_(pa.struct([("kind", pa.string()), ("count", pa.int64())]))
_DOCUMENT_WRITES = pa.schema([("text", pa.large_string()), ("personal", PERSONAL)])
_DIALOGUE_WRITES = pa.schema([DIALOGUE_SCHEMA.field("turns"), ("personal", PERSONAL)])
# What overlapped with something longer may stand free once that is replaced.
_MOST_ROUNDS = 4
_PEOPLE = ("customer", "agent")  # besides ``names``; often numbers, which are no names


def personal_data_documents(kinds: Sequence[str], replace: bool) -> Step:
    """The step for documents: writes ``text``, and how often each of ``kinds`` was found.

    ``replace``: placeholders stand in the text, the same one for the same value.
    """

    def function(batch: pa.RecordBatch) -> pa.RecordBatch:
        texts: list[object] = []
        personal: list[object] = []
        columns = (batch.column(name).to_pylist() for name in ("text", "metadata"))
        for text, metadata in zip(*columns, strict=True):
            (text,), counts = _scan([text], kinds, dict(metadata or ()), replace)
            texts.append(text)
            personal.append(counts)
        return batch_of(_DOCUMENT_WRITES, {"text": texts, "personal": personal})

    return Step("personal-data-documents", 3, ("text", "metadata"), _DOCUMENT_WRITES, function)


def personal_data_dialogues(kinds: Sequence[str], replace: bool) -> Step:
    """The step for conversations: a placeholder means the same throughout one conversation."""

    def function(batch: pa.RecordBatch) -> pa.RecordBatch:
        rows: list[object] = []
        personal: list[object] = []
        columns = (batch.column(name).to_pylist() for name in ("turns", "metadata"))
        for turns, metadata in zip(*columns, strict=True):
            spoken = [turn["content"] for turn in turns]
            spoken, counts = _scan(spoken, kinds, dict(metadata or ()), replace)
            rows.append([{**t, "content": c} for t, c in zip(turns, spoken, strict=True)])
            personal.append(counts)
        return batch_of(_DIALOGUE_WRITES, {"turns": rows, "personal": personal})

    return Step("personal-data-dialogues", 3, ("turns", "metadata"), _DIALOGUE_WRITES, function)


def _scan(
    texts: list[str], kinds: Sequence[str], metadata: Mapping[str, str], replace: bool
) -> tuple[list[str], list[dict[str, Any]]]:
    """The texts of one record, and how often each kind was found in them."""
    detectors = detectors_of(kinds, names_known(metadata))
    counts: Counter[str] = Counter()
    placeholders = Placeholders()
    for round_ in range(_MOST_ROUNDS):
        findings = [find_personal_data(text, detectors) for text in texts]
        counts.update(finding.kind for found in findings for finding in found)
        if not replace or not any(findings):
            break
        if round_ == 0:
            for text in texts:
                placeholders.respect(text)
        texts = [placeholders.replace(*row) for row in zip(texts, findings, strict=True)]
    return texts, [{"kind": kind, "count": count} for kind, count in sorted(counts.items())]


def names_known(metadata: Mapping[str, str]) -> tuple[str, ...]:
    """Names of people in a record's metadata: ``names`` is a JSON list of them."""
    names: list[str] = []
    if "names" in metadata:
        try:
            listed = json.loads(metadata["names"])
        except ValueError:  # another program's metadata
            listed = []
        if isinstance(listed, list):
            names = [name for name in listed if isinstance(name, str)]
    names += [metadata[key] for key in _PEOPLE if metadata.get(key)]
    return tuple(dict.fromkeys(names))
