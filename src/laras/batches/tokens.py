"""A split in tokens: encoded once for a tokenizer, template and context, then mapped from disk."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from laras.batches.cache import TokenCache, write_cache
from laras.batches.encode import encode_classified
from laras.batches.encode_many import encode_examples
from laras.batches.encoded import EncodedExample
from laras.models.bulk import LEAST_CHARACTERS, SAMPLE_TEXTS, Bulk, BulkDiffersError
from laras.models.chat_bulk import OutlineDiffersError
from laras.records import (
    REJECTION_SCHEMA,
    Rejection,
    Task,
    examples_from,
    rejections_from,
    to_table,
)
from laras.runs.atomic import temporary_sibling, write_json_atomic
from laras.runs.damage import damage_told
from laras.runs.hashing import content_hash, file_sha256

if TYPE_CHECKING:
    from laras.models.load import LoadedModel
    from laras.models.tokenizer import Tokenizer

VERSION = 2  # raise it when the same example gives other tokens
_BATCH_EXAMPLES = 1024


@dataclass(frozen=True, slots=True)
class SplitTokens:
    """``rejections``: what was cut or did not fit; ``examples``: how many were to be encoded.

    ``encoder``: the library that encoded the texts, and why it was no faster one, or why
    conversations were encoded each by itself.
    """

    tokens: TokenCache
    rejections: list[Rejection]
    examples: int
    encoder: dict[str, str]

    def facts(self) -> dict[str, int]:
        """Counts for the account of the data; every example is encoded or dropped."""
        return {
            "examples": self.examples,
            "dropped": sum(row.action == "dropped" for row in self.rejections),
            "cut": sum(row.action == "cut" for row in self.rejections),
            "windows": len(self.tokens),
            "tokens": int(self.tokens.lengths.sum()),
            "trained_tokens": self.tokens.trained_tokens,
        }


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which examples of a split are encoded (those of ``tasks``), and what for: to be written on,
    or, where there are ``classes``, for a head that tells these labels apart."""

    tasks: frozenset[str] = frozenset(get_args(Task))
    classes: tuple[str, ...] | None = None


def split_tokens(
    split: Path, loaded: LoadedModel, folder: Path, wanted: Wanted | None = None
) -> SplitTokens:
    """The examples of the Parquet file ``split`` in tokens, kept in ``folder``; ``wanted``: only
    some of them, default all.

    The file's name is a hash of all that decides its content: the rows, the tokenizer, the
    template, the context and the version of the encoding. Change one, and nothing old is used.
    StorageFailed where ``split`` is damaged.
    """
    with damage_told(split):
        digest = file_sha256(split)
        tasks = pq.read_table(split, columns=["task"]).column("task")
    wanted = wanted or Wanted()
    examples = pc.sum(pc.is_in(tasks, pa.array(sorted(wanted.tasks)))).as_py() or 0
    key = content_hash(
        VERSION,
        digest,
        loaded.tokenizer.digest,
        loaded.template.digest,
        loaded.context,
        sorted(wanted.tasks),
        wanted.classes,
    )
    path = folder / f"{split.stem}-{key[:16]}.arrow"
    ledger = path.with_suffix(".ledger.parquet")
    seal = path.with_suffix(".json")
    sealed = _sealed(seal, path, ledger)
    if sealed is not None:
        known = list(rejections_from(pq.read_table(ledger)))
        return SplitTokens(TokenCache(path), known, examples, sealed.get("encoder", {}))
    to_write = wanted.classes is None  # prompts for a head are encoded one by one
    bulk = _bulk(split, loaded.tokenizer) if to_write else loaded.tokenizer.slow_bulk()
    rejections: list[Rejection] = []
    found_out = []
    while True:
        try:
            tokens = write_cache(path, _encoded(split, loaded, wanted, bulk, rejections))
            break
        except OutlineDiffersError:  # the template does without them from now on
            found_out.append("conversations differ by their outlines")
        except BulkDiffersError:
            bulk = loaded.tokenizer.slow_bulk(f"{bulk.name} differs in a text beyond the sample")
        rejections.clear()
    with temporary_sibling(ledger) as temporary:
        pq.write_table(to_table(rejections, REJECTION_SCHEMA), temporary)
    reasons = [bulk.reason, *found_out] if bulk.reason else found_out
    encoder = {"name": bulk.name, "reason": "; ".join(reasons)}
    sums = {file.name: file_sha256(file) for file in (path, ledger)}
    write_json_atomic(seal, {**sums, "encoder": encoder, "split": digest})
    _prune(folder, split.stem, digest)
    return SplitTokens(tokens, rejections, examples, encoder)


