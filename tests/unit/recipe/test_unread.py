"""A setting that nobody would read is refused, at its place and with a way out."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from laras.errors import UsageError
from laras.recipe.load import load_recipe, resolved_yaml
from laras.recipe.schema import Contender

DOCUMENTS = "data:\n  sources:\n    - documents: handbook/\n"
BEHIND = "endpoint: {endpoint: 'http://a/v1', model: m}"
CONTENDERS = DOCUMENTS + "comparison:\n  contenders:\n    - "


def written(folder: Path, text: str) -> Path:
    path = folder / "recipe.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "position", "what", "hint"),
    [
        (DOCUMENTS + "      instruction: Read.\n", "4:7", "sources.0.instruction", "examples"),
        (DOCUMENTS + "      assistant: [Budi]\n", "4:7", "sources.0.assistant", "conversations"),
        (
            "data: {sources: {articles: a, instruction: Read.}}\n",
            "1:31",
            "articles are learnt as they stand",
            "examples",
        ),
        (
            "data:\n  sources:\n    - {examples: a.csv, pairs: [rows]}\n",
            "3:25",
            "not read as running text",
            "documents and articles",
        ),
        (DOCUMENTS + "  test: {examples: t.csv, weight: 2.0}\n", "4:27", "test.0.weight", "out"),
        (CONTENDERS + "base: {epochs: 2}\n", "6:14", "contenders.0.epochs", "ia3, full, freeze"),
        (CONTENDERS + "ia3: {dropout: 0.1}\n", "6:13", "kind ia3", "lora"),
        (CONTENDERS + "lora: {rate_ratio: 4.0}\n", "6:14", "kind lora", "loraplus"),
        (CONTENDERS + "vera: {block_size: 4}\n", "6:14", "kind vera", "oft, boft"),
        (CONTENDERS + "full: {quantised: nf4}\n", "6:14", "kind full", "lora"),
        (CONTENDERS + "pissa: {quantised: nf4}\n", "6:15", "kind pissa", "lora"),
        (
            "model: {new_tokens: [gong]}\n" + CONTENDERS + "vera\n",
            "1:9",
            "does not train the rows of new tokens",
            "lora",
        ),
        (
            "model: {new_tokens: [gong]}\n" + CONTENDERS + "lora: {objective: classification}\n",
            "1:9",
            "with objective classification",
            "kind full",
        ),
        (
            CONTENDERS + "prompt: {ways: [few-shot], proposals: 4}\n",
            "6:34",
            "none of the contender's ways reads it",
            "ways one of: search",
        ),
        (
            CONTENDERS + "prompt: {shots: 2, ways: [zero-shot]}\n",
            "6:16",
            "contenders.0.shots",
            "few-shot, retrieval, search",
        ),
        (CONTENDERS + "prompt: {rank: 2}\n", "6:16", "kind prompt does not read it", "lora"),
        (CONTENDERS + "lora: {ways: [search]}\n", "6:14", "kind lora", "prompt"),
        (
            CONTENDERS + "prompt: {endpoint: {endpoint: 'http://a/v1', model: m}}\n",
            "6:16",
            "kind prompt does not read it",
            "kind api",
        ),
        (CONTENDERS + f"api: {{proposals: 4, {BEHIND}}}\n", "6:13", "kind api", "prompt"),
        (
            CONTENDERS + f"api: {{ways: [zero-shot, search], {BEHIND}}}\n",
            "6:31",
            "contenders.0.ways.1",
            "few-shot",
        ),
        (
            CONTENDERS + "api: {endpoint: {budget: 1.0, endpoint: 'http://a/v1', model: m}}\n",
            "6:24",
            "no price is set",
            "price_input",
        ),
        (CONTENDERS + "base: {objective: continued}\n", "6:14", "without tuning", "lora"),
        (CONTENDERS + "base: {rank: 2}\n", "6:14", "without tuning", "lora"),
        (CONTENDERS + "full: {rank: 2}\n", "6:14", "contenders.0.rank", "lora"),
        (CONTENDERS + "full: {alpha: 2.0}\n", "6:14", "kind full does not read it", "lora"),
        (CONTENDERS + "freeze: {dropout: 0.0}\n", "6:16", "kind freeze", "lora"),
        (CONTENDERS + "freeze: {target_modules: [q]}\n", "6:16", "kind freeze", "lora"),
        (CONTENDERS + "lora: {trained_layers: 1}\n", "6:14", "kind lora", "freeze"),
        (
            CONTENDERS + "{name: a, kind: full, trained_layers: 1}\n",
            "6:29",
            "contenders.0.trained_layers",
            "freeze",
        ),
        (DOCUMENTS + "tuning: {optimizer: muon}\n", "4:10", "kind full", "adamw"),
        (
            "tuning: {layer_decay: 0.9}\n" + CONTENDERS + "freeze: {trained_layers: 1}\n",
            "1:10",
            "a single block",
            "trained_layers",
        ),
        (
            "tuning: {decay_share: 0.5}\n" + CONTENDERS + "full\n",
            "1:10",
            "only the schedule wsd",
            "wsd",
        ),
        (
            "tuning: {schedule: wsd, decay_share: 0.5}\n"
            + CONTENDERS
            + "full: {schedule: cosine}\n",
            "1:25",
            "only the schedule wsd",
            "wsd",
        ),
        (CONTENDERS + "full: {decay_share: 0.5}\n", "6:14", "contenders.0.decay_share", "wsd"),
    ],
)
def test_a_setting_that_nobody_reads_is_refused_at_its_place(
    tmp_path: Path, text: str, position: str, what: str, hint: str
) -> None:
    path = written(tmp_path, text)
    with pytest.raises(UsageError) as caught:
        load_recipe(path)
    assert caught.value.identifier == "recipe.without-effect"
    assert caught.value.where == f"{path}:{position}"
    assert what in caught.value.what
    assert hint in str(caught.value.hint)


def test_each_of_several_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, CONTENDERS + "base: {rank: 2, epochs: 1}\n")
    changes = ["data.sources.0.instruction=Read.", "comparison.contenders.0.alpha=1.5"]
    with pytest.raises(UsageError, match="4 mistakes") as caught:
        load_recipe(path, changes)
    for place in ("contenders.0.rank", "contenders.0.epochs", *(f"--set {c}" for c in changes)):
        assert place in caught.value.what


def test_what_is_read_is_accepted(tmp_path: Path) -> None:
    text = (
        "data:\n"
        "  sources:\n"
        "    - {documents: a, assistant: [assistant, gpt, bot, agent, model, system_agent]}\n"
        "    - {conversations: b, assistant: [Budi], instruction: Be brief.}\n"
        "    - {examples: c, assistant: [Budi], instruction: Which class?, weight: 2.0}\n"
        "  validation: {examples: d, weight: 2.0}\n"
        "tuning: {optimizer: muon, layer_decay: 0.9, schedule: wsd, decay_share: 0.5}\n"
        "comparison:\n"
        "  contenders:\n"
        "    - base\n"
        "    - lora: {rank: 2, alpha: 4.0, dropout: 0.1, target_modules: [q_proj], epochs: 1}\n"
        "    - freeze: {trained_layers: 1, learning_rate: 1e-3}\n"
        "    - full: {max_steps: 3, decay_share: 0.1, batch_tokens: 64, micro_batch_tokens: 64}\n"
        "    - prompt: {ways: [few-shot, search], instruction: Sort., shots: 2, proposals: 4,\n"
        "               prompt_rows: 9}\n"
        "    - api: {ways: [few-shot], shots: 2, prompt_rows: 9,\n"
        "            endpoint: {endpoint: 'http://a/v1', model: m, price_input: 1.0,\n"
        "                       budget: 2.0}}\n"
    )
    loaded = load_recipe(written(tmp_path, text))
    # Written out in full, with the settings that no kind reads as null, it is the same recipe.
    assert load_recipe(written(tmp_path, resolved_yaml(loaded))).recipe == loaded.recipe


@pytest.mark.parametrize(
    ("contender", "said"),
    [
        ("api", "needs an endpoint"),
        ("api: {endpoint: {endpoint: 'http://a/v1', model: m, price_output: 1.0}}", "no budget"),
        ("api: {endpoint: {endpoint: 'http://k@a/v1', model: m}}", "key is in the environment"),
        ("api: {endpoint: {endpoint: 'ftp://a', model: m}}", "endpoint.endpoint"),
    ],
)
def test_an_endpoint_that_can_not_be_asked_is_refused(
    tmp_path: Path, contender: str, said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        load_recipe(written(tmp_path, CONTENDERS + contender + "\n"))


def test_a_prompt_may_stand_beside_new_tokens_and_no_decay_is_asked_of_it(tmp_path: Path) -> None:
    with_tokens = "model: {new_tokens: [gong]}\n" + CONTENDERS + "prompt\n"
    assert load_recipe(written(tmp_path, with_tokens)).recipe.model.new_tokens == ["gong"]
    idle = "tuning: {layer_decay: 0.9}\n" + CONTENDERS + "freeze: {trained_layers: 1}\n"
    with pytest.raises(UsageError, match="a single block"):
        load_recipe(written(tmp_path, idle + "    - prompt\n"))


def test_python_is_refused_like_a_file() -> None:
    with pytest.raises(ValidationError, match="without tuning"):
        Contender(kind="base", name="base", rank=4)
