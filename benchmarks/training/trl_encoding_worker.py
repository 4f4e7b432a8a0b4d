"""In the peers' environment: how SFTTrainer prepares rows of messages (see chat_encoding.py).

    python trl_encoding_worker.py FOLDER

Prints JSON: CPU seconds of preparing, rows, versions; leaves ids and masks in FOLDER/trl.npz.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

_CONTEXT = 4096
_IGNORED = -100


def cpu_s() -> float:
    """User and system time of this process and its finished children."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def main(name: str) -> None:
    """Let SFTTrainer prepare the rows, and watch it."""
    import datasets
    import numpy as np
    from trainer_callback import versions
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM
    from trl import SFTConfig, SFTTrainer

    folder = Path(name)
    datasets.disable_progress_bars()
    tokenizer = AutoTokenizer.from_pretrained(folder / "tokenizer")
    spent = 0.0

    class Watched(SFTTrainer):
        """Notes what preparing costs."""

        def _prepare_dataset(self, *arguments: Any, **named: Any) -> Any:
            nonlocal spent
            started = cpu_s()
            prepared = super()._prepare_dataset(*arguments, **named)
            spent += cpu_s() - started
            return prepared

    with tempfile.TemporaryDirectory() as work:
        rows = datasets.load_dataset(
            "json",
            data_files=str(folder / "rows.jsonl"),
            cache_dir=f"{work}/cache",
            split="train",
        )
        model = LlamaForCausalLM(
            LlamaConfig(
                vocab_size=len(tokenizer),
                hidden_size=8,
                intermediate_size=8,
                num_hidden_layers=1,
                num_attention_heads=1,
            )
        )
        trainer = Watched(
            model,
            SFTConfig(
                f"{work}/out",
                assistant_only_loss=True,
                max_length=_CONTEXT,
                bf16=False,
                use_cpu=True,
                report_to=[],
                disable_tqdm=True,
            ),
            train_dataset=rows,
            processing_class=tokenizer,
        )
        prepared = trainer.train_dataset
        ids = [np.array(each, dtype=np.int32) for each in prepared["input_ids"]]
        labels = [np.array(each, dtype=np.int32) for each in prepared["labels"]]
    np.savez(
        folder / "trl.npz",
        ids=np.concatenate(ids),
        trained=np.concatenate([each != _IGNORED for each in labels]),
        lengths=np.array([len(each) for each in ids]),
    )
    print(
        json.dumps(
            {
                "cpu_s": spent,
                "rows": len(ids),
                "versions": versions("trl", "datasets", "tokenizers"),
            }
        )
    )


if __name__ == "__main__":
    main(sys.argv[1])
