"""Duplicates are found, and only duplicates: what shares boilerplate survives."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from laras.preparation import near
from laras.preparation.corpus import TableCorpus
from laras.preparation.deduplicate import Duplicates, copies, find_duplicates
from laras.preparation.engine import Runner, run_steps
from laras.preparation.keys import DOCUMENT_KEYS, KEYS, dialogue_keys
from laras.preparation.likeness import words
from laras.preparation.minhash import HASHES, bands_for, estimates, signatures_of
from laras.records import DIALOGUE_SCHEMA, Dialogue, Turn, to_table
from oracles import jaccard, shingles

FIRST = ("ka", "ba", "sa", "ta", "ma", "na", "la", "ra")
WORDS = [first + second for first in FIRST for second in ("tu", "ri", "lo", "mi", "sa", "pe", "du")]
NO_DIALOGUES = DIALOGUE_SCHEMA.empty_table()

Row = tuple[list[tuple[str, str]], str | None]


def text_of(seed: int, length: int = 120) -> str:
    return " ".join(random.Random(seed).choices(WORDS, k=length))


def found_in(texts: list[str], threshold: float = 0.8, runner: Runner = "plain") -> Duplicates:
    table = pa.table({"text": pa.array(texts, pa.large_string())})
    keys = run_steps(table, [DOCUMENT_KEYS], runner).select(KEYS.names)
    keys = keys.append_column("label", pa.nulls(len(texts), pa.string()))
    corpus = TableCorpus(table, NO_DIALOGUES, runner)
    return find_duplicates(keys, corpus, near=True, threshold=threshold)


def pairs(found: Duplicates) -> list[tuple[int, int, str]]:
    return [(match.row, match.kept, match.reason) for match in found.matches]


def replaced(text: str, positions: list[int]) -> str:
    parts = text.split()
    for position in positions:
        parts[position] = f"lain{position}"
    return " ".join(parts)


def similarity(left: str, right: str) -> float:
    return jaccard(shingles(" ".join(words(left))), shingles(" ".join(words(right))))


def test_case_spaces_and_compatibility_forms_do_not_hide_equal_texts() -> None:
    found = found_in(["Satu dua.", "SATU  dua.", "Satu dua"])
    assert pairs(found) == [(1, 0, "exact-duplicate")]


def test_planted_near_duplicates_are_found_and_the_first_is_kept() -> None:
    texts = [text_of(seed) for seed in range(30)]
    texts += [replaced(texts[seed], [10]) for seed in range(0, 30, 3)]
    found = found_in(texts)
    assert pairs(found) == [
        (30 + place, seed, "near-duplicate") for place, seed in enumerate(range(0, 30, 3))
    ]
    for match in found.matches:
        assert match.similarity == pytest.approx(similarity(texts[match.row], texts[match.kept]))


@pytest.mark.parametrize("runner", ["native"])
def test_all_engines_find_the_same(runner: Runner) -> None:
    texts = ["pendek", "", *(text_of(seed) for seed in range(20))]
    texts += [replaced(texts[seed], [10]) for seed in range(2, 12)]
    assert found_in(texts, runner=runner).matches == found_in(texts).matches


def test_short_texts_are_only_compared_exactly() -> None:
    found = found_in(["ya saya mau itu", "ya saya mau itu!", "Ya saya mau itu"])
    assert pairs(found) == [(2, 0, "exact-duplicate")]


def test_five_words_that_differ_in_signs_are_near_duplicates() -> None:
    assert pairs(found_in(["ya saya mau itu juga", "ya, saya mau itu juga!"])) == [
        (1, 0, "near-duplicate")
    ]


@settings(deadline=None, max_examples=30)
@given(st.data())
def test_what_is_kept_is_unlike_all_that_is_kept(data: st.DataObject) -> None:
    """Against brute force on small data, where every bucket holds all there is to find."""
    generator = random.Random(data.draw(st.integers(0, 2**32)))
    texts = [text_of(seed, 60) for seed in range(6)]
    texts += [
        replaced(generator.choice(texts), generator.sample(range(60), generator.randint(1, 3)))
        for _copy in range(15)
    ]
    generator.shuffle(texts)
    leaving = found_in(texts).dropped(exact=True, near=True)
    kept = set(range(len(texts))) - {match.row for match in leaving}
    for match in leaving:
        assert match.kept in kept
        assert match.kept < match.row
        assert match.similarity == pytest.approx(similarity(texts[match.row], texts[match.kept]))
        assert match.similarity >= 0.8
    alike = [(a, b) for a in kept for b in kept if a < b and similarity(texts[a], texts[b]) >= 0.85]
    assert alike == []


def test_documents_that_share_boilerplate_survive() -> None:
    boilerplate = text_of(99, 150)
    texts = [f"{boilerplate} {text_of(seed, 100)}" for seed in range(40)]
    assert found_in(texts).matches == []


@pytest.mark.parametrize("length", [100, 400, 2000])
def test_short_texts_under_a_long_footer_survive_and_their_duplicates_do_not(length: int) -> None:
    footer = text_of(99, length)
    texts = [f"{text_of(seed, 20)}\n\n{footer}" for seed in range(60)]
    assert found_in(texts).matches == []
    texts += [f"{text_of(seed, 20)}.\n\n{footer}" for seed in range(5)]
    assert pairs(found_in(texts)) == [(60 + n, n, "near-duplicate") for n in range(5)]


def test_a_form_with_names_filled_in_is_a_duplicate_however_often_it_comes() -> None:
    form = text_of(1, 300).split()
    texts = [
        " ".join([*form[:100], f"nama{n}", *form[100:200], f"kota{n}", *form[200:]])
        for n in range(60)
    ]
    assert pairs(found_in(texts)) == [(n, 0, "near-duplicate") for n in range(1, 60)]


def test_boilerplate_that_is_too_rare_for_the_sample_is_seen_in_its_cluster(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("laras.preparation.deduplicate.SAMPLE_RECORDS", 30)
    footer = text_of(99, 400)
    texts = [text_of(seed, 60) for seed in range(200, 500)]
    texts += [f"{text_of(seed, 20)}\n\n{footer}" for seed in range(50)]
    texts += [f"{text_of(seed, 20)}.\n\n{footer}" for seed in range(3)]
    found = found_in(texts)
    assert len(found.common) == 0
    assert pairs(found) == [(350 + n, 300 + n, "near-duplicate") for n in range(3)]


def test_a_chain_of_neighbours_does_not_collapse_into_one() -> None:
    # Each text is like the next, the first and the last share nothing.
    chain = [replaced(text_of(1, 108), list(range(count * 6))) for count in range(19)]
    assert similarity(chain[0], chain[-1]) == 0.0
    found = found_in(chain)
    kept = set(range(19)) - {match.row for match in found.matches}
    assert len(kept) >= 6
    for match in found.matches:  # true similarity with the one that stays, never with a neighbour
        assert match.kept in kept
        assert similarity(chain[match.row], chain[match.kept]) >= 0.8
    assert all(similarity(chain[a], chain[b]) < 0.8 for a in kept for b in kept if a < b)


def test_what_is_held_in_memory_at_once_does_not_change_the_outcome(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    texts = [text_of(seed) for seed in range(40)]
    texts += [replaced(texts[seed], [10]) for seed in range(40)]
    whole = found_in(texts).matches
    monkeypatch.setattr(near, "WINDOW_WORDS", 300)
    assert found_in(texts).matches == whole
    assert len(whole) == 40


def test_clusters_are_reported_largest_first_and_copies_counted() -> None:
    texts = [text_of(1), text_of(2)] + [replaced(text_of(2), [n]) for n in (3, 50, 90)]
    texts.append(text_of(1))
    found = found_in(texts)
    assert [len(matches) for matches in found.clusters().values()] == [3, 1]
    dropped = found.dropped(exact=True, near=False)
    assert copies(dropped, len(texts)).tolist() == [2, 1, 1, 1, 1, 1]
    dropped = found.dropped(exact=True, near=True)
    assert copies(dropped, len(texts)).tolist() == [2, 4, 1, 1, 1, 1]


def test_nothing_has_no_duplicates() -> None:
    assert found_in([]).matches == []
    assert found_in([""]).matches == []
    assert pairs(found_in(["", " "])) == [(1, 0, "exact-duplicate")]


def matches_in(rows: list[Row]) -> list[tuple[int, int, str]]:
    records = [
        Dialogue(str(n), "f", tuple(Turn(*turn) for turn in turns), label=label, source="s")
        for n, (turns, label) in enumerate(rows)
    ]
    table = to_table(records, DIALOGUE_SCHEMA)
    keys = run_steps(table, [dialogue_keys({})], "plain").select([*KEYS.names, "label"])
    documents = pa.table({"text": pa.array([], pa.large_string())})
    corpus = TableCorpus(documents, table)
    return pairs(find_duplicates(keys, corpus, near=True, threshold=0.8))


def test_equal_questions_with_different_answers_are_not_duplicates() -> None:
    question = ("user", "Jam berapa buka?")
    assert matches_in(
        [
            ([question, ("assistant", "Jam delapan.")], None),
            ([question, ("assistant", "Jam sembilan.")], None),
            ([question, ("assistant", "jam  delapan.")], None),
        ]
    ) == [(2, 0, "exact-duplicate")]


def test_a_long_canned_answer_does_not_make_its_questions_duplicates() -> None:
    answer = ("assistant", text_of(5, 300))
    asked: list[Row] = [([("user", text_of(n, 3)), answer], None) for n in range(15)]
    asked += [([("user", text_of(n, 12)), answer], None) for n in range(15)]
    assert matches_in(asked) == []
    question = text_of(3, 40)
    again: list[Row] = [
        ([("user", question), answer], None),
        ([("user", replaced(question, [39])), answer], None),
    ]
    assert matches_in(again) == [(1, 0, "near-duplicate")]


def test_a_long_system_message_does_not_make_conversations_alike() -> None:
    system = ("system", text_of(5, 400))
    rows: list[Row] = [
        ([system, ("user", text_of(n, 12)), ("assistant", text_of(n + 50, 12))], None)
        for n in range(20)
    ]
    assert matches_in(rows) == []


def test_equal_text_with_another_label_is_a_conflict_and_similar_text_is_not() -> None:
    text = text_of(3, 60)
    assert matches_in(
        [
            ([("user", text)], "a"),
            ([("user", text)], "b"),
            ([("user", text.upper())], "a"),
            ([("user", replaced(text, [0]))], "b"),
            ([("user", replaced(text, [59]))], "a"),
        ]
    ) == [
        (1, 0, "conflicting-label"),
        (2, 0, "exact-duplicate"),
        (3, 0, "near-other-label"),
        (4, 0, "near-duplicate"),
    ]


def test_bands_find_what_reaches_the_threshold() -> None:
    assert bands_for(0.8) == (16, 5)
    for threshold in (0.4, 0.5, 0.7, 0.8, 0.9, 1.0):
        bands, width = bands_for(threshold)
        assert bands * width <= HASHES
        assert 1 - (1 - threshold**width) ** bands >= 0.995


def test_signatures_estimate_similarity() -> None:
    generator = np.random.default_rng(1)
    every = generator.integers(0, 2**63, size=1500, dtype=np.uint64)
    others = signatures_of([(every[start : start + 1000],) for start in range(0, 500, 50)])
    true = [(1000 - start) / (1000 + start) for start in range(0, 500, 50)]
    assert np.abs(estimates(others[0], others) - true).max() < 0.18


@pytest.mark.material
def test_recall_and_precision_on_real_text(material: Path) -> None:
    """Of planted pairs at 0.8 and above, at least 98 in 100 are found; all found are real."""
    lines = (material / "pretrain" / "id_law_regulations.txt").read_text(encoding="utf-8")
    found_words = lines.split()
    originals = [" ".join(found_words[start : start + 200]) for start in range(0, 60_000, 200)]
    originals = list(dict.fromkeys(originals))
    generator = random.Random(4)
    edited = [replaced(text, generator.sample(range(200), 3)) for text in originals]
    found = found_in(originals + edited)
    matched = {match.row for match in found.matches}
    planted = [
        len(originals) + n
        for n, (text, copy) in enumerate(zip(originals, edited, strict=True))
        if similarity(text, copy) >= 0.8
    ]
    assert len(planted) > 100
    assert sum(row in matched for row in planted) / len(planted) >= 0.98
    assert all(match.similarity >= 0.8 for match in found.matches)
