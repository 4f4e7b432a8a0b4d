"""Linear layers that read the same input, as one matrix product, with their adapters inside it.

Queries, keys and values, or gate and up, are one (N, K) matrix here: fewer and larger products.
A LoRA adapter widens it: ``[x, x A'] [W, s B]'`` is the base and the adapter in a single product
of depth K + R, where R is the sum of the ranks. The layers' own parameters stay the truth: a
frozen weight becomes a view of the joined matrix (nothing is held twice), a float32 weight that is
trained in another precision has its copy here renewed by :meth:`Projection.refresh`. Frozen weights
may be held in fewer bits (``frozen_matrix.py``); their adapters are a product of their own then.

Shapes: T tokens, K inputs, N outputs of all layers together, R ranks of all adapters together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from peft.tuners.lora import LoraLayer
from torch.autograd.function import once_differentiable
from transformers.pytorch_utils import Conv1D

from laras.engine.frozen_matrix import Dequantised, Float8Matrix, FrozenMatrix
from laras.engine.functions import run


class UnsupportedLayerError(TypeError):
    """A layer whose mathematics is not a plain product with at most a plain adapter."""


class Projection:
    """``layers``: linear layers of one input, in the order of their outputs; ``dtype``: of the
    products. Raises :class:`UnsupportedLayerError`."""

    def __init__(self, layers: Sequence[torch.nn.Module], dtype: torch.dtype) -> None:
        self._parts = [_Part.of(layer) for layer in layers]
        device = self._parts[0].weight.device
        self.inputs, self.dtype = self._parts[0].inputs, dtype
        self.rank = sum(part.rank for part in self._parts)
        self.frozen: FrozenMatrix | None = None
        if any(part.quantised for part in self._parts):
            self.frozen = Dequantised([part.base for part in self._parts])
        outputs = sum(part.outputs for part in self._parts)
        columns = self.rank + (self.inputs if self.frozen is None else 0)
        self.matrix = torch.zeros(outputs, columns, dtype=dtype, device=device)
        self.down = torch.zeros(self.rank, self.inputs, dtype=dtype, device=device)
        has_bias = any(part.bias is not None for part in self._parts)
        self.bias = torch.zeros(outputs, dtype=dtype, device=device) if has_bias else None
        for part, rows, _ranks in self.places():
            if self.frozen is None:
                own = self.matrix[rows, : self.inputs]
                own.copy_(part.matrix())
                # A trained weight that lay across memory would be misread by fused optimizers.
                plain = part.weight.dtype == dtype and not self.rank and not part.transposed
                if not part.weight.requires_grad or plain:
                    part.weight.data = own.t() if part.transposed else own
                    part.shared = True
            if part.bias is not None:
                assert self.bias is not None
                self.bias[rows] = part.bias.detach().to(dtype)
        self.refresh()

    @property
    def fits_float8(self) -> bool:
        """Whether each layer's shape is one that an FP8 product takes."""
        return all(Float8Matrix.fits(part.matrix()) for part in self._parts)

    @torch.no_grad()
    def hold_float8(self) -> None:
        """Hold the layers' weights, if all are frozen, in FP8; the layers are empty from then on,
        until :meth:`release`."""
        if self.frozen is None and not any(part.weight.requires_grad for part in self._parts):
            self.frozen = Float8Matrix.of_base(self.matrix[:, : self.inputs])
            self.matrix = self.matrix[:, self.inputs :].clone()
            for part in self._parts:
                part.weight.data = part.weight.data.new_empty(0)

    def places(self) -> list[tuple[_Part, slice, slice]]:
        """Each layer with its rows of the matrix and its adapter's columns behind the inputs."""
        found, row, rank = [], 0, 0
        for part in self._parts:
            found.append((part, slice(row, row + part.outputs), slice(rank, rank + part.rank)))
            row, rank = row + part.outputs, rank + part.rank
        return found

    @torch.no_grad()
    def refresh(self) -> None:
        """Take over what an optimizer step has changed in the layers' parameters."""
        for part, rows, ranks in self.places():
            own = self.matrix[rows, : self.inputs]
            # A library may have given the weight other memory: the parameter is the truth.
            if part.weight.requires_grad and part.weight.data_ptr() != own.data_ptr():
                own.copy_(part.matrix())
                part.shared = False
            if part.bias is not None and part.bias.requires_grad:
                assert self.bias is not None
                self.bias[rows].copy_(part.bias)
            if part.up is not None and part.down is not None:
                adapters = self.matrix[:, -self.rank :]
                adapters[rows, ranks].copy_(part.up.detach() * part.scale)
                self.down[ranks].copy_(part.down)

    @torch.no_grad()
    def release(self) -> None:
        """Give the layers memory of their own again, for those who write or move them."""
        for part, rows, _ranks in self.places():
            if part.shared and not part.weight.numel() and self.frozen is not None:
                own = self.frozen.plain()[rows].to(self.dtype)
                part.weight.data = own.t() if part.transposed else own
            if part.shared:
                part.weight.data = part.weight.data.clone(memory_format=torch.contiguous_format)
                part.shared = False
        # Each projection's matrix goes before the next one's layers are copied: nothing is twice.
        self.matrix, self.frozen = self.matrix.new_empty(0), None

    def __call__(self, inputs: torch.Tensor) -> torch.Tensor:
        """(T, K + R) -> (T, N). The last R columns of the input are room, which is written here;
        an input of K columns is copied into a wider one first."""
        trained: list[torch.Tensor] = []
        if torch.is_grad_enabled():
            trained = [tensor for part in self._parts for tensor in part.trained()]
        result: torch.Tensor = run(_Project, inputs, self, *trained)
        return result


