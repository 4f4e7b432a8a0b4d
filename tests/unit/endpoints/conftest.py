"""An endpoint to ask."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chat_server import ChatServer, chat_server


@pytest.fixture
def server() -> Iterator[ChatServer]:
    """It repeats the last message."""
    with chat_server() as running:
        yield running
