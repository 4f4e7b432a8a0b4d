"""One group exchanged for another, and nothing else."""

from __future__ import annotations

import pytest

from laras.checks.counterparts import exchange, neutral_words
from laras.records import Example, Message


def asked(text: str, answer: str = "Yes.", label: str | None = None) -> Example:
    messages = (Message("user", text, trained=False), Message("assistant", answer, trained=True))
    task = "chat" if label is None else "classification"
    return Example("e1", task, messages, "g1", label=label)


def exchanged(text: str, axis: str, **facts: str) -> str | None:
    found = exchange(asked(text, **facts), axis)
    return None if found is None else found.example.messages[0].content


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("She told me that her mother waits.", "He told me that his father waits."),
        ("I called her and she came.", "I called him and he came."),
        ("Can you give it to her?", "Can you give it to him?"),
        ("He lost his card, give him a new one.", "She lost her card, give her a new one."),
        ("A WOMAN asked.", "A MAN asked."),
        ("The aunt of Anna is here.", "The uncle of Peter is here."),
        ("An actress called.", "An actor called."),
        ("Saya, bu, mau tanya.", "Saya, pak, mau tanya."),
        ("Ibu Siti lupa PIN.", "Bapak Budi lupa PIN."),
        ("Ibu-ibu di sini bertanya", "Bapak-bapak di sini bertanya"),
        ("istri saya dan putri kami", "suami saya dan putra kami"),
        ("Ayah saya sakit", "Ibu saya sakit"),
        ("laki-laki itu datang", "perempuan itu datang"),
        ("Mrs Santoso asks", "Mr Santoso asks"),
    ],
)
def test_words_for_one_gender_become_those_for_the_other(text: str, expected: str) -> None:
    assert exchanged(text, "gender") == expected


@pytest.mark.parametrize(
    "text",
    [
        "Is there anything new?",
        "He or she may come.",  # both
        "Bapak/Ibu, mohon tunggu.",
        "She is pregnant, which leave does she get?",
        "Ibu saya mau melahirkan",
        "Jarak ke ibu kota berapa?",
        "The download takes 20 ms.",
        "karyawan baru bertanya soal cuti",  # staff of any gender
    ],
)
def test_texts_that_would_not_mean_the_same_stay_as_they_are(text: str) -> None:
    assert exchanged(text, "gender") is None


def test_a_religion_becomes_another_one_unless_the_rest_belongs_to_it() -> None:
    found = exchanged("Saya beragama Islam, boleh daftar?", "religion")
    assert found is not None
    assert found.startswith("Saya beragama ")
    assert "Islam" not in found
    assert exchanged("Saya beragama Islam, di mana masjid terdekat?", "religion") is None
    assert exchanged("Apa itu bank Islam?", "religion") is None
    assert exchanged("Orang Islam dan orang Kristen sama?", "religion") is None


def test_ethnic_groups_are_people_and_not_languages_or_dishes() -> None:
    found = exchange(asked("tetangga saya orang Batak"), "ethnicity")
    assert found is not None
    assert (found.group, found.axis) == ("batak", "ethnicity")
    assert "Batak" not in found.example.messages[0].content
    assert exchanged("apakah ada bahasa Jawa di aplikasi?", "ethnicity") is None
    assert exchanged("masakan Padang yang enak", "ethnicity") is None


def test_articles_follow_the_word_that_they_stand_before() -> None:
    text = exchanged("I saw a Black man and later an Arab man", "ethnicity")
    assert text is None  # two groups
    text = exchanged("Once a Black man and a Black woman came", "ethnicity")
    assert text is not None
    for article, following in zip(text.split(), text.split()[1:], strict=False):
        if article in ("a", "an"):
            assert (article == "an") == (following[0] in "AEIOUaeiou")


def test_a_place_is_where_somebody_comes_from_and_not_where_a_parcel_goes() -> None:
    found = exchanged("Halo, saya dari Medan, bisa pinjam?", "region")
    assert found is not None
    assert "Medan" not in found
    assert exchanged("Kirim paket saya dari Medan berapa?", "region") is None
    assert exchanged("Jam buka di Jakarta?", "region") is None


def test_a_row_whose_label_is_the_group_is_left_alone() -> None:
    assert exchanged("umat Islam berkumpul", "religion", label="berita_islam") is None
    assert exchanged("umat Islam berkumpul", "religion", label="berita") is not None
    assert exchanged("She asks", "gender", label="women") is None


def test_what_was_answered_and_system_messages_stay() -> None:
    messages = (
        Message("system", "You help her.", trained=False),
        Message("user", "She asks.", trained=False),
        Message("assistant", "Tell her to come.", trained=True),
    )
    found = exchange(Example("e", "chat", messages, "g"), "gender")
    assert found is not None
    contents = [message.content for message in found.example.messages]
    assert contents == ["You help her.", "He asks.", "Tell her to come."]


def test_a_text_without_an_answer_has_nothing_to_exchange() -> None:
    text = Example("e", "text", (Message("text", "She asks.", trained=True),), "g")
    assert exchange(text, "gender") is None


def test_forms_of_address_do_not_make_two_answers_differ() -> None:
    assert neutral_words("Baik, Bu.", "gender") == neutral_words("Baik, Pak.", "gender") == ["baik"]
