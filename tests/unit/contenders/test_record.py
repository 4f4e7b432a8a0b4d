"""A contender's files, read as they were written, and found out where they are damaged."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from laras.contenders.record import read_standing, write_record
from laras.errors import StorageFailed
from laras.evaluation.result import PREDICTION_SCHEMA, Evaluation, Score
from laras.recipe.schema import Contender
from laras.runs.folder import Run

LORA = Contender(kind="lora", name="lora")


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    with Run.open(tmp_path / "run") as opened:
        yield opened


@pytest.fixture
def files(run: Run) -> dict[str, Path]:
    rows = [
        {"example_id": f"e{at}", "task": "chat", "group": "g", "prediction": f"answer {at}" * 9}
        for at in range(200)
    ]
    result = Evaluation(
        scores={"rougeL": Score(0.5, 0.4, 0.6, 200, "share")},
        predictions=pa.Table.from_pylist(rows, schema=PREDICTION_SCHEMA),
        cost={"seconds": 1.5, "peak_memory_bytes": 10, "tokens_in": 3, "tokens_out": 4},
        test={"rows": 200},
    )
    return write_record(run, LORA, "starter", result, {"wording": {"rows": [1.0]}})


def test_what_was_written_is_read(run: Run, files: dict[str, Path]) -> None:
    standing = read_standing(run, LORA)
    assert (standing.name, standing.kind) == ("lora", "lora")
    assert standing.scores["rougeL"].value == 0.5
    assert standing.predictions.num_rows == 200
    assert standing.cost is not None
    assert standing.cost["seconds"] == 1.5
    assert standing.checks == {"wording": {"rows": [1.0]}}


def test_the_stage_is_not_done_where_any_of_the_files_is_gone(
    run: Run, files: dict[str, Path]
) -> None:
    assert set(files) == {"scores", "checks", "predictions", "ledger"}
    run.stage("evaluate-lora", "key").finish(files)
    assert run.stage("evaluate-lora", "key").done
    for path in files.values():
        content = path.read_bytes()
        path.unlink()
        assert not run.stage("evaluate-lora", "key").done
        path.write_bytes(content)


def damaged(content: bytes, how: str) -> bytes:
    half = len(content) // 2
    return {
        "empty": b"",
        "cut": content[:half],
        "zeros at the end": content[:half] + bytes(len(content) - half),
        "zeros at the beginning": bytes(half) + content[half:],
        "all zeros": bytes(len(content)),
        "another kind of file": b"[1, 2, 3]",
    }[how]


HOW = ["empty", "cut", "zeros at the end", "zeros at the beginning", "all zeros"]


@pytest.mark.parametrize("how", [*HOW, "another kind of file"])
@pytest.mark.parametrize("name", ["scores", "checks", "predictions"])
def test_damage_is_told_with_the_file(
    run: Run, files: dict[str, Path], name: str, how: str
) -> None:
    files[name].write_bytes(damaged(files[name].read_bytes(), how))
    with pytest.raises(StorageFailed) as raised:
        read_standing(run, LORA)
    assert raised.value.identifier == "runs.damaged"
    assert raised.value.where == str(files[name])


@pytest.mark.parametrize("name", ["scores", "checks", "predictions"])
def test_an_absent_file_is_told_the_same_way(run: Run, files: dict[str, Path], name: str) -> None:
    files[name].unlink()
    with pytest.raises(StorageFailed) as raised:
        read_standing(run, LORA)
    assert raised.value.identifier == "runs.damaged"


def test_a_table_with_other_columns_is_no_table_of_predictions(
    run: Run, files: dict[str, Path]
) -> None:
    pq.write_table(pa.table({"example_id": ["e0"]}), files["predictions"])
    with pytest.raises(StorageFailed, match="columns"):
        read_standing(run, LORA)
