"""Precision and recall of the personal data found, by kind, on a labelled set; and what it costs.

    python benchmarks/personal_data.py [--speed FILE ...] [--misses]

The set (``personal_data/labelled.jsonl``) was written for this: sentences in Indonesian and English
in which ⟦kind|value⟧ marks what is to be found, and sentences that hold something that only looks
like it. It was written before the detectors. All values are invented or come from ranges that are
reserved for documentation. A ¦ in a value is taken out; it keeps scanners of repositories from
taking invented keys for real ones. Half of it, by a hash of the sentence, was looked at while the
detectors were made; the other half was not, and the sentences marked ``later`` were written when
they were done. One author wrote both, so text of others will be harder. A finding counts if its
kind and both its ends are right. Intervals are Wilson's, 95 %. ``--speed``: MB of text per CPU
second, all kinds, for plain files.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from laras.preparation.privacy.scan import detectors_of, find_personal_data
from laras.recipe.preparing import PersonalData

LABELLED = Path(__file__).with_name("personal_data") / "labelled.jsonl"
KINDS: tuple[str, ...] = get_args(PersonalData)
_MARK = re.compile(r"⟦([a-z-]+)\|(.*?)⟧", re.DOTALL)


@dataclass(frozen=True)
class Item:
    """A sentence, the names known from its chat, and what is to be found: kind, start, end."""

    text: str
    names: tuple[str, ...]
    spans: frozenset[tuple[str, int, int]]
    part: str  # development, test, later


@dataclass(frozen=True)
class Score:
    """Counts of one kind."""

    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float:
        return self.right / max(self.right + self.wrong, 1)

    @property
    def recall(self) -> float:
        return self.right / max(self.right + self.missed, 1)


def labelled_items() -> Iterator[Item]:
    """The labelled set."""
    for line in LABELLED.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        marked = row["text"].replace("¦", "")
        spans = set()
        parts: list[str] = []
        end = length = 0
        for found in _MARK.finditer(marked):
            before = marked[end : found.start()]
            start = length + len(before)
            spans.add((found[1], start, start + len(found[2])))
            parts += [before, found[2]]
            length = start + len(found[2])
            end = found.end()
        text = "".join([*parts, marked[end:]])
        part = ("development", "test")[hashlib.sha256(row["text"].encode()).digest()[0] % 2]
        if row.get("later"):
            part = "later"
        yield Item(text, tuple(row.get("names", ())), frozenset(spans), part)


def found_in(item: Item) -> set[tuple[str, int, int]]:
    """What the detectors find."""
    findings = find_personal_data(item.text, detectors_of(KINDS, item.names))
    return {(finding.kind, finding.start, finding.end) for finding in findings}


def scores(items: list[Item]) -> dict[str, Score]:
    """Counts for each kind."""
    right: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    for item in items:
        found = found_in(item)
        right.update(kind for kind, *_ in found & item.spans)
        wrong.update(kind for kind, *_ in found - item.spans)
        missed.update(kind for kind, *_ in item.spans - found)
    return {kind: Score(right[kind], wrong[kind], missed[kind]) for kind in KINDS}


def interval(successes: int, trials: int) -> tuple[float, float]:
    """Wilson's interval of a share, 95 % (Wilson 1927)."""
    if not trials:
        return 0.0, 1.0
    z = 1.96
    share = successes / trials
    middle = share + z * z / (2 * trials)
    spread = z * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    scale = 1 + z * z / trials
    return (middle - spread) / scale, (middle + spread) / scale


def _show(title: str, items: list[Item]) -> None:
    labelled = sum(len(item.spans) for item in items)
    without = sum(not item.spans for item in items)
    print(f"\n{title}: {len(items)} sentences, {labelled} labelled, {without} with nothing to find")
    print(
        f"{'kind':12}{'labelled':>9}{'precision':>11}{'interval':>14}{'recall':>9}{'interval':>14}"
    )
    for kind, score in scores(items).items():
        found, there = score.right + score.wrong, score.right + score.missed
        low_p, high_p = interval(score.right, found)
        low_r, high_r = interval(score.right, there)
        print(
            f"{kind:12}{there:>9}{score.precision:>11.3f}{f'{low_p:.2f} - {high_p:.2f}':>14}"
            f"{score.recall:>9.3f}{f'{low_r:.2f} - {high_r:.2f}':>14}"
        )


def _show_misses(items: list[Item]) -> None:
    for item in items:
        found = found_in(item)
        for title, spans in (("missed", item.spans - found), ("wrong", found - item.spans)):
            for kind, start, end in sorted(spans):
                print(f"{title:7}{kind:11}{item.text[start:end]!r} in {item.text!r}")


def _show_speed(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    parts = text.split("<|doc|>")
    detectors = detectors_of(KINDS)
    best = math.inf
    for _round in range(3):
        began = time.process_time()
        counts = Counter(f.kind for part in parts for f in find_personal_data(part, detectors))
        best = min(best, time.process_time() - began)
    size = len(text.encode()) / 1e6
    print(f"{path.name:34}{size:7.2f} MB{size / best:8.1f} MB a CPU second  {dict(counts)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--speed", nargs="*", type=Path, default=[], metavar="FILE")
    parser.add_argument("--misses", action="store_true", help="show those of the development half")
    arguments = parser.parse_args()
    items = list(labelled_items())
    for part in ("development", "test", "later"):
        _show(part, [item for item in items if item.part == part])
    _show("all", items)
    if arguments.misses:
        _show_misses([item for item in items if item.part == "development"])
    for path in arguments.speed:
        _show_speed(path)


if __name__ == "__main__":
    main()
