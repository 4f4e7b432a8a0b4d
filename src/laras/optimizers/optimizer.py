"""AdamW with states in float32 or 8 bits, or Muon for matrices; the state by parameter name."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from typing import Any

import torch

from laras.adapters.prepare import trainable
from laras.errors import UsageError
from laras.optimizers.learning_rates import learning_rate_scales
from laras.optimizers.muon import Muon, cuts
from laras.planning.hyperparameters import Hyperparameters
from laras.translation import _

_BETAS = (0.9, 0.95)
# Lookup tables that all 8-bit states share; the library gives them anew.
_SHARED_ENTRIES = ("qmap1", "qmap2")


class Optimizers:
    """One or two torch optimizers that step together.

    The learning rate of each group is ``peak x factor``; groups keep their own peak.
    """

    def __init__(
        self,
        model: torch.nn.Module,
        chosen: Hyperparameters,
        parameters: Mapping[str, torch.nn.Parameter] | None = None,
    ) -> None:
        """``parameters``: what stands for those of ``model`` that are trained, under their names;
        default: these."""
        self._parameters = trainable(model) if parameters is None else parameters
        self._names = {id(part): name for name, part in self._parameters.items()}
        self._scales = learning_rate_scales(model, chosen)
        self._chosen = chosen
        self._parts: list[torch.optim.Optimizer] = []
        rest = set(self._parameters)
        if chosen.optimizer == "muon" and chosen.method == "full":
            how = cuts(model)
            muon = Muon({name: self._parameters[name] for name in how}, how, self._groups(how))
            self._names.update(muon.names())
            self._parts.append(muon)
            rest -= set(how)
        elif chosen.optimizer == "adamw8bit":
            # Embeddings keep float32 states, which their rare and large gradients need (Dettmers
            # et al. 2022, "8-bit Optimizers via Block-wise Quantization", section 2.3).
            tables = {
                id(table)
                for module in model.modules()
                if isinstance(module, torch.nn.Embedding)
                for table in module.parameters()
            }
            names = {name for name in rest if id(self._parameters[name]) not in tables}
            if names:
                self._parts.append(_adamw_8bit(self._torch_groups(names)))
            rest -= names
        if rest:
            self._parts.append(
                torch.optim.AdamW(self._torch_groups(rest), betas=_BETAS, fused=True)
            )
        for part in self._parts:
            for group in part.param_groups:
                group["peak"] = group["lr"]

    def _groups(self, names: Iterable[str]) -> dict[tuple[float, float], list[str]]:
        """Names by (learning rate, weight decay), each in the order of the model."""
        among, groups = set(names), defaultdict(list)
        for name, part in self._parameters.items():
            if name in among:
                decay = self._chosen.weight_decay if part.ndim >= 2 else 0.0
                groups[self._chosen.learning_rate * self._scales[name], decay].append(name)
        return groups

    def _torch_groups(self, names: Iterable[str]) -> list[dict[str, Any]]:
        return [
            {"params": [self._parameters[n] for n in group], "lr": rate, "weight_decay": decay}
            for (rate, decay), group in self._groups(names).items()
        ]

    @torch.no_grad()
    def step(self, factor: float, clip: float = 1.0) -> None:
        """Apply the gradients times ``clip`` at ``factor`` of the peak rate, then drop them."""
        for part in self._parts:
            for group in part.param_groups:
                group["lr"] = group["peak"] * factor
            if clip == 1.0:
                part.step()
            elif _scales_gradients(part):
                self._step_scaled(part, clip)
            else:
                self._scale_gradients(part, clip)
                part.step()
        self.drop_gradients()

    def _step_scaled(self, part: torch.optim.Optimizer, clip: float) -> None:
        # The fused kernel divides each gradient by ``grad_scale`` where it reads it, as it does for
        # torch's GradScaler: clipping costs no pass over the gradients of its own.
        device = part.param_groups[0]["params"][0].device
        part.grad_scale = torch.tensor(1.0 / clip, dtype=torch.float32, device=device)  # type: ignore[attr-defined]
        try:
            part.step()
        finally:
            del part.grad_scale  # type: ignore[attr-defined]

    def _scale_gradients(self, part: torch.optim.Optimizer, clip: float) -> None:
        held = part.weights.values() if isinstance(part, Muon) else _parameters_of(part)
        for parameter in held:
            if parameter.grad is not None:
                parameter.grad.mul_(clip)

    def drop_gradients(self) -> None:
        """Forget the gradients, of a step that was applied or is not to be."""
        for parameter in self._parameters.values():
            parameter.grad = None

    def state(self) -> dict[str, torch.Tensor]:
        """Every state tensor under ``parameter-name//state-name``."""
        return {
            f"{self._names[id(parameter)]}//{key}": torch.as_tensor(value)
            for part in self._parts
            for parameter, entries in part.state.items()
            for key, value in entries.items()
            if key not in _SHARED_ENTRIES
        }

    def load_state(self, tensors: dict[str, torch.Tensor]) -> None:
        """Put back what :meth:`state` gave."""
        by_name: dict[str, dict[str, torch.Tensor]] = {}
        for key, tensor in tensors.items():
            name, entry = key.rsplit("//", 1)
            by_name.setdefault(name, {})[entry] = tensor
        for part in self._parts:
            for group_index, group in enumerate(part.param_groups):
                for index, parameter in enumerate(group["params"]):
                    entries = by_name.get(self._names[id(parameter)], {})
                    # The step count lives where torch keeps it: with fused kernels on the
                    # parameter's device, as everything else does.
                    placed: dict[str, Any] = {
                        entry: tensor.to(parameter.device, copy=True)
                        for entry, tensor in entries.items()
                    }
                    part.state[parameter] = {}
                    if placed and hasattr(part, "init_state"):  # 8 bits: tables, a plain count
                        part.init_state(group, parameter, group_index, index)
                        placed["step"] = int(placed["step"])
                    part.state[parameter].update(placed)


def _parameters_of(part: torch.optim.Optimizer) -> list[torch.nn.Parameter]:
    return [parameter for group in part.param_groups for parameter in group["params"]]


def _scales_gradients(part: torch.optim.Optimizer) -> bool:
    """Whether its kernel takes a factor for the gradients; on a Mac's GPU that is unproven."""
    supported = getattr(part, "_step_supports_amp_scaling", False)
    return supported and part.param_groups[0]["params"][0].device.type in ("cpu", "cuda")


def _adamw_8bit(groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
    """bitsandbytes' AdamW: both moments in 8 bits, by blocks of 256; small tensors in float32.

    torchao's needs a C++ compiler when it runs; this one has kernels for the CPU and for GPUs.
    """
    if find_spec("bitsandbytes") is None:
        raise UsageError(
            "tuning.adamw8bit-absent",
            _("The recipe asks for adamw8bit, whose library is not installed."),
            where="tuning.optimizer",
            hint=_("Install it: pip install {package}").format(package="'laras[quantised]'"),
        )
    # On import it tells of faster kernels that it would fetch from a hub, if it were allowed to.
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
    from bitsandbytes.optim import AdamW8bit

    made: torch.optim.Optimizer = AdamW8bit(groups, betas=_BETAS)
    return made
