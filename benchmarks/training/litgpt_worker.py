"""LitGPT's finetuning on a workload (see meter.py for how it is asked).

The model is converted once, by LitGPT's own converter; rows come from a data module of ours, padded
to the longest of the step, as its own modules pad them. It does not tie the embedding to the
projection, so full tuning trains (and steps) the projection beside it.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from meter import ALPHA, LEARNING_RATE, RANK, Meter, Request

_IGNORED = -100


def main() -> None:
    """Train what is asked, report."""
    request = Request.read()
    meter = Meter()

    import lightning
    import torch
    from litgpt.args import EvalArgs, TrainArgs
    from litgpt.data import DataModule
    from litgpt.finetune import full, lora
    from litgpt.prompts import Default

    checkpoint = _converted(request.workload)
    steps = request.plan()
    rows = request.rows()

    def collate(batch: list[dict[str, Any]]) -> dict[str, Any]:
        longest = max(len(row["input_ids"]) for row in batch)

        def padded(name: str, value: int) -> torch.Tensor:
            return torch.tensor([row[name] + [value] * (longest - len(row[name])) for row in batch])

        useful = sum(len(row["input_ids"]) for row in batch)
        if len(batch) > 1:  # not the single row that it validates on before it begins
            meter.batch(useful, longest * len(batch))
        count = torch.tensor([[useful]])
        return {
            "input_ids": padded("input_ids", 0),
            "labels": padded("labels", _IGNORED),
            "token_counts": {"raw": count, "raw_plus_prompt_template": count},
        }

    class Rows(DataModule):
        """The rows asked for, in order."""

        prompt_style = Default()  # saved beside the result

        def connect(self, *unused: Any, **also_unused: Any) -> None:
            """Nothing here depends on the tokenizer."""

        def train_dataloader(self) -> Any:
            """Eight rows to a batch."""
            found = [_labelled(rows[number]) for step in steps for number in step]
            return torch.utils.data.DataLoader(found, batch_size=8, collate_fn=collate)

        def val_dataloader(self) -> Any:
            """The shortest row: some validation is required."""
            shortest = min(rows, key=lambda row: len(row["input_ids"]))
            return torch.utils.data.DataLoader([_labelled(shortest)], collate_fn=collate)

    log = lightning.Fabric.log_dict

    def logged(self: Any, metrics: dict[str, Any], *arguments: Any, **named: Any) -> None:
        if "loss" in metrics:  # told once at the end of each step
            meter.step_done(float(metrics["loss"]))
        log(self, metrics, *arguments, **named)

    lightning.Fabric.log_dict = logged
    adapter: dict[str, Any] = {}
    if request.mode == "lora":
        parts = ("query", "key", "value", "projection", "mlp")
        adapter = {f"lora_{part}": True for part in parts}
        adapter |= {"lora_r": RANK, "lora_alpha": ALPHA, "lora_dropout": 0.0}
    with tempfile.TemporaryDirectory() as folder:
        (lora if request.mode == "lora" else full).setup(
            checkpoint,
            out_dir=Path(folder),
            precision="bf16-mixed",
            data=Rows(),
            train=TrainArgs(
                save_interval=None,
                log_interval=1,
                global_batch_size=8,
                micro_batch_size=8,
                lr_warmup_steps=1,
                max_steps=len(steps),
                epochs=2,
            ),
            eval=EvalArgs(interval=10**6, max_new_tokens=1, max_iters=1, final_validation=False),
            optimizer={
                "class_path": "torch.optim.AdamW",
                "init_args": {"lr": LEARNING_RATE, "fused": True},
            },
        )
    from importlib.metadata import version

    meter.facts = {
        "versions": {name: version(name) for name in ("torch", "litgpt", "lightning")},
        "threads": torch.get_num_threads(),
    }
    meter.report()


def _labelled(row: dict[str, list[int]]) -> dict[str, list[int]]:
    ids, trained = row["input_ids"], row["completion_mask"]
    labels = [i if t else _IGNORED for i, t in zip(ids, trained, strict=True)]
    return {"input_ids": ids, "labels": labels}


def _converted(workload: Path) -> Path:
    """The workload's model in LitGPT's layout; made where it is not there."""
    place = workload / "litgpt"
    if (place / "lit_model.pth").exists():
        return place
    import torch
    from litgpt.config import Config
    from litgpt.scripts.convert_hf_checkpoint import copy_weights_hf_llama
    from litgpt.utils import save_config
    from safetensors.torch import load_file

    place.mkdir(exist_ok=True)
    shape = json.loads((workload / "model" / "config.json").read_text(encoding="utf-8"))
    config = Config(
        name=workload.name,
        block_size=shape["max_position_embeddings"],
        vocab_size=shape["vocab_size"],
        padded_vocab_size=shape["vocab_size"],
        n_layer=shape["num_hidden_layers"],
        n_embd=shape["hidden_size"],
        n_head=shape["num_attention_heads"],
        n_query_groups=shape["num_key_value_heads"],
        intermediate_size=shape["intermediate_size"],
        rotary_percentage=1.0,
        parallel_residual=False,
        bias=False,
        norm_class_name="RMSNorm",
        norm_eps=shape["rms_norm_eps"],
        mlp_class_name="LLaMAMLP",
    )
    weights: dict[str, Any] = {}
    loaded = load_file(workload / "model" / "model.safetensors")
    copy_weights_hf_llama(config, {}, weights, loaded)
    torch.save(weights, place / "lit_model.pth")
    save_config(config, place)
    for name in ("tokenizer.json", "tokenizer_config.json", "generation_config.json"):
        (place / name).write_bytes((workload / "model" / name).read_bytes())
    return place


if __name__ == "__main__":
    main()
