"""No guard is weakened without its name in the report, and what guards did stands there, too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from laras.recipe.load import load_recipe, recipe_from_mapping, resolved_yaml
from laras.recipe.schema import Recipe
from laras.report.facts import read_facts
from laras.report.guard_settings import default_of, guards, weakened
from laras.report.html import render
from laras.report.sections.guards import guards as section
from recipe_fields import fields_of

GENERATION = "preparation.generation={endpoint: 'http://127.0.0.1:1/v1', model: m}"
JUDGE = "evaluation.judge={endpoint: 'http://127.0.0.1:1/v1', model: m}"
HOSTED = (
    "comparison.contenders=[base, {kind: api, name: big, endpoint: {endpoint: "
    "'http://127.0.0.1:1/v1', model: big}}]"
)
FREEZE = "comparison.contenders=[base, freeze]"
# One value of each field that guards less than its default.
WEAKER = {
    "model.download": "true",
    "data.validation_share": "0.0",
    "data.max_file_bytes": "300000000",
    "data.max_rejected_share": "0.9",
    "preparation.clean": "false",
    "preparation.quality": "off",
    "preparation.min_characters": "0",
    "preparation.max_reply_copies": "null",
    "preparation.personal_data": "keep",
    "preparation.personal_data_kinds": "[email]",
    "preparation.exact_duplicates": "false",
    "preparation.near_duplicates": "false",
    "preparation.near_duplicate_threshold": "0.95",
    "preparation.leak_limit": "0.5",
    "preparation.accept": "[test-leak]",
    "preparation.generation.max_cost": "1.0",
    "preparation.generation.least_grounded": "0.1",
    "preparation.generation.timeout_s": "9999.0",
    "evaluation.judge.timeout_s": "9999.0",
    "comparison.contenders.*.endpoint.timeout_s": "9999.0",
    "tuning.max_gradient_norm": "100.0",
    "tuning.non_finite_limit": "99",
    "tuning.divergence": "warn",
    "tuning.patience": "99",
    "tuning.validations_per_epoch": "1",
    "tuning.validation_rows": "5",
    "tuning.checkpoint_every_s": "9999.0",
    "tuning.checkpoint_every_steps": "500",
    "tuning.keep_checkpoints": "1",
    "tuning.recompute_activations": "never",
    "tuning.frozen_cache_bytes": "90000000000",
    "evaluation.checks": "[wording]",
    "evaluation.check_rows": "1",
    "evaluation.max_rows": "5",
    "evaluation.confidence": "0.5",
    "evaluation.bootstrap_samples": "100",
}
NEEDS = {
    "preparation.generation": GENERATION,
    "evaluation.judge": JUDGE,
    "comparison.contenders": HOSTED,
    "tuning.frozen_cache_bytes": FREEZE,
}
# What decides what is done, and guards against nothing.
NO_GUARDS = """
preset
model.base model.revision model.precision model.context model.chat_template model.new_tokens
model.system_message
data.sources data.test data.validation data.test_share
data.sources.*.documents data.sources.*.articles data.sources.*.conversations
data.sources.*.examples data.sources.*.name data.sources.*.assistant
data.sources.*.session_gap_minutes data.sources.*.date_order data.sources.*.fallbacks
data.sources.*.html data.sources.*.pdf_parser data.sources.*.ocr data.sources.*.passages
data.sources.*.pairs data.sources.*.instruction data.sources.*.weight
data.sources.*.columns.text data.sources.*.columns.label data.sources.*.columns.question
data.sources.*.columns.answer data.sources.*.columns.system data.sources.*.columns.messages
data.sources.*.columns.group data.sources.*.columns.author data.sources.*.columns.time
data.sources.*.columns.thread data.sources.*.columns.rating data.sources.*.columns.weight
preparation.indonesian_normalisation preparation.languages preparation.semantic_threshold
preparation.semantic_model preparation.chunk_characters preparation.generation
preparation.generation.endpoint preparation.generation.model
preparation.generation.api_key_variable preparation.generation.parallel
preparation.generation.pairs_per_passage preparation.generation.max_passages
preparation.generation.input_price preparation.generation.output_price
preparation.engine preparation.seed
tuning.effort tuning.objective tuning.epochs tuning.max_steps tuning.learning_rate
tuning.batch_tokens tuning.micro_batch_tokens tuning.curriculum tuning.optimizer
tuning.weight_decay tuning.warmup_share tuning.schedule tuning.decay_share tuning.layer_decay
tuning.embedding_noise tuning.averaging_decay tuning.on_out_of_memory tuning.seed
evaluation.metrics evaluation.max_new_tokens evaluation.batch_tokens evaluation.seed
evaluation.judge evaluation.judge.endpoint evaluation.judge.model
evaluation.judge.api_key_variable evaluation.judge.parallel evaluation.judge.price_input
evaluation.judge.price_output evaluation.judge.budget evaluation.judge.currency
evaluation.judge.rows evaluation.judge.show_reference evaluation.judge.max_tokens
comparison.contenders comparison.primary_metric comparison.samples comparison.seeds
comparison.learning_curve
gates.least gates.most gates.beats_reference gates.no_overfitting gates.no_forgetting gates.no_bias
gates.no_memorisation
search.trials search.contender search.space search.timeout_s search.seed
search.space.*.low search.space.*.high search.space.*.log search.space.*.choices
"""


def is_no_guard(field: str) -> bool:
    """A contender's own settings are the tuning section's, where guards are not among them."""
    own = "comparison.contenders.*."
    return field in NO_GUARDS.split() or (field.startswith(own) and field not in guards())


def written(folder: Path, *settings: str) -> Path:
    """A run folder with nothing but its recipe."""
    loaded = recipe_from_mapping({"data": {"sources": [{"examples": "a.csv"}]}}, folder, settings)
    folder.mkdir(exist_ok=True)
    (folder / "recipe.yaml").write_text(resolved_yaml(loaded), encoding="utf-8")
    (folder / "events.jsonl").touch()
    return folder


def test_every_field_either_guards_or_is_known_to_guard_nothing() -> None:
    fields = set(fields_of(Recipe, "", set()))
    known = {field for field in fields if field in guards() or is_no_guard(field)}
    assert fields - known == set(), "say of each whether it can weaken a guard"
    assert guards().keys() <= {*fields, *_of_sections_that_stand_twice()}
    assert not {field for field in NO_GUARDS.split() if field not in fields | _twice(fields)}


def _of_sections_that_stand_twice() -> set[str]:
    """``fields_of`` tells a section where it stands first."""
    return {"evaluation.judge.timeout_s", "comparison.contenders.*.endpoint.timeout_s"}


def _twice(fields: set[str]) -> set[str]:
    return {field for field in NO_GUARDS.split() if field.startswith("evaluation.judge.")}


@pytest.mark.parametrize("field", guards())
def test_a_weakened_guard_is_named_in_the_report_and_its_default_is_not(
    field: str, tmp_path: Path
) -> None:
    needed = next((s for part, s in NEEDS.items() if field.startswith(part)), None)
    given = [] if needed is None else [needed]
    before = {each.field for each in weakened(read_facts(written(tmp_path / "a", *given)).settings)}
    place = field.replace("*", "1")
    assert place not in before
    folder = written(tmp_path / "run", *given, f"{place}={WEAKER[field]}")
    (found,) = [each for each in weakened(read_facts(folder).settings) if each.field == place]
    assert found.usual == (3 if field == "tuning.patience" else default_of(field))
    page = render(read_facts(folder))
    assert place in page
    assert "weaken a guard" in page


def test_a_stricter_setting_is_not_named(tmp_path: Path) -> None:
    folder = written(
        tmp_path / "run",
        *("tuning.patience=1", "tuning.keep_checkpoints=9", "data.max_rejected_share=0.0"),
        *("evaluation.confidence=0.99", "preparation.quality=drop"),
    )
    assert weakened(read_facts(folder).settings) == []
    assert "as strict as it is by default" in repr(section(read_facts(folder)))


def test_a_value_that_can_not_be_compared_is_told_rather_than_trusted() -> None:
    (found,) = weakened({"tuning": {"non_finite_limit": "many"}})
    assert (found.field, found.value) == ("tuning.non_finite_limit", "many")


def test_patience_is_held_against_that_of_its_effort() -> None:
    thorough: dict[str, Any] = {"tuning": {"effort": "thorough", "patience": 5}}
    assert weakened(thorough) == []
    assert weakened({"tuning": {"effort": "quick", "patience": 5}})[0].usual == 2


def test_what_guards_did_stands_in_the_report(tmp_path: Path) -> None:
    folder = written(tmp_path / "run")
    events = [
        {"kind": "training_planned", "contender": "lora", "steps": 90},
        {"kind": "step_skipped", "contender": "lora", "step": 4, "reason": "the loss",
         "rows": ["<b>row</b>", "r2"]},
        {"kind": "training_diverged", "contender": "lora", "step": 30},
        {"kind": "memory_exhausted", "contender": "lora", "micro_batch_tokens": 512, "next": 256},
        {"kind": "checkpoint_skipped", "contender": "lora", "name": "step-9", "reason": "cut"},
        {"kind": "training_resumed", "contender": "lora", "step": 8},
        {"kind": "training_changed", "contender": "lora", "fields": ["tuning.learning_rate"]},
        {"kind": "contender_finished", "contender": "lora", "steps": 60, "best_step": 40},
        {"kind": "stage_repeated", "stage": "evaluate-base", "reason": "damaged"},
        {"kind": "events_lost", "count": 7},
    ]  # fmt: skip
    (folder / "events.jsonl").write_text("".join(json.dumps(e) + "\n" for e in events))
    facts = read_facts(folder)
    told = repr(section(facts))
    for words in (
        *("Steps not applied: the loss", "steps 4; the rows of the first: <b>row</b>, r2"),
        *("The loss diverged", "went on with micro-batches of 256 tokens", "step-9: cut"),
        *("Went on from a checkpoint", "tuning.learning_rate", "after 60 of 90 steps"),
        *("evaluate-base", "7 events"),
    ):
        assert words in told
    assert "<b>row</b>" not in render(facts)


def test_a_run_whose_guards_had_nothing_to_do_says_so(tmp_path: Path) -> None:
    loaded = load_recipe(written(tmp_path / "run") / "recipe.yaml")
    assert loaded.recipe.tuning.divergence == "stop"
    assert "No guard had to do anything" in repr(section(read_facts(tmp_path / "run")))
