"""A peer on the same shapes and examples: TRL's SFTTrainer, or transformers' Trainer with peft.

Its best settings that the machine allows: bfloat16, no activation checkpointing where memory
lasts, the fused optimizer, Liger's kernels where installed; rows without padding where
flash-attn is installed, else batches of similar length. The largest batch that fits is taken.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

import torch
from gpu_shapes import RANK, SHAPES, Row, Shape, rows, step_flops, tiny
from gpu_timing import Timed, device_memory, synchronise

_PAD = 0


def measure(job: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A row for each workload of ``job``."""
    shape = SHAPES[job["shape"]]
    shape = tiny(shape) if job["tiny"] else shape
    device = torch.device(job["device"])
    torch.backends.cuda.matmul.allow_tf32 = True
    system = "trl" if find_spec("trl") else "trainer"
    for workload in job["workloads"]:
        tries = [(n, False) for n in job["micro_batch_tokens"]]
        # If nothing fits without, with activation checkpointing.
        for tokens, checkpointing in [*tries, (job["micro_batch_tokens"][0], True)]:
            try:
                row = _measure(system, job, workload, tokens, checkpointing, shape, device)
            except torch.OutOfMemoryError:
                torch.cuda.empty_cache()
                continue
            yield {"system": f"{system} {_version(system)}", **row}
            break
        else:
            yield {"system": system, "workload": workload, "absent": "out of memory"}


def _version(system: str) -> str:
    return version("trl") if system == "trl" else version("transformers")


def _measure(
    system: str,
    job: dict[str, Any],
    workload: str,
    tokens: int,
    checkpointing: bool,
    shape: Shape,
    device: torch.device,
) -> dict[str, Any]:
    steps, warm_up = job["steps"], job["warm_up"]
    examples = rows(workload, tokens * (steps + warm_up + 1), job["context"], shape.vocabulary, 0)
    mean = sum(len(row.input_ids) for row in examples) / len(examples)
    batch = max(1, round(tokens / mean))
    flash = find_spec("flash_attn") is not None and device.type == "cuda"
    full = job["method"] == "full"
    model = shape.model(
        job["device"],
        torch.float32 if full else torch.bfloat16,
        "flash_attention_2" if flash else "sdpa",
    )
    with tempfile.TemporaryDirectory() as folder:
        settings = {
            "output_dir": folder,
            "per_device_train_batch_size": batch,
            "max_steps": steps + warm_up,
            "learning_rate": 1e-4,
            "bf16": device.type == "cuda",
            "use_cpu": device.type == "cpu",
            "gradient_checkpointing": checkpointing,
            "optim": "adamw_torch_fused",
            "torch_compile": bool(job.get("compiled")) and not job["tiny"],
            "save_strategy": "no",
            "report_to": [],
            "logging_steps": 1_000_000,
            "disable_tqdm": True,
            "dataloader_pin_memory": device.type == "cuda",
            "use_liger_kernel": find_spec("liger_kernel") is not None and device.type == "cuda",
        }
        if workload == "mix" and not flash:
            settings["train_sampling_strategy"] = "group_by_length"
        make = _trl if system == "trl" else _trainer
        trainer = make(model, examples, settings, full, flash and workload == "mix", job["context"])
        clock = _Clock(trainer, device)
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats()
        trainer.train()
    counted = slice(warm_up, None)
    timed = Timed(clock.seconds[0], clock.seconds[counted], clock.losses)
    # Of a batch of a peer only its tokens are known; its share of the FLOPs of all is taken.
    whole = sum(len(row.input_ids) for row in examples)
    flops = step_flops(shape, examples, adapter=not full)
    return {
        "workload": workload,
        "batch": batch,
        "checkpointing": checkpointing,
        "compiled": settings["torch_compile"],
        "flash_attention": flash,
        "liger": settings["use_liger_kernel"],
        **timed.facts(clock.tokens[counted], [flops * n / whole for n in clock.tokens[counted]]),
        **device_memory(device),
    }


