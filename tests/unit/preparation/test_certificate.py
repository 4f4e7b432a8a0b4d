"""The certificate sees what crosses, names what was removed, and claims no more than it saw."""

from __future__ import annotations

import hashlib
import random
from itertools import combinations
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from laras.preparation import certificate as made
from laras.preparation.certificate import certify, statement, summary
from laras.preparation.grams import distinct, grams_of
from laras.preparation.likeness import normalise, words
from laras.records import (
    EXAMPLE_SCHEMA,
    REJECTION_SCHEMA,
    Example,
    Message,
    Rejection,
    Span,
    Split,
    to_table,
)
from oracles import jaccard, shingles

BASE = " ".join(f"kata{n}" for n in range(60))
SPLITS: tuple[Split, ...] = ("train", "validation", "test")


def text(content: str, group: str = "g", number: int = 0) -> Example:
    message = (Message("text", content, True),)
    span = (Span("r", f"{group}.txt", 0, 1, f"line {number}"),)
    return Example(f"{group}{number}", "text", message, group, span, source="s")


def chat(question: str, answer: str, group: str) -> Example:
    messages = (Message("user", question, False), Message("assistant", answer, True))
    return Example(group, "chat", messages, group, source="s")


def write(folder: Path, name: str, examples: list[Example]) -> Path:
    path = folder / f"{name}.parquet"
    pq.write_table(to_table(examples, EXAMPLE_SCHEMA), path)
    return path


def of_texts(folder: Path, name: str, contents: list[str], groups: list[str]) -> Path:
    rows = enumerate(zip(contents, groups, strict=True))
    return write(folder, name, [text(content, group, n) for n, (content, group) in rows])


def crossing(certificate: dict[str, Any]) -> tuple[int, int, int]:
    names = ("groups_crossing", "exact_crossing", "near_duplicates_crossing")
    groups, exact, near = (certificate[name] for name in names)
    return groups, exact, near


def test_the_certificate_sees_what_crosses(tmp_path: Path) -> None:
    near = BASE.replace("kata30 ", "lain ")
    train = of_texts(
        tmp_path, "train", [BASE, "Satu dua tiga", "lain sama sekali"], ["a", "b", "c"]
    )
    test = of_texts(tmp_path, "test", [near, "satu  DUA tiga", "ini hal baru"], ["d", "e", "c"])
    found = certify({"train": train, "test": test}, {}, 0.8)
    assert crossing(found) == (1, 1, 1)
    assert not found["clean"]
    assert found["rows_checked"] == found["rows_to_check"] == 3
    assert {"same": "text", "train": "b.txt: line 1", "test": "e.txt: line 1"} in found["crossing"]
    assert [one["same"] for one in found["crossing"]] == ["similar", "text", "group"]


SOME_TEXTS = st.lists(
    st.one_of(
        st.lists(st.sampled_from("abcdef"), max_size=20).map(" ".join),
        st.builds(
            lambda seed, count: " ".join(
                f"lain{seed}" if place % 10 == seed and place < 10 * count else word
                for place, word in enumerate(BASE.split())
            ),
            st.integers(0, 9),
            st.integers(0, 6),
        ),
    ),
    max_size=8,
)


@settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.tuples(SOME_TEXTS, SOME_TEXTS, SOME_TEXTS), st.sampled_from([0.3, 0.8, 1.0]))
def test_the_certificate_counts_what_brute_force_counts(
    tmp_path: Path, texts: tuple[list[str], list[str], list[str]], threshold: float
) -> None:
    of_split = dict(zip(SPLITS, texts, strict=True))
    paths = {
        name: of_texts(tmp_path, name, contents, [f"{len(content)}" for content in contents])
        for name, contents in of_split.items()
    }
    groups = exact = near = 0
    for left, right in combinations(of_split.values(), 2):
        groups += len({len(one) for one in left} & {len(other) for other in right})
        exact += len({normalise(one) for one in left} & {normalise(other) for other in right})
        near += sum(
            jaccard(*(shingles(" ".join(words(content))) for content in pair)) >= threshold
            for pair in ((one, other) for one in left for other in right)
            if normalise(pair[0]) != normalise(pair[1])
        )
    for block_grams in (1, 3_000_000):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(made, "BLOCK_GRAMS", block_grams)
            assert crossing(certify(paths, {}, threshold)) == (groups, exact, near)


def test_an_instruction_that_all_share_crosses_nothing(tmp_path: Path) -> None:
    lead = " ".join(f"perintah{n}" for n in range(80))
    contents = [f"{lead}\n\nteks nomor {n} saja" for n in range(2)]
    train = of_texts(tmp_path, "train", contents[:1], ["a"])
    test = of_texts(tmp_path, "test", contents[1:], ["b"])
    assert certify({"train": train, "test": test}, {"s": lead}, 0.8)["clean"]
    assert not certify({"train": train, "test": test}, {}, 0.8)["clean"]


