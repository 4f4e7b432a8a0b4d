"""The report as one file: complete, self-contained, and deaf to hostile text."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
from pathlib import Path

import pytest
from lxml import html

from laras import translation
from laras.report.facts import read_facts
from laras.report.html import render, write_report
from laras.runs.folder import Run


@pytest.fixture(scope="module")
def page(shared_run: Path) -> str:
    return render(read_facts(shared_run))


def section_ids(page: str) -> list[str]:
    return html.fromstring(page).xpath("//section/@id")


def test_the_report_is_written_into_the_folder_of_the_run(run_folder: Path) -> None:
    path = write_report(Run.read(run_folder))
    assert path == run_folder / "report.html"
    assert path.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_the_same_run_gives_the_same_page_to_the_byte(shared_run: Path, page: str) -> None:
    assert render(read_facts(shared_run)) == page


def test_the_verdict_stands_at_the_top_with_the_main_numbers(page: str) -> None:
    tree = html.fromstring(page)
    assert tree.xpath("//h1")[0].text_content().startswith("Use full: its macro-F1 is 0.841")
    tiles = [tile.text_content() for tile in tree.xpath("//header//dl/div")]
    assert any("F1, macro" in tile and "0.841" in tile and "base: 0.061" in tile for tile in tiles)


def test_every_part_of_the_run_has_its_section(page: str) -> None:
    assert section_ids(page) == [
        "comparison",
        "differences",
        "classes",
        "learning",
        "cost",
        "differing",
        "samples",
        "changes",
        "funnel",
        "splits",
        "leaks",
        "guards",
        "recipe",
        "machine",
        "versions",
        "missing",  # no check was made in it
    ]


def test_the_table_gives_value_interval_count_and_signature(page: str) -> None:
    tree = html.fromstring(page)
    row = next(
        row for row in tree.xpath("//section[@id='comparison']//tbody/tr")
        if row.text_content().strip().startswith("BLEU")
    )  # fmt: skip
    text = " ".join(row.text_content().split())
    assert "36.4 (best) 32.8 – 40.0" in text
    assert text.endswith("120")
    assert "nrefs:1|case:mixed|tok:13a|version:2.6.0" in page


@pytest.mark.fault(55)
def test_nothing_is_loaded_from_elsewhere_and_no_script_is_there(page: str) -> None:
    tree = html.fromstring(page)
    assert not tree.xpath("//script | //link | //img | //iframe | //object | //embed | //form")
    assert not tree.xpath("//@src | //@style | //@*[starts-with(name(), 'on')]")
    assert all(link.startswith("#") for link in tree.xpath("//@href"))
    assert "url(" not in page
    assert "@import" not in page


@pytest.mark.fault(55)
def test_the_policy_allows_this_style_sheet_and_nothing_else(page: str) -> None:
    style = re.search(r"<style>(.*?)</style>", page, flags=re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = html.fromstring(page).xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    assert policy == [
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    ]


@pytest.mark.fault(55)
def test_hostile_text_is_shown_and_does_nothing(page: str) -> None:
    assert "&lt;script&gt;document.title=" in page
    assert "&lt;b&gt;bold&lt;/b&gt;" in page
    assert "<b>bold</b>" not in page
    assert "{{ 7 * 7 }}" in page
    for invisible in "\u202e\u202c\u200b":
        assert invisible not in page
    assert "⟨U+202E⟩txt.exe⟨U+202C⟩" in page


def test_charts_are_images_with_a_name_in_the_colours_of_the_page(page: str) -> None:
    charts = html.fromstring(page).xpath("//figure//svg")
    assert len(charts) >= 9
    for chart in charts:
        assert chart.get("role") == "img"
        assert chart.get("aria-label")
        assert chart.xpath("./title")[0].text == chart.get("aria-label")
        assert chart.xpath("./desc")[0].text
    assert "#0101" not in page
    assert 'stroke="var(--accent)"' in page


def test_the_report_speaks_the_language_in_use(run_folder: Path) -> None:
    translation.set_language("id")
    page = render(read_facts(run_folder))
    assert '<html lang="id">' in page
    assert "0,841" in page  # Indonesian writes a decimal comma


LOSSES = [
    (
        ["verdict.json", "manifest.json", "data/ledger.parquet"],
        {"machine", "versions", "differences", "changes"},
    ),
    (["events.jsonl", "data/audit.json"], {"learning", "splits", "leaks"}),
    (
        ["recipe.yaml", "contenders"],
        {"recipe", "guards", "comparison", "classes", "samples", "differing"},
    ),
]


@pytest.mark.parametrize(("parts", "gone"), LOSSES)
def test_a_missing_part_is_left_out_and_named(
    run_folder: Path, page: str, parts: list[str], gone: set[str]
) -> None:
    for part in parts:
        path = run_folder / part
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    without = render(read_facts(run_folder))
    assert set(section_ids(without)) >= set(section_ids(page)) - gone - {"cost", "funnel"}
    assert not gone & set(section_ids(without))
    missing = html.fromstring(without).xpath("//section[@id='missing']")[0].text_content()
    assert all(part in missing for part in parts)


def test_an_empty_folder_still_gives_a_page(tmp_path: Path) -> None:
    page = render(read_facts(tmp_path))
    assert "This run has no verdict yet" in page
    assert section_ids(page) == ["missing"]


@pytest.mark.parametrize("content", [b"", b"{", b"[1, 2]", b"\xff\xfe\x00", b"null"])
def test_a_damaged_file_counts_as_missing(run_folder: Path, content: bytes) -> None:
    parts = ["verdict.json", "manifest.json", "data/audit.json", "data/ledger.parquet"]
    for part in [*parts, "contenders/full/scores.json", "contenders/full/predictions.parquet"]:
        (run_folder / part).write_bytes(content)
    missing = " ".join(read_facts(run_folder).missing)
    for name in [*parts, "the scores of full", "the answers of full"]:
        assert name in missing
