"""The demo's verdict with two starter models, side by side.

    python benchmarks/starter_demo.py --first FOLDER [--second FOLDER] [--runs runs/starter-demo]

Each goes through `laras demo` in a process of its own, with the prompt contender beside the demo's
own two, and with the recipe that shipped with it; the second is the shipped one unless a folder is
named. A metric is better where it moved
in its good direction; ``apart`` says whether the two intervals do not even touch. Perplexities per
token compare only between models of one tokenizer, and are left out where the tokenizers differ
(bits per byte stay). Chance, for a contender that names labels, is the share of the test's most
frequent label.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from starter_results import RESULTS, base_of, begun, starter, write

from laras.evaluation.catalogue import ORDER
from laras.evaluation.metric import METRICS
from laras.runs.hashing import file_sha256

CONTENDERS = "[base, prompt, full]"
# What the demo had with the first version; an epoch of that took half as long again.
FIRST_RECIPE = ("tuning.epochs=0.75", "tuning.learning_rate=3e-3")


def verdict_of(base: str, folder: Path, settings: Sequence[str] = ()) -> dict[str, Any]:
    """`laras demo` with the model ``base`` and ``settings`` of its recipe: what its verdict says,
    and the label shares."""
    shutil.rmtree(folder, ignore_errors=True)
    command = [sys.executable, "-m", "laras", "demo", "--quiet", "--run", str(folder)]
    for each in (f"model.base={base_of(base)}", f"comparison.contenders={CONTENDERS}", *settings):
        command += ["--set", each]
    subprocess.run(command, check=True)
    verdict = json.loads((folder / "verdict.json").read_text("utf-8"))
    table = pq.read_table(folder / "contenders/base/predictions.parquet", columns=["label"])
    labels = Counter(label for label in table["label"].to_pylist() if label is not None)
    return {
        "sentence": verdict["sentence"],
        "chance": max(labels.values()) / labels.total(),
        "figures": {
            contender["name"]: {
                name: {key: figure[key] for key in ("value", "low", "high", "n")}
                for name, figure in contender["metrics"].items()
            }
            for contender in verdict["contenders"]
        },
    }


def compared(
    first: dict[str, Any], second: dict[str, Any], one_tokenizer: bool
) -> dict[str, dict[str, Any]]:
    """By contender and metric: both figures, and whether the second is the better one."""
    return {
        name: {
            metric: _pair(metrics[metric], second["figures"][name][metric], metric)
            for metric in ORDER
            if metric in metrics
            and metric in second["figures"][name]
            and METRICS.get(metric).higher_is_better is not None
            and (one_tokenizer or metric != "perplexity")
        }
        for name, metrics in first["figures"].items()
        if name in second["figures"]
    }


def _pair(first: dict[str, Any], second: dict[str, Any], metric: str) -> dict[str, Any]:
    """``better`` is None where both figures are the same."""
    higher = METRICS.get(metric).higher_is_better
    same = first["value"] == second["value"]
    apart = None
    if None not in (first["low"], first["high"], second["low"], second["high"]):
        apart = first["high"] < second["low"] or second["high"] < first["low"]
    better = None if same else (second["value"] > first["value"]) == higher
    return {"first": first, "second": second, "better": better, "apart": apart}


def summary(pairs: dict[str, dict[str, Any]], chance: float) -> dict[str, Any]:
    """What the comparison comes to: not better where (contender and metric), equal where, and
    whether the prompt contender names labels better than chance."""
    flat = [(f"{name}: {metric}", pair) for name, each in pairs.items()
            for metric, pair in each.items()]  # fmt: skip
    accuracy = pairs["prompt"]["accuracy"]
    return {
        "better_everywhere": all(pair["better"] for _where, pair in flat),
        "worse": [where for where, pair in flat if pair["better"] is False],
        "equal": [where for where, pair in flat if pair["better"] is None],
        "prompt_above_chance": {
            side: accuracy[side]["low"] > chance for side in ("first", "second")
        },
        "chance": chance,
    }


def rows(pairs: dict[str, dict[str, Any]]) -> Iterator[str]:
    """The table."""
    yield f"{'contender':10}{'metric':22}{'first':>10}{'second':>10}  better"
    for name, metrics in pairs.items():
        for metric, pair in metrics.items():
            word = {True: "yes", False: "no", None: "equal"}[pair["better"]]
            values = (f"{pair[side]['value']:10.3f}" for side in ("first", "second"))
            yield f"{name:10}{metric:22}{''.join(values)}  {word}{', apart' * bool(pair['apart'])}"


def main() -> None:
    """Run both, compare, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--first", required=True, help="a folder, or `starter`")
    parser.add_argument("--second", default="starter", help="a folder; default: the shipped one")
    parser.add_argument("--runs", type=Path, default=Path("runs/starter-demo"))
    parser.add_argument("--results", type=Path, default=RESULTS / "starter-demo.json")
    options = parser.parse_args()
    models = {"first": starter(options.first), "second": starter(options.second)}
    hashes = {file_sha256(model.folder / "tokenizer.json") for model in models.values()}
    verdicts = {
        "first": verdict_of(options.first, options.runs / "first", FIRST_RECIPE),
        "second": verdict_of(options.second, options.runs / "second"),
    }
    pairs = compared(verdicts["first"], verdicts["second"], len(hashes) == 1)
    facts = begun(models["second"])
    facts["first"] = begun(models["first"])["starter"]
    facts["sentences"] = {side: verdict["sentence"] for side, verdict in verdicts.items()}
    facts["first_recipe"] = list(FIRST_RECIPE)
    facts["summary"] = summary(pairs, verdicts["second"]["chance"])
    write(options.results, facts | {"contenders": pairs})
    print("\n".join(rows(pairs)))
    print(json.dumps(facts["summary"], indent=1))


if __name__ == "__main__":
    main()
