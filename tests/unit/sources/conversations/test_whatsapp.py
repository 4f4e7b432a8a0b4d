"""WhatsApp's export in the forms that phones of many languages write."""

from __future__ import annotations

import time
import zipfile
from datetime import UTC, datetime

import pytest

from laras.records import Dialogue, Rejection
from laras.sources.conversations.messages import ChatMessage

NARROW = "\u202f"
MARK = "\u200e"


def written(message: ChatMessage) -> str:
    assert message.time is not None
    return datetime.fromtimestamp(message.time, UTC).strftime("%Y-%m-%d %H:%M:%S")


@pytest.mark.parametrize(
    "head",
    [
        "05/01/24 14.05 - ",  # Indonesian, Android
        "05/01/24, 14.05 - ",
        "05/01/2024 14:05 - ",
        "5/1/24, 2:05 PM - ",
        f"5/1/24, 2:05{NARROW}PM - ",
        f"05/01/24, 2:05{NARROW}p.m. - ",
        "05/01/2024, 02:05 p. m. - ",
        "05.01.24, 14:05 - ",  # German
        "2024-01-05 14:05 - ",  # Swedish
        "2024-01-05, 2:05 p.m. - ",  # Canadian
        "2024/1/5 14:05 - ",  # Japanese
        "2024/1/5 下午2:05 - ",  # Chinese
        "2024. 1. 5. 오후 2:05 - ",  # Korean
        "5. 1. 2024 14:05 - ",  # Czech
        "05/01/24 2:05 PTG - ",  # Malay
        "05/01/2024 à 14:05 - ",  # French
        "05/01/24, 14:05\u00a0- ",
        "5.1.2024 klo 14.05 - ",  # Finnish
        "[05/01/24 14.05.00] ",  # Indonesian, iOS
        "[05/01/24, 14.05.00] ",
        f"[5/1/24, 2:05:00{NARROW}PM] ",
        "[05.01.24, 14:05:00] ",
        "[2024-01-05, 2:05:00 PM] ",
        "[5.1.2024 klo 14.05.00] ",
        f"{MARK}[05/01/2024 14:05:00] ",
        "\ufeff[05/01/24 14.05.00] ",
        "[05/01/24 14:05] ",
    ],
)
def test_a_head_is_known_by_its_form(parse, head):
    found = parse("whatsapp", f"{head}Ani: Halo\nbaris dua\n{head}Budi: Ya", date_order="day-first")
    assert [(m.author, m.text, m.kind) for m in found] == [
        ("Ani", "Halo\nbaris dua", "message"),
        ("Budi", "Ya", "message"),
    ]
    assert {written(m) for m in found} == {"2024-01-05 14:05:00"}
    assert [m.locator for m in found] == ["line 1", "line 3"]


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        ("<Media omitted>", "media", ""),
        ("<Media tidak disertakan>", "media", ""),
        ("<Multimedia omitido>", "media", ""),
        (f"{MARK}image omitted", "media", ""),
        ("image omitted", "media", ""),
        ("stiker tidak disertakan", "media", ""),
        (f"brosur.pdf • {MARK}3 pages {MARK}document omitted", "media", ""),
        (f"Ini brosurnya {MARK}document omitted", "message", "Ini brosurnya"),
        (f"{MARK}<attached: 00000012-PHOTO-2024-01-05.jpg>", "media", ""),
        (f"{MARK}<terlampir: 00000012-PHOTO-2024-01-05.jpg>", "media", ""),
        (f"Ini fotonya {MARK}<attached: 00000012-PHOTO.jpg>", "message", "Ini fotonya"),
        ("IMG-20240105-WA0001.jpg (file attached)", "media", ""),
        ("IMG-20240105-WA0001.jpg (file terlampir)\nIni fotonya", "message", "Ini fotonya"),
        ("Daftar harga.pdf (file terlampir)", "media", ""),
        ("Harga.pdf (versi lama) ada?", "message", "Harga.pdf (versi lama) ada?"),
        ("location: https://maps.google.com/?q=-7.25,112.75", "media", ""),
        ("lokasi: https://maps.google.com/?q=-7.25,112.75", "media", ""),
        ("Lokasi toko di sini https://example.org/toko", "message", None),
        ("Rp185.000 <Pesan ini diedit>", "message", "Rp185.000"),
        (f"Rp185.000 {MARK}<This message was edited>", "message", "Rp185.000"),
        ("This message was deleted", "event", None),
        ("You deleted this message.", "event", None),
        ("Pesan ini telah dihapus", "event", None),
        ("Anda menghapus pesan ini", "event", None),
        (f"{MARK}Pesan ini dihapus.", "event", None),
        ("Panggilan suara tak terjawab", "event", None),
        (f"{MARK}Missed video call", "event", None),
        ("null", "event", None),
        ("Waiting for this message. This may take a while.", "event", None),
        (f"{MARK}Messages and calls are end-to-end encrypted.", "event", None),
        (f"{MARK}Ani added Budi", "event", None),
        ("Apakah pesan ini dihapus otomatis?", "message", None),
        ("image omitted from the catalogue, why?", "message", None),
        ("<3", "message", "<3"),
        ("a < b > c", "message", None),
        (f"{MARK}POLLING:\nHari apa?\n{MARK}PILIHAN: Senin (2 suara)", "message", None),
        ("", "message", ""),
    ],
)
def test_what_the_app_writes_is_told_from_what_people_say(parse, text, kind, said):
    (_first, found) = parse("whatsapp", f"15/01/24 14.05 - Ani: Hai\n15/01/24 14.06 - Budi: {text}")
    assert found.kind == kind
    if kind != "event":
        assert found.text == (text.replace(MARK, "") if said is None else said)


