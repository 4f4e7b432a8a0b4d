"""The text of real files beside markitdown's: agreement with a ground truth, and CPU seconds.

    python benchmarks/sources.py --material FOLDER --peer-python PYTHON [--formats pdf,html]
                                 [--texts FOLDER] [--results FOLDER]

``--material`` holds docling's test documents (``documents/docling/FORMAT/sources`` and
``groundtruth``); ``--peer-python`` is an interpreter with markitdown. ``--texts`` keeps the three
texts of each file, to be read side by side; ``--results`` writes ``sources.md`` and
``sources.json``. Both sides run warm: a first round, which is not timed, gives the texts, three
more, taken in turn file by file, the CPU seconds (medians; own and child processes). Starting up
is told apart.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from source_results import FileResult, by_file, by_format, table
from text_overlap import SUMMARY, overlap_f1

ROUNDS = 3
WORKER = Path(__file__).with_name("markitdown_worker.py")


@dataclass(frozen=True, slots=True)
class Case:
    """One source file and its ground truth, where it has one."""

    format: str
    path: Path
    truth: Path | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one side made of a file: its text, or why there is none, and the CPU seconds."""

    text: str
    error: str
    cpu_s: float


def find_cases(material: Path, formats: list[str]) -> list[Case]:
    """The files of each format, with ``groundtruth/NAME.md`` or that of the bare name."""
    root = material / "documents" / "docling"
    cases = []
    for folder in sorted(root.iterdir()):
        if not folder.is_dir() or (formats and folder.name not in formats):
            continue
        for path in sorted((folder / "sources").iterdir()):
            truths = [folder / "groundtruth" / f"{name}.md" for name in (path.name, path.stem)]
            truth = next((truth for truth in truths if truth.exists()), None)
            cases.append(Case(folder.name, path, truth))
    return cases


class Ours:
    """Laras as its user has it: readers in this process, parsers in one warm child."""

    def __init__(self) -> None:
        before = time.process_time()
        from laras.recipe.schema import DataSection, Source
        from laras.sources import read
        from laras.sources.context import FileContext
        from laras.sources.discovery import SourceFile
        from laras.sources.parsing import ParserProcess

        self._parser = ParserProcess()
        self._read: Any = read
        self._context: Any = FileContext
        self._file: Any = SourceFile
        # Whole pages: the ground truth has their menus and footers too, as markitdown has.
        self._source = Source.model_validate({"documents": ["."], "html": "page"})
        self._max_bytes = DataSection.model_fields["max_file_bytes"].default
        self.import_cpu_s = time.process_time() - before

    def convert(self, path: Path) -> Outcome:
        """The documents of one file, one below the other."""
        from laras.records import Document, Rejection
        from laras.sources.extraction import RefusedError

        file = self._file(path, path.name, path.name, path.stat().st_size)
        context = self._context(file, self._source, self._parser, self._max_bytes)
        before = self._cpu_s()
        try:
            records = list(self._read.read_file(context))
        except RefusedError as error:
            records = [context.rejection(error.reason, fact=error.fact)]
        cpu_s = self._cpu_s() - before
        texts = [record.text for record in records if isinstance(record, Document)]
        reasons = {record.reason for record in records if isinstance(record, Rejection)}
        return Outcome("\n\n".join(texts), "" if texts else ", ".join(sorted(reasons)), cpu_s)

    def _cpu_s(self) -> float:
        """CPU seconds of this process, of children that ended, and of the one that runs."""
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        child = self._parser.pid
        # Linux: the clock of another process's CPU time, by its id (clock_getcpuclockid(3)).
        running = time.clock_gettime((~child << 3) | 2) if child else 0.0
        return time.process_time() + ended.ru_utime + ended.ru_stime + running

    def close(self) -> None:
        """End the child."""
        self._parser.close()


