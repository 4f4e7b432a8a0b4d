"""What the recipe leaves open, decided before the run, each value with its reason."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from laras.translation import _

# The engine takes hyperparameters on machines that can't read a recipe, for lack of the libraries.
if TYPE_CHECKING:
    from laras.recipe.schema import Contender, TuningSection

_EPOCHS = {"quick": 1.0, "standard": 3.0, "thorough": 6.0}
PATIENCE = {"quick": 2, "standard": 3, "thorough": 5}
# Peak rates that tune small and middle-sized models well: adapters start at zero and are few, so
# they take ten times the rate of full tuning (Biderman et al. 2024, "LoRA Learns Less and Forgets
# Less", section 3.3, find the same ratio).
_LEARNING_RATE = {"full": 5e-4, "freeze": 1e-3, "lora": 2e-3}
_LARGE_MODEL_PARAMETERS = 100_000_000
_LEARNING_RATE_LARGE = {"full": 2e-5, "freeze": 5e-5, "lora": 2e-4}
# Other adapters' rates as multiples of LoRA's; those that are not here take the very same. On the
# starter (benchmarks/adapter_rates.py, held-out nats a token after 16 steps at 1/4, 1 and 4 times):
# LoRA 5.41, 5.04, 4.84, and rsLoRA, which is LoRA at rank 16; DoRA 5.41, 5.03, 4.82; PiSSA 5.49,
# 5.16, 5.03; OLoRA 5.53, 5.23, 5.01; OFT 5.51, 5.21, 5.02; BOFT 5.63, 5.47, 5.19. So few steps
# favour high rates, LoRA's too, and long runs were not measured.
_TIMES_LORA = {
    # A's rate; B's is rate_ratio times as much. With 16, LoRA's lies in the middle between both
    # (Hayou et al. 2024, "LoRA+", for the ratio).
    "loraplus": 0.25,
    # Vectors, not matrices: each number has to go further (Kopiczko et al. 2024, "VeRA", and Liu et
    # al. 2022, "(IA)3", use rates ten and more times as large as is usual for LoRA).
    "vera": 20.0,
    "ia3": 30.0,
    "soft-prompt": 10.0,
    # On the starter's own requests (40 steps, nats a token of validation, untrained 6.69) ten times
    # LoRA's rate came to 4.60, forty times to 3.17, 120 times to 1.89.
    "prefix": 100.0,
}
_RANK = {"vera": 256}  # Kopiczko et al. 2024: the matrices are not trained, so they can be wide
USUAL_RANK = 16
_BLOCK_SIZE = {"oft": 32, "boft": 4}
_RATE_RATIO = 16.0
VIRTUAL_TOKENS = 16
# A step takes this many tokens where there is data for enough steps, else fewer: with little data a
# large batch leaves a model where it was.
_BATCH_TOKENS, _LEAST_BATCH_TOKENS = 4096, 512
_WANTED_STEPS = 60
# What people ask about before a run.
_ASKED = ("learning_rate", "batch_tokens", "epochs")


@dataclass(frozen=True, slots=True)
class Hyperparameters:
    """Everything a training run needs to know beside its data; nothing is left open."""

    method: str
    objective: str
    epochs: float
    max_steps: int | None
    learning_rate: float
    batch_tokens: int
    micro_batch_tokens: int
    recompute_activations: str
    curriculum: str
    frozen_cache_bytes: int
    optimizer: str
    weight_decay: float
    warmup_share: float
    schedule: str
    decay_share: float
    layer_decay: float
    embedding_noise: float | None
    averaging_decay: float | None
    max_gradient_norm: float
    patience: int
    validations_per_epoch: int
    checkpoint_every_s: float
    checkpoint_every_steps: int | None
    keep_checkpoints: int
    non_finite_limit: int
    divergence: str
    on_out_of_memory: str
    seed: int
    rank: int
    alpha: float
    dropout: float
    target_modules: list[str] | None
    block_size: int | None
    rate_ratio: float
    quantised: str | None
    trained_layers: int | None
    virtual_tokens: int


def resolve(
    tuning: TuningSection, contender: Contender, parameters: int, tokens: int | None = None
) -> tuple[Hyperparameters, dict[str, str]]:
    """Hyperparameters of ``contender`` on a model of so many parameters, and why each is so.

    The contender's own settings come first, then the tuning section's, then the defaults here.
    ``tokens``: of the training data; where they are not known, there are enough of them.
    """
    reasons: dict[str, str] = {}

    def pick(name: str, default: Any, reason: str) -> Any:
        own = getattr(contender, name, None)
        if own is not None:
            reasons[name] = _("set for {contender}").format(contender=contender.name)
            return own
        general = getattr(tuning, name, None)
        if general is not None:
            written = name in tuning.model_fields_set
            reasons[name] = _("set in tuning") if written else _("default")
            return general
        reasons[name] = reason
        return default

    method = contender.kind
    rates = _LEARNING_RATE if parameters < _LARGE_MODEL_PARAMETERS else _LEARNING_RATE_LARGE
    by_effort = _("effort is {effort}").format(effort=tuning.effort)
    by_method = _("usual for {method} on a model of {millions:.0f} million parameters").format(
        method=contender.kind, millions=parameters / 1e6
    )
    rank = pick("rank", _RANK.get(method, USUAL_RANK), _("default"))
    epochs = pick("epochs", _EPOCHS[tuning.effort], by_effort)
    rate = rates.get(method, rates["lora"] * _TIMES_LORA.get(method, 1.0))
    defaults = {
        "batch_tokens": _batch_tokens(tokens, epochs),
        "patience": (PATIENCE[tuning.effort], by_effort),
        "learning_rate": (rate if method != "base" else 0.0, by_method),
        "alpha": _alpha(method, rank),
        "block_size": (_BLOCK_SIZE.get(method), _("default")),
        "rate_ratio": (_RATE_RATIO, _("default")),
        "dropout": (0.0, _("default")),
        "virtual_tokens": (VIRTUAL_TOKENS, _("default")),
    }
    values: dict[str, Any] = {"method": contender.kind, "rank": rank, "epochs": epochs}
    for field in fields(Hyperparameters):
        if field.name not in values:
            default, reason = defaults.get(field.name, (None, _("default")))
            values[field.name] = pick(field.name, default, reason)
    return Hyperparameters(**values), reasons


def suggested(
    tuning: TuningSection, contender: Contender, parameters: int, tokens: int
) -> dict[str, dict[str, Any]]:
    """Learning rate, batch and epochs as they would be if the recipe did not set them: each with
    its ``value`` and ``reason``. What the recipe sets is taken all the same."""
    nothing = dict.fromkeys(_ASKED)
    bare = tuning.model_copy(update=nothing), contender.model_copy(update=nothing)
    chosen, reasons = resolve(*bare, parameters, tokens)
    return {name: {"value": getattr(chosen, name), "reason": reasons[name]} for name in _ASKED}


def _batch_tokens(tokens: int | None, epochs: float) -> tuple[int, str]:
    """Halved until ``tokens`` of data make enough steps in all epochs."""
    batch = _BATCH_TOKENS
    if tokens is None:
        return batch, _("default")
    while batch > _LEAST_BATCH_TOKENS and epochs * tokens < _WANTED_STEPS * batch:
        batch //= 2
    if batch == _BATCH_TOKENS:
        return batch, _("usual where there is enough data, here {tokens:,} tokens").format(
            tokens=tokens
        )
    return batch, _("so that {tokens:,} tokens make more steps, about {steps:,.0f}").format(
        tokens=tokens, steps=epochs * tokens / batch
    )


def _alpha(method: str, rank: int) -> tuple[float, str]:
    """LoRA's scale of 2 at every rank; rsLoRA's is alpha / sqrt(rank), the same 2 at rank 16."""
    if method == "rslora":
        return 8.0, _("a scale of 2 at rank 16")
    if method in ("pissa", "olora"):
        return float(rank), _("the rank: the first weights are the base's own, unscaled")
    return 2.0 * rank, _("twice the rank")
