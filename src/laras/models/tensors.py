"""Tensors to a safetensors file, and what can go wrong on the way."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file

from laras.errors import StorageFailed
from laras.translation import _


def write_tensors(path: Path, tensors: dict[str, torch.Tensor]) -> None:
    """Write ``tensors``, wherever they live, to ``path``. StorageFailed where there is no room.

    The library reports a full disk, a quota or a file-size limit as an error of its own kind.
    """
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    try:
        save_file(plain, path)
    except (SafetensorError, OSError) as error:
        raise StorageFailed(
            "tuning.not-written",
            _("{file} can't be written: {reason}").format(file=path.name, reason=error),
            where=str(path.parent),
            hint=_("Make room and run the same command again: it continues."),
        ) from error
