"""What a model's folder says about its licence, and where."""

from __future__ import annotations

from pathlib import Path

import pytest

from laras.models.licence import Licence, licence_of
from laras.models.load import STARTER

CARD = "---\nlanguage: [id, en]\n{line}\n---\n\n# A model\n"


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("license: apache-2.0", "apache-2.0"),
        ("license: [mit, apache-2.0]", "mit, apache-2.0"),
        ("license: other\nlicense_name: gemma\nlicense_link: LICENSE", "gemma"),
        ("license: 'cc-by-4.0'  # of the weights", "cc-by-4.0"),
    ],
)
def test_the_front_matter_of_the_card_comes_first(tmp_path: Path, line: str, name: str) -> None:
    (tmp_path / "README.md").write_text(CARD.format(line=line), encoding="utf-8")
    (tmp_path / "LICENSE").write_text("MIT License\n", encoding="utf-8")
    assert licence_of(tmp_path) == Licence(name, "README.md")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("                 Apache License\n           Version 2.0, January 2004\n", "apache-2.0"),
        ("Copyright (c) 2026\n\nPermission is hereby granted, free of charge, to", "mit"),
        ("GNU LESSER GENERAL PUBLIC LICENSE\nVersion 3", "lgpl-3.0"),
        ("GNU GENERAL PUBLIC LICENSE\nVersion 3", "gpl-3.0"),
        ("# GEMMA COMMUNITY TERMS\n\nText.", "GEMMA COMMUNITY TERMS"),
    ],
)
def test_a_licence_file_is_known_by_its_words_or_its_first_line(
    tmp_path: Path, text: str, name: str
) -> None:
    (tmp_path / "LICENSE.txt").write_text(text, encoding="utf-8")
    assert licence_of(tmp_path) == Licence(name, "LICENSE.txt")


def test_the_configuration_may_name_it(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"license": "mit"}', encoding="utf-8")
    assert licence_of(tmp_path) == Licence("mit", "config.json")


@pytest.mark.parametrize(
    "card",
    [
        "# A model\n\nLicense: mit, perhaps\n",
        CARD.format(line="license: other"),
        CARD.format(line="license: unknown"),
        CARD.format(line="license: !!python/object:os.system mit"),
        "---\n- a list\n---\n",
        "---\nlicense: mit\n",
        "---\n{{{{\n---\n",
    ],
)
def test_what_is_not_said_is_unknown(tmp_path: Path, card: str) -> None:
    (tmp_path / "README.md").write_text(card, encoding="utf-8")
    (tmp_path / "config.json").write_bytes(b"[" * 100_000)
    (tmp_path / "LICENSE").mkdir()
    assert licence_of(tmp_path) is None


def test_the_starter_says_its_own() -> None:
    assert licence_of(STARTER) == Licence("apache-2.0", "README.md")
