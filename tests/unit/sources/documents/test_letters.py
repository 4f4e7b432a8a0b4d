"""Letters in EML, mbox and MSG files: what the writer wrote, and which letters belong together."""

from __future__ import annotations

import json
import time

import pytest

from compound_file import write_msg
from laras.records import Document, Rejection

ANSWER = b"""\
From: =?utf-8?B?U2FyaSBEw6l3aQ==?= <sari@contoh.id>
To: budi@contoh.id
Subject: =?iso-8859-1?Q?Re:_Rapat_di_caf=E9?=
Message-ID: <b@contoh.id>
In-Reply-To: <a@contoh.id>
Date: Mon, 02 Mar 2026 08:00:00 +0700
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="B"

--B
Content-Type: multipart/alternative; boundary="C"

--C
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

Setuju, kita bertemu di caf=E9 =93Braga=94.

Pada Sen, 2 Mar 2026 pukul 07.00 Budi Santoso
<budi@contoh.id> menulis:
> Jadi rapat?
>
>> Kapan?

Terima kasih.
--=20
Sari
Bagian Umum
--C
Content-Type: text/html

<p>The same as HTML</p>
--C--
--B
Content-Type: application/pdf
Content-Disposition: attachment; filename*=UTF-8''notul%C3%A9n.pdf

x
--B--
"""


def test_a_letter_is_what_its_writer_wrote(read, write):
    write("a.eml", ANSWER)
    *notes, document = read("a.eml")
    assert document.text == "Setuju, kita bertemu di café “Braga”.\n\nTerima kasih."
    assert document.title == "Re: Rapat di café"
    assert document.metadata == {
        "from": "Sari Déwi <sari@contoh.id>",
        "to": "budi@contoh.id",
        "date": "2026-03-02T08:00:00+07:00",
        "message_id": "b@contoh.id",
        "thread": "a@contoh.id",
        "names": '["Sari Déwi"]',
    }
    assert document.group == "thread:a@contoh.id"
    said = {note.reason: note.detail for note in notes}
    assert set(said) == {"quoted-reply", "attachment"}
    assert said["attachment"].endswith("notulén.pdf")
    assert all(note.rows == 0 for note in notes)


def test_whom_the_headers_of_a_letter_name_is_known_by_name(read, write):
    head = 'From: "Canarini, Wulandari" <w@contoh.id>\nTo: Toko Maju <t@x.id>, Budi S <b@x.id>\n'
    inner = "Content-Type: message/rfc822\n\nFrom: Agus Lim <a@x.id>\n\nlama\n"
    write("a.eml", f"{head}Cc: =?utf-8?Q?Sari_D=C3=A9wi?= <s@x.id>, c@x.id\n{inner}")
    document = read("a.eml")[-1]
    names = ["Wulandari Canarini", "Budi S", "Sari Déwi"]
    write("b.mbox", f"From a Mon Mar  2 08:00:00 2026\n{head}\nHalo.\n")
    letter = read("b.mbox")[-1]
    assert json.loads(letter.metadata["names"]) == names[:2]
    assert json.loads(document.metadata["names"]) == [*names, "Agus Lim"]


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ("Ya.\n\nOn Mon, 2 Mar 2026 at 07:00, Budi <b@x.id> wrote:\n> Jadi?\n", "Ya."),
        ("> Jadi?\nYa.\n> Kapan?\nBesok.\n", "Ya.\nBesok."),
        ("Baik.\n\n-----Original Message-----\nFrom: Budi\nSent: 2 Mar 2026\n\nlama\n", "Baik."),
        ("Baik.\n\nDari: Budi <b@x.id>\nTerkirim: Senin, 2 Maret 2026\n\nlama\n", "Baik."),
        ("Isi.\n-- \nSari\nKepala Bagian\n", "Isi."),
        ("He wrote:\nsomething new.\n", "He wrote:\nsomething new."),
        ("a -- b\n--\nc\n" + "\n".join(f"baris {n}" for n in range(12)), None),
        ("> nothing but a quotation", "> nothing but a quotation"),
        ("From: the desk of the chairman\nwe say hello.", None),
    ],
)
def test_only_what_is_marked_as_quoted_or_as_a_signature_goes(read, write, body, kept):
    write("a.eml", f"Subject: Re: x\n\n{body}")
    document = read("a.eml")[-1]
    assert document.text == (kept or body)


