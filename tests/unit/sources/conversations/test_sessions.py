"""Messages to dialogues: where conversations are cut, how bursts join, and that nothing is lost."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laras.recipe.schema import Source
from laras.records import Dialogue, Rejection
from laras.sources.context import FileContext
from laras.sources.conversations.messages import ChatMessage
from laras.sources.conversations.sessions import dialogues, span, weight_of
from laras.sources.discovery import SourceFile
from laras.sources.parsing import ParserProcess

HOUR = 3600.0


def context_of(**settings: Any) -> FileContext:
    source = Source.model_validate({"conversations": "chat.txt", **settings})
    file = SourceFile(Path("chat.txt"), "chat.txt", "chat.txt", 1)
    return FileContext(file, source, ParserProcess(), 1000)


def said(author: str, text: str, time: float | None = None, **more: Any) -> ChatMessage:
    said.count += 1  # type: ignore[attr-defined]
    return ChatMessage(author, text, time, locator=f"line {said.count}", **more)  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def count_from_one():
    said.count = 0  # type: ignore[attr-defined]


def read(*messages: ChatMessage | Rejection, **settings: Any) -> list[Dialogue | Rejection]:
    return list(dialogues(messages, context_of(**settings)))


def told(records: list[Dialogue | Rejection]) -> list[list[tuple[str, str]]]:
    return [
        [(turn.role, turn.content) for turn in record.turns]
        for record in records
        if isinstance(record, Dialogue)
    ]


def test_a_chat_is_cut_where_nobody_wrote_for_longer_than_the_gap():
    records = read(
        said("Ani", "Halo", 0),
        said("bot", "Halo juga", HOUR),
        said("Ani", "Masih buka?", 2 * HOUR + 1),
        said("bot", "Masih", 2 * HOUR + 2),
    )
    assert told(records) == [
        [("user", "Halo"), ("assistant", "Halo juga")],
        [("user", "Masih buka?"), ("assistant", "Masih")],
    ]
    assert [record.locator for record in records] == ["lines 1-2", "lines 3-4"]
    assert records[0].metadata["started"] == "1970-01-01T00:00:00Z"


def test_the_gap_is_the_recipes():
    messages = (
        said("Ani", "A", 0),
        said("bot", "B", 1),
        said("Ani", "C", 90),
        said("bot", "D", 91),
    )
    assert len(read(*messages)) == 1
    assert len(read(*messages, session_gap_minutes=1)) == 2


def test_a_thread_is_one_conversation_however_long_it_rests():
    records = read(
        said("Ani", "Satu", 0, thread="a"),
        said("Budi", "Dua", 1, thread="b"),
        said("bot", "Jawab satu", 90 * HOUR, thread="a"),
        said("bot", "Jawab dua", 91 * HOUR, thread="b"),
    )
    assert told(records) == [
        [("user", "Satu"), ("assistant", "Jawab satu")],
        [("user", "Dua"), ("assistant", "Jawab dua")],
    ]
    assert [record.group for record in records] == ["Ani", "Budi"]


def test_chats_of_one_export_never_mix():
    records = read(
        said("Ani", "Satu", 0, chat="1"),
        said("Budi", "Dua", 1, chat="2"),
        said("bot", "Jawab dua", 2, chat="2"),
        said("bot", "Jawab satu", 3, chat="1"),
    )
    assert told(records)[0] == [("user", "Satu"), ("assistant", "Jawab satu")]


def test_times_that_are_unknown_or_step_back_cut_nothing():
    records = read(
        said("Ani", "A", 10 * HOUR),
        said("bot", "B"),
        said("Ani", "C", 0),
        said("bot", "D", 10 * HOUR),
    )
    assert len(records) == 1


def test_a_burst_of_one_author_is_one_turn():
    records = read(
        said("Ani", "Halo"), said("Ani", "ada orang?"), said("bot", "Ada."), said("bot", "Ya?")
    )
    assert told(records) == [[("user", "Halo\nada orang?"), ("assistant", "Ada.\nYa?")]]
    assert records[0].metadata["messages"] == "4"


def test_names_stand_before_what_several_people_ask_and_only_then():
    records = read(
        said("Ani", "Kapan?", 0),
        said("Ani", "Di mana?", 1),
        said("Budi", "Saya juga", 2),
        said("bot", "Sabtu", 3),
        said("Budi", "Oke", 4),
        said("Ani", "Sendiri", 9 * HOUR),
        said("bot", "Ya", 9 * HOUR + 1),
    )
    assert told(records) == [
        [
            ("user", "Ani: Kapan?\nDi mana?\nBudi: Saya juga"),
            ("assistant", "Sabtu"),
            ("user", "Budi: Oke"),
        ],
        [("user", "Sendiri"), ("assistant", "Ya")],
    ]


def test_notes_events_media_and_empty_messages_are_counted_once_and_never_said():
    records = read(
        said("Ani", "Halo", 0),
        said("bot", "rahasia", 1, kind="note"),
        said("", "Ani joined", 2, kind="event"),
        said("Ani", "", 3, kind="media"),
        said("Ani", "foto.jpg", 4, kind="media"),
        said("Ani", "  ", 5),
        said("bot", "Halo juga", 6),
    )
    note, dialogue = records
    assert (note.reason, note.rows, note.locator) == ("set-aside", 0, "")
    assert note.detail.endswith("empty: 1, event: 1, media: 2, note: 1")
    assert told([dialogue]) == [[("user", "Halo"), ("assistant", "Halo juga")]]


def test_a_picture_keeps_a_conversation_going_and_begins_the_next_one():
    pictured = read(
        said("Ani", "A", 0), said("Ani", "", 0.9 * HOUR, kind="media"), said("bot", "B", 1.8 * HOUR)
    )
    assert len(told(pictured)) == 1
    later = read(
        said("Ani", "A", 0),
        said("bot", "B", 1),
        said("Ani", "", 5 * HOUR, kind="media"),
        said("Ani", "C", 5 * HOUR + 60),
        said("bot", "D", 5 * HOUR + 70),
    )
    assert len(told(later)) == 2


def test_a_fallback_answer_is_kept_and_not_trained_on():
    records = read(
        said("Ani", "Kapan?"),
        said("bot", "Maaf, saya tidak mengerti pertanyaan Anda. Silakan coba lagi."),
        said("Ani", "Kapan buka?"),
        said("bot", "Pukul delapan."),
        said("Ani", "Terima kasih"),
        said("bot", "(intent: nlu_fallback)", kind="fallback"),
        said("bot", "Hubungi kami di loket."),
        said("Ani", "Oke"),
        said("bot", "Coba tanya yang lain ya"),
        fallbacks=["coba tanya yang lain, ya!"],
    )
    (dialogue,) = records
    trained = [turn.trained for turn in dialogue.turns if turn.role == "assistant"]
    assert trained == [False, None, False, None, False]


def test_a_conversation_in_which_the_assistant_is_silent_is_refused_with_its_size():
    records = read(
        said("Ani", "A", 0),
        said("bot", "B", 1),
        said("Ani", "C", 9 * HOUR),
        said("Ani", "D", 9 * HOUR),
    )
    refused = records[1]
    assert (refused.reason, refused.locator, refused.rows) == ("no-assistant-turn", "lines 3-4", 1)
    assert refused.detail == "2"


def test_ratings_become_weights_and_the_last_one_counts():
    assert [weight_of(rating) for rating in (None, 0.0, 0.6, 1.0)] == [1.0, 0.25, 1.0, 1.5]
    assert [weight_of(rating) for rating in (-3.0, 7.0)] == [0.25, 1.5]
    (dialogue,) = read(said("Ani", "A", rating=0.0), said("bot", "B"), said("Ani", "C", rating=1.0))
    assert (dialogue.weight, dialogue.metadata["rating"]) == (1.5, "1")


def test_the_customer_is_the_group_across_conversations():
    records = read(
        said("web-1", "A", 0, thread="1", customer="C9"),
        said("bot", "B", 1, thread="1", customer="C9"),
        said("web-2", "A", 2, thread="2", customer="C9"),
        said("bot", "B", 3, thread="2", customer="C9"),
    )
    assert [record.group for record in records] == ["C9", "C9"]
    assert [record.metadata["customer"] for record in records] == ["C9", "C9"]


def test_in_a_chat_of_two_the_partner_is_the_group_also_where_the_export_is_the_partners():
    for customer in ("", "Ani", "Toko Maju"):
        records = read(
            said("Ani", "A", 0, customer=customer), said("Toko Maju", "B", 1, customer=customer)
        )
        assert [r.group for r in records if isinstance(r, Dialogue)] == ["Ani"]


def test_what_only_says_a_role_is_nobody():
    (dialogue,) = read(said("user", "A", role="user"), said("agent", "B", role="assistant"))
    assert (dialogue.group, json.loads(dialogue.metadata["names"])) == (None, [])


def test_a_thread_that_files_share_is_a_group_where_no_customer_is_known():
    (dialogue,) = read(
        said("user", "A", chat="umum", thread="7"), said("bot", "B", chat="umum", thread="7")
    )
    assert dialogue.group == "umum 7"


def test_names_of_all_people_are_kept_for_finding_them_and_bots_have_none():
    (dialogue,) = read(
        said("Ani", "A", others=("Citra Dewi", "", "12")),
        said("Budi", "B", others=("Ani",)),
        said("Kaka", "C", is_bot=True),
    )[1:]
    assert json.loads(dialogue.metadata["names"]) == ["Ani", "Citra Dewi", "Budi"]


def test_an_export_without_a_word_is_empty():
    (note, empty) = read(said("", "Ani joined", kind="event"))
    assert (note.reason, empty.reason, empty.rows) == ("set-aside", "empty", 1)
    assert [record.reason for record in read()] == ["empty"]


def test_rejections_of_the_format_pass_and_excuse_silence():
    rejection = context_of().rejection("unknown-shape", "line 3")
    assert read(rejection) == [rejection]


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ("line 3", "line 3", "line 3"),
        ("line 3", "line 17", "lines 3-17"),
        ("message 5", "message 2", "messages 2-5"),
        ("chat 2, message 1", "chat 2, message 4", "chat 2, messages 1-4"),
        ("item 1, line 2", "item 4, line 9", "items 1-4, lines 2-9"),
        ("line 3", "2026-03-03.json, message 1", "line 3 - 2026-03-03.json, message 1"),
        ("line 3", "message 4", "line 3 - message 4"),
        ("", "", ""),
    ],
)
def test_a_span_reads_like_a_place(first, last, expected):
    assert span(first, last) == expected


messages_of_any_kind = st.lists(
    st.builds(
        ChatMessage,
        author=st.sampled_from(["Ani", "Budi", "bot", "Toko Maju", ""]),
        text=st.sampled_from(
            ["", " ", "Halo", "Ada yang bisa dibantu?", "Maaf, saya tidak mengerti"]
        ),
        time=st.none() | st.floats(0, 1e6),
        thread=st.sampled_from(["", "1", "2"]),
        chat=st.sampled_from(["", "x"]),
        role=st.sampled_from([None, "user", "assistant", "system", "tool"]),
        kind=st.sampled_from(["message", "note", "event", "media", "fallback"]),
        locator=st.sampled_from(["line 1", "line 2", ""]),
        rating=st.none() | st.floats(0, 1),
        is_bot=st.booleans(),
    ),
    max_size=30,
)


@given(messages_of_any_kind, st.sampled_from([None, ["Ani"], ["toko maju", "nobody"]]))
def test_every_message_is_in_a_turn_in_a_refused_conversation_or_counted(messages, assistant):
    settings = {"assistant": assistant} if assistant else {}
    records = list(dialogues(messages, context_of(**settings)))
    kept = [record for record in records if isinstance(record, Dialogue)]
    counted = sum(int(record.metadata["messages"]) for record in kept)
    for record in records:
        if isinstance(record, Rejection) and record.reason == "no-assistant-turn":
            counted += int(record.detail.rpartition(" ")[2])
        elif isinstance(record, Rejection) and record.reason == "set-aside":
            counts = record.detail.split(", ")
            counted += sum(int(part.partition(": ")[2]) for part in counts)
    assert counted == len(messages)
    lines = Counter(
        line for record in kept for turn in record.turns for line in turn.content.split("\n")
    )
    assert lines.total() == sum(int(record.metadata["messages"]) for record in kept)
    assert len({record.dialogue_id for record in kept}) == len(kept)
    assert all(any(turn.role == "assistant" for turn in record.turns) for record in kept)
