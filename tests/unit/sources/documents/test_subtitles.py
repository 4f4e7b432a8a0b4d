"""Subtitles: what is said, in paragraphs, without times and marks."""

from __future__ import annotations

import time

import pytest

VTT = """\
WEBVTT - Wawancara
Kind: captions
Language: id

STYLE
::cue { color: red }

NOTE not said

intro
00:01.000 --> 00:03.000 align:start
<v Budi>Selamat <c.bold>pagi</c>, <00:00:02.000><i>Bu</i> Sari &amp; kawan.

00:03.000 --> 00:05.000
<v Budi>Apa kabar?

2
00:05.500 --> 00:06.000
<v.loud Sari Dewi>Baik.</v> <v Budi>Syukurlah.

NOTE
also not said

00:20.000 --> 00:22.000
Musik
"""


def test_cues_become_paragraphs_by_speaker(read, write):
    write("a.vtt", VTT)
    (document,) = read("a.vtt")
    assert document.text == (
        "Budi: Selamat pagi, Bu Sari & kawan. Apa kabar?\n\nSari Dewi: Baik.\n\n"
        "Budi: Syukurlah.\n\nMusik"
    )
    assert document.title == "Wawancara"
    assert document.metadata == {"kind": "captions", "language": "id"}


def test_numbers_and_times_of_subrip_go(read, write):
    write(
        "a.srt",
        "1\r\n00:00:01,000 --> 00:00:02,500\r\n{\\an8}<font color=red>Kami tiba</font>\r\n"
        "di rumah.\r\n\r\n2\r\n00:00:02,600 --> 00:00:04,000\r\n2019\r\n\r\n"
        "3\r\n00:00:04,100 --> 00:00:05,000\r\n- Siapa?\r\n- Saya.\r\n\r\n"
        "4\r\n00:01:04,100 --> 00:01:05,000\r\nKemudian.\r\n",
    )
    (document,) = read("a.srt")
    assert document.text == "Kami tiba di rumah. 2019\n\n- Siapa?\n\n- Saya.\n\nKemudian."


def test_captions_that_roll_up_are_said_once(read, write):
    lines = [f"Ini baris nomor {n} dari siaran." for n in range(6)]
    cues = "".join(
        f"00:0{n}.000 --> 00:0{n + 1}.000\n{lines[n - 1]}\n{lines[n]}\n\n"
        f"00:0{n}.500 --> 00:0{n + 1}.000\n{lines[n]}\n\n"
        for n in range(1, 6)
    )
    write("a.vtt", f"WEBVTT\n\n{cues}")
    assert read("a.vtt")[0].text == " ".join(lines)


def test_what_is_said_twice_stays_twice(read, write):
    write(
        "a.vtt",
        "WEBVTT\n\n00:01.000 --> 00:02.000\nYa.\n\n00:02.000 --> 00:03.000\nYa.\n\n"
        "00:03.000 --> 00:04.000\nTidak.\n\n00:04.000 --> 00:05.000\nMungkin.\n\n"
        "00:05.000 --> 00:06.000\nBesok.\n",
    )
    assert read("a.vtt")[0].text == "Ya. Ya. Tidak. Mungkin. Besok."


def test_a_long_monologue_is_cut_at_the_ends_of_sentences(read, write):
    cues = "".join(
        f"00:{n // 60:02d}:{n % 60:02d}.000 --> 00:{n // 60:02d}:{n % 60:02d}.900\n"
        f"Kalimat ke-{n} cukup panjang.\n\n"
        for n in range(60)
    )
    write("a.vtt", f"WEBVTT\n\n{cues}")
    paragraphs = read("a.vtt")[0].text.split("\n\n")
    assert len(paragraphs) > 1
    assert all(500 <= len(each) < 600 for each in paragraphs[:-1])


@pytest.mark.parametrize("content", ["WEBVTT\n", "WEBVTT\n\n00:01.000 --> 00:02.000\n\n", "halo"])
def test_without_cues_there_is_no_text(read, write, content):
    write("a.vtt", content)
    assert [record.reason for record in read("a.vtt")] == ["empty"]


@pytest.mark.parametrize(
    "content",
    ["<v " * 100_000, "<v a>" * 100_000, "{\\a" * 100_000, "a\n" * 200_000, "&" * 200_000],
)
def test_hostile_cues_end_in_an_answer(read, write, content):
    write("a.vtt", f"WEBVTT\n\n00:01.000 --> 00:02.000\n{content}")
    start = time.monotonic()
    assert read("a.vtt")
    assert time.monotonic() - start < 5
