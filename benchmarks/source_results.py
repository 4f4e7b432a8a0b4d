"""The tables of ``benchmarks/sources.py``: by format and by file."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean


@dataclass(frozen=True, slots=True)
class FileResult:
    """One file: F1 of both sides (None without a ground truth) and their medians of CPU time."""

    format: str
    name: str
    ours: float | None
    peer: float | None
    our_cpu_s: float
    peer_cpu_s: float
    our_error: str
    peer_error: str


def table(rows: list[list[str]]) -> str:
    """Rows as a Markdown table with columns of even width; the first is the header."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]

    def line(cells: list[str]) -> str:
        return f"| {' | '.join(c.ljust(w) for c, w in zip(cells, widths, strict=True))} |"

    return "\n".join([line(rows[0]), line(["-" * w for w in widths]), *map(line, rows[1:])])


def by_format(results: list[FileResult]) -> list[list[str]]:
    """The table of formats: mean F1 and summed CPU time of files that have a ground truth."""
    rows = [
        [
            *("format", "files", "F1 laras", "F1 markitdown", "CPU ms laras", "CPU ms markitdown"),
            *("CPU share", "F1 at or above", "CPU at most a third"),
        ]
    ]
    for name in dict.fromkeys(result.format for result in results):
        scored = [r for r in results if r.format == name and r.ours is not None]
        timed = scored or [r for r in results if r.format == name]
        our_cpu = sum(result.our_cpu_s for result in timed)
        peer_cpu = sum(result.peer_cpu_s for result in timed)
        ours = fmean(r.ours for r in scored if r.ours is not None) if scored else None
        peer = fmean(r.peer for r in scored if r.peer is not None) if scored else None
        better = "no ground truth" if ours is None or peer is None else yes(ours >= peer)
        rows.append(
            [
                *(name, str(len(timed)), score(ours), score(peer)),
                *(f"{1000 * our_cpu:.1f}", f"{1000 * peer_cpu:.1f}", f"{our_cpu / peer_cpu:.2f}"),
                *(better, yes(our_cpu <= peer_cpu / 3)),
            ]
        )
    return rows


def by_file(results: list[FileResult]) -> list[list[str]]:
    """The table of files."""
    rows = [["file", "F1 laras", "F1 markitdown", "CPU ms laras", "CPU ms markitdown", "remark"]]
    for result in results:
        remarks = [
            *(["no ground truth"] if result.ours is None else []),
            *([f"laras: {result.our_error}"] if result.our_error else []),
            *([f"markitdown: {result.peer_error}"] if result.peer_error else []),
        ]
        rows.append(
            [
                *(f"{result.format}/{result.name}", score(result.ours), score(result.peer)),
                *(f"{1000 * result.our_cpu_s:.2f}", f"{1000 * result.peer_cpu_s:.2f}"),
                "; ".join(remarks),
            ]
        )
    return rows


def score(value: float | None) -> str:
    """A score with three places, or a dash."""
    return "-" if value is None else f"{value:.3f}"


def yes(claim: bool) -> str:
    """A claim in a word."""
    return "yes" if claim else "NO"
