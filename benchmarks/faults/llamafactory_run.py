"""Tunes a tiny model with LLaMA-Factory's own ``run_exp``, which goes on where a run stopped.

python llamafactory_run.py MODEL ROWS.jsonl FOLDER
"""

from __future__ import annotations

import importlib.machinery
import json
import os
import sys
import types
from pathlib import Path


def main() -> None:
    """Train; afterwards FOLDER has the model and rows.json the ids trained on."""
    model, rows, folder = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    folder.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("DISABLE_VERSION_CHECK", "1")
    # It imports torchaudio, whose builds on the index need CUDA; no audio is read here.
    audio = types.ModuleType("torchaudio")
    audio.__spec__ = importlib.machinery.ModuleSpec("torchaudio", None)
    sys.modules["torchaudio"] = audio
    import torch
    from llamafactory.train.sft import trainer as sft_trainer
    from llamafactory.train.tuner import run_exp
    from spoiled_trainer import spoil

    # Beside the run's folder: in it, the folder would look used before anything was trained.
    records = folder.with_name(folder.name + ".records")
    records.mkdir(exist_ok=True)
    spoil(records / "losses.jsonl")
    torch.set_num_threads(1)
    _write_rows(records, rows)
    _tell_rows(sft_trainer.CustomSeq2SeqTrainer, records / "rows.json")
    run_exp(
        {
            "stage": "sft",
            "do_train": True,
            "finetuning_type": "full",
            "model_name_or_path": model,
            "dataset": "rows",
            "eval_dataset": "held_out",
            "dataset_dir": str(records),
            "template": "qwen",
            "cutoff_len": 250,
            "default_system": "Help.",
            "output_dir": str(folder),
            "overwrite_output_dir": False,
            "overwrite_cache": True,
            "per_device_train_batch_size": 4,
            "per_device_eval_batch_size": 4,
            "max_steps": 12,
            "learning_rate": 1e-3,
            "logging_steps": 1,
            "save_strategy": "steps",
            "save_steps": 2,
            "save_total_limit": 2,
            "eval_strategy": "steps",
            "eval_steps": 4,
            "report_to": "none",
            "disable_gradient_checkpointing": True,
            "use_cpu": True,
            "dataloader_pin_memory": False,
            "disable_tqdm": True,
            "preprocessing_num_workers": 1,
            "seed": 1,
        }
    )


def _write_rows(folder: Path, rows: Path) -> None:
    texts = []
    for line in rows.read_text("utf-8").splitlines():
        user, assistant = json.loads(line)["messages"]
        texts.append({"instruction": user["content"], "input": "", "output": assistant["content"]})
    sets = {"rows": texts, "held_out": texts[:8]}
    for name, content in sets.items():
        (folder / f"{name}-texts.json").write_text(json.dumps(content), encoding="utf-8")
    described = {name: {"file_name": f"{name}-texts.json"} for name in sets}
    (folder / "dataset_info.json").write_text(json.dumps(described), encoding="utf-8")


def _tell_rows(kind: type, path: Path) -> None:
    """What is trained on goes to ``path``; with ENCODE_ONLY that is all."""
    original = kind.train  # type: ignore[attr-defined]

    def train(self, *given, **named):  # type: ignore[no-untyped-def]
        path.write_text(json.dumps([row["input_ids"] for row in self.train_dataset]), "utf-8")
        if os.environ.get("ENCODE_ONLY"):
            os._exit(0)
        return original(self, *given, **named)

    kind.train = train  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
