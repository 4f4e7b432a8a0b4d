"""Bits per byte of the starter model on text that it never saw, beside `xz -9e`.

    python benchmarks/starter_heldout.py --heldout FOLDER

``--heldout`` holds en_simple.txt, id.txt and the novels of en_prose/, documents parted by lines
``<|doc|>``; of each novel the first 200,000 characters are taken.
"""

from __future__ import annotations

import argparse
import lzma
import math
from pathlib import Path

import numpy as np

from laras.batches.encode import encode_example
from laras.evaluation.losses import example_losses
from laras.models.load import LoadedModel, load_model
from laras.recipe.schema import ModelSection
from laras.records import Example, Message

NOVEL_CHARACTERS = 200_000


def texts(heldout: Path) -> dict[str, list[str]]:
    """Name of each set to its documents."""
    sets = {
        name: (heldout / f"{name}.txt").read_text("utf-8").split("\n<|doc|>\n")
        for name in ("en_simple", "id")
    }
    sets["en_prose"] = [
        path.read_text("utf-8-sig", "replace")[:NOVEL_CHARACTERS]
        for path in sorted((heldout / "en_prose").glob("*.txt"))
    ]
    return {name: [part.strip() for part in parts if part.strip()] for name, parts in sets.items()}


def bits_per_byte(loaded: LoadedModel, documents: list[str]) -> float:
    """Negative log-likelihood of the documents in bits, over their UTF-8 bytes."""
    encoded = []
    for document in documents:
        example = Example("", "text", (Message("text", document, trained=True),), group="")
        encoded += encode_example(example, loaded.tokenizer, loaded.template, loaded.context)[0]
    nll = float(np.sum(example_losses(loaded.model, encoded, batch_tokens=4096)))
    return nll / math.log(2) / sum(len(document.encode()) for document in documents)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--heldout", type=Path, required=True)
    options = parser.parse_args()
    loaded = load_model(ModelSection(), Path.cwd())
    print(f"{'set':12}{'bytes':>10}{'starter':>10}{'xz -9e':>10}")
    for name, documents in texts(options.heldout).items():
        whole = "\n".join(documents).encode()
        packed = lzma.compress(whole, preset=9 | lzma.PRESET_EXTREME)
        figure = bits_per_byte(loaded, documents)
        print(f"{name:12}{len(whole):10}{figure:10.3f}{8 * len(packed) / len(whole):10.3f}")


if __name__ == "__main__":
    main()
