"""Adapters: the ecosystem's format, equal seeds, and merging that changes nothing."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, PreTrainedModel

from laras.adapters.methods import ADAPTERS
from laras.adapters.prepare import hidden_matrices, prepare_for, save_adapter, trainable
from laras.engine.precision import cast_frozen
from laras.errors import UsageError
from laras.planning.hyperparameters import Hyperparameters, resolve
from laras.recipe.schema import Contender, TuningSection

Fresh = Callable[[str], PreTrainedModel]


def chosen(kind: str, **settings: object) -> Hyperparameters:
    contender = Contender.model_validate({"kind": kind, "name": kind})
    return replace(resolve(TuningSection(), contender, 1_000_000)[0], **settings)  # type: ignore[arg-type]


def shaken(model: PeftModel) -> PeftModel:
    """As after training: lora_B no longer zero."""
    torch.manual_seed(1)
    with torch.no_grad():
        for name, part in model.named_parameters():
            if "lora_B" in name:
                part.normal_(std=0.1)
    return model.eval()


@pytest.mark.parametrize("family", ["llama", "gpt2", "falcon"])
def test_plain_peft_and_transformers_load_the_adapter(
    fresh: Fresh, tiny: Callable[[str], Path], tmp_path: Path, family: str
) -> None:
    ids = torch.arange(5, 30)[None]
    model = prepare_for(fresh(family), chosen("lora", rank=4))
    assert isinstance(model, PeftModel)
    shaken(model)
    expected = model(input_ids=ids).logits
    save_adapter(model, tmp_path / "adapter", "base")

    base = AutoModelForCausalLM.from_pretrained(tiny(family)).float().eval()
    plain = base(input_ids=ids).logits
    loaded = PeftModel.from_pretrained(base, str(tmp_path / "adapter")).eval()
    torch.testing.assert_close(loaded(input_ids=ids).logits, expected, rtol=0, atol=1e-6)
    assert (plain - expected).abs().max() > 1e-3, "the adapter must have an effect"
    merged = loaded.merge_and_unload()
    assert (merged(input_ids=ids).logits - expected).abs().max() < 1e-4


def test_an_adapter_names_no_path_of_this_machine(fresh: Fresh, tmp_path: Path) -> None:
    model = prepare_for(fresh("llama"), chosen("lora"))
    assert isinstance(model, PeftModel)
    save_adapter(model, tmp_path / "adapter", "base")
    names = {path.name for path in (tmp_path / "adapter").iterdir()}
    assert names == {"adapter_config.json", "adapter_model.safetensors"}
    assert (
        str(tmp_path.anchor + "tmp") not in (tmp_path / "adapter/adapter_config.json").read_text()
    )


_HASH = """
import hashlib, sys, torch
from transformers import AutoModelForCausalLM
sys.path.insert(0, sys.argv[2])
from test_prepare import ADAPTERS, adapter_hash
torch.rand(int(sys.argv[3]))  # another random state before
for kind in ADAPTERS:
    print(kind, adapter_hash(AutoModelForCausalLM.from_pretrained(sys.argv[1]).float(), kind))
"""


def adapter_hash(model: PreTrainedModel, kind: str) -> str:
    prepared = prepare_for(model, chosen(kind, seed=11))
    digest = hashlib.sha256()
    for name, part in sorted(prepared.state_dict().items()):  # VeRA's fixed matrices too
        digest.update(name.encode() + part.detach().numpy().tobytes())
    return digest.hexdigest()


def test_equal_seeds_give_equal_adapters_of_every_kind_in_two_processes(
    tiny: Callable[[str], Path],
) -> None:  # trap 20
    hashes = {
        subprocess.run(
            [sys.executable, "-c", _HASH, str(tiny("llama")), str(Path(__file__).parent), draws],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for draws in ("1", "77")
    }
    assert len(hashes) == 1
    assert len(hashes.pop().splitlines()) == len(ADAPTERS)


def test_freeze_trains_the_last_blocks_only(fresh: Fresh) -> None:
    model = prepare_for(fresh("llama"), chosen("freeze", trained_layers=1))
    names = set(trainable(model))
    assert names
    assert all(".layers.1." in name for name in names)


def test_freezing_more_blocks_than_there_are_is_refused(fresh: Fresh) -> None:
    with pytest.raises(UsageError, match="2 blocks"):
        prepare_for(fresh("llama"), chosen("freeze", trained_layers=9))


def test_unknown_target_modules_are_refused_with_a_way_out(fresh: Fresh) -> None:
    with pytest.raises(UsageError, match="nowhere") as error:
        prepare_for(fresh("llama"), chosen("lora", target_modules=["nowhere"]))
    assert error.value.hint


def test_an_adapter_on_a_layer_that_shares_its_weights_is_refused(fresh: Fresh) -> None:
    with pytest.raises(UsageError, match="lm_head"):
        prepare_for(fresh("llama"), chosen("lora", target_modules=["q_proj", "lm_head"]))


@pytest.mark.parametrize("family", ["llama", "gpt2", "mistral", "gpt_neox"])
def test_muon_is_for_hidden_matrices_only(fresh: Fresh, family: str) -> None:
    model = fresh(family)
    hidden = hidden_matrices(model)
    names = {name for name, part in model.named_parameters() if id(part) in hidden}
    assert names
    outer = ("embed", "wte", "wpe", "lm_head")
    assert not [name for name in names if any(word in name for word in outer)]


def test_frozen_matrices_are_held_in_half_precision_but_not_the_embedding(fresh: Fresh) -> None:
    model = prepare_for(fresh("llama"), chosen("lora"))
    cast_frozen(model, torch.bfloat16)
    kinds = {name: part.dtype for name, part in model.named_parameters()}
    assert {kinds[name] for name in kinds if "base_layer" in name} == {torch.bfloat16}
    assert {kinds[name] for name in kinds if "embed" in name or "lora_" in name} == {torch.float32}
