"""BLEU, chrF, TER, ROUGE and exact match against the reference packages, in several scripts."""

from __future__ import annotations

import random

import numpy as np
import pytest
from rouge_score.rouge_scorer import RougeScorer
from sacrebleu.metrics import BLEU, CHRF, TER

from laras.evaluation.bleu import corpus_bleu, sentence_counts, tokenizer_for
from laras.evaluation.chrf import corpus_chrf
from laras.evaluation.exact_match import exact_matches, normalised
from laras.evaluation.rouge import KINDS, rouge_scores
from laras.evaluation.ter import corpus_ter, edit_counts, spread, ter_of_sums
from laras.evaluation.words import UnicodeWords

ENGLISH = [
    ("The dog bit the man.", "The dog bit the man!"),
    ("It was not surprising", "It wasn't surprising."),
    ("The man had just bitten him.", "The man bit him first."),
    ("", "Nobody answered the question at all."),
    ("word", "word"),
]
INDONESIAN = [
    ("Anak-anak bermain di halaman sekolah.", "Anak-anak sedang bermain di halaman."),
    ("Silakan hubungi bagian keuangan.", "Silakan menghubungi bagian keuangan."),
]
CHINESE = [("今天天气很好。", "今天天气真好。"), ("我要退款", "我想要退款。")]
JAPANESE = [("今日はとてもいい天気です。", "今日はいい天気です。")]
ARABIC = [("ذهب الولد إلى المدرسة اليوم.", "ذَهَبَ الولد الى المدرسة.")]
ALL = {
    "english": ENGLISH,
    "indonesian": INDONESIAN,
    "chinese": CHINESE,
    "japanese": JAPANESE,
    "arabic": ARABIC,
}


def random_pairs(count: int) -> list[tuple[str, str]]:
    generator = random.Random(3)
    words = ["a", "the", "cat", "sat", "mat", ".", ",", "dan", "di", "rumah", "12", "3.5", "it's"]

    def text() -> str:
        return " ".join(generator.choices(words, k=generator.randint(0, 9)))

    return [(text(), text() or "cat") for _ in range(count)]


@pytest.mark.parametrize("script", ALL)
def test_bleu_equals_sacrebleu_in_every_script(script: str) -> None:
    predictions, references = map(list, zip(*ALL[script], strict=True))
    tokenize = tokenizer_for(references)
    expected = BLEU(tokenize=tokenize).corpus_score(predictions, [references]).score
    assert corpus_bleu(predictions, references) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("script", ALL)
def test_chrf_equals_sacrebleu_in_every_script(script: str) -> None:
    predictions, references = map(list, zip(*ALL[script], strict=True))
    expected = CHRF().corpus_score(predictions, [references]).score
    assert corpus_chrf(predictions, references) == pytest.approx(expected, abs=1e-9)


def test_bleu_and_chrf_equal_sacrebleu_on_random_corpora_of_every_size() -> None:
    pairs = random_pairs(60)
    for size in (1, 1, 1, 2, 3, 5, 8, 13):
        part, pairs = pairs[:size], pairs[size:]
        predictions, references = map(list, zip(*part, strict=True))
        bleu = BLEU().corpus_score(predictions, [references]).score
        chrf = CHRF().corpus_score(predictions, [references]).score
        assert corpus_bleu(predictions, references) == pytest.approx(bleu, abs=1e-9)
        assert corpus_chrf(predictions, references) == pytest.approx(chrf, abs=1e-9)


@pytest.mark.parametrize("script", ["english", "indonesian", "arabic"])
def test_ter_equals_sacrebleu_where_words_have_spaces_between_them(script: str) -> None:
    predictions, references = map(list, zip(*ALL[script], strict=True))
    expected = TER().corpus_score(predictions, [references]).score
    assert corpus_ter(predictions, references) == pytest.approx(expected, abs=1e-9)


def test_ter_equals_sacrebleu_on_random_corpora() -> None:
    pairs = [*random_pairs(60), ("moved words stand here", "here stand moved words"), ("a", "")]
    predictions, references = map(list, zip(*pairs, strict=True))
    expected = TER().corpus_score(predictions, [references]).score
    assert corpus_ter(predictions, references) == pytest.approx(expected, abs=1e-9)


def test_ter_counts_characters_where_words_have_no_spaces() -> None:
    assert corpus_ter(["今天天气很好。"], ["今天天气真好。"]) == pytest.approx(100 / 7)
    assert corpus_ter(["ที่ดี"], ["ที่ดี"]) == 0.0
    assert edit_counts(["ที่นี่"], ["ที่ดี"]).tolist() == [[1, 2]]
    assert spread("用GPT4写，ok") == " 用 GPT4 写 ，ok"


