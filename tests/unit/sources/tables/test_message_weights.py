"""What a message counts in the loss: OpenAI's ``weight``, and columns that the recipe names."""

from __future__ import annotations

import json

import pytest


def rows(*values: object) -> str:
    return "\n".join(json.dumps(value) for value in values) + "\n"


def said(*weights: object, key: str = "weight") -> list[dict[str, object]]:
    turns: list[dict[str, object]] = []
    for number, weight in enumerate(weights):
        turns.append({"role": "user", "content": f"Question {number}?"})
        answer = {"role": "assistant", "content": f"Answer {number}."}
        turns.append(answer if weight is None else {**answer, key: weight})
    return turns


def weights_of(dialogue) -> list[tuple[bool | None, float]]:
    return [(turn.trained, turn.weight) for turn in dialogue.turns if turn.role == "assistant"]


def test_each_answer_has_the_weight_that_its_message_says(read, write):
    write("a.jsonl", rows({"messages": said(0, 1, 0.25, None, 3)}))
    (dialogue,) = read("a.jsonl", kind="conversations")
    assert weights_of(dialogue) == [
        (False, 1.0),
        (None, 1.0),
        (None, 0.25),
        (None, 1.0),
        (None, 3.0),
    ]
    assert dialogue.weight == 1.0


def test_a_weight_of_what_is_not_learnt_says_nothing(read, write):
    messages = [{"role": "user", "content": "Halo", "weight": "?"}, *said(0.5)]
    write("a.jsonl", rows({"messages": messages}))
    (dialogue,) = read("a.jsonl", kind="conversations")
    assert weights_of(dialogue) == [(None, 0.5)]


def test_neighbours_of_unlike_weight_stay_apart(read, write):
    answers = [{"role": "assistant", "content": c, "weight": w} for c, w in (("a", 1), ("b", 2))]
    write("a.jsonl", rows({"messages": [{"role": "user", "content": "Halo"}, *answers]}))
    (dialogue,) = read("a.jsonl", kind="conversations")
    assert weights_of(dialogue) == [(None, 1.0), (None, 2.0)]


@pytest.mark.parametrize("weight", [-1, True, "1", [1], 1e400])
def test_a_weight_that_is_none_costs_the_row(read, write, weight):
    write("a.jsonl", rows({"messages": said(weight)}, {"messages": said(1)}))
    rejection, _fine = read("a.jsonl", kind="conversations")
    # 1e400 is no number of JSON's at all, and is refused as such.
    assert rejection.reason in ("bad-weight", "bad-json")


def test_the_recipe_names_the_key_of_messages_and_rows(read, write):
    write("a.jsonl", rows({"messages": said(0, 0.5, key="bobot"), "bobot": 2}))
    (dialogue,) = read("a.jsonl", kind="conversations", columns={"weight": "bobot"})
    assert (weights_of(dialogue), dialogue.weight) == ([(False, 1.0), (None, 0.5)], 2.0)


def test_a_column_of_a_table_is_the_weight_of_a_row_where_the_recipe_says_so(read, write):
    write("a.csv", 'text,label,weight\nHalo,salam,2\nPamit,pisah,"0,5"\nApa?,tanya,\n')
    unnamed = read("a.csv", kind="examples")
    assert [row.weight for row in unnamed] == [1.0, 1.0, 1.0]
    named = read("a.csv", kind="examples", columns={"weight": "weight"})
    assert [row.weight for row in named] == [2.0, 0.5, 1.0]


@pytest.mark.parametrize("cell", ["0", "-1", "banyak", "nan", "inf"])
def test_a_row_whose_cell_is_no_weight_is_named(read, write, cell):
    write("a.csv", f"text,label,weight\nHalo,salam,{cell}\nPamit,pisah,1\n")
    rejection, _fine = read("a.csv", kind="examples", columns={"weight": "weight"})
    assert (rejection.reason, rejection.locator) == ("bad-weight", "line 2")


def test_a_single_message_has_the_weight_of_its_row(read, write):
    write(
        "a.csv",
        "siapa,isi,tiket,bobot\nDewi,Halo,T1,\ncs,Ada.,T1,0.5\nDewi,Lalu?,T1,\ncs,Maaf.,T1,0\n",
    )
    columns = {"author": "siapa", "text": "isi", "thread": "tiket", "weight": "bobot"}
    (dialogue,) = read("a.csv", kind="conversations", columns=columns, assistant=["cs"])
    assert weights_of(dialogue) == [(None, 0.5), (False, 1.0)]
