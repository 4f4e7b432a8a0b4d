"""The verdict as Markdown: what verdict.json says, and nothing that data could smuggle in."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from laras import translation
from laras.report.markdown import verdict_text, write_verdict_text
from laras.report.markdown_text import escaped, table
from laras.runs.folder import Run

HOSTILE = [
    "<script>alert(1)</script>",
    "[click](javascript:alert(1))",
    "![x](https://example.org/x.png)",
    "a | b\n| c | d |\n\n# heading",
    "`code` **bold** _it_ ~~no~~ $x$ @someone",
    "https://example.org and www.example.org and mail me@example.org",
    "\u202etxt.exe\u202c",
    "&lt;b&gt;",
]


def the_verdict(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "verdict.json").read_text(encoding="utf-8"))
    return found


def full_verdict(folder: Path) -> dict[str, Any]:
    """One that has every part."""
    verdict = the_verdict(folder)
    for entry in verdict["contenders"]:
        scores = folder / "contenders" / entry["name"] / "scores.json"
        entry["metrics"] = json.loads(scores.read_text(encoding="utf-8"))["metrics"]
    verdict["overfitting"] = [
        {"contender": "lora", "overfitted": True, "note": "lora overfitted: its loss rose."}
    ]
    verdict["bias"] = [{"contender": "full", "noticed": True, "note": "full treats people so."}]
    verdict["wording"] = [{"contender": "full", "noticed": False, "note": "full: steady."}]
    verdict["gates"] = [
        {"gate": "least.macro_f1", "passed": True, "note": "macro-F1 of full is 0.841."},
        {"gate": "no_bias", "passed": False, "note": "full treats people so."},
    ]
    tuning = {"seconds": 71.3, "energy_wh": None, "peak_memory_bytes": 1_004_000_000}
    answers = {"seconds": 48.2, "tokens_in": 61_000, "tokens_out": 9_000, "energy_wh": 0.31,
               "money": None}  # fmt: skip
    verdict["cost"] = [
        {"contender": "base", "tuning": None, "per_1000_answers": answers},
        {"contender": "lora", "tuning": tuning, "per_1000_answers": None},
    ]
    verdict["break_even"] = {"note": "The tuning of lora is paid back after 1,200 answers."}
    verdict["rows_needed"] = {"contender": "lora", "rows": 913}
    verdict["ties"] = ["lora"]
    return verdict


def sections_of(text: str) -> list[str]:
    return re.findall(r"^## (.+)$", text, flags=re.MULTILINE)


def rows_of(text: str, section: str) -> list[list[str]]:
    """Cells of the table of a section, without header and ruler."""
    part = text.split(f"## {section}\n")[1].split("\n## ")[0]
    lines = [line for line in part.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line[1:-1].split(" | ")] for line in lines[2:]]


def test_the_page_has_sentence_tables_checks_cost_and_what_would_change(run_folder: Path) -> None:
    text = verdict_text(full_verdict(run_folder), 0.95)
    assert text.startswith("# Verdict\n\n**Use full: its macro-F1 is 0.841")
    assert sections_of(text) == [
        "Contenders",
        "Differences from base",
        "Checks",
        "Gates",
        "What it cost",
        "What would change the verdict",
    ]
    contenders = rows_of(text, "Contenders")
    assert [row[0] for row in contenders] == ["base", "lora", "**full** (recommended)"]
    assert contenders[2][2] == "0.841 (0.799 – 0.883)"
    pairs = rows_of(text, "Differences from base")
    assert pairs[0][:3] == ["lora", "F1, macro ↑", "+0.711 (+0.569 – +0.853)"]
    assert "- **Overfitting**: lora overfitted: its loss rose." in text
    assert "- **Bias**: full treats people so." in text
    assert "- Wording: full: steady." in text
    assert "- Memorisation: not measured" in text
    assert "- passed: macro-F1 of full is 0.841." in text
    assert "- **not passed**: full treats people so." in text
    assert rows_of(text, "What it cost")[1] == [
        *("lora", "1 min 11 s", "1.0 GB", "–", "–", "–")
    ]  # nobody has a price
    assert "paid back after 1,200 answers" in text
    assert "it takes about 913 test rows" in text
    assert "four times out of five" in text


def test_a_pair_is_told_from_the_reference_whichever_way_it_was_compared(run_folder: Path) -> None:
    verdict = the_verdict(run_folder)
    verdict["reference"] = "lora"
    rows = rows_of(verdict_text(verdict, 0.95), "Differences from lora")
    base = next(row for row in rows if row[0] == "base" and row[1].startswith("F1, macro"))
    assert base[2] == "−0.711 (−0.853 – −0.569)"


@pytest.mark.parametrize("missing", ["contenders", "pairs", "bias", "primary", "reference"])
@pytest.mark.parametrize("value", [None, [], {}, "text", 3])
def test_a_part_that_is_missing_or_damaged_is_left_out(
    run_folder: Path, missing: str, value: object
) -> None:
    verdict = full_verdict(run_folder)
    verdict[missing] = value
    assert "Use full" in verdict_text(verdict, 0.95)


def test_without_a_verdict_the_page_says_so(tmp_path: Path) -> None:
    assert "This run has no verdict yet" in verdict_text({}, 0.95)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.fault(55)
def test_text_from_data_is_shown_and_does_nothing(run_folder: Path, text: str) -> None:
    verdict = full_verdict(run_folder)
    verdict["bias"] = [{"contender": "full", "noticed": True, "note": f"goes to {text}"}]
    verdict["contenders"][0]["kind"] = text
    page = verdict_text(verdict, 0.95)
    assert not re.search(r"(?<!\\)<", page)
    assert not re.search(r"(?<!\\)\]\(", page)
    assert not re.search(r"(?<!\\)!\[", page)
    assert not re.search(r"(?i)https?:|www\.|javascript:", page)
    assert sections_of(page) == sections_of(verdict_text(full_verdict(run_folder), 0.95))
    assert len(rows_of(page, "Contenders")) == 3
    assert "\u202e" not in page


def test_each_mark_that_begins_something_is_escaped() -> None:
    assert escaped("a|b*c_d`e[f]<g>") == r"a\|b\*c\_d\`e\[f\]\<g\>"
    assert escaped("1. no list") == r"1\. no list"
    assert escaped("- no list") == r"\- no list"
    assert escaped("# no heading") == r"\# no heading"
    assert escaped("two\nlines") == "two lines"
    assert escaped("x" * 700).startswith("x" * 600 + " … (100 more")
    assert escaped(r"already \* escaped") == r"already \\\* escaped"


def test_cells_stay_in_their_columns() -> None:
    text = table(["a", "b"], [[escaped("x | y"), "1"]])
    assert text == "| a | b |\n| --- | ---: |\n| x \\| y | 1 |"


def test_the_page_lies_beside_the_verdict_in_the_language_in_use(run_folder: Path) -> None:
    translation.set_language("id")
    with Run.open(run_folder) as run:
        path = write_verdict_text(run, 0.95)
    assert path == run_folder / "verdict.md"
    text = path.read_text(encoding="utf-8")
    assert "| Selisih |" in text
    assert "+0,711" in text  # Indonesian writes a decimal comma
