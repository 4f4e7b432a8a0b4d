"""TRL's SFTTrainer on a workload (see meter.py for how it is asked).

Settings: ``precision`` (bfloat16, float32), ``checkpointing``, ``base_bfloat16`` (LoRA on a base
held in bfloat16), ``packing`` (TRL's best-fit packing to rows of 1,024), ``padding_free``,
``compile``, and for loss curves ``learning_rate``, ``constant`` (no warm-up, no decay, Laras's
moments) and ``adapter`` (a folder of peft's with the weights to begin with).
"""

from __future__ import annotations

import tempfile
from typing import Any

from meter import ALPHA, LEARNING_RATE, RANK, Meter, Request


def main() -> None:
    """Train what is asked, report."""
    request = Request.read()
    meter = Meter()

    import torch
    from datasets import Dataset
    from trainer_callback import StepTimes, counted, threads, versions
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from trl import SFTConfig, SFTTrainer

    settings = request.settings
    packing = bool(settings.get("packing"))
    held_in = torch.bfloat16 if settings.get("base_bfloat16") else torch.float32
    model: Any = AutoModelForCausalLM.from_pretrained(request.model, dtype=held_in)
    adapter = None
    if request.mode == "lora":
        from peft import LoraConfig, PeftModel

        if "adapter" in settings:
            model = PeftModel.from_pretrained(model, settings["adapter"], is_trainable=True)
        else:
            adapter = LoraConfig(
                r=RANK, lora_alpha=ALPHA, target_modules="all-linear", task_type="CAUSAL_LM"
            )
    constant: dict[str, Any] = {}
    if settings.get("constant"):
        constant = {
            "lr_scheduler_type": "constant",
            "warmup_steps": 0,
            "adam_beta2": 0.95,
            "weight_decay": 0.0,
        }
    with tempfile.TemporaryDirectory() as folder:
        trainer = SFTTrainer(
            model,
            SFTConfig(
                folder,
                per_device_train_batch_size=2 if packing else 8,
                num_train_epochs=1,
                learning_rate=settings.get("learning_rate", LEARNING_RATE),
                bf16=settings.get("precision") == "bfloat16",
                gradient_checkpointing=bool(settings.get("checkpointing")),
                torch_compile=bool(settings.get("compile")),
                packing=packing,
                padding_free=bool(settings.get("padding_free")),
                # Nothing is longer; with padding_free, TRL warns where a limit is set.
                max_length=None if settings.get("padding_free") else 1024,
                completion_only_loss=True,
                train_sampling_strategy="sequential",
                logging_steps=1,
                save_strategy="no",
                report_to=[],
                use_cpu=True,
                dataloader_pin_memory=False,
                disable_tqdm=True,
                **constant,
            ),
            train_dataset=Dataset.from_list(request.rows_in_order()),
            processing_class=AutoTokenizer.from_pretrained(request.model),
            peft_config=adapter,
            callbacks=[StepTimes(meter)],
        )
        trainer.data_collator = counted(trainer.data_collator, meter)
        trainer.train()
    meter.facts = {"versions": versions("trl", "peft", "accelerate"), "threads": threads()}
    meter.report()


if __name__ == "__main__":
    main()
