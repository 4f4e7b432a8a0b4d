"""How the tests of chat exports reach single messages, before they become dialogues."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from laras.recipe.schema import Source
from laras.records import Rejection
from laras.sources.context import FileContext
from laras.sources.conversations.formats import FORMATS, format_of
from laras.sources.conversations.messages import ChatMessage
from laras.sources.discovery import SourceFile
from laras.sources.parsing import ParserProcess


@pytest.fixture
def context_of() -> Callable[..., FileContext]:
    """``context_of("chat.txt", kind="conversations", **settings)``: of a file that need not be."""

    def make(path: str = "chat.txt", kind: str = "conversations", **settings: Any) -> FileContext:
        source = Source.model_validate({kind: path, **settings})
        file = SourceFile(Path(path), path, path, 1)
        return FileContext(file, source, ParserProcess(), 1 << 30)

    return make


@pytest.fixture
def parse(context_of) -> Callable[..., list[ChatMessage | Rejection]]:
    """``parse("whatsapp", text)``, ``parse("telegram", value, path="result.json")``: the messages
    of an export that must be recognised as one."""

    def messages(
        name: str, *values: Any, path: str = "", **settings: Any
    ) -> list[ChatMessage | Rejection]:
        form = "text" if isinstance(values[0], str) else "json"
        context = context_of(path or ("chat.txt" if form == "text" else "chat.json"), **settings)
        found = format_of(form, values[0], context)
        assert found is FORMATS.get(name)
        if form == "text":
            return list(found.messages(values[0], context))
        locators = [""] if len(values) == 1 else [f"item {n}" for n in range(1, len(values) + 1)]
        return list(found.messages(zip(locators, values, strict=True), context))

    return messages
