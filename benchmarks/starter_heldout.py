"""Bits per byte of a starter model on text that it never saw, beside a 5-gram model and `xz -9e`.

    python benchmarks/starter_heldout.py --heldout FOLDER [--work FOLDER] [--model FOLDER]

``--heldout`` holds en_simple.txt, id.txt and the novels of en_prose/, documents parted by lines
``<|doc|>``; of each novel the first 200,000 characters are taken. Lines that begin with ``User:``
or ``Assistant:`` are text like any other there. ``--work``: the folder of that name that
scripts/pretrain_starter.py was given; the n-gram model (kneser_ney.py) is made of the tokens that
the starter read: once with each counted once (dialogues in both of their shapes), and once as often
as the starter read it, in whole times, but at least once. The better of both is the bar.

The starter is judged by Laras's own evaluation: a document is begin token, text, end token, read
in windows of the model's context that overlap by half, so that each token is predicted once, with
at least half a context before it where the document has so much. The n-gram model predicts the very
same tokens. What the end token costs is counted in both, its bytes are none; every byte of the text
is counted once. Intervals are a bootstrap over documents.
"""

from __future__ import annotations

import argparse
import json
import lzma
import math
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from kneser_ney import KneserNey
from starter_results import RESULTS, begun, starter, write

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))

from laras.batches.encode import encode_example
from laras.batches.encoded import EncodedExample
from laras.evaluation.candidate import Candidate
from laras.evaluation.evaluate import evaluate
from laras.models.load import LoadedModel
from laras.recipe.schema import EvaluationSection
from laras.records import Example, Message
from starter.tokens import Tokens

NOVEL_CHARACTERS = 200_000
SETS = ("en_simple", "id", "en_prose")


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


def as_examples(documents: list[str]) -> list[Example]:
    """Each document a text of its own."""
    return [
        Example(str(at), "text", (Message("text", document, trained=True),), group=str(at))
        for at, document in enumerate(documents)
    ]


def whole(windows: Iterable[EncodedExample], begin: int) -> Iterator[np.ndarray]:
    """The ids of documents that were cut into ``windows``: one that does not start with the
    ``begin`` token goes on from the last token of the one before."""
    parts: list[np.ndarray] = []
    for window in windows:
        if window.input_ids[0] == begin:
            if parts:
                yield np.concatenate(parts)
            parts = [window.input_ids]
        elif parts and parts[-1][-1] == window.input_ids[0]:
            parts.append(window.input_ids[1:])
        else:
            raise SystemExit(f"{window.example_id} neither begins a document nor continues one")
    if parts:
        yield np.concatenate(parts)


def training_of(work: Path) -> dict[str, Any]:
    """What the training left about itself (scripts/starter/record.py)."""
    record: dict[str, Any] = json.loads((work / "starter-run.json").read_text("utf-8"))
    return record


def n_gram_models(work: Path, loaded: LoadedModel) -> Iterator[tuple[str, KneserNey]]:
    """One of each document once, one of each as often as the training read it."""
    record = training_of(work)
    tokens = Tokens(work / record["tokens_folder"] / "train.arrow")
    assert loaded.tokenizer.bos_id is not None
    once, repeated = [], []
    for entry, places in tokens.places.items():
        windows = (tokens.cache[place] for place in places)
        documents = list(whole(windows, loaded.tokenizer.bos_id))
        once += documents
        repeated += documents * max(1, round(record["texts"][entry]["passes"]))
    size = loaded.model.config.vocab_size
    yield "once", KneserNey(once, size)
    yield "repeated", KneserNey(repeated, size)


def starter_figures(loaded: LoadedModel, documents: list[str]) -> dict[str, Any]:
    """Bits per byte with their interval."""
    section = EvaluationSection(metrics=["perplexity"], checks=[])
    judged = evaluate(Candidate("starter", loaded), as_examples(documents), section)
    table = judged.predictions
    if sum(table["bytes"].to_pylist()) != sum(len(document.encode()) for document in documents):
        raise SystemExit("some bytes of the text were not counted once")
    score = judged.scores["bits_per_byte"]
    few = len(documents) < 20  # too few to resample
    return {"value": score.value} | ({} if few else {"low": score.low, "high": score.high})


def n_gram_bits(model: KneserNey, loaded: LoadedModel, documents: list[str]) -> float:
    """Bits per byte of the same tokens."""
    ids = []
    for example in as_examples(documents):
        windows, _ledger = encode_example(
            example, loaded.tokenizer, loaded.template, loaded.context
        )
        ids += list(whole(windows, model.begin))
    nll = -sum(float(part.sum()) for part in model.log_probabilities(ids))
    return nll / math.log(2) / sum(len(document.encode()) for document in documents)


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--heldout", type=Path, required=True)
    parser.add_argument("--work", type=Path, help="without it, no n-gram model")
    parser.add_argument("--model", default="starter", help="a folder; default: the shipped one")
    parser.add_argument("--results", type=Path, default=RESULTS / "starter-heldout.json")
    options = parser.parse_args()
    loaded = starter(options.model)
    found = texts(options.heldout)
    facts = begun(loaded) | {"text": {}, "sets": {}}
    for name, documents in found.items():
        joined = "\n".join(documents).encode()
        packed = lzma.compress(joined, preset=9 | lzma.PRESET_EXTREME)
        facts["sets"][name] = {
            "documents": len(documents),
            "bytes": sum(len(document.encode()) for document in documents),
            "starter": starter_figures(loaded, documents),
            "kneser_ney": {},
            "xz": 8 * len(packed) / len(joined),
        }
    if options.work:
        facts["training"] = training_of(options.work)
        if facts["training"]["weights_sha256"] != facts["starter"]["weights_sha256"]:
            raise SystemExit("--work holds another training than this model's")
        began = time.monotonic()
        for way, model in n_gram_models(options.work, loaded):
            facts["text"][way] = {
                "documents": model.documents,
                "tokens": model.tokens,
                "n_grams": [len(order.keys) for order in model.orders],
                "discounts": [order.discounts for order in model.orders],
                "seconds": round(time.monotonic() - began),
            }
            for name, documents in found.items():
                facts["sets"][name]["kneser_ney"][way] = n_gram_bits(model, loaded, documents)
            del model  # the next one needs the memory
            began = time.monotonic()
    write(options.results, facts)
    show(facts)


def show(facts: dict[str, Any]) -> None:
    """The table."""
    print(f"{'set':10}{'bytes':>9}{'starter':>9}{'5-gram':>9}{'below':>8}{'xz -9e':>9}")
    for name, row in facts["sets"].items():
        value = row["starter"]["value"]
        bar = min(row["kneser_ney"].values(), default=math.nan)
        print(
            f"{name:10}{row['bytes']:9}{value:9.3f}{bar:9.3f}{1 - value / bar:8.1%}{row['xz']:9.3f}"
        )
    if not facts["text"]:
        print("no 5-gram model: name the pretraining's folder with --work", file=sys.stderr)


if __name__ == "__main__":
    main()