class _Part:
    """One layer: its weight, perhaps a bias and an adapter."""

    def __init__(self, base: Any) -> None:
        self.base = base
        self.weight: torch.nn.Parameter = base.weight
        self.bias: torch.nn.Parameter | None = base.bias
        self.transposed = isinstance(base, Conv1D)
        self.quantised = not base.weight.is_floating_point()
        if self.quantised:
            self.outputs, self.inputs = base.out_features, base.in_features
        else:
            self.outputs, self.inputs = self.matrix().shape
        self.shared = False
        self.down: torch.nn.Parameter | None = None
        self.up: torch.nn.Parameter | None = None
        self.scale = 1.0

    @classmethod
    def of(cls, layer: torch.nn.Module) -> _Part:
        base: Any = layer.base_layer if isinstance(layer, LoraLayer) else layer
        if not isinstance(base, torch.nn.Linear | Conv1D):
            raise UnsupportedLayerError(type(base).__name__)
        part = cls(base)
        if isinstance(layer, LoraLayer):
            part._add_adapter(layer)
        return part

    def _add_adapter(self, layer: Any) -> None:
        """A plain adapter, and only one: everything else has other mathematics."""
        names = layer.active_adapters
        plain = len(names) == 1 and not layer.merged and not layer.disable_adapters
        plain = plain and not any(layer.lora_variant.get(name) for name in names)
        if not plain or names[0] not in layer.lora_A:
            raise UnsupportedLayerError("an adapter that is not plain")
        name = names[0]
        if not isinstance(layer.lora_dropout[name], torch.nn.Identity):
            raise UnsupportedLayerError("an adapter with dropout")
        if layer.lora_B[name].bias is not None:
            raise UnsupportedLayerError("an adapter with a bias")
        self.down, self.up = layer.lora_A[name].weight, layer.lora_B[name].weight
        self.scale = float(layer.scaling[name])

    @property
    def rank(self) -> int:
        return 0 if self.down is None else self.down.shape[0]

    def matrix(self) -> torch.Tensor:
        """The weight as (outputs, inputs), whichever way round the layer keeps it."""
        weight = self.weight.detach()
        return weight.t() if self.transposed else weight

    def trained(self) -> list[torch.Tensor]:
        every = (self.weight, self.bias, self.down, self.up)
        return [part for part in every if part is not None and part.requires_grad]


