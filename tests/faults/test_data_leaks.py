"""Test rows that also stand in the training data: told, and refused above the limit."""

from __future__ import annotations

import json

import pyarrow.parquet as pq
import pytest

from laras.errors import DataRefused


def row(number: int) -> str:
    question = f"Pertanyaan {number} tentang koperasi dan tabungan anggota cabang {number * 7}?"
    return json.dumps({"question": question, "answer": f"Jawaban {number} untuk cabang itu."})


@pytest.mark.fault(40)
def test_a_test_file_that_stands_in_the_training_data_is_refused(write, prepared):
    """Planted copies, exact and nearly: above the limit the data is refused, with their share."""
    write("train.jsonl", "\n".join(row(n) for n in range(60)))
    near = row(3).replace("tentang", "TENTANG  ")
    write("test.jsonl", "\n".join([*(row(n) for n in range(55, 75)), near]))
    sources = {"sources": [{"examples": "train.jsonl"}], "test": "test.jsonl"}
    with pytest.raises(DataRefused) as caught:
        prepared(sources)
    assert "leak" in caught.value.identifier


@pytest.mark.fault(40)
def test_copies_that_are_accepted_by_name_still_leave_the_training_data(write, prepared, tmp_path):
    """Accepted in the recipe, the run goes on, and the ledger names what left."""
    write("train.jsonl", "\n".join(row(n) for n in range(60)))
    write("test.jsonl", "\n".join(row(n) for n in range(55, 75)))
    sources = {"sources": [{"examples": "train.jsonl"}], "test": "test.jsonl"}
    prepared(sources, accept=["test-leak"])
    stages = pq.read_table(tmp_path / "run" / "data" / "ledger.parquet")["stage"].to_pylist()
    assert stages.count("leak") == 5
