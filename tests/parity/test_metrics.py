"""Figures of other people's software: ROUGE-1.5.5 (Perl) and sacrebleu's own test values."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from laras.evaluation.bleu import corpus_bleu
from laras.evaluation.chrf import corpus_chrf
from laras.evaluation.rouge import KINDS, rouge_scores

pytestmark = pytest.mark.material


def test_rouge_equals_the_perl_script(material: Path) -> None:
    facts = json.loads((material / "metrics" / "rouge155_expected.json").read_text("utf-8"))
    compared = 0
    for case in facts["cases"]:
        if case["stemmer"]:
            continue  # we don't stem: stems are of English only
        found = rouge_scores([case["prediction"]], [case["target"]])
        for kind in KINDS:
            if kind in case:
                expected = case[kind]["f"] if isinstance(case[kind], dict) else case[kind]
                assert found[kind][0] == pytest.approx(expected, abs=facts["tolerance"])
                compared += 1
    assert compared >= 12


def test_bleu_equals_sacrebleus_own_test_values(material: Path) -> None:
    facts = json.loads((material / "metrics" / "sacrebleu_expected.json").read_text("utf-8"))
    sentence = facts["sentence_bleu"]
    compared = 0
    for case in sentence["cases"]:
        if case["smooth"] == "exp" and not case["lowercase"]:
            found = corpus_bleu([sentence["sys"]], [sentence["ref"]], tokenize=case["tok"])
            assert found == pytest.approx(case["score"], abs=1e-3)
            compared += 1
    assert compared >= 4


def test_chrf_equals_sacrebleus_own_test_values(material: Path) -> None:
    facts = json.loads((material / "metrics" / "sacrebleu_expected.json").read_text("utf-8"))
    for case in facts["chrf_effective_order"]:
        assert corpus_chrf(case["hyp"], case["ref"]) == pytest.approx(case["score"], abs=1e-3)
