"""What each kind of personal data is told by; the labelled set has the many sentences."""

from __future__ import annotations

import time

import pytest

from laras.preparation.privacy.finding import DETECTORS, passes_luhn
from laras.preparation.privacy.name import name_detector
from laras.preparation.privacy.nik import is_likely_nik, is_nik
from laras.preparation.privacy.scan import detectors_of, find_personal_data
from laras.recipe.preparing import PersonalData


def found(kind: str, text: str) -> list[str]:
    return [finding.value for finding in find_personal_data(text, detectors_of([kind]))]


def test_there_is_a_detector_for_each_kind_of_the_recipe() -> None:
    assert {*DETECTORS, "name"} == set(PersonalData.__args__)


@pytest.mark.parametrize(
    "written",
    [
        *("0812-3456-7890", "0812 3456 7890", "0812.3456.7890", "081234567890", "6281234567890"),
        *("+62 812-3456-7890", "+62 (0)812 3456 7890", "0062 812 3456 7890", "0 812 3456 7890"),
    ],
)
def test_one_telephone_number_has_one_value_however_it_is_written(written: str) -> None:
    assert found("phone", f"WA {written}.") == ["+6281234567890"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Paris: +33 1 23 45 67 89.", "+33123456789"),
        ("Bandung (022) 4201234", "+62224201234"),
        ("(202) 555-0143", "+12025550143"),
    ],
)
def test_telephone_numbers_are_found_as_their_country_writes_them(text: str, value: str) -> None:
    assert found("phone", text) == [value]


@pytest.mark.parametrize(
    "text",
    [
        "rekening 081234567890",
        "no. resi 081234567890",
        "12.08.2024 jam 08.12.2024",
        "id=081234567890",
        "0812345678901234",
        "x081234567890",
        "0800-1-234567",
    ],
)
def test_what_could_be_dialled_is_not_therefore_a_telephone_number(text: str) -> None:
    assert found("phone", text) == []


def test_an_identity_number_names_a_place_and_a_day() -> None:
    assert is_nik("3174051208900003")
    assert is_nik("3174055208900003")  # a woman, born on the 12th
    assert not is_nik("3174053208900003")  # the 32nd
    assert not is_nik("3174051213900003")  # the 13th month
    assert not is_nik("3174053002900003")  # 30 February
    assert not is_nik("9974051208900003")  # no such province
    assert not is_nik("0000000000000000")
    assert not is_likely_nik("3174051208905678")


def test_a_number_that_could_be_card_or_identity_number_goes_by_the_words_before_it() -> None:
    number = "5102030101000007"  # passes both checks
    assert is_nik(number)
    assert found("nik", f"NIK {number}") == [number]
    assert not found("card", f"NIK {number}")


def test_luhn_finds_a_wrong_digit_and_neighbours_that_changed_places() -> None:
    assert passes_luhn("4111111111111111")
    assert not passes_luhn("4111111111111112")
    assert not passes_luhn("4111111111111117"[::-1].replace("1", "2", 1))


def test_a_tax_number_without_dots_needs_a_word_for_it() -> None:
    assert found("npwp", "NPWP 092542943407000") == ["092542943407000"]
    assert found("npwp", "kode 092542943407000") == []
    assert found("npwp", "09.254.294.3-407.000") == ["092542943407000"]
    assert found("npwp", "09.254.294.4-407.000") == []


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("server 10.0.0.1", ["10.0.0.1"]),
        ("versi 10.0.0.1", []),
        ("bagian 1.2.3.4 dan 3.2.2.1", []),
        ("192.168.1.1", ["192.168.1.1"]),
        ("v192.168.1.1", []),
        ("aplikasi versi yang 4.5.0.134 diinstal", []),
        ("2001:DB8::1:2:3", ["2001:db8::1:2:3"]),
        ("std::vector, 10:20:30, a::b", []),
    ],
)
def test_an_address_is_told_from_a_version(text: str, addresses: list[str]) -> None:
    assert found("ip", text) == addresses


