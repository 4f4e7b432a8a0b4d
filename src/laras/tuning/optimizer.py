"""AdamW, or Muon for the matrices with AdamW for the rest; the state by parameter name."""

from __future__ import annotations

import torch

from laras.planning.hyperparameters import Hyperparameters
from laras.tuning.adapters import hidden_matrices, trainable


class Optimizers:
    """One or two torch optimizers that step together.

    The learning rate of each group is ``peak x factor``; groups keep their own peak.
    """

    def __init__(self, model: torch.nn.Module, chosen: Hyperparameters) -> None:
        parameters = trainable(model)
        self._names = {id(part): name for name, part in parameters.items()}
        self._parts: list[torch.optim.Optimizer] = []
        hidden = hidden_matrices(model)
        matrices = {n: p for n, p in parameters.items() if id(p) in hidden}
        others = {n: p for n, p in parameters.items() if n not in matrices}
        if chosen.optimizer == "muon" and chosen.method == "full":
            self._parts.append(
                torch.optim.Muon(
                    list(matrices.values()),
                    lr=chosen.learning_rate,
                    weight_decay=chosen.weight_decay,
                    # Scaled to the size of AdamW's updates (Liu et al. 2025, "Muon is Scalable
                    # for LLM Training", section 2.2), so that one rate serves both.
                    adjust_lr_fn="match_rms_adamw",
                )
            )
            self._add_adamw({}, others, chosen)
        else:
            self._add_adamw(
                {n: p for n, p in parameters.items() if p.ndim >= 2},
                {n: p for n, p in parameters.items() if p.ndim < 2},
                chosen,
            )
        for part in self._parts:
            for group in part.param_groups:
                group["peak"] = group["lr"]

    def _add_adamw(
        self,
        decayed: dict[str, torch.nn.Parameter],
        others: dict[str, torch.nn.Parameter],
        chosen: Hyperparameters,
    ) -> None:
        groups = [
            {"params": list(decayed.values()), "weight_decay": chosen.weight_decay},
            {"params": list(others.values()), "weight_decay": 0.0},
        ]
        filled = [group for group in groups if group["params"]]
        if filled:
            self._parts.append(
                torch.optim.AdamW(filled, lr=chosen.learning_rate, betas=(0.9, 0.95), fused=True)
            )

    def step(self, factor: float) -> None:
        """Apply the gradients at ``factor`` of the peak learning rate, then drop them."""
        for part in self._parts:
            for group in part.param_groups:
                group["lr"] = group["peak"] * factor
            part.step()
            part.zero_grad(set_to_none=True)

    def drop_gradients(self) -> None:
        """Forget the gradients of a step that is not applied."""
        for part in self._parts:
            part.zero_grad(set_to_none=True)

    def state(self) -> dict[str, torch.Tensor]:
        """Every state tensor under ``parameter-name//state-name``."""
        tensors = {}
        for part in self._parts:
            for parameter, entries in part.state.items():
                for key, value in entries.items():
                    tensors[f"{self._names[id(parameter)]}//{key}"] = torch.as_tensor(value)
        return tensors

    def load_state(self, tensors: dict[str, torch.Tensor]) -> None:
        """Put back what :meth:`state` gave."""
        by_name: dict[str, dict[str, torch.Tensor]] = {}
        for key, tensor in tensors.items():
            name, entry = key.rsplit("//", 1)
            by_name.setdefault(name, {})[entry] = tensor
        for part in self._parts:
            for group in part.param_groups:
                for parameter in group["params"]:
                    entries = by_name.get(self._names[id(parameter)], {})
                    part.state[parameter] = {
                        # The step count lives where torch keeps it: with fused kernels on the
                        # parameter's device, as everything else does.
                        entry: tensor.to(parameter.device, copy=True)
                        for entry, tensor in entries.items()
                    }
