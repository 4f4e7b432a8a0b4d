"""The languages of Indonesia and its neighbours are told apart, and too little text is unknown."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest

from laras.preparation.engine import run_steps
from laras.preparation.language import LANGUAGE_DIALOGUES, UNKNOWN, language_of
from laras.preparation.language_words import WORDS

# Written for this test, from counters, offices, news and chats.
MALAY = """
Pejabat kami ditutup pada hari Jumaat kerana cuti umum.
Awak boleh hantar borang itu melalui emel sebelum pukul lima petang.
Syarikat itu menawarkan perkhidmatan penghantaran percuma ke seluruh negara.
Kereta saya rosak di tengah jalan, jadi saya lewat ke tempat kerja.
Menteri berkata kerajaan akan membina tiga hospital baharu tahun hadapan.
Sila isi nombor telefon dan alamat rumah encik di bahagian bawah.
Saya nak tanya pasal tempahan bilik untuk dua malam.
Harga tiket kapal terbang itu berbeza mengikut musim.
Pelajar universiti tersebut memenangi pertandingan sukan antarabangsa.
Dia mahu membeli kasut baharu tetapi wang tidak mencukupi.
Mesyuarat itu ditangguhkan ke hari Khamis minggu hadapan.
Bolehkah saya tahu bila barang saya akan sampai?
Filem itu sangat seronok dan pelakonnya bercakap dengan baik.
Pesakit itu dirawat oleh dua orang doktor dan seorang jururawat.
Kami mohon maaf di atas kesulitan yang berlaku dan akan membaiki talian itu segera.
Adakah kedai ini dibuka pada hari Ahad?
Sebanyak lima puluh peratus daripada penduduk kampung itu bekerja sebagai peniaga.
Takde masalah, nanti saya hantar je dekat rumah awak.
Korang dah makan ke belum? Jom pergi kedai mamak.
Beliau menjelaskan bahawa kualiti air di kawasan itu semakin teruk.
Sekiranya terdapat sebarang pertanyaan, hubungi cawangan kami yang terdekat.
Kadar faedah pinjaman perumahan naik sebanyak dua peratus.
Adik saya belajar muzik di sebuah kolej di Kuala Lumpur.
Peguam itu berkata suspek akan dibawa ke mahkamah esok pagi.
Akaun anda telah dikemas kini, sila log masuk semula.
Jurulatih pasukan itu berpuas hati dengan perlawanan semalam.
Bekalan elektrik akan dipulihkan selepas pukul tiga petang.
Saya faham perasaan awak, tetapi cuba bersabar sahaja.
Macam mana nak tukar kata laluan untuk aplikasi ini?
Projek perumahan itu dijangka siap pada bulan Disember.
""".strip().splitlines()

INDONESIAN = """
Kantor kami tutup pada hari Jumat karena libur nasional.
Anda bisa mengirim formulir itu lewat surel sebelum jam lima sore.
Perusahaan itu menawarkan layanan pengiriman gratis ke seluruh negeri.
Mobil saya mogok di tengah jalan, jadi saya telat masuk kerja.
Menteri mengatakan pemerintah akan membangun tiga rumah sakit baru tahun depan.
Silakan isi nomor telepon dan alamat rumah Bapak di bagian bawah.
Saya mau tanya soal pemesanan kamar untuk dua malam.
Harga tiket pesawat itu berbeda menurut musim.
Mahasiswa universitas tersebut memenangkan lomba olahraga internasional.
Dia ingin membeli sepatu baru tetapi uangnya tidak cukup.
Rapat itu ditunda ke hari Kamis minggu depan.
Boleh saya tahu kapan barang saya akan sampai?
Gak papa kok, nanti aku anterin aja ke rumah kamu.
Kalian udah makan belum? Yuk ke warung.
Makasih ya kak, barangnya bagus banget.
Pasien itu dirawat oleh dua dokter dan seorang perawat.
Mohon maaf atas ketidaknyamanannya, kami akan segera memperbaiki jaringan itu.
Apakah toko ini buka pada hari Minggu?
Akun Anda telah diperbarui, silakan masuk kembali.
Bagaimana cara mengganti kata sandi untuk aplikasi ini?
Pembayaran saya gagal terus dari tadi pagi, tolong dibantu.
Barang belum sampai padahal sudah seminggu.
Proyek perumahan itu diperkirakan selesai pada bulan Desember.
Listrik akan menyala lagi setelah jam tiga sore.
""".strip().splitlines()


def share(texts: list[str], language: str) -> float:
    return Counter(map(language_of, texts))[language] / len(texts)


def test_malay_is_told_from_indonesian() -> None:
    assert share(MALAY, "ms") >= 0.9
    assert share(INDONESIAN, "id") >= 0.95


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The quick brown fox jumps over the lazy dog.", "en"),
        ("Aku lagi mangan neng omahe kancaku, sega gorenge enak tenan.", "jv"),
        ("Abdi bade mios ka pasar ayeuna, bade meser lauk sareng sangu.", "su"),
        ("Der Vertrag endet am letzten Tag des Jahres.", "de"),
        ("Le contrat se termine le dernier jour de l'année.", "fr"),
        ("Договор заканчивается в последний день года.", "ru"),
        ("この契約は年末に終了します。", "ja"),
        ("العقد ينتهي في آخر يوم من السنة.", "ar"),
    ],
)
def test_languages_are_named(text: str, language: str) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize("text", ["", "ok", "OK siap", "12345 67890 3.14", "a@b.example", "???"])
def test_too_little_text_is_unknown(text: str) -> None:
    assert language_of(text) == UNKNOWN


def test_code_and_addresses_say_nothing() -> None:
    text = (
        "```\nfor item in the list of items: print(item) and that is it\n```\nItu contoh saja ya."
    )
    assert language_of(text) == "id"


def test_a_long_text_costs_no_more_than_its_sample() -> None:
    assert language_of("kata yang panjang itu " * 500_000) == "id"


def test_a_conversation_is_judged_by_what_was_said_not_by_its_instruction() -> None:
    turns = [
        {"role": "system", "content": "You are the assistant of the bank.", "trained": None},
        {"role": "user", "content": "Kartu saya tertelan mesin.", "trained": None},
        {"role": "assistant", "content": "Mohon maaf, silakan ke kantor kami.", "trained": None},
    ]
    table = pa.table({"turns": [turns]})
    assert run_steps(table, [LANGUAGE_DIALOGUES], "plain").column("language").to_pylist() == ["id"]


def test_no_word_is_claimed_by_indonesian_and_malay() -> None:
    assert not set(WORDS["id"].split()) & set(WORDS["ms"].split())


@pytest.mark.material
@pytest.mark.parametrize(
    ("column", "language", "least"),
    [
        ("indonesian", "id", 0.99),
        ("english", "en", 0.99),
        ("javanese", "jv", 0.98),
        ("sundanese", "su", 0.8),
        ("minangkabau", "min", 0.6),
    ],
)
def test_the_languages_of_nusax_are_told_apart(
    material: Path, column: str, language: str, least: float
) -> None:
    with (material / "indonesian/nusax/mt/test.csv").open(encoding="utf-8") as stream:
        texts = [row[column] for row in csv.DictReader(stream)]
    assert share(texts, language) >= least
