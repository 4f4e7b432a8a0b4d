"""Telegram, Discord, Messenger, Signal and Teams: what each has of its own."""

from __future__ import annotations

import pytest

from laras.sources.conversations.messenger import repaired
from laras.sources.conversations.threads import roots


def telegram(*items: dict[str, object], **chat: object) -> dict[str, object]:
    numbered = [
        {
            "id": n,
            "type": "message",
            "date": "2026-01-05T10:00:00",
            "from": "Ani",
            "text": "x",
            **item,
        }
        for n, item in enumerate(items, 1)
    ]
    return {"name": "Ani", "type": "personal_chat", "id": 7, "messages": numbered, **chat}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("halo", "halo"),
        (["a ", {"type": "bold", "text": "b"}, " c"], "a b c"),
        (
            [{"type": "bold", "text": "Tautan:"}, {"type": "link", "text": "https://a.example"}],
            "Tautan: https://a.example",
        ),
        (
            [{"type": "bold", "text": "("}, {"type": "link", "text": "https://a.example"}, ")"],
            "(https://a.example)",
        ),
        (["lihat", {"type": "link", "text": "a.example"}], "lihata.example"),
        (
            [{"type": "text_link", "text": "sini", "href": "https://a.example/"}],
            "sini (https://a.example/)",
        ),
        ([{"type": "text_link", "text": "sini", "href": "javascript:x"}], "sini"),
        (
            [
                "kirim ke",
                {"type": "email", "text": "a@contoh.id"},
                "ya",
                {"type": "phone", "text": "0812"},
            ],
            "kirim ke a@contoh.id ya 0812",
        ),
        (["kirim ke ", {"type": "mention", "text": "@ani_77"}, "."], "kirim ke @ani_77."),
        ([None, 3, {"text": 4}, ["x"]], ""),
        ({"text": "x"}, ""),
        (None, ""),
    ],
)
def test_telegrams_text_is_a_string_or_parts(parse, text, expected):
    assert parse("telegram", telegram({"text": text}))[0].text == expected


def test_whom_telegrams_parts_mention_is_known_by_name(parse):
    kinds = ("mention", "mention_name", "text_mention", "bold")
    parts = [{"type": kind, "text": f"@{kind}"} for kind in kinds]
    message = parse("telegram", telegram({"text": parts}))[0]
    assert message.others == ("@mention", "@mention_name", "@text_mention")


@pytest.mark.parametrize(
    ("item", "kind"),
    [
        ({}, "message"),
        ({"type": "service", "action": "phone_call"}, "event"),
        ({"text": "", "photo": "(File not included)"}, "media"),
        ({"text": "lihat", "photo": "(File not included)"}, "message"),
        ({"text": "", "media_type": "sticker"}, "media"),
        ({"text": "", "poll": {"question": "?"}}, "media"),
        ({"text": ""}, "message"),
    ],
)
def test_telegrams_kinds(parse, item, kind):
    assert parse("telegram", telegram({}, item))[1].kind == kind


def test_telegrams_time_is_that_of_the_world_and_not_of_the_phone(parse):
    (found,) = parse("telegram", telegram({"date_unixtime": "1767589200"}))
    assert found.time == 1767589200.0
    (found,) = parse("telegram", telegram({"date_unixtime": "1e999"}))
    assert found.time == 1767607200.0  # what the phone's clock said


def test_replies_are_threads_in_groups_and_not_between_two(parse):
    items = [
        {"from": "Ani"},
        {"from": "Budi"},
        {"from": "Citra", "reply_to_message_id": 1},
        {"from": "Citra", "reply_to_message_id": 2},
        {"from": "Ani", "reply_to_message_id": 3},
        {"from": "Ani"},
        {"from": "Budi", "reply_to_message_id": 99},
    ]
    group = parse("telegram", telegram(*items, type="private_group", name="Grup"))
    assert [m.thread for m in group] == ["1", "2", "1", "2", "1", "", "99"]
    two = parse("telegram", telegram({"from": "Ani"}, {"from": "Budi", "reply_to_message_id": 1}))
    assert {(m.thread, m.customer) for m in two} == {("", "Ani")}


def test_a_topic_of_a_forum_is_a_chat_that_is_cut_by_time(parse):
    items = [
        {"type": "service", "action": "topic_created", "title": "Harga"},
        {"from": "Ani", "reply_to_message_id": 1},
        {"from": "Budi", "reply_to_message_id": 2},
        {"from": "Citra", "reply_to_message_id": 1},
    ]
    found = parse("telegram", telegram(*items, type="private_supergroup", name="Forum"))
    assert [(m.chat, m.thread) for m in found[1:]] == [("7", "2"), ("7", "2"), ("7 1", "")]


def test_threads_end_at_their_first_message_also_where_replies_run_in_a_circle():
    assert roots({"b": "a", "c": "b", "d": "x"}) == {
        **dict.fromkeys("abc", "a"),
        "d": "x",
        "x": "x",
    }
    circle = roots({"a": "b", "b": "c", "c": "a"})
    assert len(set(circle.values())) == 1
    long = {str(n): str(n - 1) for n in range(1, 50_000)}
    assert set(roots(long).values()) == {"0"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("AndrÃ© ð\x9f\x98\x8a", "André 😊"),
        ("plain", "plain"),
        ("André", "André"),  # no UTF-8 when read byte by byte: it was right already
        ("日本", "日本"),
        ("", ""),
    ],
)
def test_texts_written_byte_by_byte_are_put_right(text, expected):
    assert repaired(text) == expected


