"""Figures of other people's software: ROUGE-1.5.5 (Perl) and sacrebleu's own test values.

What this package computes is compared with all values that it can have: one reference, no stems,
sacrebleu's default options but for the tokenizer. Values of other options are compared with the
installed packages themselves, whose figures the unit tests compare with ours: so it is those
packages that are meant, and not a version that computes something else.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rouge_score.rouge_scorer import RougeScorer
from sacrebleu.metrics import BLEU, CHRF

from laras.evaluation.bleu import bleu_of_sums, corpus_bleu
from laras.evaluation.chrf import corpus_chrf
from laras.evaluation.rouge import KINDS, rouge_scores
from laras.evaluation.ter import corpus_ter
from laras.evaluation.words import UnicodeWords

pytestmark = pytest.mark.material


@pytest.fixture(scope="module")
def rouge(material: Path) -> dict[str, Any]:
    return json.loads((material / "metrics" / "rouge155_expected.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def sacrebleu(material: Path) -> dict[str, Any]:
    return json.loads((material / "metrics" / "sacrebleu_expected.json").read_text("utf-8"))


def test_rouge_equals_the_perl_script(rouge: dict[str, Any]) -> None:
    compared = dict.fromkeys(KINDS, 0)
    for case in rouge["cases"]:
        if case["stemmer"]:
            continue  # we don't stem: stems are of English only
        found = rouge_scores([case["prediction"]], [case["target"]])
        for kind in KINDS:
            if kind in case:
                assert found[kind][0] == pytest.approx(case[kind]["f"], abs=rouge["tolerance"])
                compared[kind] += 1
    assert compared == {"rouge1": 4, "rouge2": 4, "rougeL": 5, "rougeLsum": 3}


def test_rouge_score_with_and_without_our_words_equals_the_perl_script(
    rouge: dict[str, Any],
) -> None:
    compared = 0
    for case in rouge["cases"]:
        stems = RougeScorer(list(KINDS), use_stemmer=case["stemmer"])
        scorers = [stems]
        if not case["stemmer"]:
            scorers.append(RougeScorer(list(KINDS), tokenizer=UnicodeWords()))
        for scorer in scorers:
            found = scorer.score(case["target"], case["prediction"])
            for kind in {*KINDS} & {*case}:
                expected = [case[kind][part] for part in ("precision", "recall", "f")]
                assert list(found[kind]) == pytest.approx(expected, abs=rouge["tolerance"])
                compared += 1
    assert compared == 36


def test_bleu_equals_sacrebleus_own_test_values(sacrebleu: dict[str, Any]) -> None:
    sentence = sacrebleu["sentence_bleu"]
    compared = 0
    for case in sentence["cases"]:
        if case["smooth"] == "exp" and not case["lowercase"]:
            found = corpus_bleu([sentence["sys"]], [sentence["ref"]], tokenize=case["tok"])
            assert found == pytest.approx(case["score"], abs=1e-3)
            compared += 1
    assert compared == 4


def test_corpus_bleu_equals_sacrebleus_own_test_values(sacrebleu: dict[str, Any]) -> None:
    """Several references are counted by sacrebleu; what is made of the counts is ours."""
    for case in sacrebleu["bleu_corpus"]:
        scorer = BLEU(**case["opts"], effective_order=True)
        rows = zip(case["hyp"], *case["refs"], strict=True)
        counts = [scorer.sentence_score(row[0], list(row[1:])) for row in rows]
        sums = np.sum([[c.sys_len, c.ref_len, *c.counts, *c.totals] for c in counts], axis=0)
        assert float(bleu_of_sums(sums)) == pytest.approx(case["score"], abs=1e-6)


def test_the_installed_sacrebleu_has_its_own_test_values(sacrebleu: dict[str, Any]) -> None:
    for case in sacrebleu["bleu_corpus"]:
        found = BLEU(**case["opts"]).corpus_score(case["hyp"], case["refs"]).score
        assert found == pytest.approx(case["score"], abs=1e-6)
    for case in sacrebleu["bleu_max_order"]:
        scorer = BLEU(max_ngram_order=case["order"])
        assert f"{scorer.corpus_score(case['hyp'], case['refs']).score:.2f}" == case["score"]
    for case in sacrebleu["bleu_effective_order"]:
        scorer = BLEU(smooth_method="floor", smooth_value=0.01, force=True, effective_order=True)
        found = scorer.corpus_score(case["hyp"], case["refs"]).score / 100
        assert found == pytest.approx(case["score"], abs=1e-8)
    sentence = sacrebleu["sentence_bleu"]
    for case in sentence["cases"]:
        scorer = BLEU(
            smooth_method=case["smooth"],
            smooth_value=case["value"],
            lowercase=case["lowercase"],
            tokenize=case["tok"],
        )
        found = scorer.sentence_score(sentence["sys"], [sentence["ref"]]).score
        assert found == pytest.approx(case["score"], abs=1e-3)
    for case in sacrebleu["chrf_char6_word0_beta3_eps"]:
        scorer = CHRF(char_order=6, word_order=0, beta=3, eps_smoothing=True)
        found = scorer.corpus_score(case["hyp"], [case["ref"]]).score
        assert found == pytest.approx(case["score"], abs=1e-4)
    for case in sacrebleu["chrf_sentence_default_eps"]:
        scorer = CHRF(eps_smoothing=True)
        found = scorer.sentence_score(case["hyp"], case["refs"]).score
        assert found == pytest.approx(case["score"], abs=1e-6)


def test_chrf_equals_sacrebleus_own_test_values(sacrebleu: dict[str, Any]) -> None:
    for case in sacrebleu["chrf_effective_order"]:
        assert corpus_chrf(case["hyp"], case["ref"]) == pytest.approx(case["score"], abs=1e-3)


def test_ter_equals_sacrebleus_own_test_values(sacrebleu: dict[str, Any]) -> None:
    assert len(sacrebleu["ter"]) == 7
    for case in sacrebleu["ter"]:
        found = corpus_ter(case["hyp"], case["ref"]) / 100
        assert found == pytest.approx(case["score"], abs=1e-3)
