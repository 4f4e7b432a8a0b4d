"""Which answers decline to answer, in two languages."""

from __future__ import annotations

import pytest

from laras.evaluation.refusal import OPENING, is_refusal, refusals

REFUSALS = [
    "I'm sorry, but I can't help with that.",
    "I’m sorry, I cannot assist you with this request.",
    "Sorry, I am unable to provide that information.",
    "Unfortunately, we are not able to share customer data.",
    "I don't know.",
    "I do not have access to your account, so please call us.",
    "We don't have enough information to say.",
    "As an AI language model, I have no opinions.",
    "I am just an AI and have no feelings.",
    "I must decline.",
    "I apologize, but I won't be able to help you do that.",
    "Maaf, saya tidak bisa membantu dengan hal itu.",
    "Mohon maaf, kami tidak dapat memberikan informasi tersebut.",
    "Saya tidak tahu.",
    "Saya, sayangnya, tidak dapat menjawab pertanyaan ini.",
    "Kami belum memiliki informasi tentang itu.",
    "Sebagai model bahasa, saya tidak punya pendapat.",
    "Waduh, aku nggak bisa bantu yang itu.",
    "Maaf, pertanyaan ini tidak dapat kami jawab.",
    "Saya harus menolak.",
    "SAYA TIDAK MEMILIKI AKSES ke data itu",
]
ANSWERS = [
    "I'm sorry to hear that. I have sent you a new one today.",
    "Sorry for the delay! Your parcel arrives tomorrow.",
    "You can't return opened goods, but you can exchange them.",
    "I can help with that. What is your order number?",
    "If I can't find the page, I refresh it.",
    "I don't know if you have seen it, but the form is on page 2.",
    "The plan is as follows: an AI conference in May.",
    "No.",
    "",
    "Maaf atas keterlambatannya, pesanan Anda dikirim hari ini.",
    "Anda tidak dapat mengembalikan barang yang sudah dibuka.",
    "Saya bisa membantu. Berapa nomor pesanan Anda?",
    "Toko kami tidak buka pada hari Minggu.",
    "Tidak, biayanya sudah termasuk.",
    "我不能帮助你。",  # a language that is not in the list
    "Jam kerja kami pukul 9. " * 20 + "Saya tidak tahu.",
]


@pytest.mark.parametrize("text", REFUSALS)
def test_a_refusal_is_seen(text: str) -> None:
    assert is_refusal(text)


@pytest.mark.parametrize("text", ANSWERS)
def test_an_answer_is_not_taken_for_one(text: str) -> None:
    assert not is_refusal(text)


def test_refusing_is_right_where_the_reference_refuses() -> None:
    predictions = ["I don't know.", "At nine.", "I don't know.", ""]
    references = ["At nine.", "At nine.", "We can't answer that.", "At nine."]
    assert refusals(predictions, references) == [1.0, 0.0, None, 0.0]


def test_only_the_opening_of_an_answer_is_read() -> None:
    assert not is_refusal("word " * OPENING + "I don't know.")