def test_names_that_are_words_need_more_than_a_capital_letter() -> None:
    detector = name_detector(("Bunga Lestari", "Hope Turner"))
    assert detector

    def places(text: str) -> list[str]:
        return [text[finding.start : finding.end] for finding in detector.find(text)]

    assert places("Bunga bank naik. Suka bunga? Hope so.") == []
    assert places("Ibu Bunga dan bunga lestari, lalu Hope") == ["Bunga", "bunga lestari", "Hope"]


def test_names_without_letters_to_look_for_give_no_detector() -> None:
    assert name_detector(()) is None
    assert name_detector(("Admin", "CS Toko", "+62 812", "x@example.com", "")) is None


def test_names_are_text_not_patterns() -> None:
    detector = name_detector(("(.*)+$ Budi [x",))
    assert detector
    assert [finding.value for finding in detector.find("Pak Budi")]


def test_a_mention_is_a_name_and_an_address_is_none() -> None:
    detector = name_detector(("Wulandari Canarini", "@ani_77"))
    assert detector
    text = "@Wulandari Canarini, @canarini dan @Ani_77; b@Canarini.id, b@ani_77"
    places = [text[finding.start : finding.end] for finding in detector.find(text)]
    assert places == ["Wulandari Canarini", "canarini", "@Ani_77"]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("canary@räksmörgås.example", "canary@räksmörgås.example"),
        ("budi@почта.рф", "budi@почта.рф"),
        ("budi@contoh.xn--p1ai", "budi@contoh.xn--p1ai"),
        ("budi＠contoh．id", "budi@contoh.id"),
        ("**budi**@contoh.id", "budi@contoh.id"),
        ("budi@**contoh.id**", "budi@contoh.id"),
        ("**budi**@**contoh.id**", "budi@contoh.id"),
        ("_budi_@contoh.id", "budi@contoh.id"),
        ("budi@_contoh.id_", "budi@contoh.id"),
        ("`budi`@contoh.id", "budi@contoh.id"),
        ("budi_@contoh.id", "budi_@contoh.id"),
    ],
)
def test_an_email_address_is_one_value_however_it_is_written(written: str, value: str) -> None:
    for text in (written, f"Tulis ke {written}.", f"({written}), ya"):
        (finding,) = find_personal_data(text, detectors_of(["email"]))
        assert (text[finding.start : finding.end], finding.value) == (written, value)


def test_what_has_no_spaces_ends_an_address() -> None:
    assert found("email", "邮箱：a@contoh.com谢谢") == ["a@contoh.com"]
    assert found("email", "*@contoh.com, @contoh.com, 5**@ 3.id, foto@2x.png") == []


HOSTILE = [
    "＠a.",
    "a**@**",
    "a@**b.c",
    "_a_@",
    "@é-",
    "*",
    "_",
    "0",
    "0 ",
    "08 ",
    "+6",
    "(0",
    "1.1.",
    "1.",
    ":1",
    "::",
    "a@",
    "@a.",
    "a.",
    "://",
    "://a:",
]
HOSTILE += [
    "?token=",
    "&key=a",
    "password ",
    "token: ",
    "pass",
    "sk-",
    "sk-a-",
    "eyJa.",
    "gh",
    "AA12 ",
]
HOSTILE += [
    "A",
    "AB12",
    "-----BEGIN PRIVATE KEY-----",
    "x",
    " ",
    "wa 0",
    "09.254.",
    "4111 ",
    "Budi ",
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_no_text_makes_a_detector_slow(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    detectors = detectors_of(PersonalData.__args__, ("Budi Santoso", "a", "Ani"))
    for detector in detectors:
        began = time.process_time()
        if detector.gate(text):
            list(detector.find(text))
        assert time.process_time() - began < 4.0  # a rule that backtracks takes hours


def test_very_many_findings_are_kept_apart_in_time() -> None:
    text = "a@example.com 0812-3456-7890 " * 10_000
    began = time.process_time()
    assert len(find_personal_data(text, detectors_of(["email", "phone"]))) == 20_000
    assert time.process_time() - began < 8.0
