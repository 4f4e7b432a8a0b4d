"""In the peers' environment: what ``datasets.map`` costs that tokenises JSON lines, and no more.

    python datasets_worker.py TOKENIZER_JSON CORPUS CACHE

Prints JSON: documents, tokens, and CPU seconds of loading and of the map alone.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1")


def cpu_s() -> float:
    """User and system time of this process and its finished children."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def main(tokenizer_json: str, corpus: str, cache: str) -> None:
    """Load, then map, as the library's documentation has it: batched, with a fast tokenizer."""
    import datasets
    from tokenizers import Tokenizer

    datasets.disable_progress_bars()
    tokenizer = Tokenizer.from_file(tokenizer_json)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    started = cpu_s()
    files = sorted(map(str, Path(corpus).glob("*.jsonl")))
    loaded = datasets.load_dataset("json", data_files=files, cache_dir=cache, split="train")
    loading = cpu_s() - started

    def encode(batch: dict[str, list[str]]) -> dict[str, list[list[int]]]:
        found = tokenizer.encode_batch_fast(batch["text"], add_special_tokens=False)
        return {"input_ids": [encoding.ids for encoding in found]}

    started = cpu_s()
    mapped = loaded.map(encode, batched=True, batch_size=1000, remove_columns=["text"])
    mapping = cpu_s() - started
    column = mapped.data.column("input_ids")
    tokens = sum(len(chunk.flatten()) for chunk in column.chunks)
    print(
        json.dumps(
            {
                "documents": len(mapped),
                "tokens": tokens,
                "loading_s": loading,
                "mapping_s": mapping,
                "version": datasets.__version__,
            }
        )
    )


if __name__ == "__main__":
    main(*sys.argv[1:4])
