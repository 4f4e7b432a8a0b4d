"""LLaMA-Factory's own ``run_exp`` on a workload (see meter.py for how it is asked).

It reads text, so rows are written as words of the workload's tokenizer, one for each id.

Settings: ``packing`` (neat packing to rows of 1,024: all rows of the workload are packed, and as
many steps are trained as come to the tokens asked for), ``checkpointing``, ``accumulation`` (its
examples train one row at a time and accumulate eight).
"""

from __future__ import annotations

import importlib.machinery
import json
import os
import sys
import tempfile
import types
from pathlib import Path
from typing import Any

from meter import ALPHA, LEARNING_RATE, RANK, Meter, Request
from workload import word

_PACKED_ROW = 1024
_PACKED_ROWS_A_STEP = 2


def main() -> None:
    """Train what is asked, report."""
    request = Request.read()
    meter = Meter()
    os.environ.setdefault("DISABLE_VERSION_CHECK", "1")
    _leave_audio_out()

    from llamafactory.data.formatter import StringFormatter
    from llamafactory.data.template import register_template
    from llamafactory.train.sft import workflow
    from llamafactory.train.tuner import run_exp
    from trainer_callback import StepTimes, threads, versions

    register_template(
        name="bare",
        format_user=StringFormatter(slots=["{{content}}"]),
        format_assistant=StringFormatter(slots=["{{content}}", {"eos_token"}]),
    )

    class Counted(workflow.SFTDataCollatorWith4DAttentionMask):
        """Tells the meter of each batch; padding inside packed rows has mask 0."""

        def __call__(self, features: list[dict[str, Any]]) -> Any:
            useful = sum(sum(mark > 0 for mark in row["attention_mask"]) for row in features)
            batch = super().__call__(features)
            meter.batch(useful, int(batch["input_ids"].numel()))
            return batch

    workflow.SFTDataCollatorWith4DAttentionMask = Counted
    settings = request.settings
    packing = bool(settings.get("packing"))
    accumulation = int(settings.get("accumulation", 1))
    rows_a_batch = _PACKED_ROWS_A_STEP if packing else 8 // accumulation
    steps = len(request.plan())
    rows = request.rows_in_order()
    if packing:
        # The warm-up and about as many tokens as the plan has.
        timed = sum(len(row["input_ids"]) for row in rows[8:])
        steps = 1 + max(1, round(timed / _PACKED_ROW / _PACKED_ROWS_A_STEP))
        rows = request.rows()
    lora: dict[str, Any] = {}
    if request.mode == "lora":
        lora = {"lora_rank": RANK, "lora_alpha": ALPHA, "lora_target": "all", "lora_dropout": 0.0}
    with tempfile.TemporaryDirectory() as folder:
        _write_rows(Path(folder), rows)
        run_exp(
            {
                "stage": "sft",
                "do_train": True,
                "model_name_or_path": request.model,
                "dataset": "rows",
                "dataset_dir": folder,
                "template": "bare",
                "cutoff_len": _PACKED_ROW,
                "output_dir": f"{folder}/out",
                "per_device_train_batch_size": rows_a_batch,
                "gradient_accumulation_steps": accumulation,
                "max_steps": steps,
                "learning_rate": LEARNING_RATE,
                "logging_steps": 1,
                "save_strategy": "no",
                "report_to": "none",
                "finetuning_type": request.mode,
                "bf16": True,
                "packing": packing,
                "neat_packing": packing,
                "disable_shuffling": True,
                "disable_gradient_checkpointing": not settings.get("checkpointing"),
                "overwrite_cache": True,
                "use_cpu": True,
                "dataloader_pin_memory": False,
                "disable_tqdm": True,
                **lora,
            },
            callbacks=[StepTimes(meter)],
        )
    meter.facts = {"versions": versions("llamafactory", "peft"), "threads": threads()}
    meter.report(batches_a_step=accumulation)


def _write_rows(folder: Path, rows: list[dict[str, list[int]]]) -> None:
    texts = []
    for row in rows:
        answered = row["completion_mask"].index(1)
        words = [word(number) for number in row["input_ids"][:-1]]  # the template writes the end
        texts.append(
            {
                "instruction": " ".join(words[:answered]),
                "input": "",
                "output": " ".join(words[answered:]),
            }
        )
    (folder / "rows.json").write_text(json.dumps(texts), encoding="utf-8")
    (folder / "dataset_info.json").write_text(
        json.dumps({"rows": {"file_name": "rows.json"}}), encoding="utf-8"
    )


def _leave_audio_out() -> None:
    """It imports torchaudio, whose builds on the index need CUDA; no audio is read here."""
    module = types.ModuleType("torchaudio")
    module.__spec__ = importlib.machinery.ModuleSpec("torchaudio", None)
    sys.modules["torchaudio"] = module


if __name__ == "__main__":
    main()
