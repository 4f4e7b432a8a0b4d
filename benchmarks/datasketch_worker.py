"""The peer's side of ``benchmarks/duplicates.py``; run by the interpreter that has datasketch.

For each line on standard input (the JSON of a file of texts, the number of bands and the bytes in
each, and whether to hash with xxhash in place of the default SHA-1) the texts are read, and then,
timed: words and 5-grams, MinHash in bulk, MinHashLSH with the same bands, and each candidate
verified by its true Jaccard similarity. The answer: CPU seconds and the pairs found.
"""

from __future__ import annotations

import json
import re
import sys
import time
from pathlib import Path

import xxhash
from datasketch import MinHash, MinHashLSH, __version__

_WORD = re.compile(r"\w+")


def main() -> None:
    """Answer until input ends."""
    print(json.dumps({"version": __version__}), flush=True)
    for line in sys.stdin:
        task = json.loads(line)
        texts = json.loads(Path(task["texts"]).read_text(encoding="utf-8"))
        hashing = {"hashfunc": xxhash.xxh32_intdigest} if task["xxhash"] else {}
        before = time.process_time()
        pairs = find(texts, task["bands"], task["width"], task["threshold"], hashing)
        cpu_s = time.process_time() - before
        print(json.dumps({"cpu_s": cpu_s, "pairs": pairs}), flush=True)


def find(
    texts: list[str], bands: int, width: int, threshold: float, hashing: dict[str, object]
) -> list[tuple[int, int]]:
    """Pairs of rows that share a band and have at least ``threshold`` in common."""
    grams = []
    for text in texts:
        words = _WORD.findall(text.lower())
        grams.append({" ".join(words[n : n + 5]).encode() for n in range(len(words) - 4)})
    signatures = MinHash.bulk(grams, num_perm=bands * width, **hashing)
    index = MinHashLSH(num_perm=bands * width, params=(bands, width))
    with index.insertion_session() as session:
        for row, signature in enumerate(signatures):
            session.insert(row, signature)
    pairs = []
    for row, signature in enumerate(signatures):
        for other in index.query(signature):
            if other < row:
                shared = len(grams[row] & grams[other])
                if shared >= threshold * (len(grams[row]) + len(grams[other]) - shared):
                    pairs.append((other, row))
    return pairs


if __name__ == "__main__":
    main()
