"""What is judged is what the run's files hold, and nothing in its stead."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file, save_file

from laras.adapters.prepare import prepare_for, save_adapter
from laras.contenders.obtain import load_candidate
from laras.errors import GuardStopped, ModelRefused, StorageFailed, UsageError
from laras.models.load import load_model
from laras.models.tiny import tiny_model
from laras.planning.hyperparameters import resolve
from laras.recipe.schema import Contender, ModelSection, TuningSection
from laras.runs.folder import Run

LORA = Contender(kind="lora", name="lora", rank=4)


@pytest.fixture
def run_with_adapter(tmp_path: Path) -> tuple[Run, ModelSection, torch.Tensor]:
    """A run folder with a trained-like adapter, its base, and the logits that belong to them."""
    section = ModelSection(base=str(tiny_model("llama", tmp_path / "base")))
    loaded = load_model(section, tmp_path, trainable=True)
    chosen, _reasons = resolve(TuningSection(), LORA, 1_000_000)
    model = prepare_for(loaded.model, chosen)
    assert isinstance(model, PeftModel)
    torch.manual_seed(1)
    with torch.no_grad():
        for name, part in model.named_parameters():
            if "lora_B" in name:
                part.normal_(std=0.1)
    expected = model.eval()(input_ids=torch.arange(5, 25)[None]).logits.detach()
    run = Run.open(tmp_path / "run")
    folder = run.contender("lora") / "model"
    folder.mkdir()
    save_adapter(model, folder, "base")
    loaded.tokenizer.save(folder, loaded.template.text)
    run.stage("tune-lora", "key").finish({"model": folder})
    return run, section, expected


def test_the_candidate_is_base_and_adapter_merged(
    run_with_adapter: tuple[Run, ModelSection, torch.Tensor], tmp_path: Path
) -> None:
    run, section, expected = run_with_adapter
    with run:
        candidate = load_candidate(LORA, section, tmp_path, run)
    logits = candidate.loaded.model(input_ids=torch.arange(5, 25)[None]).logits
    assert (logits - expected).abs().max() < 1e-4


def test_an_adapter_whose_weights_find_no_place_is_refused(
    run_with_adapter: tuple[Run, ModelSection, torch.Tensor], tmp_path: Path
) -> None:  # trap 19
    run, section, _expected = run_with_adapter
    file = run.contender("lora") / "model" / "adapter_model.safetensors"
    renamed = {name.replace("q_proj", "query"): part for name, part in load_file(file).items()}
    save_file(renamed, file)
    run.stage("tune-lora", "other").finish({"model": file.parent})
    with run, pytest.raises(ModelRefused, match="does not belong"):
        load_candidate(LORA, section, tmp_path, run)


def test_a_tuned_model_keeps_the_template_it_was_tuned_with(
    run_with_adapter: tuple[Run, ModelSection, torch.Tensor], tmp_path: Path
) -> None:
    run, section, _expected = run_with_adapter
    trained_with = load_model(section, tmp_path).template.text
    (tmp_path / "base" / "chat_template.jinja").write_text(
        "{{ bos_token }}{% for m in messages %}{{ m.role }}={{ m.content }}{{ eos_token }}"
        "{% endfor %}{% if add_generation_prompt %}assistant={% endif %}"
    )
    with run:
        candidate = load_candidate(LORA, section, tmp_path, run)
    assert candidate.loaded.template.text == trained_with


def flipped(content: bytes) -> bytes:
    return content[:-1] + bytes([content[-1] ^ 1])


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


@pytest.mark.parametrize("damage", [flipped, cut])
@pytest.mark.parametrize("name", ["adapter_model.safetensors", "chat_template.jinja"])
def test_what_training_did_not_leave_is_not_judged(
    run_with_adapter: tuple[Run, ModelSection, torch.Tensor],
    tmp_path: Path,
    damage: Callable[[bytes], bytes],
    name: str,
) -> None:
    run, section, _expected = run_with_adapter
    file = run.contender("lora") / "model" / name
    file.write_bytes(damage(file.read_bytes()))
    run.close()
    with pytest.raises(StorageFailed) as raised:
        load_candidate(LORA, section, tmp_path, Run.read(run.folder))
    assert raised.value.identifier == "runs.damaged"
    assert "Run the same command again" in str(raised.value.hint)


def test_a_contender_without_a_model_is_not_trained_yet(
    run_with_adapter: tuple[Run, ModelSection, torch.Tensor], tmp_path: Path
) -> None:
    run, section, _expected = run_with_adapter
    other = Contender(kind="full", name="full")
    with run, pytest.raises(UsageError, match="not trained yet"):
        load_candidate(other, section, tmp_path, run)


def test_an_adapter_whose_logits_are_not_finite_is_told_so(
    run_with_adapter: tuple[Run, ModelSection, torch.Tensor], tmp_path: Path
) -> None:
    run, section, _expected = run_with_adapter
    file = run.contender("lora") / "model" / "adapter_model.safetensors"
    save_file({name: part * 1e38 * 1e38 for name, part in load_file(file).items()}, file)
    run.stage("tune-lora", "other").finish({"model": file.parent})
    with run, pytest.raises(GuardStopped) as raised:
        load_candidate(LORA, section, tmp_path, run)
    assert raised.value.identifier == "tuning.not-finite"
    assert "tuning.learning_rate" in str(raised.value.hint)
