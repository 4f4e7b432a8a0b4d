"""Weights in formats that Laras does not open, and the way from each to safetensors.

All of them are pickles, or are read through one: opening them runs what they say.
"""

from __future__ import annotations

from pathlib import Path

from laras.errors import ModelRefused
from laras.translation import _

_PICKLES = ("*.bin", "*.pt", "*.pth", "*.pkl", "*.pickle", "*.ckpt", "*.distcp", "*.npy", "*.h5")
_METADATA = ".metadata"  # of torch.distributed's checkpoints; a pickle, too


def refuse_without_safetensors(folder: Path) -> None:
    """Raise :class:`ModelRefused` that says what is there instead, and how to convert it."""
    pickles = sorted(path.name for pattern in _PICKLES for path in folder.glob(pattern))
    way = _way_out(folder)
    if pickles or way:
        raise ModelRefused(
            "model.pickle",
            _(
                "The weights ({files}) are not in the safetensors format; opening them could run "
                "code."
            ).format(files=", ".join(pickles[:3]) or _METADATA),
            where=str(folder),
            hint=way
            or _(
                "If you trust where they come from, convert them once on another machine: load "
                "the model there with transformers and call save_pretrained on it."
            ),
        )
    raise ModelRefused(
        "model.no-weights",
        _("There is no safetensors file in the model's folder."),
        where=str(folder),
    )


def _way_out(folder: Path) -> str | None:
    """The command that converts what other trainers leave, where it is known by its files."""
    sharded = next((path.parent for path in sorted(folder.glob(f"*/{_METADATA}"))), None)
    if sharded is not None:  # what accelerate and its users, TRL among them, write with FSDP
        return _(
            "If you trust where they come from, convert them once on another machine: "
            "`{command}`; then put config.json and the tokenizer's files beside."
        ).format(command=f"accelerate merge-weights {sharded.name} converted")
    if (folder / _METADATA).exists():
        return _(
            "If you trust where they come from, convert them once on another machine: "
            "`{command}`; then load the result into the model with transformers and call "
            "save_pretrained on it."
        ).format(
            command="python -m torch.distributed.checkpoint.format_utils dcp_to_torch . model.pt"
        )
    if (folder / "zero_to_fp32.py").exists() or any(folder.glob("global_step*")):
        return _(
            "If you trust where they come from, convert them once on another machine: "
            "`{command}`; then put config.json and the tokenizer's files beside."
        ).format(command="python zero_to_fp32.py . converted --safe_serialization")
    return None
