"""Records become examples that point back to where they came from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from laras.preparation.chunks import passages
from laras.preparation.engine import run_steps
from laras.preparation.examples import DEFAULT_INSTRUCTION, dialogue_examples, text_examples
from laras.records import DIALOGUE_SCHEMA, DOCUMENT_SCHEMA, Dialogue, Document, Turn, to_table

HANDBOOK = "\n\n".join(
    [
        "# Buku Pegawai",
        *(
            f"## Bab {chapter}\n\n"
            + "\n\n".join(f"Kalimat {n} dari bab {chapter}. " * 6 for n in range(4)).strip()
            for chapter in range(6)
        ),
    ]
)


def covers(text: str, length: int) -> None:
    found = passages(text, length)
    position = 0
    for passage in found:
        assert not text[position : passage.start].strip()  # nothing between two passages
        assert passage.start < passage.end
        assert passage.end - passage.start <= length * 1.5
        position = passage.end
    assert not text[position:].strip()


def test_passages_cover_the_document_in_order_without_overlap() -> None:
    covers(HANDBOOK, 500)
    covers("kata " * 3000, 300)
    covers("x" * 5000, 300)
    covers("```\n" + "kode();\n\n" * 300 + "```", 400)
    assert passages("", 300) == []


def test_passages_begin_at_headings_and_know_those_above_them() -> None:
    found = passages(HANDBOOK, 700)
    assert found[0].headings == ()
    second = found[1]
    assert second.headings[0] == "# Buku Pegawai"
    for passage in found:
        assert not HANDBOOK[passage.start : passage.end].split("\n")[-1].startswith("#")


def test_a_long_table_is_cut_between_rows_and_each_piece_has_the_names_of_the_columns() -> None:
    head = "| Layanan | Biaya |\n| --- | --- |"
    rows = [f"| Layanan no. {n}. Baru | Rp {n}.000. Lunas |" for n in range(60)]
    text = "\n".join(["# Tarif", "", head, *rows])
    covers(text, 500)
    pieces = [passage.within(text) for passage in passages(text, 500)]
    assert len(pieces) > 3
    for piece in pieces:
        assert piece.count(head) == 1
        assert piece.startswith("# Tarif")
        assert all(line.startswith(("|", "#")) for line in piece.split("\n") if line)
    said = [line for piece in pieces for line in piece.split("\n") if "Layanan no" in line]
    assert said == rows


@pytest.mark.material
def test_passages_cover_real_documents(material: Path) -> None:
    files = sorted((material / "indonesian" / "id.react.dev").rglob("*.md"))[:40]
    assert files
    for file in files:
        covers(file.read_text(encoding="utf-8"), 2000)


def rows_of(table: pa.Table) -> list[dict[str, Any]]:
    return [example for row in table.column("examples").to_pylist() for example in row]


def test_spans_point_to_the_text_that_is_in_the_example() -> None:
    record = Document("d1", "a.md", HANDBOOK, source="s", locator="")
    table = to_table([record], DOCUMENT_SCHEMA).append_column("split_group", pa.array(["g"]))
    examples = rows_of(run_steps(table, [text_examples(500, {"s": 2.0})], "native"))
    assert len(examples) > 4
    for example in examples:
        (span,) = example["spans"]
        content = example["messages"][0]["content"]
        assert HANDBOOK[span["start"] : span["end"]] in content
        assert example["task"] == "text"
        message = {"role": "text", "content": content, "trained": True, "weight": 1.0}
        assert example["messages"][0] == message
        assert (example["weight"], example["group"]) == (2.0, "g")
    middle = examples[2]["messages"][0]["content"]
    assert middle.startswith("# Buku Pegawai\n")


def from_dialogues(*records: Dialogue, instruction: str | None = None) -> pa.Table:
    table = to_table(records, DIALOGUE_SCHEMA)
    table = table.append_column("split_group", pa.array(["g"] * len(records)))
    instructions = {"s": instruction} if instruction else {}
    return run_steps(table, [dialogue_examples(instructions, {"s": 0.5})], "plain")


def talk(*turns: Turn, **facts: Any) -> Dialogue:
    return Dialogue("c1", "c.jsonl", turns, source="s", **facts)


def test_assistant_turns_are_trained_and_a_turn_may_say_otherwise() -> None:
    record = talk(
        Turn("system", "Ramah."),
        Turn("user", "Halo"),
        Turn("assistant", "Salah.", trained=False),
        Turn("user", "Maksudnya?"),
        Turn("assistant", "Benar."),
        Turn("user", "Terima kasih"),
        weight=4.0,
    )
    table = from_dialogues(record)
    (example,) = rows_of(table)
    assert [message["trained"] for message in example["messages"]] == [False] * 4 + [True]
    assert example["weight"] == 2.0
    assert table.column("cut").to_pylist() == ["unanswered-turns"]


@pytest.mark.parametrize(
    ("turns", "reason"),
    [
        ((Turn("user", "Halo"),), "no-answer"),
        ((Turn("assistant", "Halo"), Turn("user", "Ya")), "no-question"),
        ((Turn("user", "a"), Turn("assistant", "b", trained=False)), "nothing-to-learn"),
    ],
)
def test_a_conversation_that_teaches_nothing_is_refused(
    turns: tuple[Turn, ...], reason: str
) -> None:
    table = from_dialogues(talk(*turns))
    assert table.column("refused").to_pylist() == [reason]
    assert rows_of(table) == []


def test_a_labelled_text_becomes_a_question_whose_answer_is_the_label() -> None:
    record = talk(Turn("user", "Kartu saya hilang"), label="lost_card")
    for instruction in (None, "Pilih kategori."):
        (example,) = rows_of(from_dialogues(record, instruction=instruction))
        asked = f"{instruction or DEFAULT_INSTRUCTION}\n\nKartu saya hilang"
        assert example["messages"] == [
            {"role": "user", "content": asked, "trained": False, "weight": 1.0},
            {"role": "assistant", "content": "lost_card", "trained": True, "weight": 1.0},
        ]
        assert (example["task"], example["label"]) == ("classification", "lost_card")


def test_a_source_that_is_learnt_whole_gives_one_example_of_each_text() -> None:
    documents = [
        Document(f"d{n}", f"{n}.md", HANDBOOK * 9, source=name) for n, name in enumerate("ab")
    ]
    table = to_table(documents, DOCUMENT_SCHEMA).append_column("split_group", pa.array(["g", "h"]))
    found = rows_of(run_steps(table, [text_examples(500, {}, {"b"})], "plain"))
    of_source = {name: [row for row in found if row["source"] == name] for name in "ab"}
    assert len(of_source["a"]) > 1
    (whole,) = of_source["b"]
    assert whole["messages"][0]["content"] == (HANDBOOK * 9).strip()
