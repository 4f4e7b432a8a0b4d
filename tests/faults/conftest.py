"""How the tests of faults in data read: real files, real parser processes, a witness on the net.
And what the tests of kills, signals and full disks break off."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from broken_projects import Projects
from laras.preparation.pipeline import Prepared, prepare
from laras.recipe.load import recipe_from_mapping
from laras.recipe.schema import DataSection, Source
from laras.records import Dialogue, Document, Rejection
from laras.runs.folder import Run
from laras.runs.progress import Silent
from laras.sources.read import read_source

Records = list[Document | Dialogue | Rejection]


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Records]:
    """``read("data", kind="examples", max_file_bytes=...)``: the records below tmp_path."""

    def read_path(path: str | list[str], kind: str = "documents", **data: Any) -> Records:
        source = Source.model_validate({kind: path})
        section = DataSection(sources=[source], **data)
        return list(read_source(source, tmp_path, section))

    return read_path


@pytest.fixture
def prepared(tmp_path: Path) -> Callable[..., Prepared]:
    """``prepared(data, **preparation)``: what a recipe in tmp_path gives."""

    def run_it(data: dict[str, Any], **preparation: Any) -> Prepared:
        loaded = recipe_from_mapping({"data": data, "preparation": preparation}, tmp_path)
        with Run.open(tmp_path / "run") as run:
            return prepare(loaded, run, Silent())

    return run_it


@pytest.fixture(scope="session")
def projects(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Projects]:
    """Trainings to break off, and what they come to when nobody does."""
    made = Projects(tmp_path_factory.mktemp("projects"))
    yield made
    made.close()


@dataclass
class Witness:
    """A server on this machine that remembers who asked it for anything."""

    url: str
    asked: list[bytes] = field(default_factory=list)


@pytest.fixture
def witness() -> Iterator[Witness]:
    """A server that nobody should ask for anything; fails the test where somebody did."""
    found = Witness("")

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            found.asked.append(self.request.recv(200))

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        host, port = server.server_address[:2]
        found.url = f"http://{host}:{port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield found
        server.shutdown()
        thread.join()
    assert not found.asked