class Peer:
    """markitdown in its own environment, as one warm process."""

    def __init__(self, python: Path) -> None:
        self._process = subprocess.Popen(
            [os.fspath(python), os.fspath(WORKER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        started = self._answer()
        self.version: str = started["version"]
        self.import_cpu_s: float = started["cpu_s"]

    def convert(self, path: Path) -> Outcome:
        """The text that markitdown makes of one file."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(os.fspath(path)) + "\n")
        self._process.stdin.flush()
        return Outcome(**self._answer())

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        """End of input ends the process."""
        self._process.communicate()


def warm_up(cases: list[Case], ours: Ours, peer: Peer) -> list[tuple[Outcome, Outcome]]:
    """What both sides make of each file; parsers are imported and our child starts on the way."""
    return [(ours.convert(case.path), peer.convert(case.path)) for case in cases]


def measure(
    cases: list[Case],
    first: list[tuple[Outcome, Outcome]],
    ours: Ours,
    peer: Peer,
    texts: Path | None,
) -> Iterator[FileResult]:
    """A result for each case, after ``ROUNDS`` rounds of all of them."""
    times: list[tuple[list[float], list[float]]] = [([], []) for _case in cases]
    for _round in range(ROUNDS):
        for case, (our_times, peer_times) in zip(cases, times, strict=True):
            our_times.append(ours.convert(case.path).cpu_s)
            peer_times.append(peer.convert(case.path).cpu_s)
    for case, (one, two), (our_times, peer_times) in zip(cases, first, times, strict=True):
        truth = case.truth.read_text(encoding="utf-8") if case.truth else None
        if texts is not None:
            keep(texts, case, {"ours": one.text, "peer": two.text, "truth": truth or ""})
        yield FileResult(
            case.format,
            case.path.name,
            None if truth is None else overlap_f1(one.text, truth),
            None if truth is None else overlap_f1(two.text, truth),
            median(our_times),
            median(peer_times),
            one.error,
            two.error,
        )


def keep(folder: Path, case: Case, texts: dict[str, str]) -> None:
    """Write the texts of one file below ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    for side, text in texts.items():
        name = f"{case.format}.{case.path.name}.{side}.md"
        (folder / name).write_text(text, encoding="utf-8")


def main() -> None:
    """Run the comparison and print its tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--material", type=Path, required=True)
    parser.add_argument("--peer-python", type=Path, required=True)
    parser.add_argument("--formats", default="", help="names of folders, with commas")
    parser.add_argument("--texts", type=Path)
    parser.add_argument("--results", type=Path)
    arguments = parser.parse_args()
    cases = find_cases(arguments.material, [name for name in arguments.formats.split(",") if name])
    if not cases:
        sys.exit(f"no source files below {arguments.material / 'documents/docling'}")
    ours, peer = Ours(), Peer(arguments.peer_python)
    try:
        first = warm_up(cases, ours, peer)
        results = list(measure(cases, first, ours, peer, arguments.texts))
    finally:
        ours.close()
        peer.close()
    our_start = sum(one.cpu_s for one, _two in first) - sum(r.our_cpu_s for r in results)
    peer_start = sum(two.cpu_s for _one, two in first) - sum(r.peer_cpu_s for r in results)
    page = "\n\n".join(
        [
            "# Texts of documents, beside markitdown",
            f"laras beside markitdown {peer.version}, docling's test documents and ground truth. "
            f"{SUMMARY} CPU: own and child processes, warm, medians of {ROUNDS} interleaved "
            f"rounds. Not in the table: importing (laras {ours.import_cpu_s:.2f} s, markitdown "
            f"{peer.import_cpu_s:.2f} s), and what the first round cost beyond a warm one, which "
            f"is importing parsers and starting the child (laras {our_start:.2f} s, markitdown "
            f"{peer_start:.2f} s).",
            table(by_format(results)),
            table(by_file(results)),
        ]
    )
    print(page)
    if arguments.results:
        arguments.results.mkdir(parents=True, exist_ok=True)
        (arguments.results / "sources.md").write_text(page + "\n", encoding="utf-8")
        facts = {
            "peer": f"markitdown {peer.version}",
            "import_cpu_s": {"laras": ours.import_cpu_s, "markitdown": peer.import_cpu_s},
            "first_round_cpu_s": {"laras": our_start, "markitdown": peer_start},
            "files": [asdict(result) for result in results],
        }
        document = json.dumps(facts, indent=1, ensure_ascii=False)
        (arguments.results / "sources.json").write_text(document + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