class _Project(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, inputs: torch.Tensor, projection: Projection, *trained: torch.Tensor
    ) -> torch.Tensor:
        count, wide = projection.inputs, inputs
        if projection.rank:
            if inputs.shape[1] == count:
                wide = inputs.new_empty(len(inputs), count + projection.rank)
                wide[:, :count] = inputs
            wide[:, count:] = wide[:, :count] @ projection.down.t()
        ctx.save_for_backward(wide)
        ctx.projection, ctx.width = projection, inputs.shape[1]
        if projection.frozen is None:
            return torch.nn.functional.linear(wide, projection.matrix, projection.bias)
        outputs = projection.frozen.times(wide[:, :count])
        if projection.rank:
            outputs.addmm_(wide[:, count:], projection.matrix.t())
        return outputs if projection.bias is None else outputs.add_(projection.bias)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        projection: Projection = ctx.projection
        (wide,) = ctx.saved_tensors
        count, rank = projection.inputs, projection.rank
        d_inputs, d_ranks = None, gradient.new_empty(0)
        if not ctx.needs_input_grad[0] or projection.frozen is not None:
            d_ranks = gradient @ projection.matrix[:, -rank:] if rank else d_ranks
        if ctx.needs_input_grad[0]:
            if projection.frozen is not None:
                d_wide = projection.frozen.times_transposed(gradient)
            else:
                # One product gives the gradient of the inputs and of what goes to the adapters.
                d_wide = gradient @ projection.matrix
                d_ranks = d_wide[:, count:]
            if rank:
                d_wide[:, :count].addmm_(d_ranks, projection.down)
            # What stands in the room behind the inputs is read by nobody.
            d_inputs = d_wide if d_wide.shape[1] == ctx.width else _fitted(d_wide, ctx.width)
        return d_inputs, None, *_of_parameters(projection, gradient, wide, d_ranks)


def check_layers(layers: Sequence[torch.nn.Module]) -> None:
    """:class:`UnsupportedLayerError` where one can't be part of a projection."""
    for layer in layers:
        _Part.of(layer)


def _fitted(gradient: torch.Tensor, width: int) -> torch.Tensor:
    """``gradient`` with ``width`` columns: cut, or with uninitialised room behind it."""
    if gradient.shape[1] > width:
        return gradient[:, :width]
    wide = gradient.new_empty(len(gradient), width)
    wide[:, : gradient.shape[1]] = gradient
    return wide


def _of_parameters(
    projection: Projection, gradient: torch.Tensor, wide: torch.Tensor, d_ranks: torch.Tensor
) -> Iterator[torch.Tensor]:
    """Gradients in the order of :meth:`_Part.trained`, each in its parameter's dtype."""
    inputs, count = wide[:, : projection.inputs], projection.inputs
    places = projection.places()
    d_matrix = d_down = None
    if any(part.weight.requires_grad for part, _rows, _ranks in places):
        d_matrix = gradient.t() @ inputs
    if projection.rank:
        d_down = d_ranks.t() @ inputs
    for part, rows, ranks in places:
        if part.weight.requires_grad:
            assert d_matrix is not None
            own = d_matrix[rows].to(part.weight.dtype)
            yield own.t() if part.transposed else own
        if part.bias is not None and part.bias.requires_grad:
            yield gradient[:, rows].sum(0, dtype=torch.float32).to(part.bias.dtype)
        if part.down is not None and part.down.requires_grad:
            assert d_down is not None
            yield d_down[ranks].to(part.down.dtype)
        if part.up is not None and part.up.requires_grad:
            through = wide[:, count + ranks.start : count + ranks.stop]
            yield (gradient[:, rows].t() @ through).to(part.up.dtype).mul_(part.scale)
