"""The blocks of a model divided among the processes that train it, by torch's FSDP2.

Each process holds its rows of every weight of the blocks, with their gradients and the optimizer's
state; a block is whole only while it computes. Embeddings, final norm and head, which the engine
reads by itself, are whole in every process. What leaves this file, for a checkpoint or the result,
is whole tensors again, and so nothing else knows how many processes there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import torch
import torch.distributed as dist
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FSDPModule, fully_shard
from torch.distributed.tensor import DTensor

from laras.adapters.prepare import trainable, transformer_blocks
from laras.distribution.gradients import norm_of
from laras.distribution.holding import state_of_main
from laras.distribution.ranks import Ranks
from laras.models.causal import causal_model
from laras.saving.continuation import Continuation, Parts
from laras.saving.state import TrainingState


@dataclass
class Received:
    """Whole tensors in the place of an optimizer or of averages, on their way to or from a file."""

    tensors: dict[str, torch.Tensor] = field(default_factory=dict)

    def state(self) -> dict[str, torch.Tensor]:
        """Those that are to be written."""
        return self.tensors

    def load_state(self, tensors: Mapping[str, torch.Tensor]) -> None:
        """Those that were read."""
        self.tensors = dict(tensors)


class Shards:
    """A model whose blocks are divided; ``parameters``: what this process trains of it."""

    in_step = True  # a block is gathered by all, for each of its passes

    def __init__(self, model: torch.nn.Module, ranks: Ranks, device: torch.device) -> None:
        """Divides ``model``, which is whole and the same in all ``ranks``, and brings it to
        ``device``: a block at a time, so that it need not fit there."""
        causal = causal_model(model)
        blocks = transformer_blocks(causal)
        inside = {id(part) for block in blocks for part in block.parameters()}
        outside = [part for part in model.parameters() if id(part) not in inside]
        for tensor in (*outside, *model.buffers()):
            tensor.data = tensor.data.to(device)
        mesh = init_device_mesh(device.type, (ranks.count,))
        self._wrapped: list[FSDPModule] = []
        for block in blocks:
            sharded = fully_shard(block, mesh=mesh)
            # Losses are divided by the weight of the whole step: gradients are sums, not means.
            sharded.set_force_sum_reduction_for_comms(True)
            sharded.set_gradient_divide_factor(1.0)
            self._wrapped.append(sharded)
        root = fully_shard(causal.base_model, mesh=mesh, ignored_params=set(outside))
        self._wrapped.append(root)
        self._ranks, self._model, self._device = ranks, model, device
        trained = trainable(model)
        self.trained_parameters = sum(part.numel() for part in trained.values())
        self._divided = {n: part for n, part in trained.items() if isinstance(part, DTensor)}
        self.parameters: Mapping[str, torch.nn.Parameter] = {
            name: torch.nn.Parameter(_own_rows(part)) if name in self._divided else part
            for name, part in trained.items()
        }

    def sum_gradients(self) -> None:
        """Add up the gradients of all processes; those of blocks came so from the backward pass."""
        for name, part in self._divided.items():
            gradient = part.grad
            self.parameters[name].grad = None if gradient is None else _own_rows(gradient)
            part.grad = None
        self._ranks.sum_gradients(self._undivided())

    @torch.no_grad()
    def gradient_norm(self) -> torch.Tensor:
        """The 2-norm of all gradients as one vector, the same in all processes."""
        divided = (self.parameters[name] for name in self._divided)
        (inside,) = self._ranks.sum(_square(divided))
        return torch.tensor((inside + _square(self._undivided())) ** 0.5)

    def gathered(self, parts: Parts) -> Parts:
        """``parts`` with whole tensors, in the main process's main memory; all call it."""
        weights = self.whole({**parts.parameters, **parts.average.state()})
        optimizer = self.whole(parts.optimizers.state())
        return replace(
            parts, parameters=weights, average=Received(), optimizers=Received(optimizer)
        )

    @torch.no_grad()
    def whole(self, tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """In the main process, in its main memory, the whole of each; elsewhere nothing. Names are
        those of parameters, perhaps with ``//`` and something before or behind."""
        found = {}
        for name, tensor in tensors.items():
            owner = self._owner(name)
            cut = owner is not None and tensor.shape == _own_rows(owner).shape and tensor.ndim > 0
            together = self._gather(tensor, owner.shape) if owner is not None and cut else tensor
            if self._ranks.main and together is not None:
                found[name] = together.detach().to("cpu", copy=True)
        return found

    def resumed(self, continuation: Continuation, key: str, parts: Parts) -> TrainingState:
        """As by ``continuation``, which the main process asks; each process takes its rows."""
        weights, optimizer, state = Received(), Received(), TrainingState(key=key)
        if self._ranks.main:
            reading = replace(parts, parameters={}, average=weights, optimizers=optimizer)
            state = continuation.resume(key, reading)
        told = state_of_main(state, self._ranks)
        if own := self._rows_of_main(weights.tensors):
            parts.load_weights(own)
            parts.average.load_state(own)
            parts.optimizers.load_state(self._rows_of_main(optimizer.tensors))
            parts.loss_scale.load_state(told.loss_scale)
        return state if self._ranks.main else told

    @torch.no_grad()
    def assemble(self, best: Mapping[str, torch.Tensor] | None, parts: Parts) -> None:
        """Make the main process's model whole, in its main memory, with the trained weights
        ``best``; those that there are, where the main process has none better. All call it, and
        nothing is trained afterwards."""
        for sharded in self._wrapped:
            sharded.reshard()
            # What it was, so that nothing gathers by itself any more.
            sharded.__class__ = type(sharded).__mro__[2]
        for module in self._model.modules():
            for name, part in list(module.named_parameters(recurse=False)):
                if not isinstance(part, DTensor):
                    part.data = part.data.cpu()
                elif (found := self._gather(_own_rows(part), part.shape)) is not None:
                    needed = part.requires_grad
                    setattr(module, name, torch.nn.Parameter(found.cpu(), requires_grad=needed))
        for buffer in self._model.buffers():
            buffer.data = buffer.data.cpu()
        if self._ranks.main and best is not None:
            for name, part in trainable(self._model).items():
                part.copy_(best[name])

    def _undivided(self) -> list[torch.nn.Parameter]:
        return [part for name, part in self.parameters.items() if name not in self._divided]

    def _owner(self, name: str) -> DTensor | None:
        """The divided parameter that a tensor of this name belongs to."""
        return next((self._divided[n] for n in name.split("//") if n in self._divided), None)

    def _rows_of_main(self, tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """This process's rows of what the main process has."""
        found = {}
        for name, tensor in self._ranks.each_of_main(tensors, self._device):
            owner = self._owner(name)
            if owner is not None and tensor.shape == owner.shape:
                parts = tensor.chunk(self._ranks.count)
                rank = self._ranks.rank
                tensor = parts[rank].clone() if rank < len(parts) else tensor[:0].clone()
            found[name] = tensor
        return found

    def _gather(self, rows: torch.Tensor, shape: torch.Size) -> torch.Tensor | None:
        """The whole tensor of ``shape`` whose ``rows`` each process has, in the main one."""
        most = -(-shape[0] // self._ranks.count)  # as torch.chunk cuts
        padded = rows.new_zeros((most, *shape[1:]))
        padded[: len(rows)] = rows
        pieces = [torch.empty_like(padded) for _rank in range(self._ranks.count)]
        dist.gather(padded, pieces if self._ranks.main else None)
        return torch.cat(pieces)[: shape[0]] if self._ranks.main else None


def _own_rows(part: torch.Tensor) -> torch.Tensor:
    """This process's rows of a divided tensor; they share its memory."""
    assert isinstance(part, DTensor)
    with torch.no_grad():
        return part.to_local()


def _square(parameters: Iterable[torch.nn.Parameter]) -> float:
    """Of the 2-norm of their gradients."""
    return float(norm_of(parameters).double()) ** 2
