"""Greedy answers: Laras beside ``model.generate``, on the same rows and with the same answers.

    python benchmarks/decoding.py [--repeats 3] [--results benchmarks/results/decoding.json]

Two models: the starter on questions of its own test conversations, and one of random weights in the
shape of SmolLM2-135M on random ids (log-normal, median 60 tokens), where some tokens count as ends
so that answers differ in length. Each without and with a beginning of some 600 tokens that all rows
share, as few-shot prompts do.

``generate`` is transformers' own: with its defaults, a row at a time; and batched, left-padded,
rows of similar length together within the same number of tokens: the best it does by itself.
What Laras finds out about a model before it begins is in its time. The ways take turns in each
repeat; medians of seconds, and ratios of these. That all give the same answers is checked.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from training.workload import WORKLOADS
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedModel

from laras.batches.pack import by_length
from laras.evaluation.generation import greedy_answers
from laras.models.load import STARTER, load_model
from laras.recipe.schema import ModelSection
from laras.records import Message
from laras.runs.heap import reused_memory
from laras.runs.machine import describe_machine, library_versions
from laras.threads import placed

MATERIAL = STARTER.parents[1] / "starter" / "data"
BATCH_TOKENS, CONTEXT = 8192, 1024
SHOTS = 6


@dataclass(frozen=True)
class Cell:
    """Rows to answer by a model. ``stop_ids``: what ends an answer."""

    name: str
    model: PreTrainedModel
    prompts: list[list[int]]
    stop_ids: frozenset[int]
    max_new_tokens: int


def starter(rows: int, *, shots: int) -> Cell:
    """Questions of the test conversations, behind ``shots`` exchanges of the training ones."""
    loaded = load_model(ModelSection(base="starter"), Path())
    before = [
        message for chat in _chats("conversations/train_en.jsonl")[:shots] for message in chat
    ]
    chats = _chats("test/conversations.jsonl")[:rows]
    prompts = [loaded.template.encode_prompt([*before, chat[0]]) for chat in chats]
    name = "starter" + (", shared beginning" if shots else "")
    return Cell(name, loaded.model, prompts, loaded.template.stop_ids, 64)


def _chats(name: str) -> list[list[Message]]:
    """The first question and answer of each conversation."""
    with (MATERIAL / name).open(encoding="utf-8") as file:
        lines = [json.loads(line)["messages"][:2] for line in file]
    return [[Message(each["role"], each["content"], False) for each in pair] for pair in lines]


def random_weights(rows: int, *, shared: int) -> Cell:
    """The shape of SmolLM2-135M. Every 40th token of the vocabulary is an end."""
    shape = WORKLOADS["M"].shape
    torch.manual_seed(0)
    settings = LlamaConfig(**shape, tie_word_embeddings=True, max_position_embeddings=2048)
    model = LlamaForCausalLM(settings).eval().requires_grad_(False)
    generator = np.random.default_rng(0)
    lengths = np.minimum(generator.lognormal(np.log(60), 0.6, rows), 300).astype(int) + 2
    start = generator.integers(0, shape["vocab_size"], shared).tolist()
    prompts = [
        [*start, *generator.integers(0, shape["vocab_size"], length).tolist()] for length in lengths
    ]
    ends = frozenset(range(0, shape["vocab_size"], 40))
    name = "SmolLM2-135M's shape" + (", shared beginning" if shared else "")
    return Cell(name, model, prompts, ends, 32)


def by_laras(cell: Cell) -> list[list[int]]:
    """Token ids of each answer, without its end."""
    answers = greedy_answers(
        cell.model,
        cell.prompts,
        stop_ids=cell.stop_ids,
        max_new_tokens=cell.max_new_tokens,
        context=CONTEXT,
        batch_tokens=BATCH_TOKENS,
    )
    return [answer.token_ids for answer in answers]


def one_by_one(cell: Cell) -> list[list[int]]:
    """``generate`` with its defaults."""
    return [_generated(cell, [row])[0] for row in range(len(cell.prompts))]


def batched(cell: Cell) -> list[list[int]]:
    """``generate`` on left-padded batches."""
    found: dict[int, list[int]] = {}
    lengths = [len(prompt) for prompt in cell.prompts]
    for rows in by_length(lengths, BATCH_TOKENS, padded=True, extra=cell.max_new_tokens):
        found.update(zip(rows, _generated(cell, rows), strict=True))
    return [found[row] for row in range(len(cell.prompts))]


def _generated(cell: Cell, rows: list[int]) -> list[list[int]]:
    longest = max(len(cell.prompts[row]) for row in rows)
    ids, mask = (torch.zeros(len(rows), longest, dtype=torch.long) for _ in range(2))
    for place, row in enumerate(rows):
        prompt = torch.tensor(cell.prompts[row])
        ids[place, longest - len(prompt) :] = prompt
        mask[place, longest - len(prompt) :] = 1
    output = cell.model.generate(
        ids,
        attention_mask=mask,
        max_new_tokens=cell.max_new_tokens,
        do_sample=False,
        eos_token_id=sorted(cell.stop_ids),
        pad_token_id=0,
    )
    assert isinstance(output, torch.Tensor)
    answers = []
    for said in output[:, longest:].tolist():
        ends = [place for place, token in enumerate(said) if token in cell.stop_ids]
        answers.append(said[: ends[0]] if ends else said)
    return answers


WAYS: dict[str, Callable[[Cell], list[list[int]]]] = {
    "laras": by_laras,
    "generate": one_by_one,
    "generate_batched": batched,
}


def measure(cell: Cell, repeats: int) -> dict[str, Any]:
    """Seconds of each way, and how many times as long as Laras it took."""
    seconds: dict[str, list[float]] = {way: [] for way in WAYS}
    expected: list[list[int]] = []
    for _repeat in range(repeats):
        for way, answer in WAYS.items():
            with reused_memory(), placed(), torch.no_grad():
                started = time.perf_counter()
                answers = answer(cell)
                seconds[way].append(time.perf_counter() - started)
            expected = expected or answers
            if answers != expected:
                unlike = sum(one != other for one, other in zip(answers, expected, strict=True))
                raise SystemExit(f"{cell.name}, {way}: {unlike} answers are not those of Laras")
    medians = {way: statistics.median(times) for way, times in seconds.items()}
    lengths = [len(prompt) for prompt in cell.prompts]
    return {
        "rows": cell.name,
        "count": len(lengths),
        "prompt_tokens": sum(lengths),
        "answer_tokens": sum(map(len, expected)),
        "longest_answer": cell.max_new_tokens,
        "seconds": {way: round(value, 3) for way, value in medians.items()},
        "times_as_long": {
            way: round(value / medians["laras"], 2) for way, value in medians.items()
        },
        "repeats": {way: [round(value, 3) for value in times] for way, times in seconds.items()},
    }


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument(
        "--results", type=Path, default=Path(__file__).parent / "results" / "decoding.json"
    )
    arguments = parser.parse_args()
    makers: list[Callable[[], Cell]] = [
        lambda: starter(96, shots=0),
        lambda: starter(96, shots=SHOTS),
        lambda: random_weights(32, shared=0),
        lambda: random_weights(32, shared=600),
    ]
    cells = []
    for make in makers:
        cell = measure(make(), arguments.repeats)
        cells.append(cell)
        times = ", ".join(
            f"{way} {cell['seconds'][way]:.2f} s ({cell['times_as_long'][way]:.1f})" for way in WAYS
        )
        print(f"{cell['rows']}, {cell['count']} rows: {times}", flush=True)
    found = {
        "command": " ".join(["python", "benchmarks/decoding.py", *sys.argv[1:]]),
        "machine": describe_machine(),
        "threads": torch.get_num_threads(),
        "versions": {name: library_versions()[name] for name in ("torch", "transformers")},
        "cells": cells,
    }
    arguments.results.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
