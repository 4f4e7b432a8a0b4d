"""A question in other words asks for the same."""

from __future__ import annotations

import re

import pytest

from laras.checks.abilities import general_lines
from laras.checks.rewording import (
    instructions_of,
    main_language,
    paraphrase,
    reorder,
    rewordings,
    surface,
    swap_words,
)
from laras.records import Example, Message


def chat(question: str, answer: str = "Like this.") -> Example:
    messages = (Message("user", question, False), Message("assistant", answer, True))
    return Example("e", "chat", messages, "g")


def labelled(question: str, number: int = 0) -> Example:
    messages = (Message("user", question, False), Message("assistant", "lost", True))
    return Example(f"e{number}", "classification", messages, f"g{number}", label="lost")


def asked(example: Example) -> dict[str, str]:
    return {kind: each.messages[0].content for kind, each in rewordings(example).items()}


def test_an_english_question_is_asked_in_other_words() -> None:
    assert asked(chat("How do I reset my PIN at the counter?")) == {
        "words": "How can I reset my PIN at the counter?",
        "frame": "I would like to know: how do I reset my PIN at the counter?",
        "surface": "how do i reset my PIN at the counter",
    }


def test_an_indonesian_question_is_asked_in_other_words() -> None:
    assert asked(chat("Bagaimana cara membuka rekening di kantor cabang?")) == {
        "words": "Gimana cara membuka rekening di kantor cabang?",
        "frame": "Saya ingin tahu, bagaimana cara membuka rekening di kantor cabang?",
        "surface": "bagaimana cara membuka rekening di kantor cabang",
    }


@pytest.mark.parametrize(
    ("language", "text", "turned"),
    [
        (
            "en",
            "If my card is lost, can I replace it?",
            "Can I replace it if my card is lost?",
        ),
        (
            "id",
            "Kalau kartu hilang, apa yang harus saya lakukan?",
            "Apa yang harus saya lakukan kalau kartu hilang?",
        ),
        (
            "en",
            "My card was stolen yesterday. How do I order a new card?",
            "How do I order a new card? My card was stolen yesterday.",
        ),
    ],
)
def test_clauses_and_sentences_change_places(language: str, text: str, turned: str) -> None:
    assert reorder(text, language) == turned


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "My card is broken. Where do I change it?"),  # "it" is the card
        ("id", "Kartu saya rusak. Bagaimana cara menggantinya?"),
        ("en", "I saw Dr. Smith at the clinic yesterday"),
        ("en", "If my card, phone and keys are lost, what now?"),
        ("en", "Hello everybody. Where is the market?"),
        ("fr", "Si ma carte est perdue, que faire ?"),
    ],
)
def test_what_can_not_change_places_stays(language: str, text: str) -> None:
    assert reorder(text, language) == text


def test_phrases_are_swapped_either_way_and_keep_their_capital() -> None:
    assert swap_words("Can you help? I don't know.", "en") == "Could you help? I do not know."
    assert swap_words("Could you help? I do not know.", "en") == "Can you help? I don't know."
    assert swap_words("what’s new", "en") == "what is new"
    assert swap_words("Jika tidak ada, kenapa?", "id") == "Kalau nggak ada, mengapa?"
    assert swap_words("tidakkah, kandidat", "id") == "tidakkah, kandidat"  # parts of words


def test_what_is_typed_in_small_letters_gets_capital_and_mark() -> None:
    assert surface("how much is the ATM fee") == "How much is the ATM fee?"
    assert surface("my parcel is late") == "My parcel is late."
    assert surface("di mana paket saya") == "Di mana paket saya."


def test_a_shared_instruction_stays_as_it_is_and_may_stand_behind() -> None:
    rows = [labelled(f"Intent?\n\nMy parcel number {n} isn't here.", n) for n in range(4)]
    instructions = instructions_of(rows)
    assert instructions == {"Intent?"}
    found = {k: e.messages[0].content for k, e in rewordings(rows[0], instructions).items()}
    assert found["order"] == "My parcel number 0 isn't here.\n\nIntent?"
    assert found["words"] == "Intent?\n\nMy parcel number 0 is not here."
    placed = frozenset({"Name the category of the text below."})
    example = labelled("Name the category of the text below.\n\nMy parcel isn't here.")
    assert "order" not in rewordings(example, placed)


def test_labelled_texts_are_never_greeted() -> None:
    statement = "My parcel is not here yet."
    assert "frame" not in rewordings(labelled(statement))
    assert rewordings(chat(statement))["frame"].messages[0].content == f"Hello. {statement}"


def test_everything_but_the_last_question_stays() -> None:
    messages = (
        Message("system", "Be brief.", False),
        Message("user", "How do I pay?", False),
        Message("assistant", "By card.", True),
        Message("user", "How do I pay by card?", False),
        Message("assistant", "At the counter.", True),
    )
    example = Example("e", "chat", messages, "g", source="s")
    for other in [*rewordings(example).values(), paraphrase(example)]:
        assert other is not None
        assert other.messages[:3] == messages[:3]
        assert other.messages[4] == messages[4]
        assert other.messages[3].content != messages[3].content
        assert (other.example_id, other.group, other.source) == ("e", "g", "s")


def test_other_languages_change_only_on_the_surface() -> None:
    question = "Wie kann ich am Schalter eine neue Karte bestellen?"
    assert set(asked(chat(question))) == {"surface"}


def test_a_text_has_no_wording() -> None:
    text = Example("t", "text", (Message("text", "How do I pay?", True),), "g")
    assert rewordings(text) == {}
    assert paraphrase(text) is None


def test_a_paraphrase_takes_all_rules_together() -> None:
    found = paraphrase(chat("If my card is lost, how do I get a new card from you?"))
    assert found is not None
    assert (
        found.messages[0].content
        == "I would like to know: how can I get a new card from you if my card is lost?"
    )


def test_numbers_and_abbreviations_survive_every_rule() -> None:
    for language, _kind, line in general_lines():
        text = line.messages[0].content
        question = f"{text} PIN 12?"
        for other in rewordings(chat(question), language=language).values():
            content = other.messages[0].content
            assert re.findall(r"\d+|\bPIN\b", content) == ["PIN", "12"]
            assert len(content) > len(text) / 2


def test_the_language_of_the_data_decides_where_the_question_is_too_short() -> None:
    assert main_language({"id": 9, "en": 3}) == "id"
    assert main_language({"de": 9, "en": 3}) == ""
    assert main_language({"unknown": 60, "id": 40}) == "id"  # short rows tell nothing
    assert "words" not in rewordings(chat("Kapan ya?"))
    assert rewordings(chat("Kapan ya?"), language="id")["words"].messages[0].content == (
        "Kapankah ya?"
    )
