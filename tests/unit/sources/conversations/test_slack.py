"""Slack: people, markup, and threads that go on in the files of later days."""

from __future__ import annotations

import json

import pytest

from laras.records import Dialogue, Rejection
from laras.sources.conversations.slack_markup import plain

PEOPLE = {"U1": "Dewi", "U2": "Marc"}


@pytest.mark.parametrize(
    ("text", "expected", "mentioned"),
    [
        ("<@U1> hi", "@Dewi hi", ("Dewi",)),
        ("<@U9|rudi> hi", "@rudi hi", ("rudi",)),
        ("<@U9>", "@U9", ("U9",)),
        ("<#C1|umum> <#C2>", "#umum #C2", ()),
        ("<!here> <!channel> <!subteam^S1|@ops>", "@here @channel @ops", ()),
        ("<!date^1392734382^{date}|18 Feb 2014>", "18 Feb 2014", ()),
        ("<https://a.example>", "https://a.example", ()),
        ("<https://a.example/x|sini>", "sini (https://a.example/x)", ()),
        ("<https://a.example|a.example>", "a.example", ()),
        ("<mailto:a@b.example|a@b.example>", "a@b.example", ()),
        ("1 &lt; 2 &amp;&amp; 3 &gt; 2 &amp;lt;", "1 < 2 && 3 > 2 &lt;", ()),
        ("a < b > c", "a < b > c", ()),
        ("<@U1", "<@U1", ()),
    ],
)
def test_markup_becomes_plain_text(text, expected, mentioned):
    assert plain(text, PEOPLE) == (expected, mentioned)


def message(ts: str, user: str, text: str, **more: object) -> dict[str, object]:
    return {"type": "message", "ts": ts, "user": user, "text": text, **more}


DAY_1, DAY_2 = "1772441000.000100", "1772527400.000100"  # 2 and 3 March 2026
PARENT = message(DAY_1, "U2", "Ada apa?", thread_ts=DAY_1, replies=[{"user": "U1", "ts": DAY_2}])
ANSWER = message(DAY_2, "U1", "Sudah beres", thread_ts=DAY_1)


def told(records):
    dialogues = [r for r in records if isinstance(r, Dialogue)]
    return [(r.path, [turn.content for turn in r.turns]) for r in dialogues]


def test_a_thread_over_two_days_is_one_conversation_told_where_it_begins(read, write):
    write("it/2026-03-02.json", json.dumps([PARENT]))
    write("it/2026-03-03.json", json.dumps([ANSWER]))
    records = read(".", kind="conversations", assistant=["U1"])
    assert told(records) == [("it/2026-03-02.json", ["Ada apa?", "Sudah beres"])]
    notes = [record for record in records if isinstance(record, Rejection)]
    assert [(note.reason, note.rows) for note in notes] == [("thread-elsewhere", 0)]


@pytest.mark.parametrize("replies", [[], None, [{"ts": "1.0"}], "x", [{"ts": ["x"]}]])
def test_an_answer_of_which_the_beginning_knows_nothing_stays_where_it_is(read, write, replies):
    write("it/2026-03-02.json", json.dumps([{**PARENT, "replies": replies}]))
    write("it/2026-03-03.json", json.dumps([ANSWER]))
    records = read(".", kind="conversations", assistant=["U1"])
    assert told(records) == [("it/2026-03-03.json", ["Sudah beres"])]


def test_an_answer_whose_beginning_is_not_read_stays_where_it_is(read, write):
    write("it/2026-03-02.json", json.dumps([PARENT]))
    write("it/2026-03-03.json", json.dumps([ANSWER]))
    (dialogue,) = read("it/2026-03-03.json", kind="conversations", assistant=["U1"])
    assert dialogue.group == f"it {DAY_1}"


def test_bots_speak_in_blocks_and_attachments(read, write):
    blocks = [
        {
            "type": "section",
            "text": {"type": "mrkdwn", "text": "Antrean <https://a.example|di sini>"},
        }
    ]
    items = [
        message("1.0", "U2", "Antrean mana?"),
        {**message("2.0", "", ""), "subtype": "bot_message", "username": "antre", "blocks": blocks},
    ]
    write("it/2026-03-02.json", json.dumps(items))
    records = read(".", kind="conversations")
    assert told(records)[0][1] == ["Antrean mana?", "Antrean di sini (https://a.example)"]


def test_lists_of_people_are_noted_and_broken_ones_do_no_harm(read, write):
    write("users.json", json.dumps([{"id": "U1", "name": "dewi", "profile": {}}]))
    write(
        "it/2026-03-02.json", json.dumps([message("1.0", "U1", "Hai"), message("2.0", "U2", "Ya")])
    )
    records = read(".", kind="conversations", assistant=["dewi"])
    assert [r.reason for r in records if isinstance(r, Rejection)] == ["chat-list"]
    write("users.json", "[{")
    records = read("it", kind="conversations", assistant=["dewi"])
    assert [r.reason for r in records] == ["no-assistant-turn"]
