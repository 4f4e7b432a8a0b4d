"""Who is compared, in which settings, and in which environment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

# What was found best for every trainer on this kind of machine: threads that stay where they are
# and wait for work briefly, and a heap that is kept (fresh pages cost more than the arithmetic on
# them). Set for all, so that no ratio credits Laras with setting it.
TUNED_ENVIRONMENT = {
    "OMP_PROC_BIND": "true",
    "GOMP_SPINCOUNT": "20000",
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": "1000000000000",
    "MALLOC_TOP_PAD_": "268435456",
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
}
# Memory that is touched before the clock runs, by workload: what a run has after its first steps.
TOUCHED_GB = {"S": 4, "M": 12}
# No trainer asks the network, or prints more than it must.
ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "TOKENIZERS_PARALLELISM": "false",
    "LARAS_LANG": "en",
}
MODES = ("full", "lora")
# Environments beside our own: versions that each trainer allows do not go together.
PYTHONS = ("trainers", "llamafactory", "litgpt", "axolotl")


@dataclass(frozen=True)
class Contender:
    """``python``: whose environment runs it (see PYTHONS).

    ``plan``: how its timed rows are grouped (see workload.py). ``settings``: for its worker;
    ``lora_settings`` are added for LoRA. ``group``: ``ours`` and ``peers`` are compared in the
    tuned environment, ``defaults`` as they come, ``settings`` are what the peers' best were chosen
    from, ``gains`` are ours with one trick less.
    """

    name: str
    worker: str
    python: str
    group: str
    plan: str
    settings: dict[str, Any] = field(default_factory=dict)
    lora_settings: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    modes: tuple[str, ...] = MODES

    def settings_for(self, mode: str) -> dict[str, Any]:
        """What its worker is told for ``full`` or ``lora``."""
        return self.settings | (self.lora_settings if mode == "lora" else {})


_BFLOAT16 = {"precision": "bfloat16"}
_TRL = ("trl_worker.py", "trainers")
_TRANSFORMERS = ("transformers_worker.py", "trainers")
_LLAMAFACTORY = ("llamafactory_worker.py", "llamafactory")
_LITGPT = ("litgpt_worker.py", "litgpt")
_AXOLOTL = ("axolotl_worker.py", "axolotl")
_OURS = ("laras_worker.py", "own")

CONTENDERS = {
    each.name: each
    for each in (
        Contender("laras", *_OURS, "ours", "mixed", {"route": "fast"}),
        Contender("laras-general", *_OURS, "ours", "mixed", {"route": "packed"}),
        Contender("trl", *_TRL, "peers", "grouped", _BFLOAT16),
        Contender("transformers", *_TRANSFORMERS, "peers", "grouped", _BFLOAT16),
        Contender("llamafactory", *_LLAMAFACTORY, "peers", "grouped"),
        Contender("litgpt", *_LITGPT, "peers", "grouped"),
        # It holds the weights themselves in bfloat16, which saves work and loses digits.
        Contender("axolotl", *_AXOLOTL, "peers", "grouped"),
        # Nothing set from outside: Laras sets its threads and its allocator itself.
        Contender("laras-default", *_OURS, "defaults", "mixed"),
        # As each comes: TRL computes in bfloat16 and checkpoints activations, the Trainer of
        # transformers computes in float32, LLaMA-Factory checkpoints and its examples accumulate
        # eight single rows. Rows come at random.
        Contender("trl-default", *_TRL, "defaults", "mixed", {**_BFLOAT16, "checkpointing": True}),
        Contender("transformers-default", *_TRANSFORMERS, "defaults", "mixed"),
        Contender(
            "llamafactory-default",
            *_LLAMAFACTORY,
            "defaults",
            "mixed",
            {"checkpointing": True, "accumulation": 8},
        ),
        # Ours with one trick less.
        Contender(
            "laras-without-c-kernels",
            *_OURS,
            "gains",
            "mixed",
            {"route": "fast"},
            environment={"LARAS_KERNELS": "torch"},
        ),
        *(
            Contender(f"laras-without-{what}", *_OURS, "gains", "mixed", {"without": what})
            for what in ("c-attention", "cut", "last-block", "row-multiple")
        ),
        # What the best settings were chosen from.
        Contender("trl-packing", *_TRL, "settings", "mixed", {**_BFLOAT16, "packing": True}),
        Contender(
            "trl-padding-free", *_TRL, "settings", "mixed", {**_BFLOAT16, "padding_free": True}
        ),
        Contender("trl-compile", *_TRL, "settings", "grouped", {**_BFLOAT16, "compile": True}),
        Contender("trl-float32", *_TRL, "settings", "grouped"),
        Contender(
            "trl-base-bfloat16",
            *_TRL,
            "settings",
            "grouped",
            {**_BFLOAT16, "base_bfloat16": True},
            modes=("lora",),
        ),
        Contender(
            "transformers-base-bfloat16",
            *_TRANSFORMERS,
            "settings",
            "grouped",
            {**_BFLOAT16, "base_bfloat16": True},
            modes=("lora",),
        ),
        Contender("llamafactory-packing", *_LLAMAFACTORY, "settings", "mixed", {"packing": True}),
    )
}
