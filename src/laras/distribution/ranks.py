"""The processes of one training, seen from one of them: what they add up, and what one says to all.

Numbers and short texts go through gloo; tensors on a GPU through NCCL. All processes call the same
methods in the same order: whoever waits for one that is gone gets an error from torch, and one that
hangs is given up after the time-out. Nothing here pickles, and nothing listens to other machines.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.distributed as dist

# Large enough that what a message costs by itself is little, small enough to lie beside gradients.
_BUCKET_BYTES = 32 * 2**20
_MEET_S = 300.0  # libraries load at different speeds, however short the time-out later is
_FIRST_S = 7 * 86_400.0  # the main process may prepare what all need for as long as it takes


class Ranks:
    """``count`` processes, of which this is number ``rank``. With one, every method does nothing,
    or gives back what it was given. Number 0, the ``main`` one, is the only one that writes."""

    def __init__(self, rank: int = 0, count: int = 1, store: Any = None) -> None:
        """Use :meth:`join`; without arguments: a process by itself."""
        self.rank = rank
        self.count = count
        self._store = store

    @classmethod
    def join(cls, meeting: Path, timeout_s: float) -> Ranks:
        """Meet the others in the folder ``meeting``, as torch elastic's environment says who this
        is. On a machine with GPUs this process takes the one of its number."""
        rank, count = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
        # Processes that were started again must not read what those before them have written.
        place = meeting / f"attempt-{attempt()}"
        store = dist.FileStore(str(place), count)  # type: ignore[attr-defined]
        store.set(f"here-{rank}", "")
        everyone = [f"here-{number}" for number in range(count)]
        store.wait(everyone, timedelta(seconds=max(timeout_s, _MEET_S)))
        backend = "gloo"
        if torch.cuda.is_available():
            torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
            backend = "cpu:gloo,cuda:nccl"
        dist.init_process_group(
            backend,
            store=store,
            rank=rank,
            world_size=count,
            timeout=timedelta(seconds=timeout_s),
        )
        return cls(rank, count, store)

    @property
    def main(self) -> bool:
        """Whether this is the process that writes."""
        return self.rank == 0

    def leave(self) -> None:
        """Let go of the connections."""
        if self.count > 1:
            dist.destroy_process_group()

    def sum(self, *numbers: float) -> list[float]:
        """Each number added up over all processes, in float64, the same to the bit in all."""
        if self.count == 1:
            return list(numbers)
        total = torch.tensor(numbers, dtype=torch.float64)
        dist.all_reduce(total)
        found: list[float] = total.tolist()
        return found

    def any(self, *claims: bool) -> list[bool]:
        """Of each claim, whether it is true in any process."""
        if self.count == 1:
            return list(claims)
        found = torch.tensor(claims, dtype=torch.uint8)
        dist.all_reduce(found, dist.ReduceOp.MAX)
        return [bool(claim) for claim in found.tolist()]

    @torch.no_grad()
    def sum_gradients(self, parameters: Iterable[torch.nn.Parameter]) -> None:
        """Add up the gradients of all processes. A parameter keeps none only if no process has one:
        the optimizer passes over those, and does not decay them."""
        if self.count == 1:
            return
        held = list(parameters)
        there = self.any(*(part.grad is not None for part in held))
        for bucket in _buckets([part for part, has in zip(held, there, strict=True) if has]):
            for part in bucket:
                if part.grad is None:
                    part.grad = torch.zeros_like(part)
            gradients = [part.grad for part in bucket if part.grad is not None]
            flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
            dist.all_reduce(flat)
            pieces = torch.split(flat, [gradient.numel() for gradient in gradients])
            for gradient, piece in zip(gradients, pieces, strict=True):
                gradient.copy_(piece.view_as(gradient))

    def told_by_main(self, text: str) -> str:
        """The main process's ``text``, in all."""
        if self.count == 1:
            return text
        content = text.encode()
        size = torch.tensor([len(content)])
        dist.broadcast(size, 0)
        if not self.main:
            content = bytes(int(size))
        letters = torch.frombuffer(bytearray(content), dtype=torch.uint8)
        dist.broadcast(letters, 0)
        return bytes(letters.tolist()).decode()

    @torch.no_grad()
    def each_of_main(
        self, tensors: Mapping[str, torch.Tensor], device: torch.device
    ) -> Iterator[tuple[str, torch.Tensor]]:
        """The main process's ``tensors`` one after the other, in all, on ``device``; elsewhere what
        is given is not looked at."""
        if self.count == 1:
            yield from tensors.items()
            return
        told = self.told_by_main(json.dumps([_outline(*each) for each in tensors.items()]))
        for name, kind, shape in json.loads(told):
            if self.main:
                tensor = tensors[name].detach().to(device).contiguous()
            else:
                tensor = torch.empty(shape, dtype=getattr(torch, kind), device=device)
            dist.broadcast(tensor, 0)
            yield name, tensor

    @contextmanager
    def main_first(self, what: str) -> Iterator[None]:
        """The main process does it first, however long that takes; the others, once it is done,
        find what it has left. ``what``: a name of its own."""
        if self._store is not None and not self.main:
            self._store.wait([what], timedelta(seconds=_FIRST_S))
        yield
        if self._store is not None and self.main:
            self._store.set(what, "done")

    def draw_anew(self, seed: int, step: int) -> None:
        """Set the random state for ``step``. It is a function of seed, step and process, and so
        nothing of it has to be saved; a process by itself goes on drawing."""
        if self.count > 1:
            state = np.random.SeedSequence([seed, step, self.rank]).generate_state(1, np.uint64)
            torch.manual_seed(int(state[0]) >> 1)


def attempt() -> int:
    """How often torch elastic has started these processes again."""
    return int(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0"))


def _buckets(parameters: Sequence[torch.nn.Parameter]) -> Iterator[list[torch.nn.Parameter]]:
    """Neighbours together up to the size of a message; a larger one goes alone."""
    bucket: list[torch.nn.Parameter] = []
    for part in parameters:
        if bucket and sum(other.nbytes for other in bucket) + part.nbytes > _BUCKET_BYTES:
            yield bucket
            bucket = []
        bucket.append(part)
    if bucket:
        yield bucket


def _outline(name: str, tensor: torch.Tensor) -> tuple[str, str, list[int]]:
    return name, str(tensor.dtype).removeprefix("torch."), list(tensor.shape)
