"""Duplicates are found, and only duplicates: what shares boilerplate survives."""

from __future__ import annotations

import random
from pathlib import Path

import pyarrow as pa
import pytest

from laras.preparation.deduplicate import Duplicates, find_duplicates
from laras.preparation.engine import run_steps
from laras.preparation.keys import DOCUMENT_KEYS, dialogue_keys
from laras.preparation.likeness import jaccard, key, shingles, words
from laras.records import DIALOGUE_SCHEMA, Dialogue, Turn, to_table

FIRST = ("ka", "ba", "sa", "ta", "ma", "na", "la", "ra")
WORDS = [first + second for first in FIRST for second in ("tu", "ri", "lo", "mi", "sa", "pe", "du")]


def text_of(seed: int, length: int = 120) -> str:
    return " ".join(random.Random(seed).choices(WORDS, k=length))


def documents(texts: list[str]) -> pa.Table:
    table = pa.table({"text": pa.array(texts, pa.large_string())})
    keys = run_steps(table, [DOCUMENT_KEYS], "plain")
    return keys.append_column("label", pa.nulls(len(texts), pa.string()))


def found_in(texts: list[str], threshold: float = 0.8) -> Duplicates:
    return find_duplicates(documents(texts), near=True, threshold=threshold, runner="native")


def pairs(found: Duplicates) -> list[tuple[int, int, str]]:
    return [(match.row, match.kept, match.reason) for match in found.matches]


def replaced(text: str, positions: list[int]) -> str:
    parts = text.split()
    for position in positions:
        parts[position] = f"lain{position}"
    return " ".join(parts)


def test_case_spaces_and_compatibility_forms_do_not_make_texts_different() -> None:
    assert key("Ｓatu  Dua\nTIGA") == key("satu dua tiga")
    found = found_in(["Satu dua.", "SATU  dua.", "Satu dua"])
    assert pairs(found) == [(1, 0, "exact-duplicate")]


def test_planted_near_duplicates_are_found_and_the_first_is_kept() -> None:
    texts = [text_of(seed) for seed in range(30)]
    texts += [replaced(texts[seed], [10]) for seed in range(0, 30, 3)]
    matches = pairs(found_in(texts))
    assert matches == [
        (30 + place, seed, "near-duplicate") for place, seed in enumerate(range(0, 30, 3))
    ]


def test_short_texts_are_only_compared_exactly() -> None:
    found = found_in(["ya saya mau itu", "ya saya mau itu!", "Ya saya mau itu"])
    assert pairs(found) == [(2, 0, "exact-duplicate")]


def test_documents_that_share_boilerplate_survive() -> None:
    boilerplate = text_of(99, 150)
    texts = [f"{boilerplate} {text_of(seed, 100)}" for seed in range(40)]
    assert found_in(texts).matches == []


def test_a_chain_of_neighbours_does_not_collapse_into_one() -> None:
    # Each text is like the next, the first and the last share nothing.
    chain = [replaced(text_of(1), list(range(count * 3))) for count in range(40)]
    ends = jaccard(shingles(chain[0]), shingles(chain[-1]))
    assert ends == 0.0
    found = found_in(chain)
    kept = set(range(40)) - {match.row for match in found.matches}
    assert len(kept) >= 10
    for match in found.matches:  # true similarity with the one that stays, never with a neighbour
        assert match.kept in kept
        assert jaccard(shingles(chain[match.row]), shingles(chain[match.kept])) >= 0.8
    assert all(
        jaccard(shingles(chain[a]), shingles(chain[b])) < 0.8 for a in kept for b in kept if a < b
    )


def test_clusters_are_reported_largest_first() -> None:
    texts = [text_of(1), text_of(2)] + [replaced(text_of(2), [n]) for n in (3, 50, 90)]
    texts.append(text_of(1))
    sizes = [len(matches) for matches in found_in(texts).clusters().values()]
    assert sizes == [3, 1]


def dialogues(rows: list[tuple[list[tuple[str, str]], str | None]]) -> pa.Table:
    records = [
        Dialogue(str(n), "f", tuple(Turn(*turn) for turn in turns), label=label, source="s")
        for n, (turns, label) in enumerate(rows)
    ]
    table = to_table(records, DIALOGUE_SCHEMA)
    return run_steps(table, [dialogue_keys({})], "plain")


def matches_in(rows: list[tuple[list[tuple[str, str]], str | None]]) -> list[tuple[int, int, str]]:
    return pairs(find_duplicates(dialogues(rows), near=True, threshold=0.8, runner="native"))


def test_equal_questions_with_different_answers_are_not_duplicates() -> None:
    question = ("user", "Jam berapa buka?")
    assert matches_in(
        [
            ([question, ("assistant", "Jam delapan.")], None),
            ([question, ("assistant", "Jam sembilan.")], None),
            ([question, ("assistant", "jam  delapan.")], None),
        ]
    ) == [(2, 0, "exact-duplicate")]


def test_a_long_system_message_does_not_make_conversations_alike() -> None:
    system = ("system", text_of(5, 400))
    rows = [
        ([system, ("user", text_of(n, 12)), ("assistant", text_of(n + 50, 12))], None)
        for n in range(20)
    ]
    assert matches_in(rows) == []  # type: ignore[arg-type]


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


def test_words_are_found_in_scripts_without_spaces_and_with_marks() -> None:
    assert words("Halo, dunia! Rp5.000") == ["halo", "dunia", "rp5", "000"]
    assert words("नमस्ते दुनिया") == ["नमस्ते", "दुनिया"]
    assert words("日本語") == ["日", "本", "語"]


@pytest.mark.material
def test_recall_and_precision_on_real_text(material: Path) -> None:
    """Of planted pairs at 0.85 and above, at least 98 in 100 are found; all found are real."""
    lines = (material / "pretrain" / "id_law_regulations.txt").read_text(encoding="utf-8")
    found_words = lines.split()
    originals = [" ".join(found_words[start : start + 200]) for start in range(0, 60_000, 200)]
    originals = list(dict.fromkeys(originals))
    generator = random.Random(4)
    copies = [replaced(text, generator.sample(range(200), 2)) for text in originals]
    found = found_in(originals + copies)
    matched = {match.row for match in found.matches}
    planted = [
        len(originals) + n
        for n, (text, copy) in enumerate(zip(originals, copies, strict=True))
        if jaccard(shingles(" ".join(words(text))), shingles(" ".join(words(copy)))) >= 0.85
    ]
    assert len(planted) > 100
    assert sum(row in matched for row in planted) / len(planted) >= 0.98
    assert all(match.similarity >= 0.8 for match in found.matches)