def _encoded(
    split: Path, loaded: LoadedModel, wanted: Wanted, bulk: Bulk, rejections: list[Rejection]
) -> Iterator[EncodedExample]:
    with_what = (loaded.tokenizer, loaded.template, loaded.context)
    numbers = {label: number for number, label in enumerate(wanted.classes or ())}
    for batch in _batches(split, None):
        chosen = batch.filter(pc.is_in(batch.column("task"), pa.array(sorted(wanted.tasks))))
        examples = list(examples_from(pa.Table.from_batches([chosen])))
        if wanted.classes is None:
            encoded = encode_examples(examples, *with_what, bulk)
        else:
            encoded = (encode_classified(each, *with_what, numbers) for each in examples)
        for windows, left in encoded:
            yield from windows
            rejections += left


def _bulk(split: Path, tokenizer: Tokenizer) -> Bulk:
    sample = [] if tokenizer.has_fast_bulk else _sample(split)
    if sample or tokenizer.has_fast_bulk:
        return tokenizer.bulk(sample)
    return tokenizer.slow_bulk()


def _sample(split: Path) -> list[str]:
    """Some texts of the split, evenly spaced; none where there is too little text for a choice of
    libraries to pay."""
    with pq.ParquetFile(split) as file:
        every = max(1, file.metadata.num_rows // SAMPLE_TEXTS)
    texts: list[str] = []
    characters = first = 0
    for batch in _batches(split, ["messages"]):
        contents = batch.column("messages").flatten().field("content")
        characters += pc.sum(pc.utf8_length(contents)).as_py() or 0
        chosen = batch.slice((-first) % every)
        for place in range(0, chosen.num_rows, every):
            texts += [part["content"] for part in chosen.column("messages")[place].as_py()]
        first += batch.num_rows
    texts = texts[:: max(1, len(texts) // SAMPLE_TEXTS)]  # conversations have several
    return texts[:SAMPLE_TEXTS] if characters >= LEAST_CHARACTERS else []


def _batches(split: Path, columns: list[str] | None) -> Iterator[pa.RecordBatch]:
    with damage_told(split), pq.ParquetFile(split) as file:
        yield from file.iter_batches(_BATCH_EXAMPLES, columns=columns)


def _prune(folder: Path, name: str, digest: str) -> None:
    """Remove the tokens of other contents of the split ``name`` than the one with ``digest``: the
    rows that they were made of are gone. Those for other tokenizers and templates stay, since a
    run may tune several models on the same rows."""
    for seal in folder.glob(f"{name}-*.json"):
        try:
            of_split = json.loads(seal.read_text(encoding="utf-8")).get("split")
        except (OSError, ValueError, AttributeError):
            of_split = None
        if of_split != digest:
            # The seal first: what is half removed must not pass for whole.
            for suffix in (".json", ".arrow", ".ledger.parquet"):
                seal.with_suffix(suffix).unlink(missing_ok=True)


def _sealed(seal: Path, *files: Path) -> dict[str, Any] | None:
    """What was noted when ``files`` were sealed, if they are what was sealed: Arrow may notice a
    cut file, but no flipped bit."""
    try:
        noted: dict[str, Any] = json.loads(seal.read_text(encoding="utf-8"))
        return noted if all(noted[file.name] == file_sha256(file) for file in files) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
