"""Reading recipes: what is accepted, what is refused, where the mistake stands."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

import laras
from laras.errors import UsageError
from laras.recipe.load import (
    PRESETS,
    load_recipe,
    preset_text,
    recipe_from_mapping,
    resolved_yaml,
)

DATA = "data:\n  sources:\n    - documents: handbook/\n"


def write(folder: Path, text: str, name: str = "recipe.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def refusal(folder: Path, text: str, *overrides: str) -> UsageError:
    with pytest.raises(UsageError) as caught:
        load_recipe(write(folder, text), overrides)
    return caught.value


def test_the_shortest_recipe_is_one_source(tmp_path: Path) -> None:
    loaded = load_recipe(write(tmp_path, DATA))
    assert loaded.recipe.data.sources[0].documents == ["handbook/"]
    assert loaded.recipe.model.base == "starter"
    assert loaded.folder == tmp_path.resolve()


@pytest.mark.fault(54)
def test_numbers_and_words_are_those_of_yaml_1_2(tmp_path: Path) -> None:
    text = DATA + "tuning: {learning_rate: 1e-4}\nmodel: {base: no}\n"
    recipe = load_recipe(write(tmp_path, text)).recipe
    assert recipe.tuning.learning_rate == pytest.approx(1e-4)
    assert recipe.model.base == "no"


@pytest.mark.parametrize(
    ("text", "identifier", "position"),
    [
        (DATA + "tuning:\n  epochs: 1\n  epochs: 2\n", "recipe.duplicate-key", "6:3"),
        (DATA + "tuning: &t {epochs: 1}\n", "recipe.alias", "4:9"),
        (DATA + "tuning: *t\n", "recipe.alias", "4:9"),
        (DATA + "tuning: !!python/object:os.system {}\n", "recipe.tag", "4:9"),
        (DATA + "tuning:\n\tepochs: 1\n", "recipe.syntax", "5:1"),
        (DATA + "tuning: {epochs: 1\n", "recipe.syntax", "5:1"),
        (DATA + "tuning: a: b\n", "recipe.syntax", "4:10"),
        (DATA + "model: {base: 'a\x07b'}\n", "recipe.syntax", "4:17"),
        (DATA + "---\ntuning: {}\n", "recipe.many-documents", "4:1"),
        (DATA + "tuning: {[a]: 1}\n", "recipe.bad-key", "4:10"),
        (DATA + "tuning:\n  epochs: three\n", "recipe.wrong-value", "5:11"),
        (DATA + "tuning:\n  epoch: 3\n", "recipe.unknown-key", "5:3"),
        (
            DATA + "comparison:\n  contenders: [base, lora: {rank: 0}]\n",
            "recipe.wrong-value",
            "5:35",
        ),
        ("data:\n  sources:\n    - documents: a\n      examples: b\n", "recipe.wrong-value", "3:7"),
        ("data:\n  sources: []\n", "recipe.wrong-value", "2:12"),
        ("data:\n  sources:\n    - documents: ''\n", "recipe.wrong-value", "3:7"),
        (DATA + "evaluation: {metrics: []}\n", "recipe.wrong-value", "4:23"),
        ('data:\n  sources:\n    - documents: "C:\\data"\n', "recipe.syntax", "3:22"),
        ("model: {base: x}\ndata: {test_share: 0.2}\n", "recipe.missing", "2:7"),
    ],
)
@pytest.mark.fault(54)
def test_a_mistake_is_reported_with_line_and_column(
    tmp_path: Path, text: str, identifier: str, position: str
) -> None:
    error = refusal(tmp_path, text)
    assert (error.identifier, error.where) == (
        identifier,
        f"{tmp_path / 'recipe.yaml'}:{position}",
    )


def test_a_wrong_value_is_explained_in_words(tmp_path: Path) -> None:
    error = refusal(tmp_path, DATA + "tuning:\n  epochs: three\n")
    assert error.what == "tuning.epochs must be a number greater than 0, got 'three'"


def test_data_without_sources_is_told_where_to_name_them(tmp_path: Path) -> None:
    for sources in ("[]", "", "{}"):
        error = refusal(tmp_path, f"data: {{sources: {sources}}}\n")
        assert "data.sources" in error.what
        assert "documents: folder/" in str(error.hint) or sources == "{}"
    what = refusal(tmp_path, "data: {sources: []}\n").what
    assert "at least one entry" in what
    assert "got an empty list" in what


def test_metrics_can_not_be_none_at_all(tmp_path: Path) -> None:
    error = refusal(tmp_path, DATA + "evaluation: {metrics: []}\n")
    assert error.what == (
        "evaluation.metrics must be a list with at least one entry, got an empty list"
    )


def test_a_windows_path_is_read_as_it_stands(tmp_path: Path) -> None:
    for written in (r"C:\data\hand book", r"'C:\data\hand book'"):
        loaded = load_recipe(write(tmp_path, f"data:\n  sources:\n    - documents: {written}\n"))
        assert loaded.recipe.data.sources[0].paths == [r"C:\data\hand book"]
    error = refusal(tmp_path, 'data:\n  sources:\n    - documents: "C:\\data"\n')
    assert "backslash" in str(error.hint)


def test_a_mistyped_key_gets_a_suggestion(tmp_path: Path) -> None:
    error = refusal(tmp_path, DATA + "tuning:\n  learning_rat: 0.1\n")
    assert error.hint == "Did you mean 'learning_rate'?"


def test_a_key_in_the_wrong_section_is_led_to_the_right_one(tmp_path: Path) -> None:
    error = refusal(tmp_path, DATA + "model:\n  epochs: 2\n")
    assert error.hint is not None
    assert "tuning.epochs" in error.hint


def test_a_mistyped_choice_gets_a_suggestion(tmp_path: Path) -> None:
    error = refusal(tmp_path, DATA + "tuning: {effort: quik}\n")
    assert error.hint == "Did you mean 'quick'?"


def test_yes_is_no_truth_value_and_the_hint_says_so(tmp_path: Path) -> None:
    error = refusal(tmp_path, DATA + "model: {download: yes}\n")
    assert error.what == "model.download must be true or false, got 'yes'"
    assert error.hint == "Write true or false."


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    error = refusal(tmp_path, DATA + "tuning:\n  epochs: 0\n  efort: quick\nmodel: {x: 1}\n")
    assert error.what.startswith("3 mistakes")
    places = [line.index(part) for part in ("epochs", "efort", "model.x") for line in [error.what]]
    assert places == sorted(places)


def test_an_infinite_learning_rate_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, DATA + "tuning: {learning_rate: .inf}\n").where is not None


@pytest.mark.fault(54)
def test_deep_nesting_is_refused_without_recursion(tmp_path: Path) -> None:
    error = refusal(tmp_path, DATA + "tuning: " + "[" * 50_000)
    assert error.identifier == "recipe.too-deep"


@pytest.mark.fault(54)
def test_an_oversized_file_is_refused_before_parsing(tmp_path: Path) -> None:
    assert refusal(tmp_path, "# " + "x" * 300_000).identifier == "recipe.too-large"


def test_a_missing_file_suggests_one_beside_it(tmp_path: Path) -> None:
    write(tmp_path, DATA)
    with pytest.raises(UsageError) as caught:
        load_recipe(tmp_path / "recpie.yaml")
    assert caught.value.identifier == "recipe.not-found"
    assert "recipe.yaml" in str(caught.value.hint)


def test_a_folder_an_empty_file_and_wrong_encoding_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="folder"):
        load_recipe(tmp_path)
    with pytest.raises(UsageError, match="empty"):
        load_recipe(write(tmp_path, "# nothing\n"))
    latin = tmp_path / "latin.yaml"
    latin.write_bytes(b"model: {base: caf\xe9}\n")
    with pytest.raises(UsageError, match="UTF-8"):
        load_recipe(latin)


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + DATA.replace("\n", "\r\n").encode())
    assert load_recipe(path).recipe.data.sources[0].paths == ["handbook/"]


def test_overrides_are_parsed_as_yaml_and_win(tmp_path: Path) -> None:
    loaded = load_recipe(
        write(tmp_path, DATA + "tuning: {epochs: 5}\n"),
        [
            "tuning.epochs=2",
            "data.sources.0.columns.text=body",
            "evaluation.metrics=[bleu, rouge]",
            "data.sources.0.documents=*.md",
        ],
    )
    recipe = loaded.recipe
    assert recipe.tuning.epochs == 2
    assert recipe.data.sources[0].columns.text == "body"
    assert recipe.evaluation.metrics == ["bleu", "rouge"]
    assert recipe.data.sources[0].documents == ["*.md"]
    assert loaded.origins["tuning.epochs"] == "--set"
    assert loaded.origins["data.sources.0.columns.text"] == "--set"


def test_an_override_reaches_a_contender_by_its_name(tmp_path: Path) -> None:
    recipe = load_recipe(write(tmp_path, DATA), ["comparison.contenders.lora.rank=32"]).recipe
    assert [c.rank for c in recipe.comparison.contenders if c.name == "lora"] == [32]


@pytest.mark.parametrize(
    "text", ["tuning.epochs", "=3", "tuning..epochs=1", "data.sources.7.name=x"]
)
def test_an_override_that_leads_nowhere_is_refused(tmp_path: Path, text: str) -> None:
    assert refusal(tmp_path, DATA, text).identifier == "recipe.bad-override"


def test_a_wrong_override_is_where_the_error_points(tmp_path: Path) -> None:
    assert refusal(tmp_path, DATA, "tuning.epochs=three").where == "--set tuning.epochs=three"


@pytest.mark.parametrize("preset", PRESETS)
def test_each_preset_is_a_valid_recipe_that_changes_something(tmp_path: Path, preset: str) -> None:
    loaded = load_recipe(write(tmp_path, f"preset: {preset}\n" + DATA))
    assert f"preset {preset}" in loaded.origins.values()
    assert preset_text(preset).startswith("#")


def test_the_recipe_wins_over_its_preset_and_the_preset_over_defaults(tmp_path: Path) -> None:
    text = "preset: classification\n" + DATA + "evaluation: {metrics: [f1]}\n"
    loaded = load_recipe(write(tmp_path, text))
    assert loaded.recipe.evaluation.metrics == ["f1"]
    assert loaded.recipe.evaluation.max_new_tokens == 16
    assert loaded.origins["evaluation.metrics"] == "recipe.yaml:5"
    assert loaded.origins["evaluation.max_new_tokens"] == "preset classification"
    assert loaded.origins["evaluation.seed"] == "default"


def test_a_test_set_may_be_named_by_its_path_alone(tmp_path: Path) -> None:
    loaded = load_recipe(write(tmp_path, DATA + "  test: mine.jsonl\n"))
    assert loaded.recipe.data.test is not None
    assert loaded.recipe.data.test[0].examples == ["mine.jsonl"]
    several = load_recipe(write(tmp_path, DATA + "  test: [a.jsonl, b.csv]\n")).recipe.data.test
    assert several is not None
    assert [source.paths for source in several] == [["a.jsonl"], ["b.csv"]]


def test_a_section_with_all_lines_commented_out_means_its_defaults(tmp_path: Path) -> None:
    assert (
        load_recipe(write(tmp_path, DATA + "tuning:\n  # epochs: 3\n")).recipe.tuning.epochs is None
    )


def test_two_contenders_of_one_name_are_refused(tmp_path: Path) -> None:
    error = refusal(tmp_path, DATA + "comparison: {contenders: [lora, lora]}\n")
    assert "'lora'" in error.what


def test_every_leaf_has_an_origin_and_the_resolved_recipe_reads_back_equal(tmp_path: Path) -> None:
    text = (
        "preset: chat\n"
        + DATA
        + (
            "      name: 'yes: # [odd] \"name\"'\n"
            '    - {examples: rows/, instruction: "two\\nlines, ünïcode"}\n'
            "tuning: {learning_rate: 3e-5, weight_decay: 0}\n"
            "comparison:\n"
            "  contenders: [base, lora: {rank: 4}, {name: wide, kind: lora, rank: 64}]\n"
        )
    )
    loaded = load_recipe(write(tmp_path, text))
    resolved = resolved_yaml(loaded)
    assert "learning_rate: 3e-05  # recipe.yaml:7" in resolved
    assert "rank: 64  # recipe.yaml:9" in resolved
    again = load_recipe(write(tmp_path, resolved, "resolved.yaml"))
    assert again.recipe == loaded.recipe
    assert again.origins.keys() == loaded.origins.keys()


def test_a_mapping_is_checked_like_a_file(tmp_path: Path) -> None:
    loaded = recipe_from_mapping({"data": {"sources": {"examples": "faq.csv"}}}, tmp_path)
    assert loaded.recipe.data.sources[0].kind == "examples"
    assert loaded.origins["data.sources.0.examples"] == "given"
    with pytest.raises(UsageError, match=r"data\.sources"):
        recipe_from_mapping({"data": {}}, tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
@pytest.mark.fault(54)
def test_devices_and_pipes_are_refused_unread(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.yaml"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/zero")):
        with pytest.raises(UsageError) as caught:
            load_recipe(path)
        assert caught.value.identifier == "recipe.not-a-file"


def test_a_huge_file_is_not_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "huge.yaml"
    with path.open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(UsageError) as caught:
        load_recipe(path)
    assert caught.value.identifier == "recipe.too-large"


def test_a_recipe_in_a_folder_is_only_suggested_where_there_is_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        load_recipe(tmp_path)
    assert "laras init" in str(caught.value.hint)
    path = write(tmp_path, DATA)
    with pytest.raises(UsageError) as caught:
        load_recipe(tmp_path)
    assert str(path) in str(caught.value.hint)


@pytest.mark.parametrize("recipe", [None, 5, [1], b"x"], ids=repr)
def test_what_is_no_path_is_refused_as_a_recipe(recipe: Any) -> None:
    with pytest.raises(UsageError) as caught:
        laras.run(recipe)
    assert caught.value.identifier == "recipe.not-a-path"


def test_a_comparison_needs_a_contender(tmp_path: Path) -> None:
    error = refusal(tmp_path, DATA + "comparison: {contenders: []}\n")
    assert "must be a list with at least one entry, got an empty list" in error.what


@pytest.mark.parametrize("section", ["preparation", "tuning", "evaluation"])
def test_a_seed_fits_in_63_bits(section: str, tmp_path: Path) -> None:
    error = refusal(tmp_path, DATA + f"{section}: {{seed: {2**63}}}\n")
    assert f"at most {2**63 - 1}" in error.what
    write(tmp_path, DATA + f"{section}: {{seed: {2**63 - 1}}}\n")
    load_recipe(tmp_path / "recipe.yaml")
