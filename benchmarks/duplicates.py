"""Near-duplicates: what is found of planted ones, what wrongly, and how fast beside datasketch.

    python benchmarks/duplicates.py [--peer-python PYTHON] [--documents N] [--results FOLDER]

The corpus is generated (``planted_corpus.py``): texts with altered copies, and short texts under
long footers. What is truly alike is counted by brute force on strings. ``--peer-python`` is an
interpreter with datasketch and xxhash; it gets the same texts, the same number of hashes and
bands, and the threshold of the recipe's default, and reports what it finds after verifying. Both
sides are timed in turn, three times; medians of CPU seconds count. ``--results`` writes
``duplicates.md`` and ``duplicates.json``.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import pyarrow as pa
from planted_corpus import Corpus, make_corpus, similar_pairs

from laras.preparation.corpus import TableCorpus
from laras.preparation.deduplicate import Duplicates, find_duplicates
from laras.preparation.engine import run_steps
from laras.preparation.keys import DOCUMENT_KEYS, KEYS
from laras.preparation.minhash import bands_for
from laras.records import DIALOGUE_SCHEMA

THRESHOLD = 0.8
ROUNDS = 3
SEED = 7
BINS = ((0.8, 0.85), (0.85, 0.9), (0.9, 0.95), (0.95, 1.01))
WORKER = Path(__file__).with_name("datasketch_worker.py")


def find(texts: list[str]) -> Duplicates:
    """Laras's own way for documents in memory, keys and the search for boilerplate included."""
    table = pa.table({"text": pa.array(texts, pa.large_string())})
    keys = run_steps(table, [DOCUMENT_KEYS], "plain").select(KEYS.names)
    keys = keys.append_column("label", pa.nulls(len(texts), pa.string()))
    corpus = TableCorpus(table, DIALOGUE_SCHEMA.empty_table())
    return find_duplicates(keys, corpus, near=True, threshold=THRESHOLD)


