"""What single sections say of a run."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq

from laras.records import REJECTION_SCHEMA, Rejection, to_table
from laras.report.blocks import Facts, Paragraph, Samples, Table
from laras.report.facts import read_facts
from laras.report.sections.comparison import comparison
from laras.report.sections.findings import findings
from laras.report.sections.funnel import _steps_down, funnel
from laras.report.sections.learning import gap_in_words, learning, smoothed, thinned
from laras.report.sections.provenance import recipe
from laras.report.sections.resources import cost
from laras.report.sections.samples import compared, samples
from laras.report.sections.splits import leaks
from laras.sources.reasons import explanation


def shared_words(answer: str, reference: str) -> list[str]:
    return [word.text.strip() for word in compared(answer, reference) if word.shared]


def test_words_in_the_order_of_the_reference_are_marked() -> None:
    assert shared_words("Ya, buka menu Kartu sekarang.", "Ya. Buka menu Kartu.") == [
        "Ya, buka menu Kartu"
    ]


def test_case_and_punctuation_do_not_make_words_differ() -> None:
    assert shared_words("KARTU!", "kartu") == ["KARTU!"]


def test_no_character_of_an_answer_is_lost_by_the_comparison() -> None:
    answer = "  Dua\n\nbaris,  dan   spasi. "
    assert "".join(word.text for word in compared(answer, "dan baris")) == answer


def test_answers_without_words_in_common_are_not_marked() -> None:
    assert shared_words("tidak ada", "lain sekali") == []
    assert compared("", "kosong") == []


def test_every_task_gets_its_share_of_the_samples(run_folder: Path) -> None:
    section = samples(read_facts(run_folder))
    block = next(block for block in section.blocks if isinstance(block, Samples))
    sources = [sample.heading.split(" · ")[1] for sample in block.samples]
    assert len(sources) == 12
    assert sources.count("chats/") == sources.count("enquiries.csv") == 6
    assert all(len(sample.answers) == 3 for sample in block.samples)


def test_one_with_a_head_is_shown_where_it_was_asked_and_said_to_write_nothing(
    run_folder: Path,
) -> None:
    planned = {
        "kind": "training_planned",
        "contender": "full",
        "settings": {"objective": "classification"},
    }
    events = run_folder / "events.jsonl"
    events.write_text(f"{events.read_text()}\n{json.dumps(planned)}")
    path = run_folder / "contenders/full/predictions.parquet"
    rows = pq.read_table(path)
    pq.write_table(rows.filter(pc.equal(rows["task"], "classification")), path)
    facts = read_facts(run_folder)
    assert facts.with_head == {"full"}
    block = next(block for block in samples(facts).blocks if isinstance(block, Samples))
    assert {len(sample.answers) for sample in block.samples} == {2, 3}
    said = [block.text for block in comparison(facts).blocks if isinstance(block, Paragraph)]
    assert any(text.startswith("full: a classification head") for text in said)
    said = [block.text for block in learning(facts).blocks if isinstance(block, Paragraph)]
    assert any(text.startswith("For full it is that of a row's label") for text in said)


def test_the_recipe_decides_how_many_samples_are_shown(run_folder: Path) -> None:
    recipe = run_folder / "recipe.yaml"
    recipe.write_text(recipe.read_text().replace("samples: 12", "samples: 0"))
    assert samples(read_facts(run_folder)) is None


def test_a_contender_that_the_verdict_does_not_name_is_left_out(run_folder: Path) -> None:
    path = run_folder / "verdict.json"
    verdict = json.loads(path.read_text())
    verdict["contenders"] = verdict["contenders"][:2]
    path.write_text(json.dumps(verdict))
    assert [contender.name for contender in read_facts(run_folder).contenders] == ["base", "lora"]


def test_the_funnel_ends_with_what_was_trained_on(run_folder: Path) -> None:
    facts = read_facts(run_folder)
    stages = facts.audit["funnel"]
    left = [bar.value for bar in _steps_down(facts, stages)]
    assert left == [4210, 4187, 4160, 4160, 3944, 3944, 3940, 3398]


def test_the_reasons_of_the_funnel_say_what_they_mean(run_folder: Path) -> None:
    section = funnel(read_facts(run_folder))
    assert section is not None
    table = [block for block in section.blocks if isinstance(block, Table)][-1]
    said = {row[0].text: row[0].detail for row in table.rows}
    assert said["bad-json"] == f"read: {explanation('bad-json')}"
    assert said["too-short"].partition(":")[0] == "clean"


def test_validation_below_training_is_no_overfitting() -> None:
    assert "lies below" in gap_in_words([(1.0, 2.0), (2.0, 2.0)], [(2.0, 1.8)])


def test_the_plan_gives_each_setting_with_its_reason(run_folder: Path) -> None:
    table = next(b for b in recipe(read_facts(run_folder)).blocks if isinstance(b, Table))
    rows = {row[0].text: [(cell.text, cell.detail) for cell in row[1:]] for row in table.rows}
    assert rows["learning rate"] == [("0.002", "usual for lora"), ("0.002", "usual for full")]
    assert "max steps" not in rows


def test_smoothing_keeps_a_constant_as_it_is() -> None:
    averages = smoothed([(step, 2.0) for step in range(50)])
    assert all(abs(loss - 2.0) < 1e-12 for _step, loss in averages)


def test_thinning_keeps_the_last_point() -> None:
    points = [(float(step), 0.0) for step in range(1001)]
    kept = thinned(points)
    assert len(kept) <= 241
    assert kept[-1] == points[-1]


def test_a_validation_loss_that_rose_is_called_overfitting() -> None:
    training = [(step, 2.0 - step / 100) for step in range(1, 101)]
    rising = [(20.0, 1.85), (60.0, 1.6), (100.0, 1.9)]
    said = gap_in_words(training, rising)
    assert "rose to 1.900 by step 100" in said
    assert "weights of step 60" in said


def test_curves_that_stay_together_are_called_so() -> None:
    training = [(step, 2.0 - step / 100) for step in range(1, 101)]
    assert "stay close" in gap_in_words(training, [(50.0, 1.55), (100.0, 1.02)])


def test_a_gap_without_a_rise_is_neither() -> None:
    training = [(step, 2.0 - step / 100) for step in range(1, 101)]
    assert "not rising" in gap_in_words(training, [(50.0, 1.7), (100.0, 1.5)])


def test_the_funnel_counts_cut_rows_and_dropped_rows(run_folder: Path) -> None:
    section = funnel(read_facts(run_folder))
    stages, reasons = (block for block in section.blocks if isinstance(block, Table))
    assert [cell.text for cell in stages.rows[0]] == ["read", "4,210", "23", "4,187"]
    by_reason = {row[0].text: (row[1].text, row[2].text) for row in reasons.rows}
    assert by_reason["exact-duplicate"] == ("dropped", "139")
    assert by_reason["cut-to-context"] == ("cut", "1")


def test_the_certificate_says_in_words_that_nothing_leaked(run_folder: Path) -> None:
    section = leaks(read_facts(run_folder))
    said, facts = section.blocks
    assert isinstance(said, Paragraph)
    assert said.text.startswith("No group, no equal text and no near-duplicate")
    assert isinstance(facts, Facts)
    assert ("Groups in two splits", "0") in facts.pairs


def test_a_leak_is_a_warning(run_folder: Path) -> None:
    path = run_folder / "data/audit.json"
    audit = json.loads(path.read_text())
    audit["certificate"] |= {"clean": False, "exact_crossing": 3}
    path.write_text(json.dumps(audit))
    said, facts = leaks(read_facts(run_folder)).blocks
    assert said.tone == "warning"
    assert ("Equal texts in two splits", "3") in facts.pairs


def test_the_cost_gives_speed_and_the_share_of_parameters(run_folder: Path) -> None:
    (table,) = cost(read_facts(run_folder)).blocks
    lora = next(row for row in table.rows if row[0].text == "lora")
    assert lora[1].text == "1 min 11 s"
    assert (lora[3].text, lora[3].detail) == ("131,072", "2.5 %")
    assert lora[2].detail == "24,128 a second"


def test_the_line_that_confirms_a_guessed_assistant_is_whole(run_folder: Path) -> None:
    line = 'assistant: ["' + "Layanan Anggota Telaga " * 20 + '"]'
    guess = Rejection("read", "guessed-assistant", "a.txt", detail=line, action="cut", rows=0)
    pq.write_table(to_table([guess], REJECTION_SCHEMA), run_folder / "data" / "ledger.parquet")
    facts = read_facts(run_folder)
    for section in (funnel(facts), findings(facts)):
        assert section is not None
        assert line in repr(section.blocks)
