"""Measures of finished data find what was planted, and are silent where nothing was."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from laras.preparation.findings.balance import groups_in
from laras.preparation.findings.examine import examine, remarks
from laras.preparation.findings.intervals import share
from laras.records import EXAMPLE_SCHEMA, Example, Message, Span, Task, to_table

Examine = Callable[[Sequence[Example]], dict[str, Any]]


@pytest.fixture
def examined(tmp_path: Path) -> Examine:
    """Findings about examples, through a real file."""

    def examine_these(examples: Sequence[Example]) -> dict[str, Any]:
        path = tmp_path / "train.parquet"
        pq.write_table(to_table(examples, EXAMPLE_SCHEMA), path)
        return examine(path)

    return examine_these


def example(
    number: int, question: str, answer: str, label: str | None = None, task: Task = "chat"
) -> Example:
    messages = (Message("user", question, False), Message("assistant", answer, True))
    spans = (Span(f"r{number}", "chats.jsonl", 0, 1, f"line {number}"),)
    return Example(f"e{number}", task, messages, f"g{number}", spans, label)


def test_one_question_with_two_answers_is_named_with_both_places(examined: Examine) -> None:
    found = examined(
        [
            example(1, "Jam buka?", "Pukul delapan pagi."),
            example(2, "jam  buka?", "Pukul sembilan pagi."),
            example(3, "Jam buka?", "pukul delapan pagi."),
            example(4, "Alamat?", "Jalan Danau 3."),
        ]
    )["answers"]["contradictory"]
    assert (found["count"], found["of"]) == (1, 2)
    assert found["places"] == ["chats.jsonl: line 1 / chats.jsonl: line 2"]


def test_answers_that_break_off_are_named_only_where_others_end(examined: Examine) -> None:
    ended = [
        example(n, f"tanya {n}", f"Jawaban nomor {n} yang lengkap dan selesai.") for n in range(20)
    ]
    broken = example(99, "tanya", "Jawaban ini terpotong di tengah kalimat yang")
    found = examined([*ended, broken])["answers"]["truncated"]
    assert (found["count"], found["places"]) == (1, ["chats.jsonl: line 99"])
    unmarked = [
        example(n, f"q {n}", f"answers in this chat never end with a mark {n}") for n in range(9)
    ]
    assert examined(unmarked)["answers"]["truncated"]["count"] == 0


def test_canned_replies_model_talk_and_template_marks_are_counted(examined: Examine) -> None:
    canned = [example(n, f"tanya {n}", "Terima kasih, pesan Anda kami teruskan.") for n in range(6)]
    others = [
        example(10, "siapa?", "Sebagai model bahasa, saya tidak punya nama."),
        example(11, "lalu? <|im_end|>", "Begitulah."),
    ]
    found = examined([*canned, *others])["answers"]
    assert found["canned"]["most"][0]["copies"] == 6
    assert (found["canned"]["count"], found["canned"]["of"]) == (6, 8)
    assert found["model_talk"]["places"] == ["chats.jsonl: line 10"]
    assert found["template_marks"]["places"] == ["chats.jsonl: line 11"]


def test_lengths_and_the_share_that_is_trained(examined: Examine) -> None:
    rows = [example(n, "x" * 30, "y" * 10) for n in range(40)]
    found = examined([*rows, example(99, "x" * 90_000, "y" * 10)])["lengths"]
    chat = found["tasks"]["chat"]
    assert chat["percentiles"]["50"] == 40
    assert chat["far_out"]["count"] == 1
    assert chat["places"] == ["chats.jsonl: line 99 (90010)"]
    assert found["trained_share"] == pytest.approx(410 / (41 * 10 + 40 * 30 + 90_000))


def labelled(count: int) -> list[Example]:
    topics = {
        "loan": ["pinjaman", "bunga", "cicilan", "angsuran", "jaminan", "tenor"],
        "card": ["kartu", "debit", "blokir", "hilang", "terdebet", "chip"],
        "hours": ["jam", "buka", "tutup", "libur", "hari", "kantor"],
    }
    draw = random.Random(3)
    rows = []
    for number in range(count):
        label = draw.choice(list(topics))
        text = " ".join(draw.choices(topics[label], k=5))
        rows.append(example(number, text, label, label, "classification"))
    return rows


def test_planted_label_noise_is_found(examined: Examine) -> None:
    pytest.importorskip("cleanlab")
    rows = labelled(240)
    wrong = {7, 50, 111, 180, 222}
    planted = [
        example(n, row.messages[0].content, row.label, row.label, "classification")
        if n not in wrong
        else example(n, row.messages[0].content, other, other, "classification")
        for n, row in enumerate(rows)
        for other in ["hours" if row.label != "hours" else "card"]
    ]
    noise = examined(planted)["labels"]["noise"]
    assert noise["count"] == len(wrong)
    named = {int(place.split("line ")[1].split(":")[0]) for place in noise["places"]}
    assert named == wrong
    assert examined(rows)["labels"]["noise"]["count"] == 0


def test_label_balance(examined: Examine) -> None:
    rows = [example(n, f"teks {n}", "a", "a", "classification") for n in range(63)]
    rows += [example(100 + n, f"lain {n}", "b", "b", "classification") for n in range(2)]
    findings = examined(rows)
    labels = findings["labels"]
    assert (labels["smallest"], labels["largest"], labels["labels"]) == (2, 63, 2)
    assert 0 < labels["evenness"] < 0.3
    assert labels["noise"]["measured"] is False
    assert any("63" in remark for remark in remarks(findings))


def test_groups_are_found_as_whole_words_and_phrases() -> None:
    assert groups_in("Ibu itu orang Jawa dari Surabaya.") == {
        ("gender", "female"),
        ("ethnicity", "javanese"),
        ("region", "java"),
    }
    assert groups_in("Jawa Barat") == {("region", "java")}
    assert groups_in("ibukota, priatna, shells") == set()


def test_mentions_come_with_intervals_and_labels(examined: Examine) -> None:
    rows = [example(n, "her card is lost", "card", "card", "classification") for n in range(6)]
    rows += [example(10 + n, "opening hours", "hours", "hours", "classification") for n in range(6)]
    balance = examined(rows)["balance"]
    female = balance["dimensions"]["gender"]["female"]
    assert (female["mentions"]["count"], female["mentions"]["of"]) == (6, 12)
    assert female["mentions"]["low"] < 0.5 < female["mentions"]["high"]
    assert female["labels"]["card"]["share"]["share"] == 1.0
    assert female["labels"]["card"]["of_all"]["share"] == 0.5


@given(st.integers(0, 500), st.integers(1, 500))
def test_intervals_hold_their_share(count: int, more: int) -> None:
    found = share(count, count + more)
    assert 0.0 <= found["low"] <= found["share"] <= found["high"] <= 1.0
    assert found["low"] < found["high"]


def test_what_comes_last_is_looked_at_too(
    examined: Examine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("balance", "labels", "answers", "lengths"):
        monkeypatch.setattr(f"laras.preparation.findings.{module}.MOST_ROWS", 200)
    texts = [example(n, f"teks {n}", "", task="text") for n in range(1000)]
    chats = [
        example(2000 + n, f"tanya {n // 2}", f"Jawaban {n} dari ibu di sini.") for n in range(1000)
    ]
    labels = [
        example(4000 + n, f"keluhan {n}", str(n // 250), str(n // 250), "classification")
        for n in range(1000)
    ]
    found = examined([*texts, *chats, *labels])
    balance = found["balance"]
    assert 120 < balance["rows"] < 280
    assert balance["of"] == 3000
    assert balance["dimensions"]["gender"]["female"]["in_answers"]["count"] > 20
    answers = found["answers"]["contradictory"]
    # Of a question that is looked at, all answers are.
    assert 60 < answers["count"] == answers["of"] < 140
    assert found["labels"]["labels"] == 4
    if found["labels"]["noise"]["measured"]:
        assert 120 < found["labels"]["noise"]["of"] < 280
    assert set(found["lengths"]["tasks"]) == {"text", "chat", "classification"}
