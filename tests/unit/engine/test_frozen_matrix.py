"""Frozen weights in fewer bits: what is held, and products with exactly that."""

from __future__ import annotations

import pytest
import torch

from laras.engine.frozen_matrix import (
    Dequantised,
    Float8Matrix,
    quantise_rows,
)


@pytest.fixture
def weight() -> torch.Tensor:
    torch.manual_seed(0)
    return torch.randn(48, 64) * torch.logspace(-3, 1, 48)[:, None]


@pytest.mark.parametrize("form", ["fp8", "nf4", "int8"])
def test_the_way_back_is_the_exact_gradient_of_the_way_forward(
    form: str, weight: torch.Tensor
) -> None:
    matrix = Float8Matrix(weight) if form == "fp8" else by_library(form, weight)
    held = matrix.plain()
    inputs, gradient = torch.randn(10, 64), torch.randn(10, 48)
    if form == "fp8":  # inputs and gradients are rounded too: take what the rounding leaves alone
        inputs, gradient = _representable(inputs), _representable_after(gradient, matrix)
    torch.testing.assert_close(matrix.times(inputs), inputs @ held.t(), rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(
        matrix.times_transposed(gradient), gradient @ held, rtol=1e-5, atol=1e-5
    )


def by_library(form: str, *weights: torch.Tensor) -> Dequantised:
    """Layers of bitsandbytes that hold these weights."""
    library = pytest.importorskip("bitsandbytes")
    layers = []
    for weight in weights:
        outputs, inputs = weight.shape
        if form == "nf4":
            layer = library.nn.Linear4bit(inputs, outputs, bias=False, quant_type="nf4")
            kind = library.nn.Params4bit
            layer.weight = kind(weight.clone(), requires_grad=False, quant_type="nf4").to("cpu")
        else:
            layer = library.nn.Linear8bitLt(inputs, outputs, bias=False, has_fp16_weights=False)
            layer.weight = library.nn.Int8Params(
                weight.clone(), requires_grad=False, has_fp16_weights=False
            ).to("cpu")
        layers.append(layer)
    return Dequantised(layers)


def _representable(rows: torch.Tensor) -> torch.Tensor:
    values, scale = quantise_rows(rows)
    return values.float() * scale


def _representable_after(gradient: torch.Tensor, matrix: object) -> torch.Tensor:
    assert isinstance(matrix, Float8Matrix)
    return _representable(gradient * matrix._scale.t()) / matrix._scale.t()


def test_inputs_may_be_part_of_wider_rows_and_keep_their_dtype(weight: torch.Tensor) -> None:
    matrix = Float8Matrix(weight)
    wide = torch.randn(10, 80).bfloat16()
    assert torch.equal(matrix.times(wide[:, :64]), matrix.times(wide[:, :64].contiguous()))
    assert matrix.times(wide[:, :64]).dtype == torch.bfloat16
    assert matrix.times_transposed(wide[:, :48]).shape == (10, 64)


def test_eight_bits_err_by_a_sixteenth_or_a_small_part_of_their_row(weight: torch.Tensor) -> None:
    weight[0] = torch.logspace(-7, 0, 64)
    held = Float8Matrix(weight).plain()
    most = weight.abs().amax(1, keepdim=True)
    bound = torch.maximum(weight.abs() / 16, most * 2.0**-10 / 448)
    assert ((held - weight).abs() <= bound * 1.0001).all()
    assert torch.equal(held.abs().amax(1, keepdim=True), most)


def test_a_row_of_zeros_stays_zero_and_what_is_not_finite_is_seen() -> None:
    rows = torch.zeros(3, 64)
    rows[1, 5], rows[2, 7] = torch.nan, torch.inf
    assert Float8Matrix(torch.zeros(16, 64)).plain().eq(0).all()
    out = Float8Matrix(torch.ones(16, 64)).times(rows)
    assert out[0].eq(0).all()
    assert not out[1].isfinite().any()
    assert not out[2].isfinite().any()


@pytest.mark.parametrize("form", ["nf4", "int8"])
def test_layers_of_the_library_are_multiplied_as_one(form: str, weight: torch.Tensor) -> None:
    both = by_library(form, weight, 2 * weight)
    held = torch.cat([by_library(form, each).plain() for each in (weight, 2 * weight)])
    assert torch.equal(both.plain(), held)
    inputs = torch.randn(10, 64).bfloat16()
    assert torch.equal(both.times(inputs), inputs @ held.bfloat16().t())


def test_a_base_is_the_same_in_every_precision(weight: torch.Tensor) -> None:
    held = Float8Matrix.of_base(weight).plain()
    assert torch.equal(Float8Matrix.of_base(weight.bfloat16()).plain(), held)
    assert not Float8Matrix.fits(torch.randn(8, 16))
    assert Float8Matrix.fits(torch.randn(48, 16))


def test_the_product_of_eight_bits_is_that_of_torch(weight: torch.Tensor) -> None:
    """The call that runs on a Hopper GPU, on torch's own kernel for processors."""
    matrix = Float8Matrix(weight)
    values, scale = quantise_rows(torch.randn(20, 64))
    ours = (values.float() @ matrix._values.float().t()) * scale * matrix._scale.t()
    theirs = torch._scaled_mm(
        values,
        matrix._values.t(),
        scale_a=scale,
        scale_b=matrix._scale.t().contiguous(),
        out_dtype=torch.bfloat16,
        use_fast_accum=True,
    )
    torch.testing.assert_close(theirs.float(), ours, rtol=2**-7, atol=1e-4)
    across = matrix._values.t().contiguous()
    values, scale = quantise_rows(torch.randn(20, 48))
    theirs = torch._scaled_mm(
        values, across.t(), scale_a=scale, scale_b=matrix._ones, out_dtype=torch.bfloat16
    )
    torch.testing.assert_close(
        theirs.float(), (values.float() @ matrix._values.float()) * scale, rtol=2**-7, atol=1.0
    )
