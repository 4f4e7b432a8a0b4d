"""Perplexity and bits per byte through Laras and through lm-evaluation-harness, side by side.

    python benchmarks/harness_perplexity.py --harness PYTHON [--model FOLDER] [--text FILE]
        [--results FOLDER]

``--harness`` is an interpreter with lm_eval; it computes ``HFLM.loglikelihood_rolling`` of the same
model on the same texts. ``--text``: documents parted by lines ``<|doc|>``.

Two tables. Paragraphs, each of which fits the model's context: nothing is cut, and the figures have
to be equal. Whole documents, which are longer than the context: the harness predicts the first
tokens of each further window from one token before them, Laras each from half a context at least,
so Laras's figure is lower; with the harness's windows, Laras's figure is the harness's.

The harness does not count the end of a text, which Laras does: it is left out here. And it puts a
beginning token before what its tokenizer gives, which has one already where the model wants one: by
default it then reads two, and counts the second as predicted. That figure is shown, too; what is
compared is ``add_bos_token=False``, with one. Exit code 1 where figures that have to be equal
differ by more than a millionth.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from laras.batches.encode import edges_of, encode_example
from laras.batches.token_batch import EncodedExample
from laras.evaluation.losses import example_losses, overlapping
from laras.evaluation.perplexity import bits_per_byte, perplexity
from laras.models.load import LoadedModel, load_model
from laras.recipe.schema import ModelSection
from laras.records import Example, Message

WORKER = Path(__file__).with_name("harness_worker.py")
MATERIAL = Path(__file__).resolve().parents[2] / "shared" / "material"
PARAGRAPHS, DOCUMENTS = 1000, 40
TOLERANCE = 1e-6  # relative

Windows = Callable[[LoadedModel, str], list[EncodedExample]]


@dataclass(frozen=True, slots=True)
class Figures:
    """What one side has of some texts."""

    nll: float
    tokens: int
    text_bytes: int

    @property
    def perplexity(self) -> float:
        """Per token."""
        return perplexity([self.nll], [self.tokens])

    @property
    def bits_per_byte(self) -> float:
        """Per UTF-8 byte."""
        return bits_per_byte([self.nll], [self.text_bytes])


def laras_windows(loaded: LoadedModel, text: str) -> list[EncodedExample]:
    """The windows in which Laras judges a text, without the end of the text."""
    message = Message("text", text, trained=True)
    example = Example("text", "text", (message,), group="text")
    windows, _rejections = encode_example(
        example, loaded.tokenizer, loaded.template, loaded.context
    )
    if edges_of(loaded.tokenizer)[1] is not None:
        windows[-1].trained[-1] = False
    return overlapping(windows, loaded.context)


def harness_windows(loaded: LoadedModel, text: str) -> list[EncodedExample]:
    """Windows as ``lm_eval.utils.get_rolling_token_windows`` lays them with ``context_len=1``: as
    many new tokens as the context holds, the last window filled up with tokens from before."""
    ids = loaded.tokenizer.encode(text)
    start_id, _end_id = edges_of(loaded.tokenizer)
    sequence = np.array([start_id, *ids], dtype=np.int32)
    windows = []
    for first in range(0, len(ids), loaded.context):
        end = min(first + loaded.context, len(ids))
        begin = max(0, end - loaded.context)
        trained = np.arange(begin, end + 1) > first
        windows.append(EncodedExample("text", sequence[begin : end + 1], trained))
    return windows


def of_laras(loaded: LoadedModel, texts: Sequence[str], windows: Windows) -> Figures:
    """All texts together."""
    encoded = [window for text in texts for window in windows(loaded, text)]
    nll = example_losses(loaded.model, encoded, batch_tokens=4096)
    return Figures(
        float(nll.sum()),
        sum(int(window.trained[1:].sum()) for window in encoded),
        sum(len(text.encode()) for text in texts),
    )


def of_harness(
    python: Path, model: Path, texts: Sequence[str], *, add_bos_token: bool | None = False
) -> tuple[Figures, dict[str, Any]]:
    """The same by the harness, and its own words about itself."""
    task = {"model": str(model.resolve()), "texts": list(texts), "add_bos_token": add_bos_token}
    done = subprocess.run(
        [str(python), str(WORKER)],
        input=json.dumps(task),
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(done.stderr)
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    figures = Figures(
        -math.fsum(answer["log_likelihoods"]),
        sum(map(len, answer["tokens"])),
        sum(len(text.encode()) for text in texts),
    )
    return figures, answer


def texts_of(path: Path) -> tuple[list[str], list[str]]:
    """Paragraphs and whole documents of the file."""
    documents = [part.strip() for part in path.read_text("utf-8").split("\n<|doc|>\n")]
    documents = [document for document in documents if document]
    paragraphs = [part.strip() for document in documents for part in document.split("\n\n")]
    return [part for part in paragraphs if part], documents


def main() -> int:
    """Print both tables; 0 where all agrees that has to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--harness", type=Path, required=True)
    parser.add_argument("--model", type=Path, default=MATERIAL / "models/stories260K")
    parser.add_argument("--text", type=Path, default=MATERIAL / "pretrain/heldout/en_simple.txt")
    parser.add_argument("--results", type=Path)
    options = parser.parse_args()
    loaded = load_model(ModelSection(base=str(options.model.resolve())), Path.cwd())
    paragraphs, documents = texts_of(options.text)
    paragraphs = [
        text for text in paragraphs if len(loaded.tokenizer.encode(text)) < loaded.context
    ][:PARAGRAPHS]
    documents = [text for text in documents if len(loaded.tokenizer.encode(text)) > loaded.context][
        :DOCUMENTS
    ]
    worst = 0.0
    results: dict[str, Any] = {"model": options.model.name, "text": options.text.name}
    for title, texts, sides in (
        ("paragraphs", paragraphs, {"Laras": laras_windows}),
        ("documents", documents, {"Laras, its windows": harness_windows, "Laras": laras_windows}),
    ):
        theirs, about = of_harness(options.harness, options.model, texts)
        ids = [loaded.tokenizer.encode(text) for text in texts]
        if ids != about["tokens"] or loaded.context != about["context"]:
            print("the two sides have different tokens, or another context", file=sys.stderr)
            return 1
        by_default, _about = of_harness(options.harness, options.model, texts, add_bos_token=None)
        rows = {f"lm-eval {about['version']}": theirs, "lm-eval by default": by_default}
        rows |= {name: of_laras(loaded, texts, windows) for name, windows in sides.items()}
        print(f"\n{len(texts)} {title}, {theirs.tokens} tokens, {theirs.text_bytes} bytes")
        print(f"{'':22}{'perplexity':>14}{'bits per byte':>16}{'difference':>14}")
        for name, figures in rows.items():
            apart = figures.perplexity / theirs.perplexity - 1
            print(f"{name:22}{figures.perplexity:14.6f}{figures.bits_per_byte:16.7f}{apart:14.1e}")
            if name == "Laras, its windows" or (title == "paragraphs" and name == "Laras"):
                worst = max(worst, abs(apart), abs(figures.tokens / theirs.tokens - 1))
        results[title] = {"texts": len(texts)} | {
            name: asdict(figures)
            | {"perplexity": figures.perplexity, "bits_per_byte": figures.bits_per_byte}
            for name, figures in rows.items()
        }
    print(f"\nlargest relative difference of what has to be equal: {worst:.1e}")
    if options.results:
        options.results.mkdir(parents=True, exist_ok=True)
        path = options.results / "harness-perplexity.json"
        path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    return int(worst > TOLERANCE)


if __name__ == "__main__":
    sys.exit(main())
