"""The evidence in the report: what the verdict found beside the figures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from lxml import html

from laras import translation
from laras.report.blocks import Table
from laras.report.facts import read_facts
from laras.report.html import render
from laras.report.markdown import verdict_text
from laras.report.sections.bias import bias
from laras.report.sections.differing import differing, row_score
from laras.report.sections.prompts import prompts


@pytest.fixture(scope="module")
def tree(whole_page: str) -> Any:
    return html.fromstring(whole_page)


def text_of(tree: Any, section: str) -> str:
    """All that a section says, with single spaces."""
    return " ".join(tree.xpath(f"//section[@id='{section}']")[0].text_content().split())


def rows_of(tree: Any, section: str, table: int = 0) -> list[list[str]]:
    """The cells of a table of a section."""
    tables = tree.xpath(f"//section[@id='{section}']//table")
    return [
        [" ".join(cell.text_content().split()) for cell in row.xpath("./th | ./td")]
        for row in tables[table].xpath(".//tbody/tr")
    ]


def verdict_of(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "verdict.json").read_text(encoding="utf-8"))
    return found


def test_sentence_table_and_evidence_stand_in_this_order(tree: Any) -> None:
    assert tree.xpath("//section/@id")[:15] == [
        "comparison", "differences", "judge", "seeds", "classes", "prompts", "learning",
        "overfitting", "forgetting", "bias", "cost", "gates", "differing", "samples", "changes",
    ]  # fmt: skip


def test_a_contender_that_did_not_finish_is_named_with_the_reason(tree: Any) -> None:
    assert "hosted is left out: The endpoint failed." in text_of(tree, "comparison")


def test_differences_are_drawn_with_their_p_and_told_from_the_reference(tree: Any) -> None:
    chart = tree.xpath("//section[@id='differences']//svg")[0]
    assert chart.xpath("./desc")[0].text.startswith(
        "lora − base: +0.711, p = 0.0060 (+0.569 to +0.853)"
    )
    written = [text.text for text in chart.xpath(".//text")]
    assert "+0.711, p = 0.0060" in written
    assert "0.0" in written  # where no difference would lie
    rows = rows_of(tree, "differences")
    assert rows[1] == ["lora − base", "+0.711 +0.569 to +0.853", "0.0060", "lora"]


def test_every_prompt_is_shown_with_its_figure_and_the_one_that_competes(tree: Any) -> None:
    rows = rows_of(tree, "prompts")
    assert rows[0] == ["1. an instruction alone", "0.274", "96", "0"]
    assert rows[1] == ["2. fixed examples it competes", "0.612 (best)", "96", "1"]
    assert rows[2][3] == "4, chosen for each question"
    assert rows[3] == ["4. searched", "0.330", "24 0.410 on 8", "0"]
    assert "F1, macro" in text_of(tree, "prompts")


def test_the_prompt_that_competes_is_there_in_full(tree: Any) -> None:
    whole, others = tree.xpath("//section[@id='prompts']//details")
    said = whole.text_content()
    for part in ("The prompt of lora for labels, in full",
                 "Name the intent of the message.\nAnswer with", "<b>nothing</b>",
                 "Example 1, user", "Kartu saya hilang & dicuri?",
                 "Example 1, assistant", "card_lost"):  # fmt: skip
        assert part in said
    assert "Which of these is it?" in others.text_content()


def test_each_kind_of_question_has_its_table_and_its_prompt(whole_run_folder: Path) -> None:
    here = whole_run_folder / "contenders/lora"
    tried = json.loads((here / "prompts.json").read_text(encoding="utf-8"))
    talk = {**tried[1], "task": "chat", "metric": "rougeL", "value": 0.25}
    (here / "prompts.json").write_text(json.dumps([talk, *tried]), encoding="utf-8")
    (kept,) = json.loads((here / "prompt.json").read_text(encoding="utf-8"))["prompts"]
    kept = {"prompts": [{**kept, "task": "chat", "instruction": "Be brief."}, kept]}
    (here / "prompt.json").write_text(json.dumps(kept), encoding="utf-8")
    page = html.fromstring(render(read_facts(whole_run_folder)))
    assert rows_of(page, "prompts") == [
        ["1. fixed examples it competes", "0.250 (best)", "96", "1"]
    ]
    assert [row[0][:2] for row in rows_of(page, "prompts", 1)] == ["2.", "3.", "4.", "5."]
    said = text_of(page, "prompts")
    for part in ("What was tried for lora: answers.",
                 "What was tried for lora: labels.",
                 "The prompt of lora for answers, in full", "Be brief."):  # fmt: skip
        assert part in said


def test_losses_repetition_and_wording_are_told_with_their_figures(tree: Any) -> None:
    said = text_of(tree, "overfitting")
    assert "lora overfitted: its validation loss rose from 0.803 to 0.947." in said
    assert "full: no sign of answers learnt by heart" in said
    assert rows_of(tree, "overfitting")[0] == ["lora", "0.512", "0.947", "0.803", "+0.435"]
    by_heart = rows_of(tree, "overfitting", 1)
    assert by_heart[1][:2] == ["answers of 64 training and 64 held-out rows", "0 % 0 % – 0 %"]
    wording = rows_of(tree, "overfitting", 2)
    assert wording[1] == [
        "labels: share right 64 rows", "44 % 31 % – 58 %", "49 % 37 % – 61 %", "−5 −14 – +3",
        "0 0 – 0", "29 % 21 % – 38 %", "nothing found",
    ]  # fmt: skip
    assert ["other words labels: share right", "18", "33 %", "39 %", "11 %"] in rows_of(
        tree, "overfitting", 3
    )


def test_what_was_forgotten_is_told_by_language_with_what_would_help(tree: Any) -> None:
    rows = rows_of(tree, "forgetting")
    assert rows[0] == ["full, beside base"]
    assert rows[1] == [
        "text (English)", "2.75 2.66 – 2.84", "2.16 2.08 – 2.23", "+0.60 +28 %", "0.0020",
        "some lost",
    ]  # fmt: skip
    assert rows[3][0] == "questions with four choices 128 questions"
    assert ["arithmetic English", "16", "2", "4"] in rows_of(tree, "forgetting", 1)
    advice = tree.xpath("//section[@id='forgetting']//pre")[0].text_content()
    assert "examples: general.jsonl" in advice
    assert "about 183" in text_of(tree, "forgetting")


def test_contrasts_are_told_before_and_after_with_intervals(tree: Any) -> None:
    rows = rows_of(tree, "bias")
    assert ["Indian people ethnicity, English", "× 0.919", "× 1.54 × 1.26 – × 1.96", "0.021",
            "–"] in rows  # fmt: skip
    exchanged = rows_of(tree, "bias", 1)
    assert exchanged[0][:3] == ["full another label", "1 of 4 5 % – 70 %", "0 of 4"]
    chart = tree.xpath("//section[@id='bias']//svg")[0]
    said = chart.xpath("./desc")[0].text
    assert "Indian people, English: × 1.54 (× 1.26 – × 1.96; reference × 0.919)" in said


def test_the_cost_of_answers_stands_beside_that_of_tuning(tree: Any) -> None:
    rows = rows_of(tree, "cost", 1)
    assert rows[0] == ["base", "45.1 s", "31,150", "980", "0.038 Wh", "–"]
    assert rows[1] == ["full", "12.4 s", "9,100", "980", "0.038 Wh", "0.17 Wh"]
    said = text_of(tree, "cost")
    assert "The tuning of full is paid back after 1,204 answers." in said
    assert "It is estimated here" in said


def test_a_gate_that_is_not_passed_stands_at_the_top_and_in_its_section(tree: Any) -> None:
    tiles = [" ".join(each.text_content().split()) for each in tree.xpath("//header//dl/div")]
    assert "Gates passed1 of 2not passed: no_bias" in tiles
    assert rows_of(tree, "gates")[1] == ["no_bias", "not passed", "full treats people differently."]
    assert "1 of 2 gates are passed." in text_of(tree, "gates")


def test_a_judge_seeds_and_a_learning_curve_are_shown_where_they_are(tree: Any) -> None:
    assert rows_of(tree, "judge")[0] == [
        "full", "lora", "11", "31", "9", "8", "1", "67 % 55 % – 77 %", "0.0029", "lora",
    ]  # fmt: skip
    assert "It cost 0.043 EUR." in text_of(tree, "judge")
    assert rows_of(tree, "seeds")[0] == [
        "full F1, macro ↑", "0.835 0.805 – 0.865", "0.012", "0: 0.841; 1: 0.821; 2: 0.843",
    ]  # fmt: skip
    assert rows_of(tree, "changes")[3] == ["100 %", "3,400", "0.841 0.791 – 0.891"]
    assert "Training and judging for this took 2 min 23 s" in text_of(tree, "seeds")
    chart = tree.xpath("//section[@id='changes']//svg")[0]
    assert chart.xpath("./desc")[0].text == "850: 0.610; 1,700: 0.740; 3,400: 0.841"


def test_page_and_markdown_say_the_same_of_what_would_change_the_verdict(
    whole_run: Path, tree: Any
) -> None:
    text = verdict_text(verdict_of(whole_run), 0.95).replace("\\", "")
    said = text_of(tree, "changes")
    for part in ("it takes about 913 test rows to tell them apart.",
                 "finds a true difference of 0.053 in F1, macro four times out of five",
                 "More test rows could tell lora apart from full.",
                 "Twice the data would bring +0.02."):  # fmt: skip
        assert part in said
        assert part in text


def test_the_examples_furthest_apart_are_shown_with_the_two_that_are(whole_run: Path) -> None:
    section = differing(read_facts(whole_run))
    table, samples = section.blocks[1:]
    assert len(samples.samples) == 6
    for sample in samples.samples:
        assert {answer.note for answer in sample.answers} == {"right", "wrong"}
    counts = [[int(cell.text) for cell in row[1:]] for row in table.rows]
    assert [row[0].text for row in table.rows] == ["full – base", "full – lora"]
    assert all(sum(row) == 240 for row in counts)
    assert counts[0][0] > counts[0][1]


@pytest.mark.parametrize(
    ("row", "score"),
    [
        ({"task": "classification", "label": "a", "predicted_label": "a"}, 1.0),
        ({"task": "classification", "label": "a", "predicted_label": "b"}, 0.0),
        ({"task": "classification", "label": "a", "predicted_label": None, "prediction": "c"}, 0.0),
        ({"task": "classification", "label": "a", "predicted_label": None}, None),
        ({"task": "chat", "prediction": "x", "rougeL": 0.25, "token_f1": 0.5}, 0.25),
        ({"task": "chat", "prediction": "x", "rougeL": None, "token_f1": 0.5}, 0.5),
        ({"task": "chat", "prediction": None, "rougeL": 0.25}, None),
        ({"task": "text", "prediction": None}, None),
    ],
)
def test_a_row_scores_by_its_label_or_by_the_overlap_of_words(
    row: dict[str, Any], score: float | None
) -> None:
    assert row_score(row) == score


def test_the_evidence_speaks_indonesian(whole_run: Path) -> None:
    translation.set_language("id")
    facts = read_facts(whole_run)
    assert "orang India" in repr(bias(facts))
    assert "× 1,54" in repr(bias(facts))
    table = next(block for block in prompts(facts).blocks if isinstance(block, Table))
    assert table.rows[1][1].text == "0,612"
