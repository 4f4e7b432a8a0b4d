"""Folders of models that try to run code, to fill the memory, or to pass for something else."""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import time
from pathlib import Path

import pytest
from transformers import AutoConfig
from transformers.models.auto.configuration_auto import CONFIG_MAPPING
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

from laras.errors import ModelRefused
from laras.models.configuration import allowed, library_configuration
from laras.models.inspection import check_adapter, inspect_folder, read_configuration
from laras.models.load import LoadedModel, load_model
from laras.models.tiny import FAMILIES, tiny_model
from laras.recipe.schema import ModelSection
from laras.records import Message


class Payload:
    """Unpickled, it makes a folder."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.canary),)


@pytest.fixture
def llama(tmp_path: Path) -> Path:
    return tiny_model("llama", tmp_path / "model")


@pytest.fixture
def payload(tmp_path: Path) -> bytes:
    return pickle.dumps(Payload(tmp_path / "canary"))


def load(folder: Path) -> LoadedModel:
    return load_model(ModelSection(base=str(folder)), folder.parent)


def refusal(folder: Path) -> ModelRefused:
    with pytest.raises(ModelRefused) as caught:
        load(folder)
    return caught.value


def edit(path: Path, **changes: object) -> None:
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(content | changes), encoding="utf-8")


LEFT_BY = {
    "torch.distributed": ([".metadata", "__0_0.distcp"], "dcp_to_torch"),
    "accelerate": (
        ["pytorch_model_fsdp_0/.metadata", "pytorch_model_fsdp_0/__0_0.distcp", "scheduler.bin"],
        "accelerate merge-weights pytorch_model_fsdp_0",
    ),
    "TRL with FSDP": (
        ["pytorch_model_fsdp_0/.metadata", "optimizer_0/.metadata", "rng_state_0.pth"],
        "accelerate merge-weights",
    ),
    "DeepSpeed": (
        ["zero_to_fp32.py", "global_step10/zero_pp_rank_0_mp_rank_00_model_states.pt"],
        "python zero_to_fp32.py",
    ),
    "plain torch": (["model.pt"], "save_pretrained"),
}


@pytest.mark.fault(49)
@pytest.mark.parametrize("trainer", LEFT_BY)
def test_what_other_trainers_leave_is_refused_with_the_way_to_convert_it(
    trainer: str, llama: Path, tmp_path: Path, payload: bytes
) -> None:
    (llama / "model.safetensors").unlink()
    names, way = LEFT_BY[trainer]
    for name in names:
        (llama / name).parent.mkdir(exist_ok=True)
        (llama / name).write_bytes(payload)
    error = refusal(llama)
    assert error.identifier == "model.pickle"
    assert way in str(error.hint)
    assert not (tmp_path / "canary").exists()


@pytest.mark.fault(48, 49)
def test_pickles_beside_sound_weights_are_never_opened(
    llama: Path, tmp_path: Path, payload: bytes
) -> None:
    """The folder of a Trainer's checkpoint is a model with pickles beside it: it is loaded, and
    they are not."""
    for name in ("optimizer.pt", "rng_state.pth", "training_args.bin", "pytorch_model.bin"):
        (llama / name).write_bytes(payload)
    assert load(llama).model.config.model_type == "llama"
    assert not (tmp_path / "canary").exists()


@pytest.mark.fault(48)
def test_an_adapter_of_pickles_is_refused_and_never_opened(tmp_path: Path, payload: bytes) -> None:
    (tmp_path / "adapter_config.json").write_text('{"peft_type": "LORA"}', encoding="utf-8")
    (tmp_path / "adapter_model.bin").write_bytes(payload)
    with pytest.raises(ModelRefused) as caught:
        check_adapter(tmp_path)
    assert caught.value.identifier == "model.pickle"
    (tmp_path / "adapter_model.safetensors").write_bytes(payload)
    with pytest.raises(ModelRefused) as caught:
        check_adapter(tmp_path)
    assert caught.value.identifier == "model.safetensors-broken"
    assert not (tmp_path / "canary").exists()


@pytest.mark.fault(50)
def test_an_adapter_that_names_a_library_is_refused(tmp_path: Path) -> None:
    """peft imports what ``megatron_core`` names where there is a ``megatron_config``."""
    header = b'{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}'
    file = tmp_path / "adapter_model.safetensors"
    file.write_bytes(len(header).to_bytes(8, "little") + header + b"\0")
    config = tmp_path / "adapter_config.json"
    config.write_text('{"megatron_core": "antigravity", "megatron_config": {}}', encoding="utf-8")
    with pytest.raises(ModelRefused) as caught:
        check_adapter(tmp_path)
    assert caught.value.identifier == "model.code-in-config"
    config.write_text('{"megatron_core": "megatron.core"}', encoding="utf-8")
    check_adapter(tmp_path)


@pytest.mark.fault(50)
def test_an_adapter_beside_a_model_is_not_loaded_over_it(llama: Path) -> None:
    """transformers loads an adapter that lies in a model's folder, whatever it names."""
    (llama / "adapter_config.json").write_text(
        '{"peft_type": "LORA", "base_model_name_or_path": "someone/else"}', encoding="utf-8"
    )
    assert refusal(llama).identifier == "model.adapter-beside"


