"""What preparing and tokenising cost, beside ``datasets.map`` doing the tokenising alone.

    python benchmarks/preparation.py --sizes 25,100,400 --tokenizers FOLDER \\
        --peer .venv-bench/bin/python [--real FOLDER]

For each size in megabytes a corpus is generated (:mod:`corpus`); ``--real`` adds a row with the
text files of a folder, cut into documents. Ours are two recipes: ``stages`` reads, cleans, finds
near-duplicates, makes examples, splits and tokenises all splits; ``default`` is a recipe that says
nothing else (personal data counted, quality rules). What the finished files are then checked for
(leak certificate, findings about the data) is no part of the comparison, and stands beside it.
The peer loads the same files and maps them batched, with the same tokenizer file; only its map
counts, while ours counts all of its process, imports and loading included.

CPU seconds are user and system time of the whole process tree. Memory is the largest sum of the
proportional set sizes of the tree, sampled four times a second. Runs alternate; figures are
medians where there are several.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
HERE = Path(__file__).parent
_SAMPLED_EVERY_S = 0.25
_DOCUMENT_CHARACTERS = 1400
RECIPES: dict[str, dict[str, Any]] = {
    "stages": {"quality": "off", "personal_data": "keep"},
    "default": {},
}


@dataclass(frozen=True)
class Cost:
    """``facts``: what the process printed last, as JSON."""

    cpu_s: float
    peak_mb: float
    wall_s: float
    facts: dict[str, Any]


def measured(command: list[str], **environment: str) -> Cost:
    """Run ``command`` to its end and watch it."""
    started = time.monotonic()
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(command, stdout=output, env={**os.environ, **environment})
        peak = _Peak(process.pid)
        _pid, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall_s = time.monotonic() - started
        peak.stop()
        output.seek(0)
        lines = output.read().strip().splitlines()
    if process.returncode:
        raise SystemExit(f"{command} ended with {process.returncode}")
    return Cost(usage.ru_utime + usage.ru_stime, peak.largest_mb, wall_s, json.loads(lines[-1]))


class _Peak:
    """Samples the memory of a process and its children in a thread."""

    def __init__(self, pid: int) -> None:
        self.largest_mb = 0.0
        self._pid = pid
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        import psutil

        while not self._ended.wait(_SAMPLED_EVERY_S):
            total = 0
            try:
                process = psutil.Process(self._pid)
                for each in (process, *process.children(recursive=True)):
                    total += each.memory_full_info().pss
            except psutil.Error:
                continue
            self.largest_mb = max(self.largest_mb, total / 1e6)


def prepare_and_tokenise(recipe: str, corpus: Path, tokenizer: Path, folder: Path) -> None:
    """In the child: ours, from files to tokens."""
    from types import SimpleNamespace

    from laras.batches.tokens import split_tokens
    from laras.models.template import ChatTemplate
    from laras.models.tokenizer import Tokenizer
    from laras.preparation.pipeline import prepare
    from laras.recipe.load import recipe_from_mapping
    from laras.runs.folder import Run

    times = _Times()
    loaded = recipe_from_mapping(
        {"data": {"sources": [{"documents": str(corpus)}]}, "preparation": RECIPES[recipe]}, folder
    )
    with Run.open(folder / "run") as run:
        prepared = prepare(loaded, run, times)
    times.stage("Tokenising")
    reader = Tokenizer.from_folder(tokenizer)
    # What the token cache needs of a model; loading weights is no part of this.
    model: Any = SimpleNamespace(
        tokenizer=reader, template=ChatTemplate.from_folder(tokenizer, reader), context=1024
    )
    splits = (prepared.train, prepared.validation, prepared.test)
    found = [split_tokens(path, model, folder / "tokens") for path in splits]
    times.finish()
    print(
        json.dumps(
            {
                "examples": sum(len(split.tokens) for split in found),
                "tokens": sum(split.facts()["tokens"] for split in found),
                "encoder": found[0].encoder,
                "dropped": prepared.audit["ledger"]["reasons"],
                "stages": times.spent,
            }
        )
    )


class _Times:
    """A progress that notes the CPU seconds of each stage."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}
        self._name = "Starting"
        self._since = 0.0

    def stage(self, name: str, total: int | None = None) -> None:
        now = time.process_time()
        self.spent[self._name] = round(self.spent.get(self._name, 0.0) + now - self._since, 2)
        self._name, self._since = name, now

    def advance(self, done: int, **facts: float | int | str | None) -> None:
        pass

    def note(self, message: str) -> None:
        pass

    def finish(self) -> None:
        self.stage("")


