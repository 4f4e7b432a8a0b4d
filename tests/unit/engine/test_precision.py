"""Which dtype is taken where."""

from __future__ import annotations

import pytest
import torch

from laras.engine.precision import choose
from laras.errors import UsageError

CPU = torch.device("cpu")


@pytest.mark.parametrize("setting", ["float32", "bfloat16", "float16"])
def test_what_is_named_is_taken(setting: str) -> None:
    assert choose(setting, CPU) == getattr(torch, setting)


def test_a_macs_gpu_is_left_in_float32_unless_told_otherwise() -> None:
    assert choose("auto", torch.device("mps")) == torch.float32
    assert choose("float16", torch.device("mps")) == torch.float16


def test_float8_is_refused_where_the_machine_has_none() -> None:
    with pytest.raises(UsageError, match="Hopper") as refused:
        choose("float8", CPU)
    assert refused.value.where == "model.precision"
