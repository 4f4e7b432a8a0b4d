"""A conversation begins with a model that is whole, and says what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from laras.contenders.prompting.kept import Chosen, stage_of, write_kept
from laras.contenders.prompting.prompt import Prompt
from laras.contenders.prompting.scoring import Tried
from laras.delivery.chat import Conversation
from laras.delivery.merged import write_merged
from laras.errors import StorageFailed, UsageError
from laras.models.tiny import tiny_model
from laras.recipe.load import recipe_from_mapping, resolved_yaml
from laras.records import Example, Message
from laras.runs.folder import Run


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    """A run in which nothing is trained yet."""
    tiny_model("llama", tmp_path / "base")
    recipe = {
        "model": {"base": "base"},
        "data": {"sources": [{"documents": "handbook"}]},
        "comparison": {"contenders": ["base", "lora", "prompt", "prefix"]},
    }
    with Run.open(tmp_path / "run") as run:
        run.write_text("recipe.yaml", resolved_yaml(recipe_from_mapping(recipe, tmp_path)))
        run.write_json("origin.json", {"recipe_folder": str(tmp_path)})
    return tmp_path / "run"


def test_who_is_not_trained_yet_does_not_talk(run_folder: Path) -> None:
    with pytest.raises(UsageError, match="not trained yet"):
        Conversation(run_folder, "lora")


@pytest.mark.parametrize("content", [None, "5", "[1]", "{}", "{"])
def test_a_run_that_lost_its_origin_is_damaged(run_folder: Path, content: str | None) -> None:
    (run_folder / "origin.json").unlink()
    if content is not None:
        (run_folder / "origin.json").write_text(content)
    with pytest.raises(StorageFailed) as raised:
        Conversation(run_folder, "base")
    assert raised.value.identifier == "runs.damaged"


@pytest.mark.parametrize("temperature", [0.0, 1e-300, 1e-40, 1e-5, 1e-4])
def test_a_tiny_temperature_takes_the_likeliest_token(run_folder: Path, temperature: float) -> None:
    conversation = Conversation(run_folder, "base", temperature=temperature)
    logits = torch.tensor([1.0, 3e37, 2.0])
    assert conversation._choose(logits) == 1


@pytest.fixture
def with_prompt(run_folder: Path) -> Path:
    """The run, with an instruction and two examples chosen."""
    shots = tuple(
        Example(
            f"shot{number}",
            "chat",
            (Message("user", "Which leads?", False), Message("assistant", f"No {number}.", False)),
            group=f"g{number}",
        )
        for number in range(2)
    )
    tried = Tried(Prompt("few-shot", "chat", "Be brief.", shots), [(2, 0.5)])
    with Run.open(run_folder) as run:
        run.stage(stage_of("prompt"), "key").finish(
            write_kept(run, "prompt", [Chosen("rougeL", tried, [tried], None)])
        )
    return run_folder


def test_who_is_asked_with_a_prompt_talks_with_it(with_prompt: Path) -> None:
    conversation = Conversation(with_prompt, "prompt", max_new_tokens=4)
    list(conversation.answer("Which ends?"))
    list(conversation.answer("And then?"))
    text = conversation._loaded.tokenizer.decode(conversation._prompt())
    said = ("Be brief.", "Which leads?", "No 0.", "No 1.", "Which ends?", "And then?")
    places = [text.index(each) for each in said]
    assert places == sorted(places)
    assert text.count("Be brief.") == 1
    conversation.reset()
    list(conversation.answer("Again?"))
    assert "Which ends?" not in conversation._loaded.tokenizer.decode(conversation._prompt())


def test_shown_examples_go_before_own_turns_where_a_talk_grows_too_long(with_prompt: Path) -> None:
    conversation = Conversation(with_prompt, "prompt", max_new_tokens=128)
    list(conversation.answer("Which one of them ends it? " * 2))
    list(conversation.answer("And then? " * 3))
    text = conversation._loaded.tokenizer.decode(conversation._prompt())
    assert text.count("And then?") == 3
    assert "Be brief." in text
    assert "No 0." not in text


def test_a_prompt_is_no_adapter_to_merge(with_prompt: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no adapter to merge") as raised:
        write_merged(with_prompt, "prompt", tmp_path / "merged")
    assert raised.value.hint is None


def test_what_stands_before_the_input_is_no_adapter_to_merge(
    run_folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="no adapter to merge") as raised:
        write_merged(run_folder, "prefix", tmp_path / "merged")
    assert "peft" in str(raised.value.hint)