def test_a_canned_answer_to_other_questions_crosses_nothing(tmp_path: Path) -> None:
    train = write(tmp_path, "train", [chat("Jam berapa buka?", BASE, "a")])
    test = write(tmp_path, "test", [chat("Di mana tokonya?", BASE, "b")])
    assert certify({"train": train, "test": test}, {}, 0.8)["clean"]
    same = write(tmp_path, "test", [chat("jam berapa buka", BASE + " ya", "b")])
    assert crossing(certify({"train": train, "test": same}, {}, 0.8)) == (0, 0, 1)


def test_boilerplate_crosses_nothing_and_is_told(tmp_path: Path) -> None:
    generator = random.Random(3)
    notice = " ".join(f"kata{n}" for n in range(400))
    contents = [
        " ".join(f"k{generator.randrange(9999)}" for _word in range(20)) + f"\n{notice}"
        for _row in range(20)
    ]
    train = of_texts(tmp_path, "train", contents[:10], [f"a{n}" for n in range(10)])
    test = of_texts(tmp_path, "test", contents[10:], [f"b{n}" for n in range(10)])
    splits: dict[Split, Path] = {"train": train, "test": test}
    assert certify(splits, {}, 0.8)["near_duplicates_crossing"] == 100
    found = certify(splits, {}, 0.8, common=distinct(grams_of([notice])[0]))
    assert found["clean"]
    assert found["boilerplate"]["rows_left_aside_in"] == 10
    assert "12 words or more that stand in 20 records or more were left aside" in statement(found)


def test_the_certificate_claims_no_more_than_was_looked_at(tmp_path: Path) -> None:
    contents = [f"{BASE} nomor {number}" for number in range(30)]
    train = of_texts(tmp_path, "train", contents[:20], [f"a{n}" for n in range(20)])
    test = of_texts(tmp_path, "test", contents[20:], [f"b{n}" for n in range(10)])
    splits: dict[Split, Path] = {"train": train, "test": test}
    whole = certify(splits, {}, 0.999)
    assert (whole["rows_checked"], whole["rows_to_check"]) == (10, 10)
    assert "among" not in statement(whole)
    part = certify(splits, {}, 0.8, work_limit=2000)
    assert 0 < part["rows_checked"] < 10
    part["clean"] = True
    assert f"among {part['rows_checked']} of 10 rows" in statement(part)
    assert "No group and no equal text" in statement(part)


def test_what_was_removed_is_listed_with_places_and_the_files_with_hashes(tmp_path: Path) -> None:
    train = of_texts(tmp_path, "train", ["satu dua tiga"], ["a"])
    test = of_texts(tmp_path, "test", ["empat lima enam"], ["b"])
    entries = [Rejection("clean", "too-short", "x.txt")]
    entries += [
        Rejection("leak", "stands-in-test", "train.csv", f"line {n}", detail=f"test.csv: line {n}")
        for n in range(12)
    ]
    entries.append(Rejection("split", "near-duplicate-of-test", "a.md", detail="b.md, 0.91"))
    ledger = tmp_path / "ledger.parquet"
    pq.write_table(to_table(entries, REJECTION_SCHEMA), ledger)
    found = certify({"train": train, "test": test}, {}, 0.8, ledger=ledger)
    assert len(found["removed"]) == 13
    assert found["removed"][0] == {
        "place": "train.csv: line 0",
        "reason": "stands-in-test",
        "because": "test.csv: line 0",
    }
    assert "13 rows were removed" in statement(found)
    assert "train.csv: line 0 (test.csv: line 0)" in statement(found)
    assert (len(summary(found)["removed"]), summary(found)["rows_removed"]) == (10, 13)
    assert found["files"]["train"] == {
        "rows": 1,
        "size_bytes": train.stat().st_size,
        "sha256": hashlib.sha256(train.read_bytes()).hexdigest(),
    }


def test_runs_of_words_in_test_and_training_are_measured(tmp_path: Path) -> None:
    part = " ".join(BASE.split()[:20])
    train = of_texts(tmp_path, "train", ["lain", f"awal {part} akhir"], ["a", "b"])
    test = of_texts(tmp_path, "test", [f"ini {part} {BASE[-30:]}", "baru"], ["c", "d"])
    overlap = certify({"train": train, "test": test}, {}, 0.8)["overlap"]
    assert (overlap["rows_overlapping"], overlap["share"]) == (1, 0.5)
    assert overlap["worst"] == [{"test": "c.txt: line 0", "train": "b.txt: line 1", "words": 20}]
    assert "Of 2 test rows, 1 (50.0%) have a run of 13 words" in statement(
        certify({"train": train, "test": test}, {}, 0.8)
    )


def test_empty_splits_are_apart(tmp_path: Path) -> None:
    paths: dict[Split, Path] = {name: write(tmp_path, name, []) for name in SPLITS}
    found = certify(paths, {}, 0.8)
    assert found["clean"]
    assert found["rows_to_check"] == 0
