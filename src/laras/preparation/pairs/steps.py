"""The step that makes examples of the pairs that a source asks for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from laras.preparation.examples import EXAMPLES, text_examples
from laras.preparation.likeness import key
from laras.preparation.pairs.abstracts import abstract_pairs
from laras.preparation.pairs.definitions import definition_pairs
from laras.preparation.pairs.headings import section_pairs
from laras.preparation.pairs.outline import sections, title_of
from laras.preparation.pairs.pair import Pair, Read
from laras.preparation.pairs.questions import questions
from laras.preparation.pairs.rows import row_pairs
from laras.preparation.steps import Step, batch_of
from laras.recipe.data import PairKind

RULES: dict[PairKind, Callable[[Read], Iterator[Pair]]] = {
    "questions": questions,
    "abstracts": abstract_pairs,
    "definitions": definition_pairs,
    "rows": row_pairs,
    "sections": section_pairs,
}
"""In the order of how much they know of what is asked: of two pairs with the same question or
the same span, the earlier one stays."""

Row = dict[str, Any]


def pairs_of(
    text: str,
    kinds: Sequence[PairKind],
    longest: int,
    *,
    title: str = "",
    language: str = "",
    is_article: bool = False,
) -> list[tuple[PairKind, Pair]]:
    """The pairs of ``kinds`` in ``text``, each question and each span once; answers have at most
    ``longest`` characters."""
    outline = sections(text)
    read = Read(text, title_of(title, outline), outline, language, longest, is_article)
    found: list[tuple[PairKind, Pair]] = []
    asked: set[str] = set()
    spans: set[tuple[int, int]] = set()
    for kind, rule in RULES.items():
        if kind not in kinds:
            continue
        for pair in rule(read):
            question = key(pair.question)
            if question in asked or (pair.start, pair.end) in spans:
                continue
            asked.add(question)
            spans.add((pair.start, pair.end))
            found.append((kind, pair))
    return found


def pair_examples(
    kinds: Mapping[str, Sequence[PairKind]], longest: int, weights: Mapping[str, float]
) -> Step:
    """Documents as chat examples; ``kinds`` and ``weights`` by source. A document without any
    pair gives an empty list, which is no refusal: its passages may still be learnt."""

    def function(batch: pa.RecordBatch) -> pa.RecordBatch:
        rows: list[list[Row]] = []
        for record in batch.to_pylist():
            wanted = kinds.get(record["source"], ())
            found = (
                pairs_of(
                    record["text"],
                    wanted,
                    longest,
                    title=record["title"] or "",
                    language=record["language"] or "",
                    is_article=record["kind"] == "article",
                )
                if wanted
                else []
            )
            weight = weights.get(record["source"], 1.0)
            rows.append([_example(record, n, *pair, weight) for n, pair in enumerate(found)])
        return batch_of(
            EXAMPLES,
            {"examples": [*rows], "refused": [None] * len(rows), "cut": [None] * len(rows)},
        )

    reads = (
        *("document_id", "path", "text", "title", "locator", "kind", "source", "split_group"),
        "language",
    )
    return Step("pair-examples", 2, reads, EXAMPLES, function)


def document_examples(
    length: int,
    weights: Mapping[str, float],
    pairs: Mapping[str, Sequence[PairKind]],
    without_passages: Collection[str],
    whole: Collection[str] = (),
) -> Step:
    """Documents as passages of about ``length`` characters, except in the sources
    ``without_passages`` and those that are learnt ``whole``, and as the ``pairs`` that their
    sources ask for."""
    texts = text_examples(length, weights, whole)
    asked = pair_examples(pairs, length, weights)

    def function(batch: pa.RecordBatch) -> pa.RecordBatch:
        sources = batch.column("source").to_pylist()
        written = texts.function(batch)
        if not any(pairs.get(source) for source in sources) and not without_passages:
            return written
        of_texts = written.column("examples").to_pylist()
        of_pairs = asked.function(batch).column("examples").to_pylist()
        reasons = written.column("refused").to_pylist()
        rows, refused = [], []
        for source, text, pair, reason in zip(sources, of_texts, of_pairs, reasons, strict=True):
            alone = source in without_passages
            rows.append(pair if alone else [*text, *pair])
            refused.append(None if rows[-1] else "no-pairs" if alone else reason)
        return batch_of(EXAMPLES, {"examples": rows, "refused": refused, "cut": [None] * len(rows)})

    reads = tuple(dict.fromkeys((*texts.reads, *asked.reads)))
    return Step("document-examples", texts.version + asked.version, reads, EXAMPLES, function)


def _example(record: Row, number: int, kind: PairKind, pair: Pair, weight: float) -> Row:
    return {
        "example_id": f"{record['document_id']}?{kind}-{number}",
        "task": "chat",
        "messages": [
            {"role": "user", "content": pair.question, "trained": False, "weight": 1.0},
            {"role": "assistant", "content": pair.answer, "trained": True, "weight": 1.0},
        ],
        "group": record["split_group"],
        "spans": [
            {
                "record_id": record["document_id"],
                "path": record["path"],
                "start": pair.start,
                "end": pair.end,
                "locator": record["locator"],
            }
        ],
        "label": None,
        "source": record["source"],
        "weight": weight,
    }
