"""JSON and JSON lines: chat formats, groups and weights, and lines that are no JSON."""

from __future__ import annotations

import json

import pytest

from laras.records import Document


def contents(record):
    return [(turn.role, turn.content) for turn in record.turns]


def rows(*items: object) -> str:
    return "".join(json.dumps(item) + "\n" for item in items)


HELLO = [("user", "Halo"), ("assistant", "Halo juga")]
OPENAI = [{"role": "user", "content": "Halo"}, {"role": "assistant", "content": "Halo juga"}]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"messages": OPENAI}, HELLO),
        ({"messages": [{"role": "system", "content": "S"}, *OPENAI]}, [("system", "S"), *HELLO]),
        ({"messages": OPENAI, "system": "S"}, [("system", "S"), *HELLO]),
        (
            {
                "conversations": [
                    {"from": "human", "value": "Halo"},
                    {"from": "gpt", "value": "Halo juga"},
                    {"from": "observation", "value": "data"},
                ]
            },
            [*HELLO, ("tool", "data")],
        ),
        ({"instruction": "Halo", "input": "", "output": "Halo juga"}, HELLO),
        (
            {"instruction": "I", "input": "J", "output": "K", "history": [["Halo", "Halo juga"]]},
            [*HELLO, ("user", "I\n\nJ"), ("assistant", "K")],
        ),
        ({"prompt": "Halo", "completion": "Halo juga"}, HELLO),
        ({"prompt": OPENAI[:1], "completion": OPENAI[1:]}, HELLO),
        ({"question": "Halo", "answer": "Halo juga"}, HELLO),
        (
            {"question": "Q?", "context": "C.", "answer": "A"},
            [("user", "Q?\n\nC."), ("assistant", "A")],
        ),
        ({"dialogue": [["Halo", "Halo juga"]]}, HELLO),
        (
            {"persona": ["Saya suka kopi.", "Saya di Solo."], "dialogue": [["Halo", "Halo juga"]]},
            [("system", "Saya suka kopi. Saya di Solo."), *HELLO],
        ),
    ],
)
def test_each_chat_format_becomes_the_same_turns(read, write, row, expected):
    write("a.jsonl", rows(row))
    (dialogue,) = read("a.jsonl", kind="conversations")
    assert contents(dialogue) == expected
    write("b.json", json.dumps([row, row], indent=2))
    first, second = read("b.json", kind="conversations")
    assert contents(first) == contents(second) == expected
    assert first.dialogue_id != second.dialogue_id