class _Clock:
    """Times the optimizer steps of a transformers Trainer, from each batch's forward pass on."""

    def __init__(self, trainer: Any, device: torch.device) -> None:
        from transformers import TrainerCallback

        self.seconds: list[float] = []
        self.tokens: list[int] = []
        self.losses: list[float] = []
        clock, inner = self, trainer.training_step

        def training_step(model: Any, inputs: Any, *more: Any, **named: Any) -> Any:
            mask = inputs.get("attention_mask")
            real = inputs["input_ids"].numel() if mask is None else int(mask.sum())
            clock.tokens.append(real)
            loss = inner(model, inputs, *more, **named)
            clock.losses.append(float(loss))
            return loss

        class Steps(TrainerCallback):  # type: ignore[misc]
            def on_step_begin(self, *_state: Any, **_named: Any) -> None:
                synchronise(device)
                self.started = time.perf_counter()

            def on_step_end(self, *_state: Any, **_named: Any) -> None:
                synchronise(device)
                clock.seconds.append(time.perf_counter() - self.started)

        trainer.training_step = training_step
        trainer.add_callback(Steps())


def _lora() -> Any:
    from peft import LoraConfig

    return LoraConfig(
        task_type="CAUSAL_LM", r=RANK, lora_alpha=2 * RANK, target_modules="all-linear"
    )


def _trainer(
    model: Any,
    examples: list[Row],
    settings: dict[str, Any],
    full: bool,
    packed: bool,
    context: int,
) -> Any:
    from peft import get_peft_model
    from transformers import DataCollatorWithFlattening, Trainer, TrainingArguments

    if not full:
        if settings["gradient_checkpointing"]:
            model.enable_input_require_grads()
        model = get_peft_model(model, _lora())
    data = [
        {"input_ids": row.input_ids.tolist(), "labels": [-100] * (len(row.input_ids) - row.answer)
         + row.input_ids[len(row.input_ids) - row.answer :].tolist()}
        for row in examples
    ]  # fmt: skip
    return Trainer(
        model=model,
        args=TrainingArguments(**settings, remove_unused_columns=False),
        train_dataset=data,
        data_collator=DataCollatorWithFlattening() if packed else _padded,
    )


def _padded(examples: list[dict[str, list[int]]]) -> dict[str, torch.Tensor]:
    longest = max(len(example["input_ids"]) for example in examples)

    def laid(key: str, filling: int) -> torch.Tensor:
        values = [each[key] + [filling] * (longest - len(each[key])) for each in examples]
        return torch.tensor(values)

    mask = [[1] * len(each["input_ids"]) for each in examples]
    batch = {"input_ids": laid("input_ids", _PAD), "labels": laid("labels", -100)}
    return {**batch, "attention_mask": torch.tensor(
        [row + [0] * (longest - len(row)) for row in mask]
    )}  # fmt: skip


def _trl(
    model: Any,
    examples: list[Row],
    settings: dict[str, Any],
    full: bool,
    packed: bool,
    context: int,
) -> Any:
    from datasets import Dataset
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast
    from trl import SFTConfig, SFTTrainer

    words = {f"w{number}": number for number in range(model.config.vocab_size)}
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer(models.WordLevel(words, unk_token="w3")),
        eos_token="w2", pad_token="w0",
    )  # fmt: skip
    data = Dataset.from_list(
        [
            {
                "input_ids": row.input_ids.tolist(),
                "completion_mask": [0] * (len(row.input_ids) - row.answer) + [1] * row.answer,
            }
            for row in examples
        ]
    )
    return SFTTrainer(
        model=model,
        args=SFTConfig(
            **settings,
            max_length=context,
            completion_only_loss=True,
            packing=packed,
            padding_free=packed,
        ),
        train_dataset=data,
        processing_class=tokenizer,
        peft_config=None if full else _lora(),
    )
