"""Tensors copied to the main memory, where a checkpoint is written from while training goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch

from laras.errors import is_out_of_memory
from laras.runs.machine import available_memory_bytes
from laras.saving.background import Background, Job

# Of what is free now: the training's own memory may still grow.
_SHARE = 0.5


class HostCopy:
    """A copy that is made time and again in the same place."""

    def __init__(self) -> None:
        self._held: dict[str, torch.Tensor] = {}

    def take(self, tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor] | None:
        """``tensors`` as they are now; None where there is no memory for that. What was copied
        before is overwritten."""
        missing = sum(t.nbytes for name, t in tensors.items() if not self._fits(name, t))
        if missing > _SHARE * available_memory_bytes():
            return None
        try:
            self._held = {name: self._place(name, tensor) for name, tensor in tensors.items()}
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            self._held = {}
            return None
        for name, tensor in tensors.items():
            self._held[name].copy_(tensor.detach(), non_blocking=tensor.is_cuda)
        if any(tensor.is_cuda for tensor in tensors.values()):
            torch.cuda.synchronize()
        return self._held

    def _fits(self, name: str, tensor: torch.Tensor) -> bool:
        place = self._held.get(name)
        return place is not None and (place.shape, place.dtype) == (tensor.shape, tensor.dtype)

    def _place(self, name: str, tensor: torch.Tensor) -> torch.Tensor:
        if self._fits(name, tensor):
            return self._held[name]
        # A GPU writes by itself, and several times faster, into memory that stays where it is.
        return torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=tensor.is_cuda)


class WrittenBeside:
    """Tensors that are written time and again: their copy, and the job that writes from it."""

    def __init__(self) -> None:
        self._copy = HostCopy()
        self._job: Job | None = None

    @property
    def busy(self) -> bool:
        """Whether they are still being written."""
        return self._job is not None and not self._job.done.is_set()

    def write(
        self,
        tensors: Mapping[str, torch.Tensor],
        write: Callable[[Mapping[str, torch.Tensor], bool], None],
        background: Background | None,
    ) -> None:
        """Let ``write(tensors, whether they are a copy)`` be done: by the thread, from a copy that
        is made now; at once where there is no thread or no memory for a copy."""
        if background is None:
            write(tensors, False)
            return
        if self._job is not None:
            self._job.done.wait()  # it reads what is about to be overwritten
            background.check()
        copy = self._copy.take(tensors)
        self._job = background.submit(lambda: write(copy or tensors, copy is not None))
        if copy is None:
            background.wait()