def test_a_picture_leaves_a_mark_and_a_note_and_a_call_without_a_name_is_refused(read, write):
    parts = [{"type": "text", "text": "One."}, {"type": "text", "text": "Two."}]
    picture = [*parts, {"type": "image_url", "image_url": {"url": "x"}}]
    answer = OPENAI[1]
    write(
        "a.jsonl",
        rows(
            {"messages": [{"role": "user", "content": parts}, answer]},
            {"messages": [{"role": "user", "content": picture}, answer]},
            {"messages": [{"role": "user", "content": picture[2:]}, answer]},
            {"messages": [{"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]}]},
        ),
    )
    kept, note, with_mark, only_picture, call = read("a.jsonl", kind="conversations")
    assert contents(kept)[0] == ("user", "One.\nTwo.")
    assert (note.reason, note.rows, note.locator) == ("media-content", 0, "line 2")
    assert contents(with_mark)[0] == ("user", "One.\nTwo.\n[image]")
    assert (only_picture.reason, only_picture.locator) == ("unsupported-content", "line 3")
    assert (call.reason, call.locator) == ("unsupported-content", "line 4")


def test_neighbours_of_one_role_are_merged_and_empty_messages_left_out(read, write):
    messages = [
        {"role": "user", "content": "Halo"},
        {"role": "user", "content": "ada orang?"},
        {"role": "assistant", "content": "  "},
        {"role": "assistant", "content": "Ada."},
    ]
    write("a.jsonl", rows({"messages": messages}))
    note, dialogue = read("a.jsonl", kind="conversations")
    assert contents(dialogue) == [("user", "Halo\nada orang?"), ("assistant", "Ada.")]
    assert (note.reason, note.action, note.rows, note.record_id) == (
        *("empty-turn", "cut", 0),
        dialogue.dialogue_id,
    )


def test_a_message_of_weight_zero_is_not_trained(read, write):
    messages = [*OPENAI, OPENAI[0], {"role": "assistant", "content": "No", "weight": 0}]
    write("a.jsonl", rows({"messages": messages, "weight": 2}))
    (dialogue,) = read("a.jsonl", kind="conversations")
    assert [turn.trained for turn in dialogue.turns] == [None, None, None, False]
    assert dialogue.weight == 2.0


def test_the_recipe_says_whom_the_model_plays(read, write):
    turns = [{"speaker": "Ani", "text": "Halo"}, {"speaker": "Budi", "text": "Halo juga"}]
    write("a.jsonl", rows({"turns": turns}))
    (dialogue,) = read("a.jsonl", kind="conversations", assistant=["budi"])
    assert contents(dialogue) == HELLO
    (rejection,) = read("a.jsonl", kind="conversations")
    assert (rejection.reason, rejection.locator) == ("no-assistant-turn", "line 1")


@pytest.mark.parametrize(
    ("extra", "group"),
    [
        ({}, None),
        ({"conversation_id": 7}, "7"),
        ({"conversation_id": 7, "customer": "C1"}, "C1"),
        ({"customer_id": "C1", "ticket": "T"}, "C1"),
        ({"user_id": 0}, "0"),
        ({"customer": {"id": 5, "name": "x"}}, "5"),
        ({"ticket": None}, None),
    ],
)
def test_the_group_is_the_customer_before_the_conversation(read, write, extra, group):
    write("a.jsonl", rows({"messages": OPENAI, **extra}))
    assert read("a.jsonl", kind="conversations")[0].group == group


def test_the_recipes_group_goes_before_the_customer(read, write):
    write("a.jsonl", rows({"messages": OPENAI, "customer": "C1", "branch": "Solo"}))
    (dialogue,) = read("a.jsonl", kind="conversations", columns={"group": "branch"})
    assert dialogue.group == "Solo"


def test_labelled_texts_need_no_assistant(read, write):
    write("a.jsonl", rows({"text": "Mana kartu saya?", "label": 3}))
    (row,) = read("a.jsonl", kind="examples")
    assert (row.label, contents(row)) == ("3", [("user", "Mana kartu saya?")])


def test_plain_texts_are_documents_where_documents_are_wanted(read, write):
    write("a.jsonl", rows({"text": "One.", "title": "T"}, "Two."))
    one, two = read("a.jsonl")
    assert isinstance(one, Document)
    assert (one.text, one.title, one.locator, two.text) == ("One.", "T", "line 1", "Two.")
    assert [r.reason for r in read("a.jsonl", kind="examples")] == ["text-alone", "unknown-shape"]


@pytest.mark.parametrize(
    "line",
    [
        '{"text": "cut short',
        '{"text": "x", "score": NaN}',
        '{"text": "x", "score": -Infinity}',
        '{"text": "x", "score": 1e999}',
        '{"text": "x", "id": ' + "9" * 5000 + "}",
        '{"text": "half a pair \\ud83d"}',
        '{"text": "a \\u0000 b"}',
        '{"text": ' + "[" * 100_000 + "]" * 100_000 + "}",
        "{'text': 'single quotes'}",
        '{"text": "x"} and more',
    ],
)
def test_a_bad_line_is_named_and_the_others_are_read(read, write, line):
    write("a.jsonl", rows({"text": "before"}) + line + "\n" + rows({"text": "after"}))
    before, bad, after = read("a.jsonl")
    assert (before.text, after.text) == ("before", "after")
    assert (bad.reason, bad.locator, bad.rows) == ("bad-json", "line 2", 1)


def test_lines_in_another_encoding_are_named_and_the_others_are_read(read, write):
    good = json.dumps({"text": "kafé"}, ensure_ascii=False).encode()
    bad = json.dumps({"text": "naïve"}, ensure_ascii=False).encode("latin-1")
    write("a.jsonl", b"\n".join([good, bad, good]))
    first, rejection, last = read("a.jsonl")
    assert (first.text, last.text) == ("kafé", "kafé")
    assert (rejection.reason, rejection.locator) == ("bad-json", "line 2")


def test_marks_line_ends_and_blank_lines_do_no_harm(read, write):
    data = (
        b"\xef\xbb\xbf" + b'{"text": "one"}\r\n\r\n{"text": "two\\u2028x \xe2\x80\xa8 y"}\r\n\r\n'
    )
    write("a.jsonl", data)
    one, two, blank = read("a.jsonl")
    assert (one.locator, two.locator) == ("line 1", "line 3")
    assert two.text == "two\u2028x \u2028 y"
    assert (blank.reason, blank.locator, blank.rows) == ("blank-line", "line 2", 0)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('[{"text": "a"},\n {"text": NaN},\n {"text": "c"}]', ["a", "bad-json line 2", "c"]),
        ('[{"text": "a"},\n {"text": "b" "c"}]', ["a", "bad-json line 2"]),
        ('[{"text": "a"}\n {"text": "b"}]', ["a", "bad-json line 2"]),
        ('[{"text": "a"}] trailing', ["a", "bad-json line 1"]),
        ("[]", ["empty "]),
        ("  ", ["empty "]),
        ('{"data": [{"text": "a"}, {"text": "b"}]}', ["a", "b"]),
        ('{"x1": {"text": "a"}, "x2": {"text": "b"}}', ["a", "b"]),
        ('{"text": "a"}\n{"text": "b"}\n', ["a", "b"]),
        ('{\n  "text": "a"\n}', ["a"]),
        ('{\n  "text": "a"\n', ["bad-json line 3"]),
    ],
)
def test_whole_json_files_are_read_item_by_item(read, write, content, expected):
    write("a.json", content)

    def told(record):
        if isinstance(record, Document):
            return record.text
        return f"{record.reason} {record.locator.split(', ')[-1]}"

    assert [told(record) for record in read("a.json")] == expected


def test_a_list_of_names_is_refused_once(read, write):
    write("a.json", json.dumps(["arrival", "lost"]))
    (rejection,) = read("a.json", kind="examples")
    assert rejection.reason == "unknown-shape"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"foo": 1, "bar": 2}, "unknown-shape"),
        ({"chosen": "c", "rejected": "r"}, "missing-value"),
        ({"prompt": "p", "chosen": "", "rejected": "r"}, "missing-value"),
        ({"messages": []}, "missing-value"),
        ({"messages": "Halo"}, "missing-value"),
        ({"messages": ["Halo"]}, "unknown-shape"),
        ({"messages": [{"content": "no role"}]}, "unknown-shape"),
        ({"messages": OPENAI[:1]}, "no-assistant-turn"),
        ({"question": "Q", "answer": " "}, "missing-value"),
        ({"question": "Q", "answer": {"text": "x"}}, "unsupported-content"),
        ({"text": "t", "label": None}, "missing-value"),
        ({"messages": OPENAI, "weight": 0}, "bad-weight"),
        ({"messages": OPENAI, "weight": "2"}, "bad-weight"),
    ],
)
def test_rows_that_cannot_be_used_say_why(read, write, row, reason):
    write("a.jsonl", rows(row, {"messages": OPENAI}))
    rejection, fine = read("a.jsonl", kind="examples")
    assert (rejection.reason, rejection.locator) == (reason, "line 1")
    assert contents(fine) == HELLO


