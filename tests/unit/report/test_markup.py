"""The page with all of its evidence as markup: sound, readable by anybody, deaf to its texts."""

from __future__ import annotations

import json
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from lxml import html

from laras.report.facts import read_facts
from laras.report.html import render
from laras.report.sections.bias import bias
from laras.report.sections.changes import changes
from laras.report.sections.differences import differences
from laras.report.sections.forgetting import forgetting
from laras.report.sections.gates import gates
from laras.report.sections.headline import headline
from laras.report.sections.judge import judge
from laras.report.sections.overfitting import overfitting
from laras.report.sections.prompts import prompts
from laras.report.sections.resources import cost
from laras.report.sections.seeds import seeds

HOSTILE = "</style></title><script>document.title='owned'</script>\u202e{{ 7 * 7 }}\" onload='x'"
EVIDENCE = ["judge", "seeds", "prompts", "overfitting", "forgetting", "bias", "gates"]
OF_THE_VERDICT = (
    *(judge, seeds, prompts, overfitting, forgetting, bias, gates),
    *(changes, cost, differences),
)
# Without end tags, by the standard; SVG's empty elements close themselves.
VOID = {"meta", "br", "hr", "img", "input", "link", "col", "wbr"}


@pytest.fixture(scope="module")
def tree(whole_page: str) -> Any:
    return html.fromstring(whole_page)


def text_of(tree: Any, section: str) -> str:
    """All that a section says, with single spaces."""
    return " ".join(tree.xpath(f"//section[@id='{section}']")[0].text_content().split())


def verdict_of(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "verdict.json").read_text(encoding="utf-8"))
    return found


def with_verdict(folder: Path, verdict: Any) -> str:
    """The page of the run with another verdict."""
    (folder / "verdict.json").write_text(json.dumps(verdict), encoding="utf-8")
    return render(read_facts(folder))


class Balance(HTMLParser):
    """Reads a page as the standard library does, and remembers what is open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids += [str(value) for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids += [str(value) for name, value in attrs if name == "id"]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, self.getpos()


def test_tags_are_balanced_and_no_name_is_given_twice(whole_page: str) -> None:
    reader = Balance()
    reader.feed(whole_page)
    reader.close()
    assert reader.open == []
    assert max(Counter(reader.ids).values()) == 1


def test_tables_have_headers_and_charts_have_words(tree: Any) -> None:
    for table in tree.xpath("//table"):
        assert table.xpath("./thead/tr/th[@scope='col']")
        assert all(row.xpath("./th[@scope]") for row in table.xpath("./tbody/tr"))
        assert table.getparent().get("class") == "table"  # which scrolls
    charts = tree.xpath("//svg")
    assert len(charts) >= 12
    for chart in charts:
        assert chart.xpath("./title")[0].text
        assert chart.xpath("./desc")[0].text


def test_the_page_with_everything_is_small(whole_page: str) -> None:
    assert len(whole_page.encode("utf-8")) < 250_000


def hostile(value: Any, keep: tuple[str, ...] = ()) -> Any:
    """``value`` with all its texts replaced, but for those under the keys ``keep``."""
    if isinstance(value, dict):
        return {key: inner if key in keep else hostile(inner, keep) for key, inner in value.items()}
    if isinstance(value, list):
        return [hostile(inner, keep) for inner in value]
    return HOSTILE if isinstance(value, str) else value


@pytest.mark.fault(55)
def test_hostile_texts_anywhere_in_the_evidence_are_shown_and_do_nothing(
    whole_run_folder: Path,
) -> None:
    kept = (
        *("contenders", "contender", "reference", "recommendation"),
        *("metric", "task", "measure", "part"),
    )
    verdict = hostile(verdict_of(whole_run_folder), kept)
    for name in ("prompt.json", "prompts.json"):
        path = whole_run_folder / "contenders/lora" / name
        told = hostile(json.loads(path.read_text(encoding="utf-8")), ("metric",))
        path.write_text(json.dumps(told), encoding="utf-8")
    page = with_verdict(whole_run_folder, verdict)
    tree = html.fromstring(page)
    assert not tree.xpath("//script | //link | //img | //iframe | //form")
    assert not tree.xpath("//@*[starts-with(name(), 'on')]")
    assert "\u202e" not in page
    reader = Balance()
    reader.feed(page)
    assert reader.open == []
    for section in [*EVIDENCE, "changes", "cost", "differences"]:
        assert "<script>document.title='owned'</script>" in text_of(tree, section), section


def test_what_was_not_measured_has_no_section_and_is_named(run_folder: Path) -> None:
    verdict = verdict_of(run_folder)
    for key in ("minimal_detectable_effect", "pairs", "ties"):
        verdict[key] = None
    tree = html.fromstring(with_verdict(run_folder, verdict))
    shown = set(tree.xpath("//section/@id"))
    assert not shown & {*EVIDENCE, "differences", "changes"}
    missing = text_of(tree, "missing")
    for check in ("Overfitting", "Memorisation", "Wording", "Forgetting", "Bias"):
        assert f"{check}: not measured" in missing


DAMAGE: list[Any] = [
    "text", 3, True, [1, "x", None], {"a": [1]}, [{}], [{"contender": None, "parts": [3, {}]}],
    {"comparisons": [{}], "note": None, "per_1000_answers": 1},
    [{"points": [{}, 1], "values": 3, "contrasts": [{"after": "x"}], "labels": [], "texts": [{}]}],
]  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGE, ids=range(len(DAMAGE)))
def test_a_part_of_another_shape_does_not_break_its_section(
    whole_run_folder: Path, damage: Any
) -> None:
    found = verdict_of(whole_run_folder)
    parts = [key for key in found if key not in ("recommendation", "sentence", "contenders")]
    damaged = {**found, **dict.fromkeys(parts, damage)}
    (whole_run_folder / "verdict.json").write_text(json.dumps(damaged))
    for name in ("prompt.json", "prompts.json"):
        (whole_run_folder / "contenders/lora" / name).write_text(json.dumps(damage))
    facts = read_facts(whole_run_folder)
    assert headline(facts).sentence.startswith("Use full: its macro-F1 is 0.841")
    for make in OF_THE_VERDICT:
        section = make(facts)
        assert section is None or section.blocks
