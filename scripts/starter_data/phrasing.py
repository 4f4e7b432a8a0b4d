"""What chat messages have around their core: greetings, closings, informal spelling, typos."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Wrapping:
    """Openings and closings of one language; the held-out ones never occur in training."""

    openings: tuple[str, ...]
    held_out_openings: tuple[str, ...]
    closings: tuple[str, ...]
    held_out_closings: tuple[str, ...]
    next_openings: tuple[str, ...]
    held_out_next_openings: tuple[str, ...]
    thanks: tuple[tuple[str, ...], tuple[str, ...]]
    held_out_thanks: tuple[tuple[str, ...], tuple[str, ...]]
    welcome: tuple[str, ...]
    greetings: Mapping[str, str]
    informal: Mapping[str, str]
    kept_capital: tuple[str, ...]


WRAPPINGS: dict[str, Wrapping] = {
    "en": Wrapping(
        openings=(
            "Hi,", "Hello,", "Good morning,", "Good afternoon,", "Good evening,", "Hey,",
            "Hi there,", "Excuse me,", "Sorry to bother you,", "Quick question:", "Hello team,",
            "Hi, I'm a member.", "Me again.", "Hello, can you help me?", "I have a question.",
            "Dear support,", "Please help.", "Ok so", "Hi admin,",
        ),
        held_out_openings=(
            "Hi folks,", "Hello, I hope you are well.", "Good day,", "Greetings,",
            "Dear cooperative,", "One question from me:",
        ),
        closings=(
            "Thanks.", "Thank you!", "Please let me know.", "Thanks a lot.", "Thank you so much.",
            "I need to know today.", "Sorry for the trouble.", "I'm in a bit of a hurry.",
            "Hope you can help.", "I could not find it on the website.", "Thanks in advance.",
            "I asked at the counter but it was busy.", "My mother wants to know too.",
        ),
        held_out_closings=(
            "Cheers.", "Much appreciated.", "Looking forward to your answer.", "Kind regards.",
            "Waiting to hear from you.",
        ),
        next_openings=(
            "Ok.", "One more thing:", "I see.", "Got it.", "Alright.", "Also,", "Thank you.",
            "Thanks!", "Oh ok,", "Good to know.", "Great.", "Hmm,", "Clear.",
        ),
        held_out_next_openings=("Understood.", "Noted.", "Fine, next question.", "That's useful."),
        thanks=(
            ("Ok thank you", "Great, thanks", "Thanks a lot", "Perfect, thank you",
             "Alright, thanks", "Ok clear now, thanks", "Thx", "Got it, thank you"),
            ("that helps.", "I will come soon.", "I will tell my family.", "have a nice day.",
             "that was fast.", "good service.", "I will try it today.", "no more questions.",
             "you saved me a trip."),
        ),
        held_out_thanks=(
            ("Wonderful", "Many thanks indeed", "Brilliant, cheers"),
            ("this answers everything.", "my question is solved.", "I know enough now.",
             "you were kind."),
        ),
        welcome=(
            "You are welcome! Have a good day from all of us at Telaga Biru.",
            "You are welcome. Please write to us again any time.",
            "Happy to help. See you soon at Koperasi Telaga Biru.",
        ),
        greetings={
            "Good morning,": "Good morning!", "Good afternoon,": "Good afternoon!",
            "Good evening,": "Good evening!",
        },
        informal={
            "you": "u", "please": "pls", "Please": "Pls", "because": "bcs", "What's": "whats",
            "I'm": "im", "I'd": "id", "can't": "cant", "tomorrow": "tmrw",
            "are": "r", "through": "thru", "with": "w/",
        },
        kept_capital=("I", "I'm", "I'd", "I've"),
    ),
    "id": Wrapping(
        openings=(
            "Halo,", "Selamat pagi,", "Selamat siang,", "Selamat sore,", "Permisi,", "Kak,",
            "Min,", "Halo kak,", "Halo admin,", "Mau tanya,", "Maaf mengganggu,", "Halo min,",
            "Numpang tanya,", "Mau tanya dong kak,", "Saya anggota koperasi.", "Tolong bantu ya.",
            "Saya lagi.", "Bu,", "Pak,",
        ),
        held_out_openings=(
            "Izin bertanya,", "Tim layanan yang baik,", "Salam hangat,", "Bapak/Ibu petugas,",
            "Hai semuanya,", "Semoga sehat selalu.",
        ),
        closings=(
            "Terima kasih.", "Makasih ya.", "Mohon infonya.", "Tolong dibalas ya.", "Trims.",
            "Mohon bantuannya.", "Saya tunggu kabarnya.", "Ditunggu ya kak.",
            "Maaf merepotkan.", "Soalnya butuh hari ini.", "Terima kasih banyak, kak.",
            "Saya baru pertama kali.", "Di situs tidak ketemu infonya.",
        ),
        held_out_closings=(
            "Atas bantuannya saya ucapkan terima kasih.", "Mohon segera dijawab.",
            "Makasih banyak sebelumnya.", "Tolong pencerahannya.", "Hormat saya.",
        ),
        next_openings=(
            "Oke.", "Oh begitu.", "Satu lagi,", "Baik.", "Siap.", "Oh ya,", "Makasih kak.",
            "Oke kak,", "Jelas.", "Hmm,", "Baik min,", "Wah bagus.", "Sip.",
        ),
        held_out_next_openings=(
            "Dimengerti.", "Saya catat.", "Baiklah, lanjut.", "Berguna sekali.",
        ),
        thanks=(
            ("Oke makasih", "Siap, terima kasih", "Terima kasih banyak", "Baik, makasih kak",
             "Sip, trims", "Oke sudah jelas, makasih", "Makasih min", "Wah, terima kasih"),
            ("sangat membantu.", "nanti saya datang.", "saya kabari keluarga.",
             "selamat bekerja.", "cepat sekali balasnya.", "pelayanannya bagus.",
             "saya coba hari ini.", "itu saja dulu.", "jadi tidak perlu bolak-balik."),
        ),
        held_out_thanks=(
            ("Luar biasa", "Beribu terima kasih", "Mantap, matur nuwun"),
            ("pertanyaan saya terjawab semua.", "urusan saya beres.", "saya paham sekarang.",
             "Anda baik sekali."),
        ),
        welcome=(
            "Sama-sama! Semoga hari Anda menyenangkan, salam dari Telaga Biru.",
            "Sama-sama. Silakan hubungi kami lagi kapan saja kalau perlu.",
            "Senang bisa membantu. Sampai jumpa di Koperasi Telaga Biru.",
        ),
        greetings={
            "Selamat pagi,": "Selamat pagi!", "Selamat siang,": "Selamat siang!",
            "Selamat sore,": "Selamat sore!",
        },
        informal={
            "yang": "yg", "tidak": "gak", "sudah": "udah", "bagaimana": "gimana",
            "Bagaimana": "Gimana", "untuk": "utk", "dengan": "dgn", "saya": "sy", "tapi": "tp",
            "kalau": "kalo", "Kalau": "Kalo", "belum": "blm", "karena": "krn", "juga": "jg",
            "bisa": "bs", "berapa": "brp", "Tolong": "Tlg", "lewat": "lwt",
        },
        kept_capital=(),
    ),
}  # fmt: skip


def misspell(word: str, rng: random.Random) -> str:
    """Swap two neighbouring letters inside a word, as hurried fingers do."""
    place = rng.randrange(1, len(word) - 2)
    return word[:place] + word[place + 1] + word[place] + word[place + 2 :]


def roughen(frame: str, language: str, rng: random.Random) -> str:
    """Write a frame the informal way; fields in braces stay untouched."""
    informal = WRAPPINGS[language].informal if rng.random() < 0.3 else {}
    words = [informal.get(word, word) if rng.random() < 0.7 else word for word in frame.split(" ")]
    if rng.random() < 0.07:
        places = [place for place, word in enumerate(words) if word.isalpha() and len(word) > 4]
        if places:
            place = rng.choice(places)
            words[place] = misspell(words[place], rng)
    return " ".join(words)


def join_opening(opening: str, text: str, language: str) -> str:
    """Put an opening before a text, which loses its capital after a comma or a colon."""
    if not opening:
        return text
    first = text.split(" ", 1)[0]
    continues = opening[-1] not in ".!?"
    if continues and first not in WRAPPINGS[language].kept_capital and not first.startswith("{"):
        text = text[0].lower() + text[1:]
    return f"{opening} {text}"


def capitalise(text: str) -> str:
    """Make the first letter upper case and leave the rest alone."""
    return text[:1].upper() + text[1:]


def finish(text: str, rng: random.Random) -> str:
    """Give a filled-in message the look of its writer: careful, or careless about marks."""
    text = capitalise(text)
    mood = rng.random()
    if mood < 0.2:
        text = text.lower()
    if mood < 0.3 and text[-1] in ".?":
        text = text[:-1]
    return re.sub(r" +", " ", text)
