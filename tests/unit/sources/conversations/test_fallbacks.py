"""Answers that say that nothing was understood, and answers that only begin as if."""

from __future__ import annotations

import time

import pytest

from laras.sources.conversations.fallbacks import Fallbacks, is_customary


@pytest.mark.parametrize(
    "text",
    [
        "Maaf, saya tidak mengerti.",
        "Mohon maaf Kak, saya belum paham maksud kakak 🙏",
        "Maaf, pertanyaan Anda tidak dapat dipahami. Silakan coba lagi.",
        "maaf aku kurang mengerti pertanyaannya, bisa diulangi?",
        "Maaf, bisa ulangi pertanyaannya?",
        "Saya masih belajar. Tanyakan hal lain ya!",
        "Sorry, I didn't understand that.",
        "I'm sorry, but I don't understand your question. Please try again.",
        "Sorry, could you rephrase that?",
        "I am still learning.",
        "Unfortunately I couldn't find an answer.",
        "I’m not sure I understand.",
    ],
)
def test_customary_fallbacks_are_known(text):
    assert is_customary(text)


@pytest.mark.parametrize(
    "text",
    [
        "Maaf, saya tidak mengerti mengapa paketnya terlambat, tetapi gudang sudah saya hubungi.",
        "Maaf menunggu. Pesanan Anda dikirim besok.",
        "Sorry, I don't understand why it failed, but I have restarted the server for you.",
        "I understand.",
        "Saya paham, Kak. Barangnya kami ganti.",
        "Bisa, silakan datang pukul delapan.",
        "Maaf, saya tidak mengerti. Namun: buka menu. Lalu pilih ini. Lalu pilih itu. Selesai.",
        "Could you send me your order number?",
        "",
    ],
)
def test_answers_are_no_fallbacks(text):
    assert not is_customary(text)


def test_the_recipes_own_are_compared_without_marks_and_case():
    fallbacks = Fallbacks(["Hubungi admin, ya!", ""])
    assert fallbacks.match("hubungi admin ya")
    assert not fallbacks.match("hubungi admin ya besok")
    assert not fallbacks.match("")


@pytest.mark.parametrize("piece", ["maaf ", "maaf, ", "i'm sorry ", "saya tidak ", "  ", "yah"])
def test_no_text_makes_it_slow(piece):
    start = time.process_time()
    Fallbacks(["x"]).match(piece * (1_000_000 // len(piece)))
    is_customary(piece * (400 // len(piece)))
    assert time.process_time() - start < 2.0