@pytest.mark.parametrize(
    ("subject", "body"),
    [
        ("Fwd: berita", "Lihat:\n\n> kutipan\nFrom: Budi\nDate: 2 Mar 2026\n\nIsi terusan."),
        ("berita", "Lihat:\n\n---------- Forwarded message ---------\nFrom: Budi\n\n> isi"),
    ],
)
def test_what_is_forwarded_is_kept(read, write, subject, body):
    write("a.eml", f"Subject: {subject}\n\n{body}")
    assert read("a.eml")[-1].text == body


def test_a_letter_attached_to_a_letter_is_forwarded_too(read, write):
    inner = "From: a@x.id\nSubject: Dalam\n\nIsi surat dalam."
    write(
        "a.eml",
        'Subject: Terusan\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="B"\n\n'
        f"--B\n\nLihat lampiran.\n--B\nContent-Type: message/rfc822\n\n{inner}\n--B--\n",
    )
    (document,) = read("a.eml")
    assert document.text.startswith("Lihat lampiran.")
    assert "Subject: Dalam\n\nIsi surat dalam." in document.text


def test_an_html_letter_loses_its_quotation_and_says_so(read, write):
    write(
        "a.eml",
        "Subject: Re: x\nContent-Type: text/html; charset=utf-8\n\n<p>Isi é.</p>"
        '<div class="gmail_signature">Sari</div><div class="gmail_quote">'
        "<div>On Mon, 2 Mar 2026, Budi wrote:</div><blockquote>lama</blockquote></div>",
    )
    note, document = read("a.eml")
    assert document.text == "Isi é."
    assert note.reason == "quoted-reply"


def test_lines_that_flow_are_joined(read, write):
    write("a.eml", "Subject: x\nContent-Type: text/plain; format=flowed\n\nsatu \ndua\ntiga\n")
    assert read("a.eml")[0].text == "satu dua\ntiga"


@pytest.mark.parametrize(
    ("charset", "encoding"),
    [("iso-2022-jp", "iso2022_jp"), ("utf-8", "shift_jis"), ("windows-1252", "utf-8")],
)
def test_an_odd_or_wrong_encoding_is_read_right_or_named(read, write, charset, encoding):
    text = "こんにちは、今日はいい天気ですね。散歩に行きましょう。\n" * 4
    head = f"Subject: x\nContent-Type: text/plain; charset={charset}\n\n"
    write("a.eml", head.encode() + text.encode(encoding))
    records = read("a.eml")
    if isinstance(records[-1], Document):
        assert records[-1].text == text.strip()
    else:
        assert records[-1].reason == "bad-encoding"


def test_an_encrypted_letter_is_named(read, write):
    write("a.eml", "Subject: x\nContent-Type: application/pkcs7-mime\n\nMIIB")
    assert [record.reason for record in read("a.eml")] == ["encrypted"]


def mailbox(count: int, filler: str = "") -> str:
    letters = []
    for n in range(count):
        reply = f"In-Reply-To: <m{n - 1}@x>\n" if n % 3 else ""
        letters.append(
            f"From a@x.id Mon Mar  2 08:00:00 2026\nFrom: a{n}@x.id\nSubject: Surat {n}\n"
            f"Message-ID: <m{n}@x>\n{reply}\nIsi surat {n}.\n{filler}\n>From sini.\n\n"
        )
    return "".join(letters)


