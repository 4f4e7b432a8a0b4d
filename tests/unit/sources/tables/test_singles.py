"""Tables and lists of single messages: by the recipe's columns, or by customary names."""

from __future__ import annotations

import json

import pytest

from laras.records import Dialogue

HEADER = "waktu,siapa,isi pesan,tiket,pelanggan,bintang\n"
CHAT = HEADER + (
    "2026-03-02T02:10:00Z,cs,Sudah kami kirim.,T1,C1,5\n"
    "2026-03-02T02:00:00Z,Dewi,Mana pesanan saya?,T1,C1,5\n"
    '2026-03-02T03:00:00Z,Eko,"Halo, ada orang?",T2,C2,1\n'
    "2026-03-02T03:01:00Z,cs,Ada.,T2,C2,1\n"
)
COLUMNS = {
    "time": "waktu",
    "author": "siapa",
    "text": "isi pesan",
    "thread": "tiket",
    "group": "pelanggan",
    "rating": "bintang",
}


def contents(record):
    return [(turn.role, turn.content) for turn in record.turns]


def test_the_columns_of_the_recipe_make_conversations_of_a_table(read, write):
    write("a.csv", CHAT)
    first, second = read("a.csv", kind="conversations", columns=COLUMNS, assistant=["cs"])
    assert contents(first) == [
        ("user", "Mana pesanan saya?"),
        ("assistant", "Sudah kami kirim."),
    ]
    assert (first.group, second.group) == ("C1", "C2")
    assert (first.weight, second.weight) == (1.5, 0.25)
    assert first.metadata["started"] == "2026-03-02T02:00:00Z"


def test_the_same_as_lines_of_json_with_columns_further_inside(read, write):
    keys = HEADER.strip().split(",")
    lines = [line.split(",") for line in CHAT.replace('"', "").replace("o, a", "o a").split("\n")]
    data = [dict(zip(keys, line, strict=True)) for line in lines[1:-1]]
    nested = [{**row, "siapa": {"nama": row["siapa"]}} for row in data]
    write("a.jsonl", "".join(json.dumps(row) + "\n" for row in nested))
    columns = {**COLUMNS, "author": "siapa.nama"}
    first, second = read("a.jsonl", kind="conversations", columns=columns, assistant=["cs"])
    assert contents(first)[1] == ("assistant", "Sudah kami kirim.")
    assert contents(second)[0] == ("user", "Halo ada orang?")


def test_a_list_within_each_row_is_a_conversation(read, write):
    row = {
        "percakapan": [{"oleh": "pelanggan", "kata": "Halo"}, {"oleh": "cs", "kata": "Ya?"}],
        "nilai": 2,
    }
    write("a.json", json.dumps([row, {**row, "nilai": 4}, {"percakapan": []}]))
    columns = {"messages": "percakapan", "author": "oleh", "text": "kata", "rating": "nilai"}
    records = read("a.json", kind="conversations", columns=columns, assistant=["cs"])
    dialogues = [record for record in records if isinstance(record, Dialogue)]
    assert [contents(dialogue) for dialogue in dialogues] == [
        [("user", "Halo"), ("assistant", "Ya?")]
    ] * 2
    assert dialogues[0].weight < dialogues[1].weight
    assert [r.reason for r in records if r not in dialogues] == ["missing-value"]


def test_customary_names_are_known_under_conversations_alone(read, write):
    table = (
        "conversation_id,sender,message,timestamp\n"
        "1,customer,Halo,1772420000\n"
        "1,agent,Halo juga,1772420001\n"
        "2,agent,Apa kabar?,1772420002\n"
        "2,customer,Baik,1772420003\n"
        "2,agent,Syukurlah,1772420004\n"
    )
    write("a.csv", table)
    first, second = read("a.csv", kind="conversations")
    assert contents(first) == [("user", "Halo"), ("assistant", "Halo juga")]
    assert len(second.turns) == 3
    (refused,) = {record.reason for record in read("a.csv", kind="examples")}
    assert refused == "text-alone"


def test_roles_stand_in_a_column_of_their_own(read, write):
    messages = [
        {"direction": "incoming", "body": "Halo", "chat_id": 5, "created_at": 1772420000},
        {"direction": "outgoing", "body": "Ya?", "chat_id": 5, "created_at": 1772420001},
    ]
    write("a.json", json.dumps(messages))
    (dialogue,) = read("a.json", kind="conversations")
    assert contents(dialogue) == [("user", "Halo"), ("assistant", "Ya?")]


def test_a_list_of_messages_is_one_conversation(read, write):
    messages = [{"role": "user", "content": "Halo"}, {"role": "assistant", "content": "Ya?"}]
    write("a.json", json.dumps(messages))
    (dialogue,) = read("a.json", kind="conversations")
    assert contents(dialogue) == [("user", "Halo"), ("assistant", "Ya?")]


def test_without_threads_a_gap_of_time_ends_a_conversation(read, write):
    rows = ["author,time,text"]
    for hour in (1, 5):
        rows += [f"Ani,2026-03-02 0{hour}:00,Tanya {hour}", f"bot,2026-03-02 0{hour}:01,Jawab"]
    write("a.csv", "\n".join(rows) + "\n")
    first, second = read("a.csv", kind="conversations")
    assert contents(first)[0] == ("user", "Tanya 1")
    assert contents(second)[0] == ("user", "Tanya 5")


def test_rows_that_are_no_message_and_times_that_are_none_are_told(read, write):
    rows = [
        {"siapa": "Ani", "kata": "Halo", "jam": "kemarin"},
        {"siapa": "cs", "kata": "Ya?", "jam": "tadi"},
        {"siapa": "cs"},
        "no row",
        {"siapa": "Ani", "kata": {"x": 1}},
    ]
    write("a.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    columns = {"author": "siapa", "text": "kata", "time": "jam"}
    records = read("a.jsonl", kind="conversations", columns=columns, assistant=["cs"])
    reasons = {r.locator: r.reason for r in records if not isinstance(r, Dialogue)}
    assert reasons == {
        "line 3": "missing-value",
        "line 4": "unknown-shape",
        "line 5": "unsupported-content",
        "": "bad-time",
    }
    assert sum(isinstance(record, Dialogue) for record in records) == 1


def test_a_column_that_the_table_lacks_is_said(read, write):
    write("a.csv", CHAT)
    columns = {**COLUMNS, "author": "penulis"}
    (refused,) = read("a.csv", kind="conversations", columns=columns)
    assert (refused.reason, "penulis" in refused.detail) == ("unknown-columns", True)


@pytest.mark.parametrize(
    ("ratings", "weights"),
    [
        (["1", "5"], [0.25, 1.5]),
        (["A", "C", "E"], [1.5, 0.875, 0.25]),
        (["puas", "kecewa", ""], [1.5, 0.25, 1.0]),
        (["4/5", "9/10"], [1.25, 1.375]),
    ],
)
def test_a_rating_weighs_a_pair(read, write, ratings, weights):
    lines = [f"Q{index},A,{rating}" for index, rating in enumerate(ratings)]
    write("a.csv", "\n".join(["question,answer,nilai", *lines]) + "\n")
    pairs = read("a.csv", kind="examples", columns={"rating": "nilai"})
    assert [pair.weight for pair in pairs] == pytest.approx(weights)