@pytest.mark.fault(50)
def test_a_key_that_nobody_reads_never_reaches_the_library(llama: Path) -> None:
    theta = {"rope_parameters": None, "rope_theta": 5e5}
    edit(llama / "config.json", to_dict=5, forward="x", nobody_reads_this={"a": 1}, **theta)
    config = load(llama).model.config
    assert callable(config.to_dict)
    assert not hasattr(config, "nobody_reads_this")
    assert not hasattr(config, "forward")
    assert config.rope_parameters["rope_theta"] == 5e5


LEGACY = {
    "torch_dtype": "float32", "rope_theta": 123456.0, "num_labels": 3, "use_cache": False,
    "rope_scaling": {"rope_type": "linear", "factor": 2.0}, "rotary_pct": 0.5,
    "rotary_emb_base": 20_000, "partial_rotary_factor": 0.5, "multi_query": True,
    "sliding_window": 128, "new_decoder_architecture": False, "unsloth_version": "1",
    "id2label": {"0": "a", "1": "b", "2": "c"}, "max_length": 20,
}  # fmt: skip


@pytest.mark.fault(50)
@pytest.mark.parametrize("family", FAMILIES)
def test_what_reaches_the_library_makes_the_same_configuration(family: str, tmp_path: Path) -> None:
    folder = tiny_model(family, tmp_path)
    for changes in ({}, LEGACY):
        edit(folder / "config.json", **changes)
        ours = library_configuration(read_configuration(folder)).to_dict()
        theirs = AutoConfig.from_pretrained(folder).to_dict()
        for key in ("unsloth_version", "_name_or_path"):
            theirs.pop(key, None)
            ours.pop(key, None)
        differing = {
            key
            for key in theirs.keys() | ours.keys()
            if ours.get(key) != theirs.get(key) and key in ours
        }
        assert not differing
        assert not {key for key in theirs if key not in ours and key not in LEGACY}


@pytest.mark.slow
@pytest.mark.fault(50)
def test_all_that_the_library_writes_for_any_family_reaches_it_again() -> None:
    """Of every type of text generator: what its own configuration writes is allowed."""
    for model_type in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES:
        kind = CONFIG_MAPPING[model_type]
        try:
            written = kind().to_dict()
        except Exception:  # it needs values that have no default
            continue
        kept = allowed(kind, written)
        assert set(written) - set(kept) <= {"model_type", "_name_or_path"}, model_type