def test_mapped_keys_are_used_and_missed_where_absent(read, write):
    write("a.jsonl", rows({"tanya": "Halo", "balas": "Halo juga"}, {"tanya": "Halo"}))
    columns = {"question": "tanya", "answer": "balas"}
    dialogue, rejection = read("a.jsonl", kind="examples", columns=columns)
    assert contents(dialogue) == HELLO
    assert (rejection.reason, "balas" in rejection.detail) == ("missing-value", True)


@pytest.mark.parametrize("name", ["a.jsonl", "a.json"])
def test_an_object_with_a_key_twice_is_refused_with_its_line(read, write, name):
    write(name, '{"text": "a", "label": "x", "text": "b"}\n')
    (refused,) = read(name, kind="examples")
    assert (refused.reason, refused.locator) == ("duplicate-keys", "line 1")
    assert refused.detail.endswith("'text'")


def test_a_key_twice_costs_its_row_alone(read, write):
    inner = '{"role": "user", "role": "user", "content": "Halo"}'
    write("a.jsonl", f'{{"messages": [{inner}]}}\n' + rows({"text": "a", "label": "x"}))
    refused, row = read("a.jsonl", kind="examples")
    assert (refused.reason, row.label) == ("duplicate-keys", "x")


def test_the_people_whom_messages_name_are_known_by_name(read, write):
    messages = [
        {"role": "system", "name": "example_user", "content": "Bantu."},
        {"role": "user", "name": "Wulandari Canarini", "content": "Saya Wulandari."},
        {"role": "assistant", "name": "CS Toko Maju", "content": "Halo."},
        {"role": "tool", "name": "cek_stok", "content": "3"},
    ]
    write("a.jsonl", json.dumps({"messages": messages}))
    (dialogue,) = read("a.jsonl", "conversations")
    assert json.loads(dialogue.metadata["names"])[-1] == "Wulandari Canarini"
    assert "cek_stok" not in dialogue.metadata["names"]
    write("b.jsonl", json.dumps({"messages": [{"role": "user", "content": "a"}, messages[2]]}))
    assert "names" not in read("b.jsonl", "conversations")[-1].metadata


def test_keys_that_are_values_are_not_told(read, write):
    row = {"nama kolom": 1, "ani@contoh.id": 2, "081234567890": 3, "x" * 41: 4}
    write("a.jsonl", json.dumps(row))
    (refused,) = read("a.jsonl", "examples")
    assert (refused.reason, refused.detail) == ("unknown-shape", "nama kolom, ...")
    write("b.jsonl", json.dumps({"messages": [row]}))
    (refused,) = read("b.jsonl", "conversations")
    assert (refused.reason, refused.detail) == ("unknown-shape", "nama kolom, ...")