class Peer:
    """A process that has datasketch."""

    def __init__(self, python: Path) -> None:
        self._process = subprocess.Popen(
            [str(python), str(WORKER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.version = self._answer()["version"]

    def find(self, texts: Path, *, xxhash: bool) -> dict[str, Any]:
        """CPU seconds, and the pairs found."""
        bands, width = bands_for(THRESHOLD)
        task = {
            "texts": str(texts),
            "bands": bands,
            "width": width,
            "threshold": THRESHOLD,
            "xxhash": xxhash,
        }
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(task) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def quality(corpus: Corpus, found: Duplicates) -> dict[str, Any]:
    """Recall of the pairs that are truly alike, precision, and clusters joined by a footer."""
    truth = similar_pairs(corpus.texts, 0.5)
    footer_of = {row: n for n, rows in enumerate(corpus.footers) for row in rows}
    kept_of = {match.row: match.kept for match in found.matches}
    leader = {row: kept_of.get(row, row) for row in range(len(corpus.texts))}
    alike = {pair: value for pair, value in truth.items() if not set(pair) & set(footer_of)}
    together = {pair for pair in alike if leader[pair[0]] == leader[pair[1]]}
    recall = {}
    for low, high in (*BINS, (0.8, 1.01)):
        pairs = [pair for pair, value in alike.items() if low <= value < high]
        share = sum(pair in together for pair in pairs) / len(pairs)
        recall[f"{low}-{min(high, 1.0)}"] = {"pairs": len(pairs), "recall": share}
    matches = [tuple(sorted((match.row, match.kept))) for match in found.matches]
    chained = {
        kept
        for row, kept in kept_of.items()
        if row in footer_of and footer_of[row] == footer_of.get(kept)
    }
    return {
        "recall": recall,
        "found": len(matches),
        "precision_at_0.5": sum(pair in truth for pair in matches) / len(matches),
        "clusters_chained_by_boilerplate": len(chained),
        "footer_pairs_alike_by_all_5_grams": sum(
            value >= THRESHOLD and set(pair) <= set(footer_of) for pair, value in truth.items()
        ),
        "candidates": found.candidates,
        "verified": found.verified,
        "full_buckets": found.full_buckets,
    }


def speed(corpus: Corpus, python: Path) -> dict[str, Any]:
    """Median CPU seconds of both sides, taken in turn; datasketch with its own hash and a faster
    one."""
    peer = Peer(python)
    seconds: dict[str, list[float]] = {"laras": [], "datasketch": [], "datasketch, xxhash": []}
    with tempfile.TemporaryDirectory() as folder:
        texts = Path(folder) / "texts.json"
        texts.write_text(json.dumps(corpus.texts), encoding="utf-8")
        for _round in range(ROUNDS):
            before = time.process_time()
            find(corpus.texts)
            seconds["laras"].append(time.process_time() - before)
            seconds["datasketch"].append(peer.find(texts, xxhash=False)["cpu_s"])
            seconds["datasketch, xxhash"].append(peer.find(texts, xxhash=True)["cpu_s"])
    peer.close()
    medians = {name: median(values) for name, values in seconds.items()}
    size = sum(len(text.encode()) for text in corpus.texts) / 1e6
    return {
        "version": peer.version,
        "sides": {
            name: {
                "cpu_s": value,
                "documents_per_cpu_s": len(corpus.texts) / value,
                "mb_per_cpu_s": size / value,
                "times_laras": value / medians["laras"],
            }
            for name, value in medians.items()
        },
    }


def page(facts: dict[str, Any]) -> str:
    """The figures for people."""
    found = facts["quality"]
    lines = [
        "# Near-duplicates",
        "",
        f"{facts['documents']} generated documents, {facts['mb']:.1f} MB; threshold {THRESHOLD}, "
        f"{facts['bands'][0]} bands of {facts['bands'][1]}.",
        "",
        "| true Jaccard | pairs | recall |",
        "|---|---|---|",
        *(
            f"| {name} | {each['pairs']} | {each['recall']:.4f} |"
            for name, each in found["recall"].items()
        ),
        "",
        f"Precision at 0.5: {found['precision_at_0.5']:.4f} of {found['found']} matches. "
        f"Clusters chained by boilerplate: {found['clusters_chained_by_boilerplate']} "
        f"({found['footer_pairs_alike_by_all_5_grams']} pairs of texts under one footer have a "
        f"Jaccard similarity of {THRESHOLD} or more).",
    ]
    if "speed" in facts:
        lines += [
            "",
            f"datasketch {facts['speed']['version']}; MinHash, bands and verification, medians of "
            f"{ROUNDS} rounds taken in turn.",
            "",
            "| | CPU s | documents / CPU s | MB / CPU s | times Laras |",
            "|---|---|---|---|---|",
            *(
                f"| {name} | {each['cpu_s']:.2f} | {each['documents_per_cpu_s']:,.0f} | "
                f"{each['mb_per_cpu_s']:.1f} | {each['times_laras']:.1f} |"
                for name, each in facts["speed"]["sides"].items()
            ),
        ]
    return "\n".join(lines)


def main() -> None:
    """Measure, print and, where asked, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer-python", type=Path)
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--results", type=Path)
    arguments = parser.parse_args()
    corpus = make_corpus(arguments.documents, SEED)
    facts: dict[str, Any] = {
        "documents": len(corpus.texts),
        "mb": sum(len(text.encode()) for text in corpus.texts) / 1e6,
        "bands": bands_for(THRESHOLD),
        "quality": quality(corpus, find(corpus.texts)),
    }
    if arguments.peer_python:
        facts["speed"] = speed(corpus, arguments.peer_python)
    print(page(facts))
    if arguments.results:
        arguments.results.mkdir(parents=True, exist_ok=True)
        (arguments.results / "duplicates.md").write_text(page(facts) + "\n", encoding="utf-8")
        document = json.dumps(facts, indent=2)
        (arguments.results / "duplicates.json").write_text(document + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
