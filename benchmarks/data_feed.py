"""What the data feed saves: fuller rows, less waiting, shared prefixes, frozen blocks.

    python benchmarks/data_feed.py [--results FILE]

A model of 8.4 million parameters (8 blocks, 256 channels, vocabulary 8,192) with random weights;
examples of random tokens, log-normal in length (median prompt 60, answer 80). Timings are medians
of interleaved repeats; steps of one epoch count together. Work is counted in seconds of the
processor, of all threads, since machines are shared; collating and waiting are by the clock.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from laras.adapters.prepare import prepare_for
from laras.batches.pack import best_fit, group_by_tokens, plan_steps
from laras.batches.prefetch import prefetched
from laras.batches.token_batch import EncodedExample, collate
from laras.engine.forward import PackedForward
from laras.objectives.supervised import NextToken
from laras.planning.hyperparameters import resolve
from laras.recipe.schema import Contender, TuningSection
from laras.runs.folder import Run
from laras.runs.progress import Silent
from laras.tuning.feed import StepBatches
from laras.tuning.loop import Training
from laras.tuning.training_data import TrainingData

REPEATS = 3


def model() -> LlamaForCausalLM:
    torch.manual_seed(0)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=8192,
            hidden_size=256,
            intermediate_size=768,
            num_hidden_layers=8,
            num_attention_heads=4,
            num_key_value_heads=2,
            max_position_embeddings=2048,
            tie_word_embeddings=True,
        )
    )


def documents(count: int, *, prompt: int | None = None, answer: int | None = None) -> list[Any]:
    """Log-normal lengths, or ``prompt`` shared tokens, a question, and ``answer`` tokens."""
    generator = np.random.default_rng(0)
    shared = generator.integers(5, 8192, prompt or 0)
    made = []
    for number in range(count):
        asked, told = np.minimum(generator.lognormal(np.log([60, 80]), 0.8), 500).astype(int) + 1
        told = answer or told
        ids = np.concatenate([shared, generator.integers(5, 8192, asked + told)])
        trained = np.arange(len(ids)) >= len(ids) - told
        made.append(EncodedExample(str(number), ids.astype(np.int32), trained))
    return made


def fill() -> dict[str, Any]:
    """Tokens over budget of the rows of steps of 8,192 tokens."""
    lengths = np.array([len(row) for row in documents(20_000)])
    steps = plan_steps(lengths, 8192, 1.0, 0, None)
    found: dict[str, Any] = {}
    for budget in (1024, 2048, 4096):
        rows = {"greedy": 0, "best_fit": 0}
        for step in steps:
            own = lengths[list(step.examples)]
            longest_first = np.argsort(-own, kind="stable").tolist()
            rows["greedy"] += len(group_by_tokens(longest_first, own, budget))
            rows["best_fit"] += len(best_fit(own, budget))
        found[str(budget)] = {
            name: round(float(lengths.sum()) / (count * budget), 4) for name, count in rows.items()
        }
    return found


def cut_tokens() -> dict[str, int]:
    """Rows that are not computed because nothing reads them."""
    rows = documents(2000)
    return {"given": collate(rows).tokens, "computed": collate(rows, cut=True).tokens}


def collation() -> dict[str, float]:
    """Seconds for a step of 8,192 tokens, and what is waited for it beside work of 20 ms."""
    rows = documents(2000)
    groups = group_by_tokens(range(len(rows)), [len(row) for row in rows], 8192)
    started = time.perf_counter()
    for group in groups:
        collate([rows[n] for n in group], cut=True, share_prefixes=True)
    alone = (time.perf_counter() - started) / len(groups)
    waits = []
    with prefetched(
        lambda group: collate([rows[n] for n in group], cut=True, share_prefixes=True), groups
    ) as batches:
        for _ in groups:
            asked = time.perf_counter()
            next(batches)
            waits.append(time.perf_counter() - asked)
            time.sleep(0.02)
    return {"collate_s": round(alone, 6), "waited_s": round(statistics.median(waits), 6)}


def shared_prefixes() -> dict[str, Any]:
    """32 rows to classify behind a system prompt of 200 tokens: tokens and seconds of a step."""
    rows = documents(32, prompt=200, answer=2)
    forward = PackedForward(model(), torch.float32)
    seconds: dict[bool, list[float]] = {True: [], False: []}
    tokens = {}
    for _ in range(REPEATS + 1):
        for share in (True, False):
            batch = collate(rows, cut=True, share_prefixes=share)
            tokens[share] = batch.tokens
            started = time.process_time()
            forward.loss_sum(batch).backward()
            seconds[share].append(time.process_time() - started)
    apart, together = (statistics.median(seconds[share][1:]) for share in (False, True))
    return {
        "route": forward.route.way,
        "tokens_apart": tokens[False],
        "tokens_shared": tokens[True],
        "tokens_saved": round(1 - tokens[True] / tokens[False], 3),
        "times_faster": round(apart / together, 2),
    }


class Timed(Training):
    """Adds up the seconds of each epoch's steps."""

    def _step(self, now: StepBatches) -> None:
        started = time.process_time()
        super()._step(now)
        epoch = now.step.epoch
        self.by_epoch: dict[int, float] = getattr(self, "by_epoch", {})
        self.by_epoch[epoch] = self.by_epoch.get(epoch, 0.0) + time.process_time() - started


def frozen_blocks() -> dict[str, Any]:
    """Two of eight blocks trained: seconds of the first epoch and of one from the cache."""
    rows = documents(24)
    chosen, _ = resolve(
        TuningSection(epochs=2.0, batch_tokens=1024, micro_batch_tokens=1024),
        Contender(kind="freeze", name="tuned", trained_layers=2),
        8_000_000,
    )
    seconds: dict[int, list[dict[int, float]]] = {0: [], 10**10: []}
    for _ in range(REPEATS):
        for size, found in seconds.items():
            with tempfile.TemporaryDirectory() as folder, Run.open(Path(folder) / "run") as run:
                training = Timed(
                    model=prepare_for(model(), chosen),
                    data=TrainingData(rows, [len(row) for row in rows], []),
                    chosen=replace(chosen, frozen_cache_bytes=size),
                    objective=NextToken(),
                    run=run,
                    contender="tuned",
                    precision=torch.float32,
                    key="key",
                    progress=Silent(),
                )
                training.run()
                found.append(training.by_epoch)
    first, later = (
        statistics.median(times[epoch] for times in seconds[10**10]) for epoch in (0, 1)
    )
    without = statistics.median(times[1] for times in seconds[0])
    return {
        "epoch_without_s": round(without, 3),
        "first_epoch_s": round(first, 3),
        "later_epoch_s": round(later, 3),
        "times_faster": round(without / later, 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path)
    results = parser.parse_args().results
    found = {
        "command": "python benchmarks/data_feed.py",
        "machine": f"{platform.machine()}, {torch.get_num_threads()} threads",
        "torch": torch.__version__,
    }
    for part in (fill, cut_tokens, collation, shared_prefixes, frozen_blocks):
        found[part.__name__] = part()  # type: ignore[assignment]
        print(f"{part.__name__}: {found[part.__name__]}", flush=True)
    if results is not None:
        results.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
