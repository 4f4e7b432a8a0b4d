"""What is taken out of all that is told, and what is left alone."""

from __future__ import annotations

import logging
import time

import pytest

from laras.runs.redaction import (
    REMOVED,
    logger,
    redacted,
    redacted_pieces,
    remember,
    without_secrets,
)

KEYS = [
    "hf_" + "aB3" * 12,
    "sk-proj-" + "a1B2" * 8,
    "AKIAIOSFODNN7EXAMPLE",
    "ASIAIOSFODNN7EXAMPLE",
    "ghp_" + "a1B2" * 9,
    "github_pat_" + "a1B2" * 9,
    "glpat-" + "a1B2" * 6,
    "xoxb-1234567890-abcdefgh",
    "AIza" + "a1B2c" * 7,
    "npm_" + "a1B2" * 9,
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc-DEF_123",
    "123456789:AA" + "a1B2c3d4" * 4,
]


@pytest.mark.fault(61)
@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize(
    "text", ["{}", "see {}.", "/home/{}/rows.jsonl", "my_{}", '{{"a": "{}"}}', "x={}&b=1", "\n{}\n"]
)
def test_a_key_is_taken_out_wherever_it_stands(key: str, text: str) -> None:
    found = without_secrets(text.format(key))
    assert key not in found
    assert REMOVED in found


@pytest.mark.fault(61)
@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG", f"aws_secret_access_key = {REMOVED}"),
        ("Password: rahasia123", f"Password: {REMOVED}"),
        ('{"api_key": "a1b2c3d4"}', f'{{"api_key": "{REMOVED}"}}'),
        ("Authorization: Bearer a1b2c3d4e5", f"Authorization: Bearer {REMOVED}"),
        ("https://me:pw@example.org/x", f"https://{REMOVED}@example.org/x"),
        ("https://example.org/x?token=a1b2c3d4&y=2", f"https://example.org/x?token={REMOVED}&y=2"),
        ("-----BEGIN A PRIVATE KEY-----\nMIIE\n-----END A PRIVATE KEY----- b", f"{REMOVED} b"),
        ("-----BEGIN PRIVATE KEY-----\nMIIE torn", REMOVED),
    ],
)  # fmt: skip
def test_a_secret_is_known_by_what_stands_before_it(text: str, left: str) -> None:
    assert without_secrets(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "Lupa password? Buka menu Kartu, lalu pilih Ganti PIN.",
        "The secret: patience. A key question, and 3 tokens: the first is rare.",
        "api_key_variable: OPENAI_API_KEY",
        "tokens: 384, tokenizer: words, key: sha256",
        "https://example.org/path?page=2#token",
        "sk-learn and hf_hub are libraries",
        "micro_batch_tokens=384 key=value",
    ],
)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert without_secrets(text) == text
    assert redacted(text) == text


@pytest.mark.fault(61)
def test_addresses_leave_what_travels_and_stay_where_paths_must_be_found() -> None:
    text = "/home/budi.s@koperasi.example.id/rows.jsonl"
    assert redacted(text) == f"/home/{REMOVED}/rows.jsonl"
    assert without_secrets(text) == text


@pytest.mark.fault(61)
def test_values_of_secret_variables_and_remembered_ones_are_taken_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MY_SERVICE_TOKEN", "kata-sandi-panjang")
    monkeypatch.setenv("DB_PASSWORD", "short")
    remember("another quiet secret")
    remember("another quiet secret")
    text = "kata-sandi-panjang, short, another quiet secret"
    assert without_secrets(text) == f"{REMOVED}, short, {REMOVED}"
    facts = {"a": ["x kata-sandi-panjang", 3, None, ("kata-sandi-panjang",)], "hf_" + "a" * 30: 1.5}
    assert redacted(facts) == {"a": [f"x {REMOVED}", 3, None, (REMOVED,)], REMOVED: 1.5}


@pytest.mark.fault(61)
@pytest.mark.parametrize("length", [1, 2, 5, 7, 1000])
def test_a_secret_in_pieces_is_taken_out_of_each(length: int) -> None:
    text = f"one {KEYS[0]} two {KEYS[0]}{KEYS[1]} a@example.org, three"
    pieces = [text[start : start + length] for start in range(0, len(text), length)]
    found = redacted_pieces(pieces)
    assert len(found) == len(pieces)
    assert "".join(found) == redacted(text)
    assert "".join(redacted_pieces(pieces, addresses=False)) == without_secrets(text)
    assert redacted_pieces(["a", "", "b"]) == ["a", "", "b"]


@pytest.mark.fault(61)
def test_what_is_logged_is_redacted_whoever_listens(caplog: pytest.LogCaptureFixture) -> None:
    log = logger("laras.test_redaction")
    assert logger("laras.test_redaction").filters == log.filters
    log.warning("%s asked with %s", "budi@koperasi.id", KEYS[0])
    assert caplog.messages == [f"{REMOVED} asked with {REMOVED}"]
    assert logging.getLogger("laras.test_redaction") is log


@pytest.mark.parametrize(
    "text",
    ["a" * 1_000_000, "key=" * 250_000, "a@" * 500_000, "://" * 300_000, "eyJ" * 300_000,
     "-----BEGIN PRIVATE KEY-----" * 40_000, "password " * 100_000, "a.@b." * 200_000],
    ids=range(8),
)  # fmt: skip
def test_a_long_text_takes_time_in_proportion(text: str) -> None:
    start = time.process_time()
    redacted(text)
    assert time.process_time() - start < 5
