"""No option is read by nobody (trap 30): each field of the recipe, changed alone, changes what is
done.

A change is observed as far down as it can be seen cheaply: in the prepared rows, the trained
weights, the figures and answers. Work is begun in a copy of the folder where it was finished
without the change, so that a setting forgotten in a stage's key is found too: nothing would be
done again. A field without an entry here fails.
"""

from __future__ import annotations

import gc
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import count
from pathlib import Path

import pytest

from laras.recipe.load import LoadedRecipe, load_recipe
from laras.recipe.schema import Recipe
from recipe_effects import (
    Observe,
    answered,
    encoded,
    exhausted,
    found_model,
    gated,
    judged,
    merged,
    planned,
    prepared,
    prompted,
    read,
    refereed,
    retrained,
    searched,
    tuned,
    written,
)
from recipe_fields import fields_of
from small_project import small_project

TABLE = "data.sources=[{examples: columns.jsonl}]"
CHATS = "data.sources=[{conversations: chats.jsonl}]"
TALK = "data.sources=[{conversations: columns.jsonl, columns: {messages: turns}}]"
LABELLED = "data.sources=[{examples: columns.jsonl, columns: {text: text}}]"
ASKED = "data.sources=[{examples: columns.jsonl, columns: {question: question}}]"
LETTERS = "data.sources=[{documents: letters}, {examples: questions.jsonl}]"
CANNED = "data.sources=[{conversations: canned.jsonl}]"
MESSAGES = "data.sources=[{conversations: messages.jsonl}]"
PHONE = "data.sources=[{conversations: phone.txt}]"
BOOKS = "data.sources=[{documents: books}]"
GUIDE = "data.sources=[{documents: guide}]"
WRITING = (
    "preparation.generation={endpoint: 'http://127.0.0.1:1/v1', model: writer, output_price: 1.0, "
    "max_cost: 1.0}",
    "data.sources=[{documents: handbook}]",
)
LORA = "comparison.contenders=[{kind: lora, name: tuned, rank: 4}]"
LORAPLUS = "comparison.contenders=[{kind: loraplus, name: tuned, rank: 4}]"
OFT = "comparison.contenders=[{kind: oft, name: tuned}]"
SOFT = "comparison.contenders=[{kind: soft-prompt, name: tuned, virtual_tokens: 2}]"
FREEZE = "comparison.contenders=[{kind: freeze, name: tuned}]"
PROMPT = "comparison.contenders=[{kind: prompt, name: asked, prompt_rows: 2}]"
HOSTED = (
    "comparison.contenders=[{kind: api, name: big, ways: [zero-shot], endpoint: {endpoint: "
    "'http://127.0.0.1:1/v1', model: big, price_input: 1.0, price_output: 1.0, budget: 1.0}}]"
)
BASE = "comparison.contenders=[{kind: base, name: base}]"
TWICE = "comparison.contenders=[base, {kind: base, name: other}]"
TWO = (
    "comparison.contenders=[base, {kind: full, name: tuned}]",
    *("tuning.learning_rate=0.3", "evaluation.checks=[]"),
)
REFEREE = (
    *TWO,
    "evaluation.judge={endpoint: 'http://127.0.0.1:1/v1', model: referee, price_output: 1.0, "
    "budget: 1.0}",
)
# A search of two short trainings.
QUICK = ("search.trials=2", "tuning.max_steps=1")
RANGE = (*QUICK, "search.space.tuning.learning_rate={low: 1e-3, high: 1e-1}")
CHOICE = (*QUICK, "search.space.tuning.learning_rate={choices: [1e-3, 1e-2]}")
TWO_TUNED = "comparison.contenders=[{kind: full, name: tuned}, {kind: freeze, name: other}]"
# Weights that are infinite after a few of many steps.
BROKEN = ("tuning.learning_rate=1e30", "tuning.batch_tokens=128")
WATCHED = (*BROKEN, "tuning.validations_per_epoch=99")
SAVED = (*BROKEN, "tuning.checkpoint_every_steps=1")
# A loss that stays finite and goes far above where it was.
DIVERGING = (
    *("tuning.learning_rate=3.0", "tuning.epochs=12", "tuning.warmup_share=0.5"),
    *("tuning.patience=999", "tuning.max_gradient_norm=1000", "tuning.batch_tokens=128"),
)
UNCHECKED = ("evaluation.checks=[]",)


