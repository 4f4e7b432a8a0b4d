"""Tunes a tiny model with TRL as its documentation shows, going on where a run was broken off.

python trl_run.py MODEL ROWS.jsonl FOLDER
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path


def main() -> None:
    """Train; afterwards FOLDER/final has the model and FOLDER/rows.json the ids trained on."""
    model, rows, folder = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    folder.mkdir(parents=True, exist_ok=True)
    import torch
    from datasets import Dataset
    from spoiled_trainer import spoil
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.trainer_utils import get_last_checkpoint
    from trl import SFTConfig, SFTTrainer

    spoil(folder / "losses.jsonl")
    torch.set_num_threads(1)
    data = [json.loads(line) for line in rows.read_text("utf-8").splitlines()]
    tokenizer = AutoTokenizer.from_pretrained(model)
    tokenizer.pad_token = "<|endoftext|>"
    trainer = SFTTrainer(
        AutoModelForCausalLM.from_pretrained(model),
        SFTConfig(
            str(folder),
            per_device_train_batch_size=4,
            per_device_eval_batch_size=4,
            max_steps=12,
            learning_rate=1e-3,
            logging_steps=1,
            save_strategy="steps",
            save_steps=2,
            save_total_limit=2,
            eval_strategy="steps",
            eval_steps=4,
            max_length=250,
            bf16=False,
            gradient_checkpointing=False,
            report_to=[],
            use_cpu=True,
            dataloader_pin_memory=False,
            disable_tqdm=True,
            seed=1,
        ),
        train_dataset=Dataset.from_list(data),
        eval_dataset=Dataset.from_list(data[:8]),
        processing_class=tokenizer,
    )
    ids = [row["input_ids"] for row in trainer.train_dataset]
    (folder / "rows.json").write_text(json.dumps(ids), encoding="utf-8")
    if os.environ.get("ENCODE_ONLY"):
        return
    last = get_last_checkpoint(str(folder))
    trainer.train(resume_from_checkpoint=last)
    trainer.save_model(str(folder / "final"))


if __name__ == "__main__":
    main()