def write_real(folder: Path, texts: Path) -> int:
    """The text files of ``texts`` as documents of about the same length; returns the bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    size_bytes = 0
    for path in sorted(texts.glob("*.txt")):
        lines = []
        document = ""
        for paragraph in path.read_text(encoding="utf-8").split("\n"):
            document += paragraph + "\n"
            if len(document) >= _DOCUMENT_CHARACTERS:
                lines.append(json.dumps({"text": document}, ensure_ascii=False))
                size_bytes += len(document.encode())
                document = ""
        if lines:
            (folder / f"{path.stem}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return size_bytes


def main() -> None:
    """Measure, print the table, keep it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="25,100,400", help="megabytes of text")
    parser.add_argument("--tokenizers", type=Path, help="folder with a folder for each tokenizer")
    parser.add_argument("--tokenizer", default="qwen2.5")
    parser.add_argument("--peer", default=".venv-bench/bin/python")
    parser.add_argument("--real", type=Path, help="folder of .txt files for another row")
    parser.add_argument("--repeats", type=int, default=3, help="runs of sizes up to 25 MB")
    parser.add_argument("--folder", type=Path, help="where corpora are kept; default: a new one")
    parser.add_argument("--ours", nargs=4, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.ours:
        recipe, *paths = arguments.ours
        prepare_and_tokenise(recipe, *map(Path, paths))
        return
    from corpus import write_corpus

    folder = arguments.folder or Path(tempfile.mkdtemp(prefix="laras-preparation-"))
    corpora: list[tuple[str, int, Path]] = []
    for size in map(int, arguments.sizes.split(",")):
        corpus = folder / f"generated-{size}"
        if not corpus.exists():
            write_corpus(corpus, size * 1_000_000)
        corpora.append((f"{size} MB generated", size * 1_000_000, corpus))
    if arguments.real:
        corpus = folder / "real"
        size_bytes = write_real(corpus, arguments.real)
        corpora.insert(0, (f"{size_bytes / 1e6:.0f} MB real", size_bytes, corpus))
    rows: list[dict[str, Any]] = []
    tokenizer = (arguments.tokenizers / arguments.tokenizer).resolve()
    for name, size_bytes, corpus in corpora:
        repeats = arguments.repeats if size_bytes <= 40_000_000 else 1
        # The peer with threads and without; on large corpora what was cheaper on the first.
        variants = ("true", "false") if repeats > 1 or not rows else (_best_peer(rows[0])[0],)
        rows.append(_compare(name, corpus, tokenizer, arguments.peer, variants, folder, repeats))
        print(_table(rows), flush=True)
    RESULTS.mkdir(exist_ok=True)
    machine = f"Tokenizer {arguments.tokenizer}; {os.cpu_count()} cores."
    text = f"{machine}\n\n{_table(rows)}\n{_stages(rows)}"
    (RESULTS / "preparation.md").write_text(text, encoding="utf-8")
    (RESULTS / "preparation.json").write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    print(text)


def _compare(
    name: str,
    corpus: Path,
    tokenizer: Path,
    peer: str,
    variants: tuple[str, ...],
    folder: Path,
    repeats: int,
) -> dict[str, Any]:
    """One row: all contenders by turns, ``repeats`` times."""
    costs: dict[str, list[Cost]] = {}
    for _repeat in range(repeats):
        for parallel in variants:
            cache = folder / "cache"
            shutil.rmtree(cache, ignore_errors=True)
            command = [peer, str(HERE / "datasets_worker.py"), str(tokenizer / "tokenizer.json")]
            cost = measured([*command, str(corpus), str(cache)], TOKENIZERS_PARALLELISM=parallel)
            costs.setdefault(f"peer-{parallel}", []).append(cost)
        for recipe in RECIPES:
            work = folder / "work"
            shutil.rmtree(work, ignore_errors=True)
            work.mkdir(parents=True)
            paths = (corpus.resolve(), tokenizer, work)
            command = [sys.executable, __file__, "--ours", recipe, *map(str, paths)]
            costs.setdefault(recipe, []).append(measured(command, OMP_NUM_THREADS="1"))
    result: dict[str, Any] = {"corpus": name, "repeats": repeats}
    for who, found in costs.items():
        cpu = [_compared_cpu_s(who, cost) for cost in found]
        result[who] = {
            "cpu_s": statistics.median(cpu),
            "whole_process_cpu_s": statistics.median(c.cpu_s for c in found),
            "peak_mb": statistics.median(c.peak_mb for c in found),
            "wall_s": statistics.median(c.wall_s for c in found),
            "facts": found[-1].facts,
        }
    return result


def _compared_cpu_s(who: str, cost: Cost) -> float:
    """The map alone of the peer; of ours all but checking the finished files."""
    if who.startswith("peer"):
        return float(cost.facts["mapping_s"])
    return cost.cpu_s - float(cost.facts["stages"]["Checking"])


def _best_peer(row: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The peer's cheaper way: TOKENIZERS_PARALLELISM, and what it cost."""
    names = [name for name in row if name.startswith("peer-")]
    best = min(names, key=lambda name: float(row[name]["cpu_s"]))
    return best.removeprefix("peer-"), row[best]


def _table(rows: list[dict[str, Any]]) -> str:
    heads = ["corpus", "datasets.map, CPU s", "its process", "MB"]
    for recipe in RECIPES:
        heads += [f"ours: {recipe}, CPU s", "MB", "ratio", "with checks, CPU s"]
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for row in rows:
        _variant, peer = _best_peer(row)
        cells = [row["corpus"], f"{peer['cpu_s']:.1f}", f"{peer['whole_process_cpu_s']:.1f}"]
        cells.append(f"{peer['peak_mb']:.0f}")
        for recipe in RECIPES:
            own = row[recipe]
            ratio = own["cpu_s"] / peer["cpu_s"]
            cells += [f"{own['cpu_s']:.1f}", f"{own['peak_mb']:.0f}", f"**{ratio:.2f}**"]
            cells.append(f"{own['whole_process_cpu_s']:.1f}")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _stages(rows: list[dict[str, Any]]) -> str:
    names = list(rows[0]["default"]["facts"]["stages"])
    lines = [
        "CPU seconds of the default recipe by stage (main process):\n",
        "| corpus | " + " | ".join(names) + " |",
        "|" + "---|" * (len(names) + 1),
    ]
    for row in rows:
        spent = row["default"]["facts"]["stages"]
        lines.append(f"| {row['corpus']} | " + " | ".join(f"{spent[n]:.1f}" for n in names) + " |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
