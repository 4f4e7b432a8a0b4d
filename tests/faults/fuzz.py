"""Fuzzes everything that reads what others wrote: ``python tests/faults/fuzz.py --minutes 10``.

Each target has its minutes, in a process of its own. A try that raises what its contract does not
allow, takes more than its seconds, makes the process grow, or ends it, is a finding: it is kept
under ``--findings`` and can be given to the target again (``--again FILE``).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))

from fuzz_targets import TARGETS, Seed, emptied, parser_target  # noqa: E402
from mutations import mutated  # noqa: E402

MOST_SECONDS = 30  # one try; parsers and templates have limits of their own below it
MOST_GROWTH = 1 << 30  # bytes of this process above where it began
NAMES = (*TARGETS, "parsers")


def main() -> int:
    """Parse the command line; 1 where there were findings."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="for each target")
    parser.add_argument("--only", choices=NAMES, nargs="+", default=list(NAMES))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--findings", type=Path, default=Path("fuzz-findings"))
    parser.add_argument("--worker", choices=NAMES, help=argparse.SUPPRESS)
    parser.add_argument("--again", type=Path, help="a finding, tried again by its target")
    options = parser.parse_args()
    if options.again:
        return again(options.again)
    if options.worker:
        return work(options.worker, options.minutes, options.seed, options.findings)
    return sum(watch(name, options) for name in options.only) and 1


def watch(name: str, options: argparse.Namespace) -> int:
    """Let a process fuzz ``name``; one that dies is a finding, and another goes on. Findings."""
    ends = time.monotonic() + 60 * options.minutes
    findings, tries, seed = 0, 0, options.seed
    while (left := ends - time.monotonic()) > 1:
        arguments = ["--worker", name, "--minutes", str(left / 60), "--seed", str(seed)]
        done = subprocess.run(
            [sys.executable, __file__, *arguments, "--findings", str(options.findings)],
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        facts = json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else {}
        findings += facts.get("findings", 1)
        tries += facts.get("tries", 0)
        seed += 1_000_003
        if not facts:
            print(f"{name}: the process ended with {done.returncode}", flush=True)
    print(f"{name}: {tries} tries, {findings} findings", flush=True)
    return findings


def work(name: str, minutes: float, seed: int, findings: Path) -> int:
    """Fuzz ``name`` here; the last line on standard output tells tries and findings."""
    target, close = _target(name)
    chance = random.Random(seed)
    ends = time.monotonic() + 60 * minutes
    found, tries = 0, 0
    told: set[str] = set()
    with tempfile.TemporaryDirectory() as made:
        seeds = target.seeds(Path(made) / "seeds")
        contents = [each.content for each in seeds]
        start = psutil.Process().memory_info().rss
        while time.monotonic() < ends:
            each = chance.choice(seeds)
            content = mutated(each.content, contents, chance)
            kept = findings / f"{name}-{seed}-{tries}"
            _keep(kept, name, each, content)  # before: the try may end this process
            tries += 1
            reason = _tried(target, each, content, Path(made) / "try")
            growth = psutil.Process().memory_info().rss - start
            if reason is None and growth > MOST_GROWTH:
                reason, start = f"grew by {growth >> 20} MB", start + growth
            place = [line for line in (reason or "").splitlines() if "File " in line][-1:]
            if reason is None or str(place or reason) in told:  # one of each place is enough
                _forget(kept)
                continue
            told.add(str(place or reason))
            found += 1
            (kept.parent / f"{kept.name}.txt").write_text(reason, encoding="utf-8")
            print(f"{kept}: {reason.strip().splitlines()[-1]}", file=sys.stderr, flush=True)
    close()
    print(json.dumps({"tries": tries, "findings": found}))
    return 0


def again(finding: Path) -> int:
    """Give a finding to its target once more."""
    facts = json.loads(Path(f"{finding}.json").read_text(encoding="utf-8"))
    target, close = _target(facts["target"])
    with tempfile.TemporaryDirectory() as made:
        target.seeds(Path(made) / "seeds")
        seed = Seed(facts["name"], b"", facts["kind"])
        reason = _tried(target, seed, finding.read_bytes(), Path(made) / "try")
    close()
    print(reason or "nothing to complain of")
    return int(reason is not None)


def _target(name: str) -> tuple[Any, Any]:
    if name != "parsers":
        return TARGETS[name], lambda: None
    from laras.sources.parsing import ParserLimits

    return parser_target(ParserLimits(timeout_s=10.0, memory_bytes=1 << 30))


def _tried(target: Any, seed: Seed, content: bytes, folder: Path) -> str | None:
    """What is wrong with the outcome; None where nothing is."""

    def too_long(_number: int, _frame: object) -> None:
        raise TimeoutError(f"more than {MOST_SECONDS} s")

    signal.signal(signal.SIGALRM, too_long)
    signal.alarm(MOST_SECONDS)
    try:
        with emptied(folder):
            target.attempt(seed, content, folder)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt | SystemExit):
            raise
        lines = traceback.format_exception(error)
        return "".join(line for line in lines if "Frozen" not in line)[-4000:]
    finally:
        signal.alarm(0)
    return None


def _keep(path: Path, target: str, seed: Seed, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    facts = {"target": target, "name": seed.name, "kind": seed.kind}
    Path(f"{path}.json").write_text(json.dumps(facts), encoding="utf-8")


def _forget(path: Path) -> None:
    path.unlink()
    Path(f"{path}.json").unlink()


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.exit(main())
