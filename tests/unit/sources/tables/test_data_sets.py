"""Rows of public data sets: calls of tools, preferences, tickets, lists in objects, bare cells."""

from __future__ import annotations

import json

import pytest


def contents(record):
    return [(turn.role, turn.content) for turn in record.turns]


def rows(*items: object) -> str:
    return "".join(json.dumps(item) + "\n" for item in items)


HELLO = [("user", "Halo"), ("assistant", "Halo juga")]
OPENAI = [{"role": "user", "content": "Halo"}, {"role": "assistant", "content": "Halo juga"}]


def test_calls_of_tools_are_said_by_the_assistant_and_their_results_by_tools(read, write):
    call = {"id": "1", "function": {"name": "cuaca", "arguments": '{"kota": "Solo"}'}}
    messages = [
        OPENAI[0],
        {"role": "assistant", "content": "Sebentar.", "tool_calls": [call, call]},
        {"role": "tool", "tool_call_id": "1", "content": {"suhu": 31}},
        {"role": "assistant", "content": "31 derajat."},
    ]
    tools = [{"type": "function", "function": {"name": "cuaca"}}]
    write("a.jsonl", rows({"messages": messages, "tools": tools}))
    (dialogue,) = read("a.jsonl", kind="conversations")
    line = '{"name":"cuaca","arguments":{"kota":"Solo"}}'
    assert contents(dialogue) == [
        ("system", '{"name":"cuaca"}'),
        ("user", "Halo"),
        ("assistant", f"Sebentar.\n{line}\n{line}"),
        ("tool", '{"suhu":31}'),
        ("assistant", "31 derajat."),
    ]
    assert all(turn.trained is None for turn in dialogue.turns)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("", "{}"),
        (None, "{}"),
        ({"a": 1}, '{"a":1}'),
        ("not json", '"not json"'),
        ('{"a": NaN}', '"{\\"a\\": NaN}"'),
    ],
)
def test_arguments_of_a_call_are_json_or_the_text_that_they_are(read, write, arguments, said):
    call = {"name": "f", "arguments": arguments}
    write("a.jsonl", rows({"messages": [OPENAI[0], {"role": "assistant", "function_call": call}]}))
    (dialogue,) = read("a.jsonl", kind="conversations")
    assert contents(dialogue)[1] == ("assistant", f'{{"name":"f","arguments":{said}}}')


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"prompt": "Halo", "chosen": "Halo juga", "rejected": "Pergi"}, HELLO),
        ({"prompt": "Halo", "chosen": OPENAI, "rejected": OPENAI[:1]}, HELLO),
        ({"prompt": OPENAI[:1], "chosen": OPENAI[1:], "rejected": OPENAI[1:]}, HELLO),
        ({"chosen": "\n\nHuman: Halo\n\nAssistant: Halo juga", "rejected": "x"}, HELLO),
        (
            {
                "input": {"messages": OPENAI[:1]},
                "preferred_output": OPENAI[1:],
                "non_preferred_output": OPENAI[1:],
            },
            HELLO,
        ),
        (
            {
                "conversations": [{"from": "human", "value": "Halo"}],
                "chosen": {"from": "gpt", "value": "Halo juga"},
                "rejected": {"from": "gpt", "value": "Pergi"},
            },
            HELLO,
        ),
        ({"subject": "Halo", "description": "", "resolution": "Halo juga"}, HELLO),
        (
            {"subject": "Kartu", "description": "Hilang di Solo.", "resolution": "Diblokir."},
            [("user", "Kartu\n\nHilang di Solo."), ("assistant", "Diblokir.")],
        ),
        ({"keluhan": "Halo", "tanggapan": "Halo juga"}, HELLO),
        ({"dialogue": "Halo", "summary": "Halo juga"}, HELLO),
        ({"log": [{"text": "Halo", "metadata": {}}, {"text": "Halo juga", "metadata": {}}]}, HELLO),
        (
            {
                "turns": [
                    {"speaker": "USER", "utterance": "Halo"},
                    {"speaker": "SYSTEM", "utterance": "Halo juga"},
                ]
            },
            HELLO,
        ),
        (
            {
                "contents": [
                    {"role": "user", "parts": [{"text": "Halo"}]},
                    {"role": "model", "parts": [{"text": "Halo juga"}]},
                ]
            },
            HELLO,
        ),
        (OPENAI, HELLO),
    ],
)
def test_rows_of_other_data_sets_become_the_same_turns(read, write, row, expected):
    write("a.jsonl", rows(row, row))
    first, second = read("a.jsonl", kind="examples")
    assert contents(first) == contents(second) == expected


