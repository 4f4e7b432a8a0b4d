"""Whom the model speaks as: named, known, or guessed with a reason."""

from __future__ import annotations

import pytest

from laras.recipe.schema import Source
from laras.sources.conversations.messages import ChatMessage
from laras.sources.conversations.roles import cast_of, is_person, plain_name


def source(**settings: object) -> Source:
    return Source.model_validate({"conversations": "chat.txt", **settings})


def talk(line: str, **more: object) -> list[ChatMessage]:
    """``talk("Ani Budi Ani")``: who speaks after whom."""
    return [ChatMessage(author.replace("_", " "), "x", **more) for author in line.split()]  # type: ignore[arg-type]


def assistants(sessions: list[list[ChatMessage]], **settings: object) -> set[str]:
    cast = cast_of(sessions, source(**settings))
    return {m.author for session in sessions for m in session if cast.role_of(m) == "assistant"}


@pytest.mark.parametrize("name", ["kriya melati", "~ Kriya Melati", "\u200eKRIYA  MELATI 🌸"])
def test_the_recipe_names_the_assistant_in_any_writing(name):
    sessions = [talk("Ani Kriya_Melati Ani")]
    assert assistants(sessions, assistant=[name]) == {"Kriya Melati"}
    assert cast_of(sessions, source(assistant=[name])).guess == ""


def test_a_phone_number_is_known_in_any_writing():
    sessions = [talk("Ani +62_812-3456-7890")]
    assert assistants(sessions, assistant=["+6281234567890"]) == {"+62 812-3456-7890"}


def test_a_recipe_that_names_somebody_overrules_what_the_format_says():
    agent = [ChatMessage("Rina", "x", role="assistant"), ChatMessage("Fin", "x", role="assistant")]
    assert assistants([[*talk("Ani"), *agent]], assistant=["Fin"]) == {"Fin"}
    assert assistants([[*talk("Ani"), *agent]]) == {"Rina", "Fin"}


def test_a_recipe_that_names_nobody_present_leaves_what_the_format_says():
    agent = [ChatMessage("Rina", "x", role="assistant")]
    assert assistants([[*talk("Ani"), *agent]], assistant=["Fin"]) == {"Rina"}
    assert assistants([talk("Ani Budi Ani")], assistant=["Fin"]) == set()
    cast = cast_of([talk("Ani Budi Ani")], source(assistant=["Fin"]))
    assert (cast.strangers, cast.guess) == ('"Ani", "Budi"', "")


def test_customary_names_need_no_guess():
    cast = cast_of([talk("Ani Bot Ani")], source())
    assert (cast.guess, cast.role_of(ChatMessage("BOT", "x"))) == ("", "assistant")


def test_system_and_tool_messages_keep_their_role():
    cast = cast_of([talk("Ani Budi")], source(assistant=["Budi"]))
    assert cast.role_of(ChatMessage("Budi", "x", role="tool")) == "tool"
    assert cast.role_of(ChatMessage("Budi", "x", role="system")) == "system"


def bot(line: str) -> list[ChatMessage]:
    return [
        ChatMessage(message.author, "x", is_bot=message.author == "Kaka") for message in talk(line)
    ]


@pytest.mark.parametrize(
    ("sessions", "expected", "reason"),
    [
        ([bot("Ani Kaka Ani Kaka")], {"Kaka"}, "is a bot"),
        ([bot("Kaka"), bot("Ani Dewi"), bot("Budi Dewi")], {"Dewi"}, "takes part in 2 of 3"),
        ([talk("Ani CS_Rina Ani")], {"CS Rina"}, "organisation"),
        (
            [talk("Ani Admin_Toko"), talk("Budi Layanan_Dua")],
            {"Admin Toko", "Layanan Dua"},
            "organ",
        ),
        ([talk("Ani PT_Maju_Jaya")], {"PT Maju Jaya"}, "organisation"),
        (
            [talk("Ani Dewi"), talk("Budi Dewi"), talk("Citra Ani")],
            {"Dewi"},
            "takes part in 2 of 3",
        ),
        ([talk("Ani Budi")] * 5 + [talk("Budi Ani")], {"Budi"}, "starts 1"),
        ([talk("Ani Budi", customer="Ani")], {"Budi"}, "export is theirs"),
        ([talk("Budi Ani", customer="Ani")], {"Budi"}, "export is theirs"),
        ([talk("Ani Budi")], {"Budi"}, "nothing tells"),
    ],
)
def test_a_guess_has_a_reason_and_says_what_to_write(sessions, expected, reason):
    assert assistants(sessions) == expected
    guess = cast_of(sessions, source()).guess
    assert reason in guess
    assert 'assistant: ["' in guess
    assert all(name in guess for name in expected)


def test_nobody_is_guessed_where_nobody_answers():
    assert assistants([talk("Ani Ani"), talk("Budi")]) == set()
    assert cast_of([talk("Ani Ani"), talk("Budi")], source()).guess == ""
    assert cast_of([], source()).guess == ""


def test_the_guess_does_not_depend_on_the_order_of_equal_authors():
    left = [talk("Ani Budi"), talk("Citra Dewi")]
    assert assistants(left) == assistants(left[::-1])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Ani", True),
        ("user", False),
        ("U-1", False),
        ("+62 812", False),
        ("", False),
        ("Bot", False),
    ],
)
def test_only_names_are_people(name, expected):
    assert is_person(name) is expected


def test_a_name_of_symbols_stays_itself():
    assert plain_name("🤓") == "🤓"
