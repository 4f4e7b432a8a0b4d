"""Placeholders say what stood there, mean the same throughout a record, and stay what they are."""

from __future__ import annotations

import json
from typing import Any, get_args

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from laras.preparation.engine import run_steps
from laras.preparation.privacy.steps import (
    names_known,
    personal_data_dialogues,
    personal_data_documents,
)
from laras.recipe.preparing import PersonalData
from laras.records import DIALOGUE_SCHEMA, DOCUMENT_SCHEMA

KINDS = get_args(PersonalData)


def document(
    text: str, *, kinds: tuple[str, ...] = KINDS, replace: bool = True, **metadata: str
) -> tuple[str, dict[str, int]]:
    table = pa.table(
        {
            "text": pa.array([text], DOCUMENT_SCHEMA.field("text").type),
            "metadata": pa.array([list(metadata.items())], DOCUMENT_SCHEMA.field("metadata").type),
        }
    )
    row = run_steps(table, [personal_data_documents(kinds, replace)], "plain").to_pylist()[0]
    return row["text"], {entry["kind"]: entry["count"] for entry in row["personal"]}


def conversation(turns: list[str], names: list[str]) -> list[str]:
    rows: list[dict[str, Any]] = [
        {"role": role, "content": content, "trained": None}
        for role, content in zip(["user", "assistant"] * len(turns), turns, strict=False)
    ]
    batch = pa.record_batch(
        {
            "turns": pa.array([rows], DIALOGUE_SCHEMA.field("turns").type),
            "metadata": pa.array(
                [[("names", json.dumps(names))]], DIALOGUE_SCHEMA.field("metadata").type
            ),
        }
    )
    result = personal_data_dialogues(KINDS, True)(batch).to_pylist()[0]
    return [turn["content"] for turn in result["turns"]]


def test_the_same_value_gets_the_same_placeholder() -> None:
    text = "a@example.com, b@example.com dan A@Example.com; 0812-3456-7890 = +62 812 3456 7890"
    replaced = "<EMAIL_1>, <EMAIL_2> dan <EMAIL_1>; <PHONE_1> = <PHONE_1>"
    assert document(text) == (replaced, {"email": 3, "phone": 2})


def test_placeholders_mean_the_same_throughout_a_conversation() -> None:
    turns = ["Saya Budi, 081234567890", "Baik Pak Budi Santoso, kami hubungi 0812-3456-7890."]
    assert conversation(turns, ["Budi Santoso"]) == [
        "Saya <NAME_1>, <PHONE_1>",
        "Baik Pak <NAME_1>, kami hubungi <PHONE_1>.",
    ]


def test_two_people_are_told_apart_and_roles_are_no_people() -> None:
    turns = ["Rina di sini, kenal Agus Wijaya?", "Kenal, Mas Agus teman Admin kami."]
    assert conversation(turns, ["Rina", "Agus Wijaya", "Admin"]) == [
        "<NAME_1> di sini, kenal <NAME_2>?",
        "Kenal, Mas <NAME_2> teman Admin kami.",
    ]


def test_reporting_leaves_the_text() -> None:
    assert document("tulis ke a@example.com", replace=False) == (
        "tulis ke a@example.com",
        {"email": 1},
    )


def test_only_the_kinds_asked_for_are_looked_for() -> None:
    text = "a@example.com 081234567890"
    assert document(text, kinds=("phone",)) == ("a@example.com <PHONE_1>", {"phone": 1})


def test_numbers_of_placeholders_in_the_text_are_not_given_again() -> None:
    assert document("<EMAIL_1> dan a@example.com")[0] == "<EMAIL_1> dan <EMAIL_2>"


def test_where_two_kinds_overlap_the_larger_one_stays() -> None:
    text, counts = document(
        "https://a.example/x?token=081234567890abc dan budi081234567890@a.example"
    )
    assert text == "https://a.example/x?token=<URL_SECRET_1> dan <EMAIL_1>"
    assert counts == {"url-secret": 1, "email": 1}


@pytest.mark.parametrize("names", ["no json", "{}", "[1, null]", "", '["  ", "\\u0000"]'])
def test_names_in_another_shape_are_no_names(names: str) -> None:
    assert document("Halo Budi 1", names=names) == ("Halo Budi 1", {})


def test_the_customer_counts_among_the_names() -> None:
    assert names_known({"names": '["Ani"]', "customer": "Budi", "started": "x"}) == ("Ani", "Budi")
    assert document("Halo Budi", customer="Budi")[0] == "Halo <NAME_1>"
    assert document("Halo 4711", customer="4711")[0] == "Halo 4711"


def test_both_engines_find_the_same() -> None:
    texts = ["a@example.com", "", "0812-3456-7890 " * 20]
    table = pa.table(
        {
            "text": pa.array(texts, pa.large_string()),
            "metadata": pa.array([None, [], []], DOCUMENT_SCHEMA.field("metadata").type),
        }
    )
    step = personal_data_documents(KINDS, True)
    assert run_steps(table, [step], "plain").equals(run_steps(table, [step], "native"))


PIECE = st.sampled_from(
    [
        *(
            "a@example.com",
            "0812-3456-7890",
            "+62 812 3456 7890",
            "3174051208900003",
            "192.168.1.10",
        ),
        *("https://u:pass1word@h.example/?token=abc123def", "password=Kj8mP2vL9q", " ", "\n", ", "),
        *("4111 1111 1111 1111", "DE89 3704 0044 0532 0130 00", "Budi Santoso", "Pak Budi", "="),
        *("<EMAIL_1>", "<PHONE_7>", "<", ">", "://", "@", "token: ", "09.254.294.3-407.000", "x1"),
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECE, max_size=12).map("".join))
def test_placeholders_survive_a_second_run(text: str) -> None:
    once, _counts = document(text, names='["Budi Santoso"]')
    assert document(once, names='["Budi Santoso"]') == (once, {})
