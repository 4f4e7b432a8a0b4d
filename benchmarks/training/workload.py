"""The workloads on which all trainers are compared: a model of random weights and rows of ids.

    python benchmarks/training/workload.py runs/bench/training

Rows are like those of supervised tuning: a prompt (log-normal, median 60 tokens) and an answer
(median 80) that alone is trained on. The tokenizer is word-level, one word for each id, so that a
trainer that insists on reading text gets the very ids that the others are handed.

A run's timed part is a handful of optimizer steps of eight rows. They stand for all rows: those
are sorted by length, cut into groups of eight, and groups at even quantiles are taken. Trainers
that pad see these groups as they are, which is the least padding possible (their own grouping by
length reaches 1.07, this 1.02); the others see the same rows mixed.
"""

from __future__ import annotations

import argparse
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROWS_A_STEP = 8
_PAD, _BEGIN, _END, _UNKNOWN = range(4)
_WORDS_FROM = 4
_ROWS = 512


@dataclass(frozen=True)
class Workload:
    """``context``: longest row in tokens; ``timed_steps``: steps that are measured in each run."""

    name: str
    shape: dict[str, Any]
    context: int
    timed_steps: int
    seed: int

    @property
    def body_parameters(self) -> int:
        """Parameters of the blocks' matrices, which every token meets."""
        hidden, inner = self.shape["hidden_size"], self.shape["intermediate_size"]
        heads, pairs = self.shape["num_attention_heads"], self.shape["num_key_value_heads"]
        attention = 2 * hidden * hidden + 2 * hidden * hidden * pairs // heads
        return int(self.shape["num_hidden_layers"] * (attention + 3 * hidden * inner))

    @property
    def head_parameters(self) -> int:
        """Parameters of the vocabulary projection, which only trained positions meet."""
        return int(self.shape["vocab_size"] * self.shape["hidden_size"])


WORKLOADS = {
    each.name: each
    for each in (
        # 8.4 million parameters: the size of the model that ships with Laras.
        Workload(
            "S",
            {
                "vocab_size": 8192,
                "hidden_size": 256,
                "num_hidden_layers": 8,
                "num_attention_heads": 8,
                "num_key_value_heads": 4,
                "intermediate_size": 768,
            },
            context=1024,
            timed_steps=8,
            seed=1,
        ),
        # The shape of SmolLM2-135M. Rows are capped at 512 tokens: trainers that pad and cast need
        # 3 MB for each padded token of it, and eight rows of 1,024 would not fit into 24 GB.
        Workload(
            "M",
            {
                "vocab_size": 49152,
                "hidden_size": 576,
                "num_hidden_layers": 30,
                "num_attention_heads": 9,
                "num_key_value_heads": 3,
                "intermediate_size": 1536,
            },
            context=512,
            timed_steps=3,
            seed=2,
        ),
    )
}


def make(folder: Path) -> None:
    """Write every workload that is not there yet under ``folder``."""
    for workload in WORKLOADS.values():
        place = folder / workload.name
        if (place / "plans.json").exists():
            continue
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        _write_model(workload, place / "model")
        rows = _rows(workload)
        _write_json(place / "rows.json", rows)
        _write_json(place / "plans.json", plans(workload, [len(row["input_ids"]) for row in rows]))


def _write_model(workload: Workload, folder: Path) -> None:
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    words = {"<pad>": _PAD, "<begin>": _BEGIN, "<end>": _END, "<unknown>": _UNKNOWN}
    words |= {word(number): number for number in range(_WORDS_FROM, workload.shape["vocab_size"])}
    by_word = Tokenizer(models.WordLevel(words, unk_token="<unknown>"))
    by_word.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=by_word,
        bos_token="<begin>",
        eos_token="<end>",
        pad_token="<pad>",
        unk_token="<unknown>",
    )
    tokenizer.chat_template = (
        "{% for m in messages %}{{ m['content'] }} "
        "{% if m['role'] == 'assistant' %}<end>{% endif %}{% endfor %}"
    )
    torch.manual_seed(0)
    model = LlamaForCausalLM(
        LlamaConfig(
            **workload.shape,
            tie_word_embeddings=True,
            max_position_embeddings=8192,
            rms_norm_eps=1e-5,
            bos_token_id=_BEGIN,
            eos_token_id=_END,
            pad_token_id=_PAD,
        )
    )
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def word(number: int) -> str:
    """The word whose id is ``number``."""
    return f"w{number}"


def _rows(workload: Workload) -> list[dict[str, list[int]]]:
    """``input_ids`` and ``completion_mask`` (1 where trained) of each row."""
    import numpy as np

    generator = np.random.default_rng(workload.seed)
    words = workload.shape["vocab_size"] - _WORDS_FROM
    rows: list[dict[str, list[int]]] = []
    while len(rows) < _ROWS:
        prompt = max(4, int(generator.lognormal(np.log(60), 0.9)))
        answer = max(2, int(generator.lognormal(np.log(80), 1.1)))
        if prompt + answer > workload.context:
            continue
        # Zipf's law, as in texts: embeddings of few words are touched often.
        ids = (generator.zipf(1.2, prompt + answer - 1) - 1) % words + _WORDS_FROM
        rows.append(
            {
                "input_ids": [*ids.tolist(), _END],
                "completion_mask": [0] * prompt + [1] * answer,
            }
        )
    return rows


def plans(workload: Workload, lengths: list[int]) -> dict[str, list[list[int]]]:
    """Lists of steps, each a list of rows, by name.

    ``warm``: of median length; ``grouped``: the timed rows in groups of equal length; ``mixed``:
    the same rows at random; ``longest``: what needs the most memory; ``epoch``: all rows at
    random, every one once.
    """
    import numpy as np

    generator = np.random.default_rng(0)
    by_length = sorted(range(len(lengths)), key=lambda row: (lengths[row], row))
    groups = _steps(by_length)
    count = workload.timed_steps
    grouped = [groups[int((place + 0.5) / count * len(groups))] for place in range(count)]
    # Long ones first: a step that needs more memory than those before pays for getting it.
    grouped.reverse()
    rows = [row for group in grouped for row in group]
    return {
        "warm": [groups[len(groups) // 2 + 1]],
        "grouped": grouped,
        "mixed": _steps([rows[place] for place in generator.permutation(len(rows))]),
        "longest": [groups[-1]],
        "epoch": _steps(generator.permutation(len(lengths)).tolist()),
    }


def _steps(rows: list[int]) -> list[list[int]]:
    return [rows[start : start + ROWS_A_STEP] for start in range(0, len(rows), ROWS_A_STEP)]


def _write_json(path: Path, data: Any) -> None:
    path.write_text(json.dumps(data), encoding="utf-8")


def main() -> None:
    """Make the workloads and describe them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    make(folder)
    for name, workload in WORKLOADS.items():
        rows = json.loads((folder / name / "rows.json").read_text(encoding="utf-8"))
        tokens = sum(len(row["input_ids"]) for row in rows)
        trained = sum(sum(row["completion_mask"]) for row in rows)
        parameters = workload.body_parameters + workload.head_parameters
        print(
            f"{name}: {parameters / 1e6:.1f} million parameters, {len(rows)} rows, "
            f"{tokens} tokens, {trained / tokens:.0%} trained"
        )


if __name__ == "__main__":
    main()
