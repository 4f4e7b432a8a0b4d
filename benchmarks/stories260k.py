"""Losses of the published 260,032-parameter story model through Laras, beside the expected ones.

    python benchmarks/stories260k.py --model FOLDER --stories FILE

``--model``: the model's folder, with ``expected.json``. ``--stories``: the first stories of
TinyStoriesV2-GPT4-train.txt, parted by lines ``<|endoftext|>``. Exits with 1 where a story's loss
per token differs by more than 1e-3.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from laras.batches.encode import encode_example
from laras.evaluation.losses import example_losses
from laras.models.load import load_model
from laras.recipe.schema import ModelSection
from laras.records import Example, Message


def main() -> int:
    """Print the table; 0 where all agree."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--stories", type=Path, required=True)
    options = parser.parse_args()
    expected = json.loads((options.model / "expected.json").read_text("utf-8"))
    stories = [story.strip() for story in options.stories.read_text("utf-8").split("<|endoftext|>")]
    loaded = load_model(ModelSection(base=str(options.model.resolve())), Path.cwd())
    worst = 0.0
    print(f"{'story':42}{'tokens':>7}{'expected':>10}{'Laras':>10}{'difference':>12}")
    for known in expected["tinystories_sample"]["docs"]:
        story = next(text for text in stories if text.startswith(known["start"]))
        message = Message("text", story, trained=True)
        windows, _ledger = encode_example(
            Example("story", "text", (message,), group="story"),
            loaded.tokenizer,
            loaded.template,
            loaded.context,
        )
        # The expected figures leave the end of the story out; it is the last trained token.
        windows[-1].trained[-1] = False
        tokens = sum(int(window.trained.sum()) for window in windows)
        nll = float(example_losses(loaded.model, windows, batch_tokens=4096).sum()) / tokens
        difference = nll - known["nll_per_token"]
        worst = max(worst, abs(difference))
        print(
            f"{known['start']:42}{tokens:7}{known['nll_per_token']:10.5f}{nll:10.5f}{difference:12.1e}"
        )
    print(f"largest difference {worst:.1e}")
    return int(worst > 1e-3)


if __name__ == "__main__":
    sys.exit(main())