def meta(*items: dict[str, object], **more: object) -> dict[str, object]:
    filled = [
        {"sender_name": "Ani", "timestamp_ms": 1_700_000_000_000 - n, "content": "x", **item}
        for n, item in enumerate(items)
    ]
    return {
        "participants": [{"name": "Ani"}, {"name": "Toko"}],
        "title": "Ani",
        "messages": filled,
        **more,
    }


@pytest.mark.parametrize(
    ("item", "kind"),
    [
        ({}, "message"),
        ({"content": None, "photos": [{"uri": "a.jpg"}]}, "media"),
        ({"content": "Ani sent an attachment.", "share": {"link": "x"}}, "media"),
        ({"content": "Ani mengirim foto."}, "media"),
        ({"content": "lihat ini", "share": {"link": "x"}}, "message"),
        ({"content": "Liked a message"}, "event"),
        ({"content": "Reacted \u00e2\x9d\u00a4 to your message"}, "event"),
        ({"content": "You called Ani.", "call_duration": 0}, "event"),
        ({"content": "x", "is_unsent": True}, "event"),
        ({"type": "Unsubscribe"}, "event"),
        ({"content": "Kamu menyukai pesan itu?"}, "message"),
    ],
)
def test_messengers_kinds(parse, item, kind):
    found = parse("messenger", meta({}, item))
    assert found[0].kind == kind  # the later entry is the older message


def test_messengers_messages_run_forward(parse):
    found = parse("messenger", meta({"content": "tiga"}, {"content": "dua"}, {"content": "satu"}))
    assert [m.text for m in found] == ["satu", "dua", "tiga"]
    assert [m.locator for m in found] == ["message 3", "message 2", "message 1"]
    assert {m.customer for m in found} == {"Ani"}


@pytest.mark.parametrize(
    ("line", "kind", "text"),
    [
        ("[2026-01-05, 10:00] Ani: Halo", "message", "Halo"),
        ("[2026-01-05 10:00:30] Ani: Halo  ", "message", "Halo"),
        ("[2026-01-05 10:00:30] Ani: Halo\n(- Budi: 👍, Me: 😀 -)", "message", "Halo"),
        ("[2026-01-05 10:00:30] Ani: \n\n> tadi\n> dan ini\n\nYa", "message", "Ya"),
        ("[2026-01-05 10:00:30] Ani: ![a.jpg](./media/a.jpg)", "media", ""),
        ("[2026-01-05 10:00:30] Ani: Ini [a.pdf](./media/a.pdf)", "message", "Ini"),
        ("[2026-01-05 10:00:30] Ani: (( 😀 ))", "media", ""),
        ("[2026-01-05 10:00:30] Ani: (This message was deleted)", "event", None),
        ("[2026-01-05 10:00:30] Ani: Missed video call", "event", None),
        ("[2026-01-05 10:00:30] Ani: lihat [ini](https://a.example)", "message", None),
    ],
)
def test_signals_lines(parse, line, kind, text):
    (found,) = parse("signal", line)
    assert (found.kind, found.author) == (kind, "Ani")
    if text is not None:
        assert found.text == text


def teams(content: str, **more: object) -> dict[str, object]:
    person = {"user": {"displayName": "Oscar"}}
    body = {"contentType": "html", "content": content}
    return {
        "id": "1",
        "messageType": "message",
        "createdDateTime": "2026-06-01T08:00:00Z",
        "from": person,
        "body": body,
        **more,
    }


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("<p>Satu</p><p>Dua</p>", "Satu\n\nDua"),
        ("a<br>b &amp; c&nbsp;d", "a\nb & c d"),
        ('<at id="0">Ani &amp; Budi</at> hai', "@Ani & Budi hai"),
        ('ya <emoji id="smile" alt="🙂" title="x"></emoji>', "ya 🙂"),
        ('<a href="https://a.example/x" title="t">sini</a>', "sini (https://a.example/x)"),
        ('<a href="https://a.example/">https://a.example</a>', "https://a.example"),
        ('<a href="javascript:x">sini</a>', "sini"),
        ("<script>x</script>y", "y"),
    ],
)
def test_bodies_of_teams_become_text(parse, content, expected):
    assert parse("teams", teams(content))[0].text == expected


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({}, "message"),
        ({"messageType": "systemEventMessage"}, "event"),
        ({"deletedDateTime": "2026-06-01T09:00:00Z"}, "event"),
        ({"body": {"contentType": "text", "content": ""}, "attachments": [{"id": "1"}]}, "media"),
        ({"body": {"contentType": "html", "content": "<p><img src='x'></p>"}}, "media"),
    ],
)
def test_kinds_of_teams(parse, more, kind):
    assert parse("teams", teams("x", **more))[0].kind == kind


def test_a_bot_of_teams_is_an_application(parse):
    found = parse(
        "teams", teams("x", **{"from": {"user": None, "application": {"displayName": "Bot"}}})
    )
    assert (found[0].author, found[0].is_bot) == ("Bot", True)
