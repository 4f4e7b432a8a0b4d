"""Native, Ray and the plain loop give the same rows: one recipe, three runs, compared row by row.

    python benchmarks/engines.py [--documents 50000] [--folder FOLDER]

The documents are generated (:mod:`corpus`), besides one conversation to ten documents. Each engine
prepares them in a process of its own, Ray on a local cluster of two workers. Splits, ledger and
records are compared row by row, in order; the table has counts and hashes. Exit code 1 if any
differ.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

ENGINES = ("plain", "native", "ray")
FILES = ("train", "validation", "test", "ledger", "documents", "dialogues")
RESULTS = Path(__file__).parent / "results"


def write_input(folder: Path, count: int) -> None:
    """``count`` documents and a tenth as many conversations, with things to clean."""
    from corpus import documents

    folder.mkdir(parents=True)
    texts = list(itertools.islice(documents(1 << 40), count))
    generator = random.Random(1)
    for number in range(0, count, 5000):
        lines = [
            json.dumps({"text": _with_debris(text, generator)}, ensure_ascii=False)
            for text in texts[number : number + 5000]
        ]
        (folder / f"documents-{number:07}.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    chats = []
    for text in texts[: count // 10]:
        words = text.split()
        asked, answered = " ".join(words[:12]), " ".join(words[12:40]) or "Ya."
        answered = "Terima kasih sudah menghubungi kami." if generator.random() < 0.1 else answered
        messages = [
            {"role": "user", "content": asked},
            {"role": "assistant", "content": answered},
        ]
        chats.append(json.dumps({"messages": messages}, ensure_ascii=False))
    (folder.parent / "chats.jsonl").write_text("\n".join(chats) + "\n", "utf-8")


def _with_debris(text: str, generator: random.Random) -> str:
    if generator.random() < 0.2:
        place = generator.randrange(len(text))
        debris = generator.choice(["&amp;", "\u200b", "\u00a0", "e\u0301", "  ", "\u00c3\u00a9"])
        text = text[:place] + debris + text[place:]
    return f"{text}\n\nHak cipta Nusantara" if generator.random() < 0.5 else text


def prepare_with(engine: str, folder: Path) -> None:
    """In the child: prepare the input by ``engine`` into a run folder of that name."""
    from laras.preparation.pipeline import prepare
    from laras.recipe.load import recipe_from_mapping
    from laras.runs.folder import Run
    from laras.runs.progress import Silent

    if engine == "ray":
        import ray

        ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    recipe = {
        "data": {"sources": [{"documents": "documents"}, {"conversations": "chats.jsonl"}]},
        "preparation": {"engine": "ray" if engine == "ray" else "native"},
    }
    with Run.open(folder / engine) as run:
        runner = "plain" if engine == "plain" else None
        prepare(recipe_from_mapping(recipe, folder), run, Silent(), runner=runner)


def row_hash(path: Path) -> tuple[int, str]:
    """Rows of a Parquet file, and one hash of all of them in order."""
    import pyarrow.parquet as pq

    digest = hashlib.sha256()
    rows = 0
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(4096):
            for row in batch.to_pylist():
                digest.update(json.dumps(row, sort_keys=True, ensure_ascii=False).encode())
                rows += 1
    return rows, digest.hexdigest()[:16]


def main() -> int:
    """Write the input, run the three engines, compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=50_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--engine", choices=ENGINES, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.engine:
        prepare_with(arguments.engine, arguments.folder)
        return 0
    folder = arguments.folder or Path(tempfile.mkdtemp(prefix="laras-engines-"))
    write_input(folder / "documents", arguments.documents)
    found: dict[str, dict[str, tuple[int, str]]] = {}
    for engine in ENGINES:
        command = [sys.executable, __file__, "--folder", str(folder), "--engine", engine]
        subprocess.run(command, check=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
        found[engine] = {name: row_hash(folder / engine / f"data/{name}.parquet") for name in FILES}
    lines = ["| file | rows | plain | native | ray | same |", "|---|---|---|---|---|---|"]
    same = True
    for name in FILES:
        results = [found[engine][name] for engine in ENGINES]
        equal = len(set(results)) == 1
        same = same and equal
        hashes = " | ".join(f"{digest} ({rows:,})" for rows, digest in results)
        lines.append(f"| {name} | {results[0][0]:,} | {hashes} | {'yes' if equal else 'NO'} |")
    text = f"{arguments.documents:,} documents, {arguments.documents // 10:,} conversations\n\n"
    text += "\n".join(lines) + "\n"
    print(text)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "engines.md").write_text(text, encoding="utf-8")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
