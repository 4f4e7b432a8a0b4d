"""Every message that people see exists in Indonesian, with the same placeholders."""

from __future__ import annotations

import importlib.util
import string
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from laras import translation

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def messages() -> ModuleType:
    """The script that keeps the catalogues."""
    path = ROOT / "scripts" / "messages.py"
    specification = importlib.util.spec_from_file_location("messages", path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules["messages"] = module
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def source(messages: ModuleType) -> Any:
    """Every message in the source; looking through all files takes a while."""
    return messages.extracted()


def placeholders(text: str) -> set[str]:
    return {name for _literal, name, _spec, _conversion in string.Formatter().parse(text) if name}


def forms(value: object) -> list[str]:
    return [value] if isinstance(value, str) else [str(form) for form in value]  # type: ignore[attr-defined]


@pytest.mark.parametrize("language", [code for code in translation.LANGUAGES if code != "en"])
def test_no_message_is_left_untranslated(messages: ModuleType, source: Any, language: str) -> None:
    missing = messages.untranslated(source, messages.read_catalogue(language))
    assert [message.id for message in missing] == [], "run `make messages` and fill the .po in"


@pytest.mark.parametrize("language", [code for code in translation.LANGUAGES if code != "en"])
def test_a_translation_fills_in_the_same_things(messages: ModuleType, language: str) -> None:
    for message in messages.read_catalogue(language):
        if not message.id:
            continue
        wanted = placeholders(forms(message.id)[-1])
        for text in forms(message.string):
            if text:
                assert placeholders(text) == wanted, message.id
                assert text.count("%s") == forms(message.id)[-1].count("%s"), message.id
                assert text.strip() != "" or forms(message.id)[0].strip() == ""


@pytest.mark.parametrize("language", [code for code in translation.LANGUAGES if code != "en"])
def test_the_compiled_catalogue_is_that_of_the_text(messages: ModuleType, language: str) -> None:
    compiled = messages.catalogue_path(language, ".mo").read_bytes()
    assert compiled == messages.compiled(messages.read_catalogue(language)), "run `make messages`"


def test_the_catalogue_holds_nothing_that_the_source_has_not(
    messages: ModuleType, source: Any
) -> None:
    stale = [m.id for m in messages.read_catalogue("id") if m.id and source.get(m.id) is None]
    assert stale == [], "run `make messages`"


def test_a_message_is_looked_up_when_it_is_shown() -> None:
    translation.set_language("id")
    assert translation._("Perplexity") == "Perpleksitas"
    translation.set_language("en")
    assert translation._("Perplexity") == "Perplexity"


def test_the_environment_decides_when_nobody_else_does(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("LARAS_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(variable, raising=False)
    assert translation.language_from_environment() == "en"
    monkeypatch.setenv("LANG", "id_ID.UTF-8")
    assert translation.language_from_environment() == "id"
    monkeypatch.setenv("LARAS_LANG", "en")
    assert translation.language_from_environment() == "en"
    monkeypatch.setenv("LARAS_LANG", "de_DE")
    assert translation.language_from_environment() == "en"
