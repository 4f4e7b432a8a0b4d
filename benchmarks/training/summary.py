"""Tables from the runs of a campaign: medians, and ratios to the best peer."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable
from typing import Any

from contenders import CONTENDERS

Run = dict[str, Any]


def summary(data: dict[str, Any]) -> str:
    """All tables that the runs allow for, in Markdown."""
    runs = [run for run in data["runs"] if "failed" not in run]
    machine = data["machine"]
    parts = [
        f"{machine.get('processor')}, {machine.get('cores')} cores, "
        f"{machine.get('memory_bytes', 0) / 2**30:.0f} GiB.",
        _versions(runs),
        "Commands: " + "; ".join(f"`{command}`" for command in data["commands"]),
        _speed(runs),
        _defaults(runs),
        _memory(runs),
        _start(runs),
        _settings(runs),
        _gains(runs),
        _failures(data["runs"]),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def median_of(runs: Iterable[Run], figure: Callable[[Run], float]) -> tuple[float, int] | None:
    """Median, and number, of the runs that others left in peace; the median of all, and 0, where
    there is no such run."""
    found = list(runs)
    if not found:
        return None
    quiet = [run for run in found if not run["disturbed"]]
    return statistics.median(map(figure, quiet or found)), len(quiet)


def _cells(runs: list[Run], *kinds: str) -> list[tuple[str, str]]:
    found = {(run["workload"], run["mode"]) for run in runs if run["kind"] in kinds}
    return sorted(found, key=lambda cell: (cell[0] == "M", cell[1]))


def _of(runs: list[Run], kind: str, cell: tuple[str, str], name: str) -> list[Run]:
    return [
        run
        for run in runs
        if (run["kind"], run["workload"], run["mode"], run["contender"]) == (kind, *cell, name)
    ]


def _in_group(group: str) -> list[str]:
    return [name for name, each in CONTENDERS.items() if each.group == group]


def _tokens_per_s(run: Run) -> float:
    return float(run["tokens_per_s"])


def _gigabytes(run: Run) -> float:
    return float(run["peak_memory_bytes"]) / 1e9


def _start_s(run: Run) -> float:
    return float(run["start_to_first_step_s"])


def _compared(
    runs: list[Run],
    kind: str,
    title: str,
    figure: Callable[[Run], float],
    best: Callable[..., float],
) -> str:
    """A row for each cell, a column for each contender, and ours over the best of the peers."""
    cells = _cells(runs, kind)
    if not cells:
        return ""
    ours, peers = _in_group("ours"), _in_group("peers")
    heads = ["", *ours, *peers, *(f"{name} / best peer" for name in ours)]
    rows = []
    for cell in cells:
        found = {name: median_of(_of(runs, kind, cell, name), figure) for name in ours + peers}
        row = ["-".join(cell), *(_figure(found[name]) for name in ours + peers)]
        known = [found[name][0] for name in peers if found[name]]
        for name in ours:
            own = found[name]
            row.append(f"**{own[0] / best(known):.2f}**" if own and known else "")
        rows.append(row)
    return f"{title}\n\n{_table(heads, rows)}"


def _speed(runs: list[Run]) -> str:
    title = (
        "Useful tokens/s, the same tuned environment and rows for all (medians; in brackets the "
        "number of undisturbed runs)"
    )
    return _compared(runs, "speed", title, _tokens_per_s, max)


def _memory(runs: list[Run]) -> str:
    title = "Peak resident memory on the longest rows, GB"
    return _compared(runs, "memory", title, _gigabytes, min)


def _start(runs: list[Run]) -> str:
    title = "Process start to the end of the first step, seconds"
    return _compared(runs, "start", title, _start_s, min)


def _defaults(runs: list[Run]) -> str:
    """The peers as they come, and how far ours is ahead of each."""
    rows = []
    for cell in _cells(runs, "defaults"):
        own = median_of(_of(runs, "defaults", cell, "laras-default"), _tokens_per_s)
        for name in _in_group("defaults"):
            found = median_of(_of(runs, "defaults", cell, name), _tokens_per_s)
            ratio = f"**{own[0] / found[0]:.2f}**" if own and found else ""
            rows.append(["-".join(cell), name, _figure(found), ratio])
    if not rows:
        return ""
    title = "All as they come, in the machine's default environment, useful tokens/s"
    return f"{title}\n\n{_table(['', 'who', 'tokens/s', 'laras-default / it'], rows)}"


def _settings(runs: list[Run]) -> str:
    """Other settings of the peers, on the same rows."""
    rows = []
    for cell in _cells(runs, "settings"):
        for name in CONTENDERS:
            found = median_of(_of(runs, "settings", cell, name), _tokens_per_s)
            if found:
                rows.append(["-".join(cell), name, _figure(found)])
    if not rows:
        return ""
    title = "What the peers' best settings were chosen from, useful tokens/s"
    return f"{title}\n\n{_table(['', 'who', 'tokens/s'], rows)}"


def _gains(runs: list[Run]) -> str:
    """What each trick is worth: Laras by Laras without it, had by turns."""
    rows = []
    for cell in _cells(runs, "gains"):
        own = median_of(_of(runs, "gains", cell, "laras"), _tokens_per_s)
        for name in ("laras", "laras-general", *_in_group("gains")):
            found = median_of(_of(runs, "gains", cell, name), _tokens_per_s)
            ratio = f"**{own[0] / found[0]:.2f}**" if own and found else ""
            rows.append(["-".join(cell), name, _figure(found), ratio])
    if not rows:
        return ""
    title = "Laras with one trick less, useful tokens/s"
    return f"{title}\n\n{_table(['', 'who', 'tokens/s', 'laras / it'], rows)}"


def _failures(runs: list[Run]) -> str:
    told = {
        f"- {run['contender']} on {run['workload']}-{run['mode']}: {run['failed']}"
        for run in runs
        if "failed" in run
    }
    return "Failed:\n\n" + "\n".join(sorted(told)) if told else ""


def _versions(runs: list[Run]) -> str:
    told = {}
    for run in runs:
        family = run["contender"].split("-")[0]
        told[family] = ", ".join(f"{name} {each}" for name, each in run["versions"].items())
    return "\n".join(f"- {family}: {each}" for family, each in told.items())


def _figure(found: tuple[float, int] | None) -> str:
    if found is None:
        return ""
    value, count = found
    return f"{value:.0f} ({count})" if value >= 50 else f"{value:.2f} ({count})"


def _table(heads: list[str], rows: list[list[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
