"""What each stage of an evaluation cost adds up to what all of it did."""

from __future__ import annotations

import time

import pytest
import torch

from laras.evaluation.cost import Meter


def test_stages_have_their_own_seconds_and_tokens() -> None:
    meter = Meter(torch.device("cpu"))
    time.sleep(0.05)  # of no stage
    meter.begin("losses", 3)
    meter.tokens_in += 30
    time.sleep(0.1)
    meter.begin("answers", 2)
    meter.tokens_in += 5
    meter.tokens_out += 8
    time.sleep(0.05)
    facts = meter.as_json()
    losses, answers = facts["stages"]["losses"], facts["stages"]["answers"]
    assert (losses["rows"], losses["tokens_in"], losses["tokens_out"]) == (3, 30, 0)
    assert (answers["rows"], answers["tokens_in"], answers["tokens_out"]) == (2, 5, 8)
    assert losses["seconds"] == pytest.approx(0.1, abs=0.04)
    assert losses["seconds"] + answers["seconds"] < facts["seconds"] - 0.04
    assert (facts["tokens_in"], facts["tokens_out"]) == (35, 8)
    assert facts["energy_wh"] >= losses["energy_wh"] + answers["energy_wh"] - 1e-9
    assert facts["energy_source"] in ("estimate", "rapl")


def test_a_stage_that_comes_again_goes_on() -> None:
    meter = Meter(torch.device("cpu"))
    for rows in (2, 3):
        meter.begin("answers", rows)
        meter.tokens_out += rows
        meter.begin("labels", 1)
    stages = meter.as_json()["stages"]
    assert (stages["answers"]["rows"], stages["answers"]["tokens_out"]) == (5, 5)
    assert stages["labels"]["rows"] == 2