@dataclass(frozen=True)
class Mutation:
    """``change`` (as after ``--set``) of a recipe that says ``given`` beside its defaults.

    ``afresh``: a setting that by design does not touch finished work.
    """

    change: str
    observe: Observe
    given: tuple[str, ...] = ()
    afresh: bool = False

    @property
    def field(self) -> str:
        """What the change sets: ``data.sources.*.weight``. The paths of a search stand in a
        mapping, as the entries of other fields in a list."""
        path = self.change.split("=")[0].replace("space.tuning.learning_rate", "space.0")
        return re.sub(r"\.\d+", ".*", path)


def mutations() -> Iterator[Mutation]:
    """One or more for each field."""
    yield Mutation("preset=documents", merged)

    yield Mutation("model.base=qwen2", encoded)
    yield Mutation("model.context=40", encoded)
    yield Mutation("model.chat_template=own.jinja", encoded)
    yield Mutation("model.system_message=merge", encoded)
    yield Mutation("model.new_tokens=[Which]", encoded)
    yield Mutation("model.precision=bfloat16", tuned)
    yield Mutation("model.revision=v2", found_model, ("model.base=owner/cached",))
    yield Mutation("model.download=true", found_model, ("model.base=owner/absent",))

    yield Mutation("data.sources=[{examples: questions.jsonl}]", prepared)
    yield Mutation(
        "data.sources.0.documents=other", read, ("data.sources=[{documents: handbook}]",)
    )
    yield Mutation("data.sources.0.articles=other", read, ("data.sources=[{articles: handbook}]",))
    yield Mutation("data.sources.0.conversations=other.jsonl", read, (CHATS,))
    yield Mutation("data.sources.0.examples=other.jsonl", read, (TABLE,))
    yield Mutation("data.sources.0.assistant=[Budi]", read, (CHATS,))
    yield Mutation("data.sources.0.columns.text=body", read, (LABELLED,))
    yield Mutation("data.sources.0.columns.label=kind", read, (LABELLED,))
    yield Mutation("data.sources.0.columns.question=ask", read, (ASKED,))
    yield Mutation("data.sources.0.columns.answer=say", read, (ASKED,))
    yield Mutation("data.sources.0.columns.system=rules", read, (ASKED,))
    yield Mutation("data.sources.0.columns.group=team", read, (ASKED,))
    yield Mutation("data.sources.0.columns.messages=talk", read, (TALK,))
    yield Mutation("data.sources.0.columns.weight=importance", read, (ASKED,))
    yield Mutation("data.sources.1.name=frequent", prepared)
    yield Mutation("data.sources.1.instruction=Jawab.", prepared)
    yield Mutation("data.sources.1.weight=2.0", prepared)
    yield Mutation("data.sources.0.html=page", read, ("data.sources.0.documents=pages",))
    for column, name in (
        ("author", "who"),
        ("time", "at"),
        ("thread", "about"),
        ("rating", "stars"),
    ):
        yield Mutation(f"data.sources.0.columns.{column}={name}", read, (MESSAGES,))
    yield Mutation("data.sources.0.session_gap_minutes=1.0", read, (PHONE,))
    yield Mutation("data.sources.0.date_order=month-first", read, (PHONE,))
    yield Mutation("data.sources.0.fallbacks=[Besok ya]", read, (PHONE,))
    yield Mutation("data.sources.0.passages=false", prepared, (GUIDE,))
    yield Mutation("data.sources.0.passages=whole", prepared, (BOOKS,))
    yield Mutation("data.sources.0.pairs=[questions]", prepared, (GUIDE,))
    # Without the extras these are refused, with them they read other texts.
    yield Mutation("data.sources.0.ocr=true", prepared, ("data.sources=[{documents: scans}]",))
    yield Mutation("data.sources.0.pdf_parser=docling", prepared, (GUIDE,))
    yield Mutation("data.test=other.jsonl", prepared)
    yield Mutation("data.validation=other.jsonl", prepared)
    yield Mutation("data.test_share=0.5", prepared)
    yield Mutation("data.validation_share=0.5", prepared)
    yield Mutation("data.max_file_bytes=500", prepared)
    yield Mutation("data.max_rejected_share=0.01", prepared)

    yield Mutation("preparation.clean=false", prepared)
    yield Mutation("preparation.min_characters=0", prepared)
    yield Mutation("preparation.exact_duplicates=false", prepared)
    yield Mutation("preparation.near_duplicates=false", prepared)
    yield Mutation("preparation.near_duplicate_threshold=1.0", prepared)
    yield Mutation("preparation.chunk_characters=200", prepared)
    yield Mutation("preparation.leak_limit=0.5", prepared, ("data.test=leaking.jsonl",))
    yield Mutation("preparation.accept=[test-leak]", prepared, ("data.test=leaking.jsonl",))
    yield Mutation("preparation.indonesian_normalisation=true", prepared, (LETTERS,))
    yield Mutation("preparation.personal_data=replace", prepared, (LETTERS,))
    yield Mutation(
        "preparation.personal_data_kinds=[ip]",
        prepared,
        (LETTERS, "preparation.personal_data=replace"),
    )
    yield Mutation("preparation.quality=drop", prepared, (LETTERS,))
    yield Mutation("preparation.languages=[id]", prepared, (LETTERS,))
    yield Mutation("preparation.max_reply_copies=2", prepared, (CANNED,))
    yield Mutation("preparation.semantic_threshold=0.8", prepared)
    yield Mutation(
        "preparation.semantic_model=qwen2", prepared, ("preparation.semantic_threshold=0.8",)
    )
    yield Mutation("preparation.generation={endpoint: 'http://127.0.0.1:1/v1', model: m}", written)
    for change in (
        *("endpoint=http://127.0.0.1:1/v2", "model=other", "api_key_variable=WRITER_KEY"),
        *("pairs_per_passage=2", "max_passages=1", "input_price=9999.0", "output_price=9999.0"),
        *("max_cost=0.0", "least_grounded=0.0", "timeout_s=0.05", "parallel=1"),
    ):
        yield Mutation(f"preparation.generation.{change}", written, WRITING)
    yield Mutation("preparation.engine=ray", prepared, afresh=True)
    yield Mutation("preparation.seed=1", prepared)

    yield Mutation("tuning.objective=continued", tuned)
    yield Mutation("tuning.epochs=2", tuned)
    yield Mutation("tuning.max_steps=1", tuned)
    yield Mutation("tuning.learning_rate=0.1", tuned)
    yield Mutation("tuning.batch_tokens=256", tuned)
    yield Mutation("tuning.micro_batch_tokens=64", tuned, afresh=True)
    yield Mutation("tuning.recompute_activations=always", planned)
    yield Mutation("tuning.curriculum=length", tuned)
    yield Mutation("tuning.frozen_cache_bytes=0", tuned, (FREEZE, "tuning.epochs=2"))
    yield Mutation("tuning.optimizer=muon", tuned)
    yield Mutation("tuning.weight_decay=0.5", tuned)
    yield Mutation("tuning.warmup_share=0.9", tuned)
    yield Mutation("tuning.schedule=constant", tuned)
    yield Mutation("tuning.decay_share=0.9", tuned, ("tuning.schedule=wsd",))
    yield Mutation("tuning.layer_decay=0.5", tuned)
    yield Mutation("tuning.embedding_noise=5.0", tuned)
    yield Mutation("tuning.averaging_decay=0.5", tuned)
    yield Mutation("tuning.max_gradient_norm=0.001", tuned)
    yield Mutation("tuning.effort=quick", tuned, WATCHED)
    yield Mutation("tuning.patience=1", tuned, WATCHED)
    yield Mutation("tuning.validations_per_epoch=1", tuned)
    yield Mutation("tuning.validation_rows=1", tuned)
    yield Mutation("tuning.checkpoint_every_s=1e-9", tuned, afresh=True)
    yield Mutation("tuning.checkpoint_every_steps=1", tuned, afresh=True)
    yield Mutation("tuning.keep_checkpoints=1", tuned, SAVED, afresh=True)
    yield Mutation("tuning.non_finite_limit=1", tuned, SAVED)
    yield Mutation("tuning.divergence=warn", tuned, DIVERGING, afresh=True)
    yield Mutation("tuning.on_out_of_memory=halve", exhausted, afresh=True)
    yield Mutation("tuning.seed=1", tuned)

    yield Mutation("evaluation.metrics=[perplexity]", judged, (BASE,))
    yield Mutation("evaluation.max_rows=1", judged, (BASE,))
    yield Mutation("evaluation.max_new_tokens=1", judged, (BASE,))
    yield Mutation("evaluation.batch_tokens=64", judged, (BASE,))
    yield Mutation("evaluation.confidence=0.5", judged, (BASE,))
    yield Mutation("evaluation.bootstrap_samples=101", judged, (BASE,))
    yield Mutation("evaluation.checks=[wording]", judged, (BASE,))
    yield Mutation("evaluation.check_rows=1", judged, (BASE,))
    yield Mutation("evaluation.seed=1", judged, (BASE,))
    yield Mutation("evaluation.judge={endpoint: 'http://127.0.0.1:1/v1', model: m}", refereed, TWO)
    for change in (
        *("endpoint=http://127.0.0.1:1/v2", "model=other", "price_input=1.0", "price_output=2.0"),
        *("currency=EUR", "rows=1", "show_reference=false", "max_tokens=9"),
    ):
        yield Mutation(f"evaluation.judge.{change}", refereed, REFEREE)
    for change in ("api_key_variable=REFEREE_KEY", "timeout_s=0.01", "parallel=1", "budget=0.0"):
        yield Mutation(f"evaluation.judge.{change}", refereed, REFEREE, afresh=True)
    yield Mutation("comparison.contenders=[base, {kind: base, name: other}]", judged, (BASE,))
    yield Mutation("comparison.primary_metric=exact_match", judged, (BASE,))
    yield Mutation("comparison.samples=1", judged, (BASE,))
    yield Mutation("comparison.seeds=2", retrained, UNCHECKED)
    yield Mutation("comparison.learning_curve=[0.5]", retrained, UNCHECKED)
    yield Mutation("gates.least={perplexity: 1.0}", gated, (BASE,))
    yield Mutation("gates.most={perplexity: 1.0}", gated, (BASE,))
    yield Mutation("gates.beats_reference=true", gated, (TWICE,))
    for gate in ("no_overfitting", "no_forgetting", "no_bias", "no_memorisation"):
        yield Mutation(f"gates.{gate}=true", gated, (BASE,))

    # That what `planned` gives decides the training is shown by the tuning section above.
    for change in (
        *("epochs=2", "max_steps=1", "learning_rate=0.1", "batch_tokens=256"),
        *("micro_batch_tokens=64", "weight_decay=0.5", "warmup_share=0.9", "schedule=constant"),
    ):
        yield Mutation(f"comparison.contenders.0.{change}", planned)
    yield Mutation("comparison.contenders.0.decay_share=0.9", planned, ("tuning.schedule=wsd",))
    for change in ("rank=2", "alpha=1.5", "dropout=0.5", "target_modules=[q_proj]"):
        yield Mutation(f"comparison.contenders.0.{change}", tuned, (LORA,))
    # Without the extra it is refused, with it a rounded base is tuned.
    yield Mutation("comparison.contenders.0.quantised=nf4", tuned, (LORA,))
    yield Mutation("comparison.contenders.0.rate_ratio=2.0", tuned, (LORAPLUS,))
    yield Mutation("comparison.contenders.0.block_size=4", tuned, (OFT,))
    yield Mutation("comparison.contenders.0.trained_layers=2", tuned, (FREEZE,))
    yield Mutation("comparison.contenders.0.virtual_tokens=3", tuned, (SOFT,))
    for change in ("ways=[zero-shot]", "instruction=Jawab.", "shots=1", "proposals=3"):
        yield Mutation(f"comparison.contenders.0.{change}", prompted, (PROMPT,))
    yield Mutation("comparison.contenders.0.prompt_rows=1", prompted, (PROMPT,))
    for change in (
        *("={endpoint: 'http://127.0.0.1:1/v1', model: big}", ".endpoint=http://127.0.0.1:1/v2"),
        *(".model=other", ".price_input=2.0", ".price_output=2.0", ".currency=IDR"),
    ):
        yield Mutation(f"comparison.contenders.0.endpoint{change}", answered, (HOSTED,))
    for change in ("api_key_variable=BIG_KEY", "timeout_s=0.01", "parallel=1", "budget=0.0"):
        yield Mutation(
            f"comparison.contenders.0.endpoint.{change}", answered, (HOSTED,), afresh=True
        )
    yield Mutation("comparison.contenders.0.objective=supervised", tuned)
    yield Mutation("comparison.contenders.0.kind=freeze", tuned)
    yield Mutation("comparison.contenders.0.name=other", tuned)

    yield Mutation("search.trials=3", searched, RANGE)
    yield Mutation("search.contender=other", searched, (*RANGE, TWO_TUNED))
    yield Mutation("search.space={tuning.weight_decay: [0.1, 0.5]}", searched, QUICK)
    yield Mutation("search.space.tuning.learning_rate.low=0.05", searched, RANGE)
    yield Mutation("search.space.tuning.learning_rate.high=0.005", searched, RANGE)
    yield Mutation("search.space.tuning.learning_rate.log=true", searched, RANGE)
    yield Mutation("search.space.tuning.learning_rate.choices=[2e-3, 3e-3]", searched, CHOICE)
    yield Mutation("search.timeout_s=1e-9", searched, RANGE, afresh=True)
    yield Mutation("search.seed=1", searched, RANGE)