def test_lines_of_the_app_have_no_author(parse):
    lines = [
        "Messages and calls are end-to-end encrypted. No one outside of this chat can read them.",
        '+62 812-3456 created group "Arisan: RT 05"',
        "Ani mengubah deskripsi grup",
        'Ani changed the subject from "Promo: Mei" to "Promo: Juni"',
        "Anda ditambahkan",
        "Ani:.",
    ]
    text = "\n".join(f"15/01/24 14.05 - {line}" for line in [*lines, "Ani: Halo: dunia"])
    *events, message = parse("whatsapp", text)
    assert {event.kind for event in events} == {"event"}
    assert (message.author, message.text, message.kind) == ("Ani", "Halo: dunia", "message")


def test_names_with_colons_symbols_and_marks_are_whole(parse):
    lines = [
        "CS: Rina: Selamat pagi",
        f"{MARK}~{NARROW}Budi 🌸: Pagi",
        "CS: Rina: Ada yang bisa dibantu?",
        "\u202a+62 812-3456-7890\u202c: Ada: dua hal",
        "CS: Rina: Baik: saya cek",
        "Dewi: Catatan: satu",
        "Dewi: Catatan: dua",
        "Dewi: Ya",
        "Dewi: Catatan: tiga",
    ]
    found = parse("whatsapp", "\n".join(f"15/01/24 14.05 - {line}" for line in lines))
    assert [m.author for m in found] == [
        *("CS: Rina", "Budi 🌸", "CS: Rina", "+62 812-3456-7890", "CS: Rina"),
        *("Dewi", "Dewi", "Dewi", "Dewi"),
    ]
    assert found[4].text == "Baik: saya cek"
    assert found[5].text == "Catatan: satu"


def test_mentions_are_names_without_their_marks(parse):
    (found,) = parse("whatsapp", "[15/01/24 14.05.00] Ani: Tanya @\u2068~Budi Santoso\u2069 ya")
    assert (found.text, found.others) == ("Tanya @~Budi Santoso ya", ("Budi Santoso",))


def test_dates_that_tell_nothing_are_said_once_and_the_recipe_decides(parse):
    text = "05/01/24 14.05 - Ani: A\n06/02/24 14.05 - Budi: B"
    note, first, _second = parse("whatsapp", text)
    assert isinstance(note, Rejection)
    assert (note.reason, note.rows, note.locator) == ("undecided-date-order", 0, "line 1")
    assert written(first) == "2024-01-05 14:05:00"
    first, _second = parse("whatsapp", text, date_order="month-first")
    assert written(first) == "2024-05-01 14:05:00"