def test_ter_of_what_is_empty_is_sacrebleus() -> None:
    cases = [("", ""), ("", "a b"), ("a", ""), ("a b c", "x")]
    for prediction, reference in cases:
        expected = TER().corpus_score([prediction], [[reference]]).score
        assert corpus_ter([prediction], [reference]) == expected
    several = ter_of_sums(edit_counts(*map(list, zip(*cases, strict=True))))
    assert several.tolist() == [0.0, 100.0, 100.0, 300.0]


def test_corpus_bleu_is_not_the_mean_of_sentence_scores() -> None:
    predictions, references = map(list, zip(*ENGLISH, strict=True))
    by_sentence = [
        corpus_bleu([one], [other]) for one, other in zip(predictions, references, strict=True)
    ]
    assert abs(corpus_bleu(predictions, references) - float(np.mean(by_sentence))) > 1


def test_the_tokenizer_follows_the_script_of_the_references() -> None:
    chosen = {name: tokenizer_for([reference for _, reference in ALL[name]]) for name in ALL}
    assert chosen == {
        "english": "13a",
        "indonesian": "13a",
        "chinese": "zh",
        "japanese": "char",
        "arabic": "13a",
    }


def test_sentence_counts_do_not_depend_on_the_other_rows() -> None:
    predictions, references = map(list, zip(*ENGLISH, strict=True))
    together = sentence_counts(predictions, references, "13a")
    alone = [
        sentence_counts([one], [other], "13a")[0]
        for one, other in zip(predictions, references, strict=True)
    ]
    np.testing.assert_array_equal(together, np.stack(alone))


def test_rouge_equals_rouge_score_on_ascii_text() -> None:
    scorer = RougeScorer(list(KINDS), use_stemmer=False)
    lines = [(one.replace(".", "\n"), other.replace(",", "\n")) for one, other in random_pairs(40)]
    for prediction, reference in [*ENGLISH, *INDONESIAN, *random_pairs(40), *lines]:
        expected = scorer.score(reference, prediction)
        found = rouge_scores([prediction], [reference])
        for kind in KINDS:
            assert found[kind][0] == pytest.approx(expected[kind].fmeasure, abs=1e-12)


@pytest.mark.parametrize("script", ["chinese", "japanese", "arabic"])
def test_an_answer_in_any_script_has_rouge_one_against_itself(script: str) -> None:
    for _, reference in ALL[script]:
        for scores in rouge_scores([reference], [reference]).values():
            assert scores == [pytest.approx(1.0)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Anak-anak  makan buah-buahan!", ["anak", "anak", "makan", "buah", "buahan"]),
        ("anak\u2010anak anak\u2011anak", ["anak", "anak", "anak", "anak"]),
        ("naïve Café", ["naïve", "café"]),
        ("今天 GPT4 好", ["今", "天", "gpt4", "好"]),
        ("ذَهَبَ الـولد", ["ذهب", "الولد"]),
        ("नमस्ते दुनिया", ["नमस्ते", "दुनिया"]),
        ("ที่ดี", ["ที่", "ดี"]),
        ("한국어 문장", ["한국어", "문장"]),
        ("under_score don't 3.5", ["under", "score", "don", "t", "3", "5"]),
        ("soft\u00adware", ["software"]),
        ("  ?!  ", []),
    ],
)
def test_words_of_many_scripts(text: str, words: list[str]) -> None:
    assert UnicodeWords().tokenize(text) == words


def test_empty_answers_score_nothing() -> None:
    assert corpus_bleu([""], ["an answer"]) == 0.0
    assert corpus_chrf([""], ["an answer"]) == 0.0
    assert corpus_ter([""], ["an answer"]) == 100.0
    for empty in ("", "\n\n", "/"):
        assert rouge_scores([empty], ["an answer\nof two lines"]) == {kind: [0.0] for kind in KINDS}
    assert exact_matches(["", " ."], ["an answer", "."]) == [0.0, 0.0]


def test_exact_match_sets_case_spaces_and_outer_punctuation_aside() -> None:
    assert exact_matches(["  Jam   SEMBILAN. "], ["jam sembilan"]) == [1.0]
    assert exact_matches(["3.5 juta"], ["35 juta"]) == [0.0]
    assert normalised("\uff21\uff22（1）") == "ab(1"
