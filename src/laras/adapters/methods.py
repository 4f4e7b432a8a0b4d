"""The adapters: from a kind and its hyperparameters to peft's own configuration, in one table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from peft import BOFTConfig, IA3Config, LoraConfig, OFTConfig, PeftConfig, VeraConfig
from peft.utils import TRANSFORMERS_MODELS_TO_IA3_FEEDFORWARD_MODULES_MAPPING

from laras.planning.hyperparameters import Hyperparameters

ALL_LINEAR = "all-linear"  # peft's name for every linear layer but the output projection
_TASK = "CAUSAL_LM"


@dataclass(frozen=True, slots=True)
class Place:
    """What of a model an adapter is put on.

    ``transposed``: its matrices are stored so (Conv1D, as in GPT-2); peft has to be told, and
    warns if told in vain. ``rows``: ids of the tokens to train, by the layer that has their rows.
    """

    model_type: str
    transposed: bool
    rows: dict[str, list[int]] | None = None


def _lora(chosen: Hyperparameters, place: Place) -> PeftConfig:
    # PiSSA by 16 iterations of a randomised decomposition: seconds instead of minutes for a large
    # matrix, and as good (Meng et al. 2024, "PiSSA"); the random numbers are the seed's.
    starts = {"pissa": "pissa_niter_16", "olora": "olora"}
    return LoraConfig(
        task_type=_TASK,
        r=chosen.rank,
        lora_alpha=chosen.alpha,
        lora_dropout=chosen.dropout,
        target_modules=chosen.target_modules or ALL_LINEAR,
        fan_in_fan_out=place.transposed,
        use_rslora=chosen.method == "rslora",
        use_dora=chosen.method == "dora",
        init_lora_weights=starts.get(chosen.method, True),
        trainable_token_indices=place.rows,
    )


def _vera(chosen: Hyperparameters, place: Place) -> PeftConfig:
    return VeraConfig(
        task_type=_TASK,
        r=chosen.rank,
        vera_dropout=chosen.dropout,
        target_modules=chosen.target_modules or ALL_LINEAR,
        fan_in_fan_out=place.transposed,
        projection_prng_key=chosen.seed,
    )


def _oft(chosen: Hyperparameters, place: Place) -> PeftConfig:
    return OFTConfig(
        task_type=_TASK,
        oft_block_size=chosen.block_size,
        module_dropout=chosen.dropout,
        target_modules=chosen.target_modules or ALL_LINEAR,
        fan_in_fan_out=place.transposed,
    )


def _boft(chosen: Hyperparameters, place: Place) -> PeftConfig:
    return BOFTConfig(
        task_type=_TASK,
        boft_block_size=chosen.block_size,
        boft_dropout=chosen.dropout,
        target_modules=chosen.target_modules or ALL_LINEAR,
        fan_in_fan_out=place.transposed,
    )


def _ia3(chosen: Hyperparameters, place: Place) -> PeftConfig:
    # Without names, peft takes those of the paper (keys, values, the second feed-forward matrix).
    names = chosen.target_modules
    scaled_before = TRANSFORMERS_MODELS_TO_IA3_FEEDFORWARD_MODULES_MAPPING.get(place.model_type, [])
    return IA3Config(
        task_type=_TASK,
        target_modules=names,
        feedforward_modules=[each for each in scaled_before if each in names] if names else None,
        fan_in_fan_out=place.transposed,
    )


ADAPTERS: dict[str, Callable[[Hyperparameters, Place], PeftConfig]] = {
    "lora": _lora,
    "rslora": _lora,  # Kalajdzievski 2023: scaled by 1 / sqrt(rank)
    "dora": _lora,  # Liu et al. 2024: the columns' lengths are trained apart
    "pissa": _lora,  # Meng et al. 2024: begins with the base's largest singular vectors
    "olora": _lora,  # Büyükakyüz 2024: begins with the base's QR decomposition
    "loraplus": _lora,  # Hayou et al. 2024: B learns faster than A
    "vera": _vera,  # Kopiczko et al. 2024: fixed random matrices, trained scales
    "oft": _oft,  # Qiu et al. 2023: the base's matrices are rotated
    "boft": _boft,  # Liu et al. 2024: rotated by products of sparse rotations
    "ia3": _ia3,  # Liu et al. 2022: keys, values and features are scaled
}
MOVE_THE_BASE = ("pissa", "olora")  # what A and B begin with is taken out of the base's weights


def learning_rate_scale(name: str, chosen: Hyperparameters) -> float:
    """By how much the learning rate of the parameter ``name`` exceeds the contender's."""
    return chosen.rate_ratio if chosen.method == "loraplus" and "lora_B" in name else 1.0
