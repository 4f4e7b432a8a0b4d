"""Rows are found by whatever people call them, and what left is listed with its reason."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path

import pytest

from laras.errors import UsageError
from laras.inspection import Inspector
from laras.preparation.pipeline import prepare
from laras.preparation.story import stories
from laras.recipe.load import recipe_from_mapping
from laras.runs.folder import Run
from laras.runs.progress import Silent

WORDS = (
    "koperasi",
    "anggota",
    "simpanan",
    "pinjaman",
    "rapat",
    "jasa",
    "wajib",
    "pokok",
    "laporan",
)


def text(seed: str) -> str:
    return "\n\n".join(" ".join(random.Random(f"{seed}{n}").choices(WORDS, k=50)) for n in range(3))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose data was prepared, into run/."""
    folder = tmp_path_factory.mktemp("project")
    for n in range(8):
        path = folder / "docs" / "panduan" / f"bab{n}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# Bab {n}\n\n{text(f'{n}')}\n", encoding="utf-8")
    (folder / "docs" / "handbook.md").write_text(
        f"# Handbook\n\nJam  Buka\nKantor: pukul delapan.\n\n{text('h')}\n", encoding="utf-8"
    )
    (folder / "docs" / "copy.md").write_bytes((folder / "docs" / "handbook.md").read_bytes())
    (folder / "docs" / "short.md").write_text("Singkat  Saja", encoding="utf-8")
    (folder / "docs" / "broken.pdf").write_bytes(b"%PDF-1.4 nothing")
    data = {"sources": [{"documents": "docs/", "name": "dokumen"}]}
    loaded = recipe_from_mapping({"data": data}, folder)
    with Run.open(folder / "run") as run:
        prepare(loaded, run, Silent())
        run.write_json("origin.json", {"recipe_folder": str(folder)})
        run.write_text(
            "recipe.yaml", "data:\n  sources:\n    - documents: docs/\n      name: dokumen\n"
        )
    return folder


@pytest.fixture
def in_docs(project: Path) -> Iterator[Path]:
    with chdir(project / "docs"):
        yield project


def paths(project: Path, wanted: str) -> list[str]:
    return sorted({story.path for story in stories(project / "run" / "data", wanted)})


@pytest.mark.parametrize(
    "wanted", ["handbook.md", "Handbook.MD", "docs/handbook.md", "./docs/handbook.md"]
)
def test_a_file_is_found_by_its_name_and_by_the_recipes_path(wanted: str, project: Path) -> None:
    assert paths(project, wanted) == ["docs/handbook.md"]


def test_a_file_is_found_by_its_absolute_path_and_from_where_one_stands(in_docs: Path) -> None:
    assert paths(in_docs, str(in_docs / "docs" / "handbook.md")) == ["docs/handbook.md"]
    assert paths(in_docs, "./handbook.md") == ["docs/handbook.md"]
    assert paths(in_docs, "panduan/bab3.md") == ["docs/panduan/bab3.md"]
    assert paths(in_docs, "../docs/panduan/bab3.md") == ["docs/panduan/bab3.md"]


@pytest.mark.parametrize("wanted", ["panduan", "panduan/", "docs/panduan"])
def test_a_folder_stands_for_its_files(wanted: str, project: Path) -> None:
    assert len(paths(project, wanted)) == 8


@pytest.mark.parametrize("words", ["jam buka kantor", "JAM BUKA\n kantor:"])
def test_words_are_found_in_any_case_and_with_any_white_space(words: str, project: Path) -> None:
    assert "docs/handbook.md" in paths(project, words)


def test_words_are_found_in_dropped_records_too(project: Path) -> None:
    (story,) = stories(project / "run" / "data", "singkat saja")
    assert (story.path, story.ledger[0].reason) == ("docs/short.md", "too-short")


def test_a_file_that_could_not_be_read_is_found(project: Path) -> None:
    (story,) = stories(project / "run" / "data", "broken.pdf")
    assert story.ledger[0].stage == "read"


def test_a_slip_is_answered_with_the_name_that_was_meant(project: Path) -> None:
    with pytest.raises(UsageError) as caught:
        stories(project / "run" / "data", "hanbook.md")
    assert "Did you mean 'docs/handbook.md'" in str(caught.value.hint)


def test_the_ledger_is_listed_by_reason_in_words(project: Path) -> None:
    groups = {g.reason: g for g in Inspector(project / "run").ledger(None, 5)}
    assert {"too-short", "exact-duplicate"} <= groups.keys()
    assert all(group.meaning for group in groups.values())
    assert groups["too-short"].first[0].path == "docs/short.md"


@pytest.mark.parametrize(
    ("wanted", "reasons"),
    [
        ("too-short", {"too-short"}),
        ("short.md", {"too-short"}),
        ("clean", {"too-short"}),
    ],
)
def test_the_ledger_is_filtered(wanted: str, reasons: set[str], project: Path) -> None:
    groups = Inspector(project / "run").ledger(wanted, 5)
    assert {group.reason for group in groups} == reasons


def test_the_ledger_is_filtered_by_the_name_of_a_source(project: Path) -> None:
    inspector = Inspector(project / "run")
    assert [g.entries for g in inspector.ledger("dokumen", 5)] == [
        g.entries for g in inspector.ledger(None, 5)
    ]


def test_places_are_capped_and_counted(project: Path) -> None:
    group = Inspector(project / "run").ledger("too-short", 0)[0]
    assert (group.entries, group.first) == (1, [])


def test_what_is_not_in_the_ledger_is_refused_with_a_hint(project: Path) -> None:
    with pytest.raises(UsageError) as caught:
        Inspector(project / "run").ledger("too-shrot", 5)
    assert "'too-short'" in str(caught.value.hint)


def test_the_account_tells_reasons_in_words_and_where(project: Path) -> None:
    account = (project / "run" / "data" / "report.md").read_text(encoding="utf-8")
    for part in (
        *("## What left, and why", "Shorter than preparation.min_characters.", "docs/short.md"),
        *("## Languages", "## Personal data", "## Duplicates", "docs/copy.md"),
        "## What to look at in the data",
    ):
        assert part in account