MUTATIONS = list(mutations())
OBSERVERS = list(dict.fromkeys(mutation.observe for mutation in MUTATIONS))


class Project:
    """The small project, and what was observed of it without the change."""

    def __init__(self, folder: Path) -> None:
        self.recipe = small_project(folder)
        self.folder = folder
        self.numbers = count()
        self.unchanged: dict[tuple[Observe, tuple[str, ...]], tuple[object, Path]] = {}
        self.prepared = self.folder_from(None)
        prepared(self.loaded(), self.prepared)

    def loaded(self, *changes: str) -> LoadedRecipe:
        return load_recipe(self.recipe, changes)

    def folder_from(self, start: Path | None) -> Path:
        """A new run folder: what ``start`` holds, or nothing."""
        folder = self.folder / "runs" / str(next(self.numbers))
        if start is not None and start.exists():  # some look without leaving anything
            shutil.copytree(start, folder)
        return folder

    def start_of(self, observe: Observe) -> Path | None:
        """Tuning and judging begin with the data prepared."""
        begun = (tuned, exhausted, searched, judged, prompted, answered, refereed, retrained)
        return self.prepared if observe in begun else None

    def without_change(self, observe: Observe, given: tuple[str, ...]) -> tuple[object, Path]:
        """What is observed, and the folder of the work."""
        if (observe, given) not in self.unchanged:
            folder = self.folder_from(self.start_of(observe))
            self.unchanged[observe, given] = observe(self.loaded(*given), folder), folder
        return self.unchanged[observe, given]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """One for all tests."""
    yield Project(tmp_path_factory.mktemp("project"))
    gc.unfreeze()


