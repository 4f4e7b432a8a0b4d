"""From real files to splits that balance, stay apart, and say what became of every row."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from laras.errors import DataRefused, UsageError
from laras.preparation.pipeline import Prepared, load_examples, prepare
from laras.recipe.load import recipe_from_mapping
from laras.records import documents_from, rejections_from
from laras.runs.folder import Run
from laras.runs.progress import Silent

WORDS = [
    f"{first}{second}"
    for first in ("ka", "bu", "si", "to", "me")
    for second in ("ra", "li", "nu", "po", "de", "ti", "sa")
]

Prepare = Callable[..., Prepared]


def sentence(seed: object, length: int = 30) -> str:
    return " ".join(random.Random(str(seed)).choices(WORDS, k=length))


@pytest.fixture
def prepared(tmp_path: Path) -> Prepare:
    """``prepared(data, **preparation)``: what a recipe in tmp_path gives."""

    def run_it(data: dict[str, Any], **preparation: Any) -> Prepared:
        loaded = recipe_from_mapping({"data": data, "preparation": preparation}, tmp_path)
        with Run.open(tmp_path / "run") as run:
            return prepare(loaded, run, Silent())

    return run_it


def write_rows(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def labelled(count: int, labels: int = 4, seed: str = "") -> list[dict[str, str]]:
    """Rows in the order of their labels."""
    return [
        {"text": sentence(f"{seed}{n}", 12), "label": f"label{n * labels // count}"}
        for n in range(count)
    ]


def write_chats(path: Path, count: int, seed: str = "") -> None:
    lines = [
        {
            "messages": [
                {"role": "user", "content": sentence(f"q{seed}{n}", 10)},
                {"role": "assistant", "content": sentence(f"a{seed}{n}", 15)},
            ]
        }
        for n in range(count)
    ]
    path.write_text("\n".join(map(json.dumps, lines)) + "\n", encoding="utf-8")


def write_documents(folder: Path, count: int) -> None:
    folder.mkdir()
    for n in range(count):
        paragraphs = "\n\n".join(sentence(f"d{n}-{p}", 40) for p in range(8))
        text = f"# Bab {n}\n\nHak cipta Nusantara - halaman {n}\n\n{paragraphs}\n"
        (folder / f"{n:02}.md").write_text(text, encoding="utf-8")


def test_every_row_is_in_a_split_or_in_the_ledger(tmp_path: Path, prepared: Prepare) -> None:
    write_documents(tmp_path / "docs", 12)
    (tmp_path / "docs" / "copy.md").write_text((tmp_path / "docs" / "03.md").read_text())
    (tmp_path / "docs" / "empty.md").write_text("")
    (tmp_path / "docs" / "short.md").write_text("Pendek.")
    write_chats(tmp_path / "chats.jsonl", 40)
    with (tmp_path / "chats.jsonl").open("a") as file:
        file.write('{"messages": broken\n')
    write_rows(tmp_path / "faq.csv", labelled(60))
    result = prepared(
        {
            "sources": [
                {"documents": "docs"},
                {"conversations": "chats.jsonl", "name": "chats"},
                {"examples": "faq.csv"},
            ]
        },
        chunk_characters=400,
    )
    audit = result.audit
    for stage in audit["funnel"]:
        assert stage["rows_in"] == stage["rows_out"] + stage["rejected"]
    ledger = list(rejections_from(pq.read_table(result.ledger)))
    reasons = {row.reason: row.path for row in ledger if row.action == "dropped"}
    assert reasons["empty"] == "docs/empty.md"
    assert reasons["too-short"] == "docs/short.md"
    assert "exact-duplicate" in reasons
    assert reasons["bad-json"] == "chats.jsonl"
    assert sum(row.reason == "repeated-lines" and row.action == "cut" for row in ledger) == 13
    splits = [load_examples(path) for path in (result.train, result.validation, result.test)]
    for examples, name in zip(splits, ("train", "validation", "test"), strict=True):
        assert len(examples) == audit["splits"][name]["examples"] > 0
        assert {example.task for example in examples} == {"text", "chat", "classification"}
    assert audit["funnel"][-1]["rows_out"] == sum(map(len, splits))
    assert audit["certificate"]["clean"]
    assert audit["certificate"]["rows_checked"] == audit["certificate"]["rows_to_check"]
    assert audit["labels"] == ["label0", "label1", "label2", "label3"]
    assert [source["read"] for source in audit["sources"]] == [14, 40, 60]
    assert set(audit["samples"]) == {"text", "chat", "classification"}
    report = (tmp_path / "run" / "data" / "report.md").read_text(encoding="utf-8")
    assert "| exact-duplicate | 1 |" in report


def test_spans_lead_to_the_documents_that_are_kept_beside(
    tmp_path: Path, prepared: Prepare
) -> None:
    write_documents(tmp_path / "docs", 12)
    result = prepared({"sources": [{"documents": "docs"}]}, chunk_characters=400)
    table = pq.read_table(result.train.parent / "documents.parquet")
    texts = {document.document_id: document.text for document in documents_from(table)}
    for example in load_examples(result.train):
        (span,) = example.spans
        passage = texts[span.record_id][span.start : span.end]
        assert passage
        assert passage in example.messages[0].content
        assert (tmp_path / span.path).is_file()


def test_rows_of_one_given_group_never_straddle(tmp_path: Path, prepared: Prepare) -> None:
    rows = [
        {"question": sentence(f"q{n}", 9), "answer": sentence(f"a{n}", 9), "customer": f"c{n % 30}"}
        for n in range(300)
    ]
    write_rows(tmp_path / "tickets.csv", rows)
    source = {
        "examples": "tickets.csv",
        "columns": {"question": "question", "answer": "answer", "group": "customer"},
    }
    result = prepared({"sources": [source]})
    groups = [
        {example.group for example in load_examples(path)}
        for path in (result.train, result.validation, result.test)
    ]
    assert sum(map(len, groups)) == len(set.union(*groups)) == 30


def test_near_duplicates_that_are_kept_stay_in_one_split(tmp_path: Path, prepared: Prepare) -> None:
    write_documents(tmp_path / "docs", 20)
    for n in range(20):
        text = (tmp_path / "docs" / f"{n:02}.md").read_text()
        (tmp_path / "docs" / f"{n:02}-b.md").write_text(text + "\n\nTambahan kecil di akhir.\n")
    result = prepared(
        {"sources": [{"documents": "docs"}]}, near_duplicates=False, exact_duplicates=False
    )
    assert "near-duplicate" not in result.audit["ledger"]["reasons"]
    found = [
        {span.path[5:7] for example in load_examples(path) for span in example.spans}
        for path in (result.train, result.validation, result.test)
    ]
    assert sum(map(len, found)) == len(set.union(*found)) == 20


def test_sorted_rows_do_not_give_a_one_class_test(tmp_path: Path, prepared: Prepare) -> None:
    write_rows(tmp_path / "rows.csv", labelled(400))
    result = prepared({"sources": [{"examples": "rows.csv"}]})
    for split in ("train", "validation", "test"):
        assert len(result.audit["splits"][split]["labels"]) == 4


def test_conflicting_labels_keep_the_first_and_warn(tmp_path: Path, prepared: Prepare) -> None:
    rows = labelled(100)
    rows += [{"text": rows[0]["text"].upper(), "label": "label3"}]
    write_rows(tmp_path / "rows.csv", rows)
    result = prepared({"sources": [{"examples": "rows.csv"}]})
    assert result.audit["ledger"]["reasons"] == {"conflicting-label": 1}
    assert any("another label" in warning for warning in result.audit["warnings"])
    (entry,) = rejections_from(pq.read_table(result.ledger))
    assert "label3 / label0" in entry.detail


def test_test_rows_that_stand_in_training_are_counted_and_removed_there(
    tmp_path: Path, prepared: Prepare
) -> None:
    train, test = labelled(300), labelled(100, seed="test")
    test[7] = {"text": f" {train[5]['text'].upper()}", "label": "label1"}  # another label
    long = sentence("long", 80)
    train.append({"text": f"{long} akhir", "label": "label0"})
    test.append({"text": f"{long} ujung", "label": "label0"})
    write_rows(tmp_path / "train.csv", train)
    write_rows(tmp_path / "test.csv", test)
    result = prepared({"sources": [{"examples": "train.csv"}], "test": [{"examples": "test.csv"}]})
    leak = result.audit["leak"]
    assert (leak["test_rows"], leak["test_rows_also_in_train"]) == (101, 1)
    assert leak["removed_from_train"] == 1
    assert (leak["test_rows_near_train"], leak["removed_near_from_train"]) == (1, 1)
    assert len(load_examples(result.test)) == 101  # as it was given
    assert result.audit["ledger"]["reasons"] == {"near-duplicate-of-test": 1, "stands-in-test": 1}
    trained = {example.messages[0].content for example in load_examples(result.train)}
    assert not any(train[5]["text"] in content or long in content for content in trained)


def test_a_test_set_that_stands_in_training_is_refused(tmp_path: Path, prepared: Prepare) -> None:
    rows = labelled(200)
    write_rows(tmp_path / "train.csv", rows)
    write_rows(tmp_path / "test.csv", rows[:50])
    data = {"sources": [{"examples": "train.csv"}], "test": [{"examples": "test.csv"}]}
    with pytest.raises(DataRefused, match="50 of 50 rows") as caught:
        prepared(data)
    assert caught.value.identifier == "preparation.leak"
    assert "test.csv" in str(caught.value.hint)
    assert "train.csv" in str(caught.value.hint)


def test_an_own_test_is_asked_with_the_instruction_of_training(
    tmp_path: Path, prepared: Prepare
) -> None:
    write_documents(tmp_path / "docs", 4)  # texts have no instruction, and say nothing against it
    write_rows(tmp_path / "train.csv", labelled(200))
    write_rows(tmp_path / "test.csv", labelled(50, seed="t"))
    result = prepared(
        {
            "sources": [
                {"examples": "train.csv", "instruction": "Pilih satu."},
                {"documents": "docs"},
            ],
            "test": [{"examples": "test.csv"}],
        }
    )
    for path in (result.train, result.test):
        asked = [e.messages[0].content for e in load_examples(path) if e.task == "classification"]
        assert asked
        assert all(content.startswith("Pilih satu.\n\n") for content in asked)


@pytest.mark.parametrize(
    ("rows", "identifier", "message"),
    [
        ([{"text": sentence(n), "label": "same"} for n in range(50)], "one-class", "'same'"),
        (
            [{"text": sentence(n), "label": f"l{n}"} for n in range(2)],
            "too-small-to-split",
            "2 exa",
        ),
    ],
)
def test_data_that_can_not_carry_a_run_is_refused(
    tmp_path: Path, prepared: Prepare, rows: list[dict[str, str]], identifier: str, message: str
) -> None:
    write_rows(tmp_path / "rows.csv", rows)
    with pytest.raises(DataRefused, match=message) as caught:
        prepared({"sources": [{"examples": "rows.csv"}]})
    assert caught.value.identifier == f"preparation.{identifier}"
    assert caught.value.hint


def test_labels_that_occur_once_each_are_told_as_such(tmp_path: Path, prepared: Prepare) -> None:
    rows = [{"text": sentence(n), "label": f"l{n}"} for n in range(12)]
    write_rows(tmp_path / "rows.csv", rows)
    with pytest.raises(DataRefused) as caught:
        prepared({"sources": [{"examples": "rows.csv"}]})
    assert "Every label occurs only once" in str(caught.value.hint)


def test_empty_data_is_refused_with_the_reasons(tmp_path: Path, prepared: Prepare) -> None:
    (tmp_path / "a.txt").write_text("Pendek")
    (tmp_path / "b.txt").write_text("")
    with pytest.raises(DataRefused, match=r"empty \(1\), too-short \(1\)") as caught:
        prepared({"sources": [{"documents": ["a.txt", "b.txt"]}]})
    assert caught.value.identifier == "preparation.no-data"
    assert "b.txt" in str(caught.value.hint)


def test_too_many_unreadable_rows_are_refused_with_their_places(
    tmp_path: Path, prepared: Prepare
) -> None:
    write_chats(tmp_path / "chats.jsonl", 5)
    with (tmp_path / "chats.jsonl").open("a") as file:
        file.write("{broken\n" * 20)
    with pytest.raises(DataRefused, match="20 of 25") as caught:
        prepared({"sources": [{"conversations": "chats.jsonl"}]})
    assert caught.value.identifier == "preparation.too-many-rejected"
    assert "chats.jsonl: line 6" in str(caught.value.hint)


def test_a_missing_path_is_a_mistake_of_the_recipe(prepared: Prepare) -> None:
    with pytest.raises(UsageError):
        prepared({"sources": [{"documents": "nowhere"}]})


def test_the_same_input_is_not_prepared_again(tmp_path: Path, prepared: Prepare) -> None:
    write_chats(tmp_path / "chats.jsonl", 60)
    data = {"sources": [{"conversations": "chats.jsonl"}]}
    first = prepared(data)
    before = first.train.stat().st_mtime_ns
    again = prepared(data)
    assert (again.key, again.audit) == (first.key, first.audit)
    assert again.train.stat().st_mtime_ns == before
    assert prepared(data, seed=1).key != first.key
    write_chats(tmp_path / "chats.jsonl", 61)
    assert prepared(data).key != first.key


def test_the_same_input_gives_the_same_bytes(tmp_path: Path, prepared: Prepare) -> None:
    write_chats(tmp_path / "chats.jsonl", 60)
    data = {"sources": [{"conversations": "chats.jsonl"}]}
    first = load_examples(prepared(data).train)
    prepared(data, seed=5)
    assert load_examples(prepared(data).train) == first


@pytest.mark.material
def test_banking77_goes_through_and_its_leak_is_counted(material: Path, prepared: Prepare) -> None:
    folder = material / "classification" / "banking77"
    columns = {"text": "text", "label": "category"}
    result = prepared(
        {
            "sources": [{"examples": str(folder / "train.csv"), "columns": columns}],
            "test": [{"examples": str(folder / "test.csv"), "columns": columns}],
        }
    )
    leak = result.audit["leak"]
    assert (leak["test_rows"], leak["test_rows_also_in_train"]) == (3080, 7)
    assert result.audit["splits"]["test"]["examples"] == 3080
    assert len(result.audit["splits"]["train"]["labels"]) == 77
    assert result.audit["certificate"]["clean"]


def test_labels_that_differ_only_in_case_are_warned_of(prepared: Prepare, tmp_path: Path) -> None:
    rows = labelled(60, labels=2)
    write_rows(tmp_path / "rows.csv", [*rows, {"text": sentence("odd", 12), "label": "LABEL1"}])
    audit = prepared({"sources": [{"examples": "rows.csv"}]}).audit
    (warning,) = [each for each in audit["warnings"] if "upper and lower case" in each]
    assert "LABEL1 / label1" in warning
