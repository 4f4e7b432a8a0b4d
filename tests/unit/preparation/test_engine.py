"""Whatever runs the steps gives the rows of the plain loop; a step that breaks its word stops."""

from __future__ import annotations

import subprocess
import sys

import pyarrow as pa
import pytest

from laras.errors import LarasError, UsageError
from laras.preparation.boilerplate import HASH_LINES, drop_repeated_lines
from laras.preparation.clean import CLEAN_DIALOGUES, CLEAN_DOCUMENTS
from laras.preparation.engine import run_steps
from laras.preparation.examples import dialogue_examples, text_examples
from laras.preparation.keys import DOCUMENT_KEYS, dialogue_keys
from laras.preparation.ledger import Ledger
from laras.preparation.steps import Step, batch_of
from laras.records import (
    DIALOGUE_SCHEMA,
    DOCUMENT_SCHEMA,
    Dialogue,
    Document,
    Rejection,
    Turn,
    to_table,
)


def document_table(count: int = 4500) -> pa.Table:
    records = [
        Document(
            f"d{n}",
            f"{n}.md",
            f"# Judul {n}\n\nIsi&nbsp;nomor {n} dengan\u200b kata  lain. Sampai jumpa."
            * (n % 3 + 1),
            source="s",
            metadata={"a": "b"},
        )
        for n in range(count)
    ]
    return to_table(records, DOCUMENT_SCHEMA)


def test_daft_gives_the_rows_of_the_plain_loop_for_documents() -> None:
    table = document_table().append_column("split_group", pa.array(["g"] * 4500))
    steps = [
        CLEAN_DOCUMENTS,
        HASH_LINES,
        drop_repeated_lines({"s": frozenset()}),
        DOCUMENT_KEYS,
        text_examples(200, {}),
    ]
    plain = run_steps(table, steps, "plain")
    native = run_steps(table, steps, "native")
    assert native.schema == plain.schema
    assert native.equals(plain)
    assert plain.column("metadata").equals(table.column("metadata"))


def test_daft_gives_the_rows_of_the_plain_loop_for_dialogues() -> None:
    records = [
        Dialogue(
            f"c{n}",
            "c.jsonl",
            (
                Turn("user", f"Apa &amp; {n}?"),
                Turn("assistant", f"Ini\u00a0{n}.", n % 2 == 0 or None),
            ),
            label="a" if n % 5 == 0 else None,
            source="s",
        )
        for n in range(500)
    ]
    table = to_table(records, DIALOGUE_SCHEMA).append_column("split_group", pa.array(["g"] * 500))
    steps = [CLEAN_DIALOGUES, dialogue_keys({"s": "Jawab."}), dialogue_examples({}, {"s": 2.0})]
    assert run_steps(table, steps, "native").equals(run_steps(table, steps, "plain"))


def test_an_empty_table_stays_empty_with_all_columns() -> None:
    table = run_steps(DOCUMENT_SCHEMA.empty_table(), [CLEAN_DOCUMENTS, DOCUMENT_KEYS], "native")
    assert table.num_rows == 0
    assert "exact_key" in table.column_names


NUMBERS = pa.schema([("n", pa.int64())])


def test_a_step_that_loses_a_row_is_an_error() -> None:
    losing = Step("losing", 1, ("n",), NUMBERS, lambda batch: batch.slice(1))
    with pytest.raises(LarasError, match="3 rows in, 2 out") as caught:
        run_steps(pa.table({"n": [1, 2, 3]}), [losing], "plain")
    assert caught.value.identifier == "preparation.out-of-balance"


def test_a_step_that_writes_other_columns_than_declared_is_an_error() -> None:
    other = pa.schema([("m", pa.int64())])
    wrong = Step("wrong", 1, ("n",), NUMBERS, lambda batch: batch_of(other, {"m": [1]}))
    with pytest.raises(LarasError) as caught:
        run_steps(pa.table({"n": [1]}), [wrong], "plain")
    assert caught.value.identifier == "preparation.step-schema"


def test_asking_for_ray_without_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)  # as if it were not installed
    with pytest.raises(UsageError, match=r"laras\[ray\]") as caught:
        run_steps(document_table(1), [CLEAN_DOCUMENTS], "ray")
    assert caught.value.where == "preparation.engine"


@pytest.mark.slow
def test_what_runs_in_this_process_is_not_changed_in_silence() -> None:
    run_steps(document_table(1), [CLEAN_DOCUMENTS], "native")
    pytest.importorskip("ray")
    code = (
        "import pyarrow as pa\n"
        "from laras.errors import UsageError\n"
        "from laras.preparation.clean import CLEAN_DOCUMENTS\n"
        "from laras.preparation import engine\n"
        "engine._start_ray = lambda: None\n"  # the engine is refused before anything is sent to Ray
        "table = pa.table({'text': pa.array(['a'], pa.large_string())})\n"
        "engine.run_steps(table, [CLEAN_DOCUMENTS], 'native')\n"
        "try:\n"
        "    engine.run_steps(table, [CLEAN_DOCUMENTS], 'ray')\n"
        "except UsageError as error:\n"
        "    print(error.identifier)\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout == "preparation.engine-fixed\n"


def test_a_stage_out_of_balance_is_an_error() -> None:
    ledger = Ledger()
    ledger.add(
        "clean",
        [Rejection("", "too-short", "a.md"), Rejection("", "lines", "a.md", action="cut", rows=0)],
    )
    ledger.balance("clean", 10, 9)
    assert ledger.funnel[0]["rejected"] == 1
    with pytest.raises(LarasError, match="10 rows in, 8 out, 1 in the ledger"):
        ledger.balance("clean", 10, 8)
