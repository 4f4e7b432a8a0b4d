"""Make the starter model: from raw text to the packaged files.

    python scripts/pretrain_starter.py --texts FOLDER --novels FOLDER --heldout FOLDER --work FOLDER

``--texts`` holds UTF-8 files whose documents are parted by a line ``<|doc|>``; in dialogues, lines
begin with ``User: `` or ``Assistant: ``. They go through Laras's own preparation, packing and
engine. The same command continues what was interrupted. Training has two stages: ``--stage stable``
goes on at a steady rate for ``--minutes`` each time, or until ``--tokens`` are learnt in all;
``--stage decay`` lets the rate fall over ``--decay-tokens``, from where the first has come to, with
a mix of its own, and packages the result. ``--stage all`` does one after the other. ``--small`` is
the same within a minute, on texts that ship with Laras, and packages nothing.

Texts under share-alike licences are left out, so that the weights can be used under this
project's own licence; the model's card names every source that is used.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from laras.runs.folder import Run
from starter.card import write_card
from starter.judging import bits_per_byte
from starter.package import CREDITS, package
from starter.record import write_record
from starter.shape import Shape
from starter.small import train_small
from starter.steps import Places, falling_of, material_of
from starter.training import Settings, decay_is_begun, train_decay, train_stable

STARTER = Path(__file__).parents[1] / "src" / "laras" / "models" / "starter"
# From what benchmarks/starter_shapes.py has shown; docs/starter.md tells how.
SHAPE = Shape()
SETTINGS = Settings()
VALIDATE_EVERY = 256  # steps
MOST_TOKENS = 400_000_000


def main() -> None:
    """Each step, from where it was left."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--texts", type=Path)
    parser.add_argument("--novels", type=Path)
    parser.add_argument("--heldout", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--stage", choices=("prepare", "stable", "decay", "all"), default="all")
    parser.add_argument("--minutes", type=float, default=80.0, help="of the steady stage")
    parser.add_argument("--tokens", type=int, help="of the steady stage, instead of minutes")
    parser.add_argument("--decay-tokens", type=int, default=6_000_000)
    parser.add_argument("--package", type=Path, default=STARTER, help="where the model goes")
    parser.add_argument("--small", action="store_true")
    options = parser.parse_args()
    if options.small:
        print(f"loss {train_small(options.work):.6f}")
        return
    if options.texts is None or options.heldout is None:
        parser.error("--texts and --heldout are needed, but for --small")
    for name in CREDITS:
        if not (options.texts / name).is_file():
            parser.error(f"{options.texts} has no {name}, which the packaged model is to name")

    places = Places(options.texts, options.novels, options.heldout, options.work)
    material = material_of(places, SHAPE, SETTINGS.seed)
    falling = falling_of(material, places, SHAPE, SETTINGS.seed)
    if options.stage == "prepare":
        return
    course = (material, SHAPE, SETTINGS)
    with Run.open(options.work / "run") as run:
        goes_on = options.stage == "all" and decay_is_begun(
            *course, run, falling, options.decay_tokens
        )
        if options.stage in ("stable", "all") and not goes_on:
            train_stable(
                *course, run, most_tokens=MOST_TOKENS,
                validate_every=VALIDATE_EVERY, tokens=options.tokens,
                minutes=options.minutes if options.tokens is None else None,
            )  # fmt: skip
        if options.stage in ("decay", "all"):
            name, result, model = train_decay(
                *course, run, falling=falling, decay_tokens=options.decay_tokens,
                validate_every=VALIDATE_EVERY,
            )  # fmt: skip
            figures = bits_per_byte(model, material.validation)
            print(name, figures, flush=True)
            made = options.work / f"model-{name}"
            package(model, material.model_folder, options.texts, made)
            record = write_record(options.work / "starter-run.json", *course, run, falling, name,
                                  result, figures, made)  # fmt: skip
            write_card(record, made)
            shutil.copytree(made, options.package, dirs_exist_ok=True)


if __name__ == "__main__":
    main()