def test_a_mailbox_gives_a_document_a_letter_and_a_group_a_thread(read, write):
    write("a.mbox", mailbox(6))
    documents = read("a.mbox")
    assert [document.locator for document in documents] == [f"message {n}" for n in range(1, 7)]
    assert documents[0].text == "Isi surat 0.\n\nFrom sini."
    groups = [document.group for document in documents]
    assert groups == ["thread:m0@x"] * 3 + ["thread:m3@x"] * 3
    assert len({document.document_id for document in documents}) == 6


def test_a_mailbox_larger_than_a_page_is_read_whole(read, write):
    write("a.mbox", mailbox(40, filler="Isi. " * 60_000))  # 12 MB; a page has 8
    documents = read("a.mbox")
    assert [document.title for document in documents] == [f"Surat {n}" for n in range(40)]


def test_a_letter_without_words_costs_itself_alone(read, write):
    empty = "From a@x.id Mon Mar  2 08:00:00 2026\nSubject: kosong\n\n\n"
    write("a.mbox", mailbox(1) + empty + mailbox(1))
    first, rejection, last = read("a.mbox")
    assert isinstance(first, Document)
    assert isinstance(last, Document)
    assert (rejection.reason, rejection.locator) == ("empty", "message 2")


def test_what_only_has_the_name_of_a_mailbox_is_refused(read, write):
    write("a.mbox", "no mailbox at all")
    assert [record.reason for record in read("a.mbox")] == ["parser-failed"]


def test_a_message_of_outlook_is_a_letter(read, tmp_path):
    texts = {0x001A: "IPM.Note", 0x0037: "Rapat", 0x1000: "Halo.\r\n\r\n> lama\r\nBaru."}
    more = {0x1035: "<b@x>", 0x1039: "<a@x>", 0x0C1A: "Sari", 0x0C1F: "sari@contoh.id"}
    write_msg(tmp_path / "a.msg", {**texts, **more}, attachments=("laporan.pdf",))
    *notes, document = read("a.msg")
    assert (document.title, document.text) == ("Rapat", "Halo.\n\nBaru.")
    assert document.metadata["from"] == '"Sari" <sari@contoh.id>'
    assert document.metadata["names"] == '["Sari"]'
    assert document.group == "thread:a@x"
    assert [note.reason for note in notes] == ["quoted-reply", "attachment"]


@pytest.mark.parametrize("cut", [8, 600, 1100, 1600])
def test_a_broken_message_of_outlook_is_refused(read, write, tmp_path, cut):
    write_msg(tmp_path / "a.msg", {0x0037: "Rapat", 0x1000: "Halo."})
    write("a.msg", (tmp_path / "a.msg").read_bytes()[:cut])
    write("b.txt", "After it.")
    broken, after = read(["a.msg", "b.txt"])
    assert isinstance(broken, Rejection)
    assert after.text == "After it."


def test_chats_are_not_made_of_letters(read, write):
    write("a.eml", ANSWER)
    write("b.mbox", mailbox(1))
    assert {record.reason for record in read(["a.eml", "b.mbox"], kind="conversations")} == {
        "text-alone"
    }


@pytest.mark.parametrize(
    "data",
    [
        b"Subject: " + b"=?utf-8?B?" * 20_000 + b"\n\nisi",
        b"From: " + b"(" * 50_000 + b"\n\nisi",
        b"To: " + b'"a" <' * 10_000 + b"\n\nisi",
        b"References: " + b"<a@b> " * 20_000 + b"\n\nisi",
        b"Subject: x\n\n" + b"On 2 wrote:\n" * 50_000,
        b"Subject: x\n\n" + b"> \n" * 200_000 + b"isi",
        b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nisi\n" * 5_000,
        b"".join(
            b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(500)
        ),
    ],
    ids=["encoded", "comments", "quotes", "references", "attributions", "quoted", "wide", "deep"],
)
def test_a_hostile_letter_ends_in_an_answer(read, write, data):
    write("a.eml", data)
    start = time.monotonic()
    assert read("a.eml")
    assert time.monotonic() - start < 10
