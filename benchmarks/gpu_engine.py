"""Laras's engine on the benchmark's shapes: the steps of the training loop without a run folder."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import numpy as np
import torch
from gpu_shapes import RANK, SHAPES, Row, rows, step_flops, tiny
from gpu_timing import device_memory, measured_steps

from laras.adapters.prepare import prepare_for, trainable
from laras.batches.token_batch import EncodedExample, TokenBatch, collate
from laras.distribution.gradients import norm_of
from laras.engine.forward import PackedForward
from laras.engine.precision import autocast
from laras.models.quantised import BY_LIBRARY, loading_arguments, require_support, settle
from laras.optimizers.optimizer import Optimizers
from laras.planning.hyperparameters import Hyperparameters

_KNOWN: dict[str, Any] = {
    "optimizer": "adamw", "learning_rate": 1e-4, "weight_decay": 0.0, "layer_decay": 1.0,
    "seed": 0, "rank": RANK, "alpha": 2.0 * RANK, "dropout": 0.0, "rate_ratio": 1.0,
}  # fmt: skip


def measure(job: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A row for each workload of ``job``: tokens/s, TFLOP/s, memory."""
    device, shape = torch.device(job["device"]), SHAPES[job["shape"]]
    shape = tiny(shape) if job["tiny"] else shape
    precision = torch.bfloat16
    # Trained weights are float32 whatever is multiplied; frozen ones are held as multiplied.
    full = job["method"] == "full"
    model = shape.model(job["device"], torch.float32 if full else precision, "sdpa")
    if job["base"] in BY_LIBRARY:
        model = _quantised(model, job["base"], device, precision)
    names = {field.name for field in fields(Hyperparameters)}
    chosen = Hyperparameters(
        **{name: _KNOWN.get(name) for name in names - {"method"}}, method=job["method"]
    )
    ready = prepare_for(model, chosen)
    ready.train()
    forward = PackedForward(ready, precision, fastest=job.get("fastest", "fast"))
    facts = {"route": forward.route.way, "reason": forward.route.reason}
    if job["base"] == "fp8" and (problem := forward.hold_float8()):
        yield {"absent": f"no base in FP8: {problem}", **facts}
        return
    if job.get("recompute"):
        forward.recompute_activations()
    optimizers = Optimizers(ready, chosen)
    gc.collect()
    facts["setup_peak_gib"] = device_memory(device).get("peak_gib")
    for workload in job["workloads"]:
        for tokens in job["micro_batch_tokens"]:
            try:
                row = _measure(job, workload, tokens, shape, forward, optimizers, device)
            except torch.OutOfMemoryError:
                optimizers.drop_gradients()
                torch.cuda.empty_cache()
                continue
            yield {**facts, **row}
            break
        else:
            yield {**facts, "workload": workload, "absent": "out of memory"}


def _quantised(model: Any, kind: str, device: torch.device, precision: torch.dtype) -> Any:
    """``model`` with its blocks quantised as a recipe has it, but from memory."""
    require_support(kind, device)
    held = type(model).from_pretrained(
        None,
        config=model.config,
        state_dict=model.state_dict(),
        dtype=precision,
        **loading_arguments(kind, device, precision),
    )
    settle(held, kind)
    held.requires_grad_(False)
    return held


def _measure(
    job: dict[str, Any],
    workload: str,
    tokens: int,
    shape: Any,
    forward: PackedForward,
    optimizers: Optimizers,
    device: torch.device,
) -> dict[str, Any]:
    def prepared(seed: int) -> tuple[list[Row], TokenBatch]:
        examples = rows(workload, tokens, job["context"], shape.vocabulary, seed)
        batch = collate([_encoded(row, n) for n, row in enumerate(examples)], cut=True)
        return examples, batch.scaled(float(batch.weights.sum()))

    # The loop collates in a thread while a step before is computed; here it is done in advance.
    steps = [prepared(seed) for seed in range(job["steps"] + job["warm_up"])]
    trained = list(trainable(forward.model).values())

    def step(number: int) -> float:
        batch = steps[number][1].to(device)
        with autocast(torch.bfloat16, device):
            loss = forward.loss_sum(batch)
        loss.backward()
        # In one transfer, as the loop does it.
        value, norm = torch.stack([loss.detach(), norm_of(trained)]).tolist()
        optimizers.step(1.0, min(1.0, 1.0 / (norm + 1e-6)))
        forward.refresh()
        return value

    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
    timed = measured_steps(step, job["warm_up"], job["steps"], device)
    counted = [examples for examples, _batch in steps[job["warm_up"] :]]
    return {
        "workload": workload,
        "micro_batch_tokens": tokens,
        **timed.facts(
            [sum(len(row.input_ids) for row in examples) for examples in counted],
            [step_flops(shape, examples, adapter=job["method"] != "full") for examples in counted],
        ),
        **device_memory(device),
    }


def _encoded(row: Row, number: int) -> EncodedExample:
    trained = np.zeros(len(row.input_ids), dtype=bool)
    trained[-row.answer :] = True
    return EncodedExample(str(number), row.input_ids, trained)