def test_a_system_message_before_the_user_is_no_answer(read, write):
    turns = [{"speaker": "system", "text": "S"}, {"speaker": "user", "text": "Halo"}]
    write("a.jsonl", rows({"turns": turns}))
    (refused,) = read("a.jsonl", kind="conversations")
    assert refused.reason == "no-assistant-turn"


PAIRS = [[f"kartu {number}", ("arrival", "lost")[number % 2]] for number in range(6)]


def test_rows_without_names_are_texts_with_labels_where_their_values_say_so(read, write):
    write("a.json", json.dumps({"train": PAIRS, "test": PAIRS[:4]}))
    (several,) = read("a.json", kind="examples")
    assert (several.reason, "#train, #test" in several.detail) == ("several-parts", True)
    note, first, *_others = read("a.json#train", kind="examples")
    assert (note.reason, note.rows) == ("guessed-columns", 0)
    assert (first.label, contents(first)) == ("arrival", [("user", "kartu 0")])
    assert first.locator == "train, item 1, line 1"
    assert len(read("a.json#test", kind="examples")) == 5


def test_rows_without_names_ask_for_columns_where_nothing_tells_them(read, write):
    write("a.json", json.dumps([["Halo", "Halo juga"], ["Siapa?", "Saya."]] * 2))
    (refused,) = read("a.json", kind="examples")
    assert (refused.reason, refused.rows) == ("unnamed-columns", 1)
    columns = {"question": "0", "answer": "1"}
    first, *_others = read("a.json", kind="examples", columns=columns)
    assert contents(first) == HELLO
    (absent,) = read("a.json", kind="examples", columns={"question": "0", "answer": "2"})
    assert absent.reason == "unnamed-columns"


def test_a_mapping_of_ids_to_rows_is_a_list_of_rows_called_by_their_ids(read, write):
    row = {"QUESTION": "Is it?", "CONTEXTS": ["A.", "B."], "LONG_ANSWER": "It is."}
    write("a.json", json.dumps({"101": row, "102": row}))
    first, second = read("a.json", kind="examples")
    assert (first.locator, second.locator) == ("101", "102")
    assert contents(first) == [("user", "Is it?\n\nA.\nB."), ("assistant", "It is.")]
    columns = {"text": "QUESTION", "label": "LONG_ANSWER"}
    assert [r.label for r in read("a.json", kind="examples", columns=columns)] == ["It is."] * 2


@pytest.mark.parametrize("key", ["data", "conversations", "hasil"])
def test_one_list_in_an_object_is_what_is_meant(read, write, key):
    write("a.json", json.dumps({"version": "1", key: [{"messages": OPENAI}] * 2}))
    first, second = read("a.json", kind="conversations")
    assert (first.locator, second.locator) == (f"{key} 1", f"{key} 2")


def test_one_row_by_its_id_is_a_row_and_one_part_of_a_row_is_none(read, write):
    write("a.json", json.dumps({"101": {"question": "Halo", "answer": "Halo juga"}}))
    (dialogue,) = read("a.json", kind="examples")
    assert (dialogue.locator, contents(dialogue)) == ("101", HELLO)
    write("b.json", json.dumps({"meta": {"version": 1}}))
    (refused,) = read("b.json", kind="examples")
    assert refused.reason == "unknown-shape"