@pytest.mark.fault(50)
@pytest.mark.parametrize(
    ("changes", "identifier"),
    [
        ({"max_position_embeddings": 10**12}, "model.absurd-size"),
        ({"num_hidden_layers": 900, "num_local_experts": 60_000}, "model.absurd-size"),
        ({"num_attention_heads": 10**9}, "model.absurd-size"),
        ({"intermediate_size": 2**24}, "model.config-does-not-fit"),
        ({"num_hidden_layers": 900, "hidden_size": 4096}, "model.config-does-not-fit"),
        ({"hidden_size": "many"}, "model.not-loadable"),
        ({"num_hidden_layers": -3}, "model.weights-unused"),
        ({"rope_parameters": {"rope_type": "os.system"}}, "model.not-loadable"),
        ({"dtype": "save"}, "model.not-loadable"),
        ({"model_type": "../llama"}, "model.unknown-type"),
    ],
    ids=str,
)
def test_sizes_and_values_that_can_not_be_are_refused_in_no_time(
    llama: Path, changes: dict[str, object], identifier: str
) -> None:
    edit(llama / "config.json", **changes)
    start = time.monotonic()
    assert refusal(llama).identifier == identifier
    assert time.monotonic() - start < 20


@pytest.mark.fault(50)
@pytest.mark.parametrize("content", ["[" * 100_000, '{"a":' * 3_000 + "1" + "}" * 3_000, "{} {}"])
def test_a_configuration_that_is_none_is_refused(llama: Path, content: str) -> None:
    (llama / "config.json").write_text(content, encoding="utf-8")
    assert refusal(llama).identifier == "model.config-unreadable"


@pytest.mark.fault(51)
@pytest.mark.parametrize(
    "tensor",
    [
        {"dtype": "F32", "shape": [10**18] * 200_000, "data_offsets": [0, 8]},
        {"dtype": "F32", "shape": [2**62], "data_offsets": [0, 2**64]},
        {"dtype": "F32", "shape": [True, 2], "data_offsets": [0, 8]},
        {"dtype": "F32", "shape": [2.0], "data_offsets": [0, 8]},
        {"dtype": ["F32"], "shape": [2], "data_offsets": [0, 8]},
        {"dtype": "F32", "shape": [2], "data_offsets": [0, 8, 16]},
        {"dtype": "F32", "shape": {}, "data_offsets": [0, 4]},
    ],
    ids=range(7),
)
def test_a_header_that_lies_is_refused_in_no_time(llama: Path, tensor: dict[str, object]) -> None:
    header = json.dumps({"weight": tensor}).encode()
    (llama / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + bytes(8))
    start = time.monotonic()
    with pytest.raises(ModelRefused) as caught:
        inspect_folder(llama)
    assert caught.value.identifier == "model.safetensors-broken"
    assert time.monotonic() - start < 5


@pytest.mark.fault(50)
@pytest.mark.parametrize(
    ("file", "changes"),
    [
        ("config.json", {"eos_token_id": [-1, 2**64, 10**30]}),
        ("tokenizer_config.json", {"eos_token": "\ud800" * 20}),
        ("tokenizer_config.json", {"chat_template": "{{ '\\ud800' }}"}),
        ("tokenizer.json", {"normalizer": [{"type": "NFC"}]}),
        ("tokenizer.json", {"post_processor": {"type": "TemplateProcessing", "special_tokens": {},
                            "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}],
                            "pair": []}}),
        ("tokenizer.json", {"added_tokens": [{"id": -1}]}),
        ("tokenizer.json", {"model": {"type": "BPE", "vocab": {}, "merges": [["a"]]}}),
        ("tokenizer.json", {"model": {"type": "BPE", "vocab": {}, "merges": []}}),
        ("generation_config.json", {"eos_token_id": 2**70, "bos_token_id": "x"}),
    ],
    ids=range(9),
)  # fmt: skip
def test_a_tokenizer_of_another_shape_is_refused_or_does_no_harm(
    llama: Path, file: str, changes: dict[str, object]
) -> None:
    """Found by fuzzing: numbers that no id can be, half characters, definitions that make the
    library panic."""
    edit(llama / file, **changes)
    with contextlib.suppress(ModelRefused):
        loaded = load(llama)
        loaded.template.encode([Message("user", "Halo?", False)])
