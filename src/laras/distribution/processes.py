"""How many processes a training takes, and how patient it is with them."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Literal

from laras.errors import UsageError
from laras.translation import _

Shard = Literal["auto", "always", "never"]
RESTARTS = 3
TIMEOUT_S = 600.0


@dataclass(frozen=True, slots=True)
class Processes:
    """``count``: on this machine, one for each GPU where there are any. ``restarts``: how often all
    of them are started again after one was lost. ``timeout_s``: how long one waits for another
    before that counts as lost; longer than a checkpoint takes to be written. ``shard``: whether
    they divide the model among them, or each holds all of it; ``auto``: where all of it does not
    fit."""

    count: int = 1
    restarts: int = RESTARTS
    timeout_s: float = TIMEOUT_S
    shard: Shard = "auto"

    def refuse_impossible(self, gpus: int) -> None:
        """UsageError where this machine, with so many GPUs, can't have them, and where something
        is said of several while there is one."""
        if self == Processes():
            return
        if self.count == 1:
            raise UsageError(
                "distribution.one-process",
                _("--max-restarts, --rank-timeout and --shard are for several processes."),
                where="--nproc",
                hint=_("Add --nproc, or leave them out."),
            )
        if sys.platform == "win32":
            raise UsageError(
                "distribution.windows",
                _("Several processes for one training need Linux or a Mac."),
                where="--nproc",
                hint=_("Leave --nproc out."),
            )
        if 0 < gpus < self.count:
            raise UsageError(
                "distribution.too-few-gpus",
                _("{count} processes need as many GPUs; there are {gpus}.").format(
                    count=self.count, gpus=gpus
                ),
                where="--nproc",
                hint=_("Ask for fewer, or hide the GPUs: CUDA_VISIBLE_DEVICES=''."),
            )


ONE_PROCESS = Processes()
