"""Axolotl on a workload (see meter.py for how it is asked), in one process, as its CLI runs it.

It has no setting for training on a CPU in bfloat16: the flag that transformers asks for is handed
to the training arguments here, nothing else is changed. Its multipack needs flash attention, so
rows are padded.

Settings: ``checkpointing``.
"""

from __future__ import annotations

import functools
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from meter import ALPHA, LEARNING_RATE, RANK, Meter, Request


def main() -> None:
    """Train what is asked, report."""
    request = Request.read()
    meter = Meter()
    os.environ.update(AXOLOTL_DO_NOT_TRACK="1", DO_NOT_TRACK="1")

    from axolotl.cli.config import load_cfg
    from axolotl.common.datasets import load_datasets
    from axolotl.core import builders, training_args
    from axolotl.train import train
    from axolotl.utils.dict import DictDefault
    from trainer_callback import IGNORED, StepTimes, counted, threads, versions

    training_args.AxolotlTrainingArguments = functools.partial(
        training_args.AxolotlTrainingArguments,
        use_cpu=True,
        dataloader_pin_memory=False,
        train_sampling_strategy="sequential",
    )

    class Watched(builders.HFCausalTrainerBuilder):
        """Its trainer, with the meter beside it."""

        def build(self, steps: int) -> Any:
            built = super().build(steps)
            built.add_callback(StepTimes(meter))
            return built

        def build_collator(self, *arguments: Any, **named: Any) -> Any:
            return counted(super().build_collator(*arguments, **named), meter)

    builders.HFCausalTrainerBuilder = Watched
    rows = request.rows_in_order()
    adapter: dict[str, Any] = {}
    if request.mode == "lora":
        adapter = {
            "adapter": "lora",
            "lora_r": RANK,
            "lora_alpha": ALPHA,
            "lora_dropout": 0.0,
            "lora_target_linear": True,
            # Written in Triton for GPUs, and on by default where there is no dropout.
            "lora_mlp_kernel": False,
            "lora_qkv_kernel": False,
            "lora_o_kernel": False,
        }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.jsonl"
        with path.open("w", encoding="utf-8") as file:
            for row in rows:
                ids, trained = row["input_ids"], row["completion_mask"]
                labels = [i if t else IGNORED for i, t in zip(ids, trained, strict=True)]
                line = {"input_ids": ids, "attention_mask": [1] * len(ids), "labels": labels}
                file.write(json.dumps(line) + "\n")
        settings = load_cfg(
            DictDefault(
                {
                    "base_model": request.model,
                    "datasets": [{"path": str(path), "ds_type": "json", "type": None}],
                    "dataset_prepared_path": f"{folder}/prepared",
                    "shuffle_merged_datasets": False,
                    "output_dir": f"{folder}/out",
                    "sequence_len": 1024,
                    "micro_batch_size": 8,
                    "gradient_accumulation_steps": 1,
                    "num_epochs": 1,
                    "learning_rate": LEARNING_RATE,
                    "optimizer": "adamw_torch_fused",
                    "lr_scheduler": "constant",
                    "bf16": True,
                    "gradient_checkpointing": bool(request.settings.get("checkpointing")),
                    "sample_packing": False,
                    "pad_to_sequence_len": False,
                    "save_strategy": "no",
                    "logging_steps": 1,
                    "val_set_size": 0,
                    # In other processes by default: batches are made in no time, and the cores
                    # are busy.
                    "dataloader_num_workers": 0,
                    "dataloader_prefetch_factor": None,
                    **adapter,
                }
            )
        )
        train(cfg=settings, dataset_meta=load_datasets(cfg=settings))
    meter.facts = {"versions": versions("axolotl", "trl", "peft"), "threads": threads()}
    meter.report()


if __name__ == "__main__":
    main()
