"""How often intervals hold the truth, and how often tests find a difference where there is none.

    python benchmarks/intervals.py [--sets 1000] [--null-sets 10000] [--results FILE]

Test sets are drawn from populations whose true figures are known (simulated_sets.py). For each
population and number of groups: in how many of the ``--sets`` the 95 % interval of the figure, and
of the difference between two contenders, holds the truth; beside it, for comparison, the plain
percentile interval. And in how many of the ``--null-sets`` the paired test calls two contenders
different, at 5 %, that are not. ``--results`` writes JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from simulated_sets import MANY_CLASSES, POPULATIONS, Draw, Population

from laras.evaluation import bootstrap
from laras.evaluation.metric import Statistics

NULL_GROUPS = (8, 12, 20, 30, 60, 120)
SAMPLES = 1000  # as evaluation.bootstrap_samples has it
CONFIDENCE = 0.95
ALL = (*POPULATIONS, *MANY_CLASSES)


def coverage(population: Population, groups: int, sets: int, seed: int) -> dict[str, Any]:
    """Share of test sets whose interval holds the truth, of the figure and of a difference; the
    same by plain percentiles; mean widths."""
    generator = np.random.default_rng([seed, groups])
    names = ("figure", "difference", "figure_by_percentiles", "difference_by_percentiles")
    held, widths = np.zeros(4), np.zeros(4)
    for number in range(sets):
        drawn = population.draw(generator, groups, population.gain)
        settings = {"samples": SAMPLES, "confidence": CONFIDENCE, "seed": number}
        figure = bootstrap.interval(drawn.first, drawn.groups, **settings)
        difference = bootstrap.paired_difference(
            drawn.first, drawn.second, drawn.groups, **settings
        )
        found = [(figure.low, figure.high), (difference.low, difference.high)]
        gain = drawn.truths[1] - drawn.truths[0]
        truths = (drawn.truths[0], gain, drawn.truths[0], gain)
        for place, ((low, high), truth) in enumerate(
            zip([*found, *_percentiles(drawn, number)], truths, strict=True)
        ):
            held[place] += low <= truth <= high
            widths[place] += high - low
    return {
        "population": population.name,
        "groups": groups,
        "sets": sets,
        "coverage": dict(zip(names, (held / sets).round(4).tolist(), strict=True)),
        "mean_width": dict(zip(names, (widths / sets).round(4).tolist(), strict=True)),
    }


def false_alarms(population: Population, groups: int, sets: int, seed: int) -> dict[str, Any]:
    """Share of test sets on which the paired test calls two equal contenders different."""
    generator = np.random.default_rng([seed, groups, 1])
    alarms, names = 0, set()
    for number in range(sets):
        drawn = population.draw(generator, groups, 0.0)
        sums = [_sums(side, drawn.groups) for side in (drawn.first, drawn.second)]
        p, name = bootstrap.paired_test(
            drawn.first, drawn.second, *sums, samples=SAMPLES, seed=number
        )
        alarms += p <= 1 - CONFIDENCE
        names.add(name)
    return {
        "population": population.name,
        "groups": groups,
        "sets": sets,
        "test": ", ".join(sorted(names)),
        "type_1_error": round(alarms / sets, 4),
    }


def _percentiles(drawn: Draw, seed: int) -> list[tuple[float, float]]:
    """Of the figure, and of the difference."""
    values = []
    for side in (drawn.first, drawn.second):
        sums = _sums(side, drawn.groups)
        values.append(bootstrap._resampled(side, sums, len(sums), SAMPLES, seed))
    levels = [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2]
    return [tuple(np.quantile(each, levels)) for each in (values[0], values[1] - values[0])]


def _sums(side: Statistics, names: list[str]) -> np.ndarray:
    return bootstrap._by_group(side.values, *bootstrap._codes(names, side.rows))


def _job(task: tuple[str, int, int, int, int]) -> dict[str, Any]:
    kind, place, groups, sets, seed = task
    return (coverage if kind == "coverage" else false_alarms)(ALL[place], groups, sets, seed)


def _print(covered: list[dict[str, Any]], alarms: list[dict[str, Any]]) -> None:
    print("95 % intervals that hold the truth, in brackets by plain percentiles")
    print(f"{'population':36} groups  figure          difference")
    for row in covered:
        share = row["coverage"]
        print(
            f"{row['population']:36} {row['groups']:6}  "
            f"{share['figure']:.3f} ({share['figure_by_percentiles']:.3f})   "
            f"{share['difference']:.3f} ({share['difference_by_percentiles']:.3f})"
        )
    print("tests at 5 % that call equal contenders different")
    for row in alarms:
        print(f"{row['population']:36} {row['groups']:6}  {row['type_1_error']:.4f}  {row['test']}")


def main() -> None:
    """Draw, count, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=1000)
    parser.add_argument("--null-sets", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--results", type=Path)
    options = parser.parse_args()
    started = time.monotonic()
    tasks = [
        ("coverage", place, groups, options.sets, options.seed)
        for place, population in enumerate(ALL)
        for groups in population.sizes
    ]
    tasks += [
        ("alarms", place, groups, options.null_sets, options.seed)
        for place in range(len(POPULATIONS))
        for groups in NULL_GROUPS
    ]
    with ProcessPoolExecutor(options.processes) as pool:
        rows = list(pool.map(_job, tasks))
    covered = [row for row in rows if "coverage" in row]
    alarms = [row for row in rows if "type_1_error" in row]
    _print(covered, alarms)
    if options.results:
        facts = {
            "command": "python benchmarks/intervals.py "
            f"--sets {options.sets} --null-sets {options.null_sets} --seed {options.seed}",
            "samples": SAMPLES,
            "confidence": CONFIDENCE,
            "coverage": covered,
            "type_1_error": alarms,
            "seconds": round(time.monotonic() - started, 1),
        }
        options.results.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
