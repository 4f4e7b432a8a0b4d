"""A split in tokens: encoded once for a tokenizer, template and context, then mapped from disk."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from laras.batches.cache import TokenCache, write_cache
from laras.batches.encode import encode_example
from laras.batches.token_batch import EncodedExample
from laras.models.load import LoadedModel
from laras.records import REJECTION_SCHEMA, Rejection, examples_from, rejections_from, to_table
from laras.runs.atomic import temporary_sibling, write_json_atomic
from laras.runs.damage import damage_told
from laras.runs.hashing import content_hash, file_sha256

VERSION = 1  # raise it when the same example gives other tokens


@dataclass(frozen=True, slots=True)
class SplitTokens:
    """``rejections``: what was cut or did not fit; ``examples``: how many were to be encoded."""

    tokens: TokenCache
    rejections: list[Rejection]
    examples: int

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


def split_tokens(split: Path, loaded: LoadedModel, folder: Path) -> SplitTokens:
    """The examples of the Parquet file ``split`` in tokens, kept in ``folder``.

    The file's name is a hash of all that decides its content: the rows, the tokenizer, the
    template, the context and the version of the encoding. Change one, and nothing old is used.
    StorageFailed where ``split`` is damaged.
    """
    with damage_told(split):
        digest = file_sha256(split)
        table = pq.read_table(split)
    key = content_hash(
        VERSION, digest, loaded.tokenizer.digest, loaded.template.digest, loaded.context
    )
    path = folder / f"{split.stem}-{key[:16]}.arrow"
    ledger = path.with_suffix(".ledger.parquet")
    seal = path.with_suffix(".json")
    if _is_whole(seal, path, ledger):
        known = list(rejections_from(pq.read_table(ledger)))
        return SplitTokens(TokenCache(path), known, table.num_rows)
    encoded: list[EncodedExample] = []
    rejections: list[Rejection] = []
    for example in examples_from(table):
        windows, left = encode_example(example, loaded.tokenizer, loaded.template, loaded.context)
        encoded += windows
        rejections += left
    folder.mkdir(parents=True, exist_ok=True)
    with temporary_sibling(ledger) as temporary:
        pq.write_table(to_table(rejections, REJECTION_SCHEMA), temporary)
    tokens = write_cache(path, encoded)
    write_json_atomic(seal, {file.name: file_sha256(file) for file in (path, ledger)})
    return SplitTokens(tokens, rejections, table.num_rows)


def _is_whole(seal: Path, *files: Path) -> bool:
    """Whether ``files`` are what was sealed: Arrow may notice a cut file, but no flipped bit."""
    try:
        sums = json.loads(seal.read_text(encoding="utf-8"))
        return all(sums[file.name] == file_sha256(file) for file in files)
    except (OSError, ValueError, KeyError, TypeError):
        return False
