"""transformers' own Trainer, with peft for LoRA, on a workload (see meter.py for how it is asked).

Settings: ``precision`` (bfloat16, float32), ``checkpointing``, ``base_bfloat16`` (LoRA on a base
held in bfloat16), ``compile``.
"""

from __future__ import annotations

import tempfile

from meter import ALPHA, LEARNING_RATE, RANK, Meter, Request


def main() -> None:
    """Train what is asked, report."""
    request = Request.read()
    meter = Meter()

    import torch
    from datasets import Dataset
    from trainer_callback import IGNORED, StepTimes, counted, threads, versions
    from transformers import (
        AutoModelForCausalLM,
        AutoTokenizer,
        DataCollatorForSeq2Seq,
        Trainer,
        TrainingArguments,
    )

    settings = request.settings
    rows = [
        {
            "input_ids": row["input_ids"],
            "attention_mask": [1] * len(row["input_ids"]),
            "labels": [
                token if trained else IGNORED
                for token, trained in zip(row["input_ids"], row["completion_mask"], strict=True)
            ],
        }
        for row in request.rows_in_order()
    ]
    held_in = torch.bfloat16 if settings.get("base_bfloat16") else torch.float32
    model = AutoModelForCausalLM.from_pretrained(request.model, dtype=held_in)
    if request.mode == "lora":
        from peft import LoraConfig, get_peft_model

        model = get_peft_model(
            model,
            LoraConfig(
                r=RANK, lora_alpha=ALPHA, target_modules="all-linear", task_type="CAUSAL_LM"
            ),
        )
        if settings.get("checkpointing"):
            model.enable_input_require_grads()
    tokenizer = AutoTokenizer.from_pretrained(request.model)
    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(
            model,
            TrainingArguments(
                folder,
                per_device_train_batch_size=8,
                num_train_epochs=1,
                learning_rate=LEARNING_RATE,
                bf16=settings.get("precision") == "bfloat16",
                gradient_checkpointing=bool(settings.get("checkpointing")),
                torch_compile=bool(settings.get("compile")),
                train_sampling_strategy="sequential",
                logging_steps=1,
                save_strategy="no",
                report_to=[],
                use_cpu=True,
                dataloader_pin_memory=False,
                disable_tqdm=True,
            ),
            train_dataset=Dataset.from_list(rows),
            data_collator=counted(DataCollatorForSeq2Seq(tokenizer), meter),
            callbacks=[StepTimes(meter)],
        )
        trainer.train()
    meter.facts = {"versions": versions("peft", "accelerate"), "threads": threads()}
    meter.report()


if __name__ == "__main__":
    main()
