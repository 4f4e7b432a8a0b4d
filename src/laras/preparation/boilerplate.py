"""Lines that many documents of one source repeat: headers, footers, menus, notices.

Only the hashes of lines are gathered. A document that would lose much of its text keeps it:
it is then a copy of others, not a page with a footer, and that is for deduplication to judge.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping

import pyarrow as pa
import xxhash

from laras.preparation.steps import Step, batch_of

MINIMUM_DOCUMENTS = 5
DOCUMENT_SHARE = 0.3
LARGEST_CUT_SHARE = 0.4
_LONGEST_LINE = 300
_LETTERS = re.compile(r"[^\W\d_]")
_DIGITS = re.compile(r"\d+")

_LINES = pa.schema([("text_hash", pa.uint64()), ("lines", pa.list_(pa.uint64()))])
_WITHOUT = pa.schema([("text", pa.large_string()), ("cut_lines", pa.list_(pa.string()))])


def _candidates(text: str) -> Iterator[tuple[int, str, int | None]]:
    """Each line with its index, and its hash where it may be boilerplate.

    Headings, table rows, code and lines that introduce something repeat for good reasons.
    """
    in_code = False
    for index, line in enumerate(text.split("\n")):
        bare = line.strip()
        fence = bare.startswith("```")
        structural = in_code or fence or bare.startswith(("#", "|", "**")) or bare.endswith(":")
        in_code ^= fence
        if structural or len(bare) > _LONGEST_LINE or len(_LETTERS.findall(bare)) < 3:
            yield index, line, None
        else:
            shape = _DIGITS.sub("0", " ".join(bare.casefold().split()))
            yield index, line, xxhash.xxh3_64_intdigest(shape.encode())


def _hash_lines(batch: pa.RecordBatch) -> pa.RecordBatch:
    texts = batch.column("text").to_pylist()
    lines = [sorted({h for _i, _l, h in _candidates(text) if h is not None}) for text in texts]
    hashes = [xxhash.xxh3_64_intdigest(text.encode()) for text in texts]
    return batch_of(_LINES, {"text_hash": list(hashes), "lines": list(lines)})


HASH_LINES = Step("hash-lines", 1, ("text",), _LINES, _hash_lines)


def repeated_lines(table: pa.Table) -> dict[str, frozenset[int]]:
    """Hashes of the lines to drop by source; ``table`` has ``source``, ``text_hash``, ``lines``.

    Copies of a whole document count once: they say nothing about their lines.
    """
    counts: dict[str, Counter[int]] = {}
    documents: Counter[str] = Counter()
    seen: set[tuple[str, int]] = set()
    columns = (table.column(name).to_pylist() for name in ("source", "text_hash", "lines"))
    for source, text_hash, lines in zip(*columns, strict=True):
        if (source, text_hash) in seen:
            continue
        seen.add((source, text_hash))
        documents[source] += 1
        counts.setdefault(source, Counter()).update(lines)
    repeated = {}
    for source, lines in counts.items():
        least = max(MINIMUM_DOCUMENTS, math.ceil(DOCUMENT_SHARE * documents[source]))
        hashes = frozenset(line for line, count in lines.items() if count >= least)
        if hashes:
            repeated[source] = hashes
    return repeated


def without_lines(text: str, hashes: frozenset[int]) -> tuple[str, list[str]]:
    """``text`` without its repeated lines, and those lines; unchanged if too much would go."""
    lines = list(_candidates(text))
    cut = [line.strip() for _index, line, line_hash in lines if line_hash in hashes]
    if not cut or sum(map(len, cut)) > LARGEST_CUT_SHARE * len(text):
        return text, []
    kept = "\n".join(line for _index, line, line_hash in lines if line_hash not in hashes)
    return re.sub(r"\n{3,}", "\n\n", kept).strip("\n"), cut


def drop_repeated_lines(repeated: Mapping[str, frozenset[int]]) -> Step:
    """The step that drops the lines found by :func:`repeated_lines`."""

    def function(batch: pa.RecordBatch) -> pa.RecordBatch:
        texts: list[object] = []
        cuts: list[object] = []
        rows = zip(*(batch.column(n).to_pylist() for n in ("text", "source")), strict=True)
        for text, source in rows:
            shorter, cut = without_lines(text, repeated.get(source, frozenset()))
            texts.append(shorter)
            cuts.append(cut)
        return batch_of(_WITHOUT, {"text": texts, "cut_lines": cuts})

    return Step("drop-repeated-lines", 1, ("text", "source"), _WITHOUT, function)
