"""A format is named where it is written and where it is looked for: neither may be forgotten."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import get_args

import pytest

import laras.preparation.privacy
import laras.sources
from laras.preparation.privacy import scan
from laras.preparation.privacy.finding import DETECTORS
from laras.recipe.preparing import PersonalData
from laras.recipe.schema import Source
from laras.registry import Registry
from laras.sources.context import READERS
from laras.sources.conversations import formats
from laras.sources.documents import parsed
from laras.sources.read import UNSUPPORTED
from laras.sources.worker import PARSERS

SOURCES = Path(laras.sources.__file__ or "").parent
PRIVACY = Path(laras.preparation.privacy.__file__ or "").parent


def modules_with(text: str, folder: Path) -> list[str]:
    files = sorted(folder.rglob("*.py"))
    return [path.stem for path in files if text in path.read_text(encoding="utf-8")]


def kinds_asked_for() -> Iterator[tuple[str, str]]:
    """Kinds of parsers with who asks for them."""
    for suffix, kind in parsed._KINDS.items():
        if isinstance(kind, str):
            yield kind, f"parsed._KINDS[{suffix!r}]"
            continue
        for source_kind in ("documents", "articles"):
            for parser in ("pdfium", "docling"):
                for ocr in (False, True):
                    for html in ("article", "page"):
                        source = Source.model_construct(
                            html=html, pdf_parser=parser, ocr=ocr, **{source_kind: ["a"]}
                        )
                        yield kind(source), f"parsed._KINDS[{suffix!r}]"
    for path in sorted(SOURCES.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        for kind in re.findall(r"(?:parser\.extract|parsed_by)\(\s*\"([\w-]+)\"", text):
            yield kind, path.name


def test_every_kind_of_parser_that_is_asked_for_is_there_and_no_other() -> None:
    asked = dict(kinds_asked_for())
    for kind, where in asked.items():
        assert kind in PARSERS, f"{where} asks for the parser {kind!r}: name it in worker.PARSERS"
    for kind, place in PARSERS.items():
        module, function = place.split(":")
        assert callable(getattr(import_module(module), function)), f"worker.PARSERS[{kind!r}]"


def test_no_suffix_that_is_read_is_refused_by_name() -> None:
    both = UNSUPPORTED & set(READERS)
    assert not both, f"take {sorted(both)} out of read._UNSUPPORTED_SUFFIXES"


def test_every_chat_format_is_looked_for() -> None:
    for name in modules_with("\nFORMATS.register(", SOURCES / "conversations"):
        assert name in formats._MODULES, f"conversations/{name}.py: name it in formats._MODULES"
    formats._import_formats()
    assert len(formats.FORMATS.names()) >= len(formats._MODULES)


def test_every_detector_of_personal_data_is_looked_for() -> None:
    for name in modules_with("\nDETECTORS.register(", PRIVACY):
        assert hasattr(scan, name), f"privacy/{name}.py: import it in privacy/scan.py"
    missing = set(get_args(PersonalData)) - {*DETECTORS, scan.NAME}
    assert not missing, f"kinds of the recipe that nothing finds: {sorted(missing)}"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An installed package that publishes a thing, and one under a name that is taken."""
    (tmp_path / "contoh_laras.py").write_text("thing = 'from outside'\n")
    facts = tmp_path / "contoh_laras-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: contoh-laras\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text(
        "[laras.contoh]\noutside = contoh_laras:thing\ntaken = nowhere_at_all:thing\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    return "contoh_laras"


def test_things_of_other_packages_are_among_all_and_imported_only_then(package: str) -> None:
    registry: Registry[str] = Registry("contoh")
    registry.register("taken", "ours")
    assert package not in sys.modules
    assert list(registry) == ["taken"]
    assert dict(registry.all()) == {"taken": "ours", "outside": "from outside"}
    assert list(registry.all()) == ["taken", "outside"]  # ours are asked first
    assert registry.get("outside") == "from outside"
    del sys.modules[package]