@pytest.fixture(autouse=True)
def _quick_collections(project: Project) -> None:
    """Each evaluation collects garbage: what the libraries hold need not be looked through."""
    gc.freeze()


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.change)
def test_a_changed_field_changes_what_is_done(mutation: Mutation, project: Project) -> None:
    if mutation.field == "preparation.engine" and find_spec("ray") is not None:
        pytest.skip("it would start a cluster")
    before, finished = project.without_change(mutation.observe, mutation.given)
    start = project.start_of(mutation.observe) if mutation.afresh else finished
    after = mutation.observe(
        project.loaded(*mutation.given, mutation.change), project.folder_from(start)
    )
    assert after != before


@pytest.mark.parametrize("observe", OBSERVERS, ids=lambda observe: observe.__name__)
def test_without_a_change_the_same_is_observed(observe: Observe, project: Project) -> None:
    given = next(mutation.given for mutation in MUTATIONS if mutation.observe is observe)
    before, finished = project.without_change(observe, given)
    loaded = project.loaded(*given)
    assert observe(loaded, project.folder_from(project.start_of(observe))) == before  # done again
    assert observe(loaded, project.folder_from(finished)) == before  # found to be done


def test_every_field_of_the_schema_is_changed_above() -> None:
    assert {mutation.field for mutation in MUTATIONS} == set(fields_of(Recipe, "", set()))