def test_a_message_whose_date_does_not_exist_is_kept_without_a_time(parse):
    found = parse("whatsapp", "15/01/24 14.05 - Ani: A\n31/02/24 25.71 - Budi: B")
    assert [(m.text, m.time is None) for m in found] == [("A", False), ("B", True)]


def test_the_partner_is_the_one_whom_the_file_is_named_after(parse):
    text = "15/01/24 14.05 - Ani: A\n15/01/24 14.06 - Budi: B"
    for path in (
        "WhatsApp Chat with Ani.txt",
        "ekspor/Chat WhatsApp dengan Ani.txt",
        "WhatsApp Chat - Ani.zip/_chat.txt",
    ):
        assert {m.customer for m in parse("whatsapp", text, path=path)} == {"Ani"}
    assert {m.customer for m in parse("whatsapp", text)} == {""}
    group = f"{text}\n15/01/24 14.07 - Citra: C"
    path = "WhatsApp Chat with Ani.txt"
    assert {m.customer for m in parse("whatsapp", group, path=path)} == {""}


@pytest.mark.parametrize(
    "text",
    [
        "Halo dunia\nini catatan biasa",
        "Rapat 05/01/24 14.05 - hadir semua",
        "05/01/24 14.05 - rapat dimulai\n05/01/24 15.05 - rapat selesai",
        "2024-01-05 14:05:00,123 - root - INFO - started",
        "",
    ],
)
def test_other_texts_are_no_chats(read, write, text):
    write("a.txt", text or " ")
    (rejection,) = read("a.txt", kind="conversations")
    assert rejection.reason == "text-alone"


def test_a_chat_is_read_as_a_text_under_documents(read, write):
    write("a.txt", "05/01/24 14.05 - Ani: Halo\n05/01/24 14.06 - Budi: Ya")
    (document,) = read("a.txt")
    assert document.text.startswith("05/01/24")


def test_the_zip_of_an_iphone_is_read_with_its_pictures_noted(read, tmp_path):
    chat = "[15/01/24 14.05.00] Ani: Ada?\n[15/01/24 14.06.00] Toko Maju: Ada, Kak."
    with zipfile.ZipFile(tmp_path / "WhatsApp Chat - Ani.zip", "w") as archive:
        archive.writestr("_chat.txt", chat)
        archive.writestr("00000003-PHOTO-2024-01-15-14-05-10.jpg", b"\xff\xd8\xff")
    records = read("WhatsApp Chat - Ani.zip", kind="conversations")
    (dialogue,) = (record for record in records if isinstance(record, Dialogue))
    assert [turn.content for turn in dialogue.turns] == ["Ada?", "Ada, Kak."]
    assert dialogue.group == "Ani"
    rest = [record for record in records if isinstance(record, Rejection)]
    assert sum(record.rows for record in rest) == 0


@pytest.mark.parametrize(
    "line",
    [
        "05/01/24 14.05 - ",
        "[",
        "\u200e",
        "05/01/24" + " ",
        "1/1/1 ",
        "05/01/24 14.05 - Ani: <",
        "05/01/24 14.05 - A: a: ",
        "(((",
        "05/01/24 14.05 - A: \u200e<a: b",
        "05/01/24 14.05 - A: x.jpg (",
        "\u2068a",
        "call ",
    ],
)
@pytest.mark.parametrize("joint", ["", "\n"])
def test_a_megabyte_of_anything_takes_linear_time(parse, context_of, line, joint):
    from laras.sources.conversations import whatsapp

    head = "05/01/24 14.05 - Ani: Halo\n15/01/24 14.05 - Budi: "
    text = head + joint.join([line] * (1_000_000 // len(line + joint)))
    start = time.process_time()
    assert whatsapp.recognises(text[:20_000], context_of())
    assert len(list(whatsapp.messages(text, context_of()))) >= 2
    assert time.process_time() - start < 10.0


def test_a_message_of_ten_megabytes_is_one_message(read, write):
    body = "kata " * 2_000_000
    write("a.txt", f"15/01/24 14.05 - Ani: {body}\n15/01/24 14.06 - bot: Ya")
    (dialogue,) = read("a.txt", kind="conversations")
    assert [len(turn.content) for turn in dialogue.turns] == [len(body.strip()), 2]
