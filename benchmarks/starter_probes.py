"""What a starter model has learnt: probes of our own, before and after tuning on the demo's data.

    python benchmarks/starter_probes.py [--model FOLDER] [--epochs 20] [--run FOLDER]

Pairs of texts (probe_items.py), all written here. Scored by Laras's own losses: a pair is right
where the right side is strictly likelier. Base, and the same model after LoRA on the demo's data
through ``laras tune`` (``--epochs``: about two minutes on two cores). Intervals are Wilson's, 95 %.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from probe_items import Item, Side, all_items
from starter_results import RESULTS, base_of, begun, starter, write

from laras import workflow
from laras.batches.encode import encode_example
from laras.batches.encoded import EncodedExample
from laras.contenders.obtain import load_candidate
from laras.delivery.contender import open_contender
from laras.evaluation.losses import example_losses
from laras.evaluation.right_or_wrong import share_limits
from laras.models.load import LoadedModel
from laras.records import Example, Message

CHANCE = 0.5
CONFIDENCE = 0.95
NAME = "lora"


def encoded(side: Side, loaded: LoadedModel) -> EncodedExample:
    """The side in tokens, its ending trained: of an answer with its end of turn, of a text with
    its end."""
    if isinstance(side.given, tuple):
        messages = (*side.given, Message("assistant", side.ending, trained=True))
        return _alone(Example("", "chat", messages, group=""), loaded)
    message = Message("text", side.given + side.ending, trained=True)
    window = _alone(Example("", "text", (message,), group=""), loaded)
    given = [loaded.tokenizer.bos_id, *loaded.tokenizer.encode(side.given)]
    if window.input_ids[: len(given)].tolist() != given:
        raise SystemExit(f"no token ends where {side.given!r} ends")
    return replace(window, trained=np.arange(len(window)) >= len(given))


def _alone(example: Example, loaded: LoadedModel) -> EncodedExample:
    windows, _ledger = encode_example(example, loaded.tokenizer, loaded.template, loaded.context)
    [window] = windows
    return window


def right_answers(loaded: LoadedModel, items: Sequence[Item]) -> np.ndarray:
    """(items,) bool: whether the right side is the likelier one."""
    sides = [encoded(side, loaded) for item in items for side in (item.right, item.wrong)]
    losses = example_losses(loaded.model, sides, batch_tokens=4096).reshape(-1, 2)
    found: np.ndarray = losses[:, 0] < losses[:, 1]
    return found


def figures(items: Sequence[Item], right: np.ndarray) -> dict[str, Any]:
    """Share right of each probe, and of each of its parts."""
    by_part: dict[str, dict[str, list[bool]]] = defaultdict(lambda: defaultdict(list))
    for item, correct in zip(items, right.tolist(), strict=True):
        by_part[item.probe][item.part].append(correct)
    return {
        probe: share([each for part in parts.values() for each in part])
        | {"parts": {part: share(each) for part, each in parts.items()}}
        for probe, parts in by_part.items()
    }


def share(right: Sequence[bool]) -> dict[str, Any]:
    """A share, its interval, and what chance gives."""
    low, high = share_limits(sum(right), len(right), CONFIDENCE)
    return {
        "n": len(right),
        "right": sum(right) / len(right),
        "low": low,
        "high": high,
        "chance": CHANCE,
        "above_chance": low > CHANCE,
    }


def tuned(base: str, epochs: float, run: Path) -> tuple[LoadedModel, float]:
    """The model ``base`` after LoRA on the demo's data, and the seconds that ``laras tune`` took,
    its preparation included."""
    shutil.rmtree(run, ignore_errors=True)
    began = time.monotonic()
    workflow.tune(
        workflow.demo_recipe(),
        run_folder=run,
        overrides=[
            f"model.base={base_of(base)}",
            f"comparison.contenders=[base, {NAME}]",
            f"tuning.epochs={epochs}",
            "tuning.learning_rate=null",  # the demo's own is for full tuning
        ],
    )
    seconds = time.monotonic() - began
    opened = open_contender(run, NAME)
    candidate = load_candidate(opened.contender, opened.model, opened.recipe_folder, opened.run)
    return candidate.loaded, seconds


def rows(states: dict[str, Any]) -> Iterator[str]:
    """The table."""
    yield f"{'probe':36}{'n':>5}" + "".join(f"{state:>22}" for state in states)
    for probe, whole in states["base"].items():
        for part in (None, *whole["parts"]):
            found = [each[probe] if part is None else each[probe]["parts"][part]
                     for each in states.values()]  # fmt: skip
            shares = (
                f"{each['right']:8.1%} {each['low']:5.0%} to {each['high']:4.0%}" for each in found
            )
            yield f"{probe if part is None else '  ' + part:36}{found[0]['n']:5}" + "".join(
                f"{each:>22}" for each in shares
            )


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="starter", help="a folder; default: the shipped one")
    parser.add_argument("--epochs", type=float, default=20.0)
    parser.add_argument("--run", type=Path, help="where to tune; default: a temporary folder")
    parser.add_argument("--results", type=Path, default=RESULTS / "starter-probes.json")
    options = parser.parse_args()
    items = all_items()
    loaded = starter(options.model)
    states = {"base": figures(items, right_answers(loaded, items))}
    with tempfile.TemporaryDirectory() as temporary:
        run = options.run or Path(temporary) / "run"
        adapted, seconds = tuned(options.model, options.epochs, run)
        states[NAME] = figures(items, right_answers(adapted, items))
    training = {"epochs": options.epochs, "seconds": round(seconds)}
    write(options.results, begun(loaded) | {"training": training, "states": states})
    print("\n".join(rows(states)))


if __name__ == "__main__":
    main()
