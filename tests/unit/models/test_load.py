"""Loading and saving: safe files only, complete weights only, nothing lost on the way."""

from __future__ import annotations

import json
import os
import pickle
import warnings
from pathlib import Path

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

import laras
from laras.errors import ModelRefused
from laras.models.load import LoadedModel, _useful_lines, load_model, resolve_model
from laras.models.save import save_model
from laras.models.tiny import FAMILIES, tiny_model
from laras.recipe.schema import ModelSection
from laras.records import Message


def load(folder: Path, **settings: object) -> LoadedModel:
    section = ModelSection.model_validate({"base": str(folder), **settings})
    return load_model(section, folder.parent)


def refusal(folder: Path) -> ModelRefused:
    with pytest.raises(ModelRefused) as caught:
        load(folder)
    return caught.value


@pytest.fixture
def llama(tmp_path: Path) -> Path:
    return tiny_model("llama", tmp_path / "model")


def edit(path: Path, **changes: object) -> None:
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(content | changes), encoding="utf-8")


@pytest.mark.parametrize("family", FAMILIES)
def test_each_family_survives_saving_and_loading_here_and_in_transformers(
    family: str, tmp_path: Path
) -> None:
    loaded = load(tiny_model(family, tmp_path / "model"))
    messages = [Message("user", "Apa kabar?", False), Message("assistant", "Baik.", True)]
    ids = loaded.template.encode(messages).input_ids
    with torch.no_grad():
        expected = loaded.model(torch.tensor([ids])).logits
    save_model(loaded.model, loaded.tokenizer, loaded.template, tmp_path / "saved")
    assert not list((tmp_path / "saved").glob("*.bin"))
    again = load(tmp_path / "saved")
    assert again.template.encode(messages).input_ids == ids
    assert again.tokenizer.digest == loaded.tokenizer.digest
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "saved")
        tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path / "saved")
    plain = [{"role": each.role, "content": each.content} for each in messages]
    assert tokenizer.apply_chat_template(plain)["input_ids"] == ids
    with torch.no_grad():
        assert torch.equal(again.model(torch.tensor([ids])).logits, expected)
        assert torch.equal(theirs.eval()(torch.tensor([ids])).logits, expected)


def test_tied_weights_stay_tied(llama: Path, tmp_path: Path) -> None:
    loaded = load(llama)
    head = loaded.model.get_output_embeddings().weight
    assert head is loaded.model.get_input_embeddings().weight
    with torch.no_grad():
        head.add_(1.0)
    save_model(loaded.model, loaded.tokenizer, loaded.template, tmp_path / "saved")
    again = load(tmp_path / "saved")
    assert again.model.config.tie_word_embeddings
    assert torch.equal(again.model.get_output_embeddings().weight, head)


def test_tiny_models_are_equal_for_equal_seeds(tmp_path: Path) -> None:
    one, two = tiny_model("gpt2", tmp_path / "1"), tiny_model("gpt2", tmp_path / "2")
    other = tiny_model("gpt2", tmp_path / "3", seed=1)
    contents = [(path / "model.safetensors").read_bytes() for path in (one, two, other)]
    assert contents[0] == contents[1] != contents[2]


def test_mode_type_and_context_are_as_asked(llama: Path) -> None:
    loaded = load(llama)
    assert not loaded.model.training
    assert not any(each.requires_grad for each in loaded.model.parameters())
    assert loaded.context == 256  # all this model supports
    assert load(llama, context=64).context == 64
    section = ModelSection(base="model")
    trainable = load_model(section, llama.parent, dtype=torch.bfloat16, trainable=True)
    assert trainable.model.training
    assert all(each.requires_grad for each in trainable.model.parameters())
    assert trainable.model.dtype == torch.bfloat16
    assert trainable.name == "model"


class Canary:
    """A pickle that leaves a file behind where it is opened."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt", "weights.pkl"])
@pytest.mark.fault(48)
def test_a_pickle_is_refused_and_never_opened(llama: Path, tmp_path: Path, name: str) -> None:
    (llama / "model.safetensors").unlink()
    (llama / name).write_bytes(pickle.dumps(Canary(tmp_path / "canary")))
    error = refusal(llama)
    assert error.identifier == "model.pickle"
    assert error.hint is not None
    assert "save_pretrained" in error.hint
    assert not (tmp_path / "canary").exists()


@pytest.mark.fault(48)
def test_a_pickle_named_safetensors_is_refused_and_never_opened(
    llama: Path, tmp_path: Path
) -> None:
    (llama / "model.safetensors").write_bytes(pickle.dumps(Canary(tmp_path / "canary")))
    assert refusal(llama).identifier == "model.safetensors-broken"
    assert not (tmp_path / "canary").exists()


@pytest.mark.parametrize(
    "tensor",
    [
        {"dtype": "F32", "shape": [2**60], "data_offsets": [0, 8]},
        {"dtype": "F32", "shape": [2], "data_offsets": [0, 2**60]},
        {"dtype": "F32", "shape": [-2], "data_offsets": [8, 0]},
        {"dtype": "F99", "shape": [2], "data_offsets": [0, 8]},
        {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]},
        {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]},
        {"dtype": "F32"},
    ],
)
@pytest.mark.fault(51)
def test_a_lying_header_is_refused(llama: Path, tensor: dict[str, object]) -> None:
    header = json.dumps({"weight": tensor}).encode()
    (llama / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + bytes(8))
    assert refusal(llama).identifier == "model.safetensors-broken"


@pytest.mark.fault(51)
def test_overlapping_tensors_and_cut_files_are_refused(llama: Path) -> None:
    path = llama / "model.safetensors"
    whole = path.read_bytes()
    for length in (0, 5, 100, len(whole) - 1):
        path.write_bytes(whole[:length])
        assert refusal(llama).identifier == "model.safetensors-broken"
    half = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
    header = json.dumps({"one": half, "two": half}).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(8))
    assert refusal(llama).identifier == "model.safetensors-broken"


@pytest.mark.parametrize(
    "change",
    [
        {"auto_map": {"AutoModelForCausalLM": "code.Model"}},
        {"_attn_implementation_internal": "someone/kernel"},
        {"_experts_implementation": "x"},
        {"attn_implementation": "someone/kernel"},
        {"text_config": {"auto_map": {"AutoConfig": "code.Config"}}},
    ],
)
@pytest.mark.fault(50)
def test_a_configuration_that_could_run_code_is_refused(
    llama: Path, change: dict[str, object]
) -> None:
    edit(llama / "config.json", **change)
    assert refusal(llama).identifier == "model.code-in-config"


@pytest.mark.parametrize(
    ("change", "identifier"),
    [
        ({"model_type": "no_such_type"}, "model.unknown-type"),
        ({"model_type": "t5"}, "model.unknown-type"),
        ({"model_type": None}, "model.no-type"),
        ({"num_hidden_layers": 10**9}, "model.absurd-size"),
        ({"vocab_size": 10**12}, "model.absurd-size"),
        ({"hidden_size": 2**20}, "model.config-does-not-fit"),
        ({"num_hidden_layers": 3}, "model.weights-missing"),
        ({"quantization_config": {"bits": 4}}, "model.quantised"),
    ],
)
@pytest.mark.fault(50)
def test_a_configuration_that_can_not_be_is_refused(
    llama: Path, change: dict[str, object], identifier: str
) -> None:
    edit(llama / "config.json", **change)
    assert refusal(llama).identifier == identifier


def test_missing_weights_are_refused_and_surplus_ones_told(
    llama: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = llama / "model.safetensors"
    weights = load_file(path)
    save_file({**weights, "model.extra.weight": torch.ones(2)}, path, {"format": "pt"})
    load(llama)
    assert "model.extra.weight" in caplog.text
    del weights["model.norm.weight"]
    save_file(weights, path, {"format": "pt"})
    error = refusal(llama)
    assert error.identifier == "model.weights-missing"
    assert "model.norm.weight" in error.what


def test_an_index_that_points_elsewhere_is_refused(llama: Path) -> None:
    index = {"weight_map": {"weight": "../other.safetensors"}}
    path = llama / "model.safetensors.index.json"
    path.write_text(json.dumps(index), encoding="utf-8")
    assert refusal(llama).identifier == "model.weights-missing"
    path.write_text("[]", encoding="utf-8")
    assert refusal(llama).identifier == "model.index-broken"


def test_a_tokenizer_with_more_ids_than_the_model_has_rows_is_refused(
    llama: Path, tmp_path: Path
) -> None:
    larger = tiny_model("llama", tmp_path / "larger", vocab_size=330)
    (llama / "tokenizer.json").write_bytes((larger / "tokenizer.json").read_bytes())
    assert refusal(llama).identifier == "model.tokenizer-too-large"


@pytest.mark.parametrize(
    ("base", "identifier"),
    [
        ("./absent", "model.not-a-folder"),
        ("/absent/model", "model.not-a-folder"),
        ("not a name", "model.not-a-folder"),
        ("nobody/this-model-is-not-here", "model.not-downloaded"),
    ],
)
def test_a_model_that_is_not_there_is_refused_with_a_way_out(
    tmp_path: Path, base: str, identifier: str
) -> None:
    with pytest.raises(ModelRefused) as caught:
        resolve_model(ModelSection(base=base), tmp_path)
    assert caught.value.identifier == identifier
    assert caught.value.hint


def test_an_adapter_alone_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "adapter"
    folder.mkdir()
    (folder / "adapter_config.json").write_text("{}", encoding="utf-8")
    assert refusal(folder).identifier == "model.adapter-alone"


def test_weights_of_which_most_are_not_used_are_refused(llama: Path) -> None:
    file = llama / "model.safetensors"
    weights = load_file(file)
    strays = {f"stray.{number}": torch.zeros(1) for number in range(len(weights) + 1)}
    save_file({**weights, **strays}, file, metadata={"format": "pt"})
    assert refusal(llama).identifier == "model.weights-unused"


def test_a_reason_of_several_lines_is_told_on_one() -> None:
    assert _useful_lines(ValueError("Validation:\n\n  field   'x':\n\ttoo big\nmore")) == (
        "Validation: field 'x': too big"
    )
    assert _useful_lines(ValueError()) == "ValueError"


@pytest.mark.parametrize("content", ["[]", "3", '{"chat_template": 5}', '{"chat_template": [1]}'])
def test_a_tokenizer_config_of_the_wrong_shape_is_refused(content: str, llama: Path) -> None:
    (llama / "chat_template.jinja").unlink(missing_ok=True)
    (llama / "tokenizer_config.json").write_text(content, encoding="utf-8")
    assert refusal(llama).identifier in ("model.tokenizer-broken", "model.template-unreadable")


def test_a_chat_template_is_found_from_home_and_refused_where_it_is_not_there(
    llama: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    text = "{% for message in messages %}{{ message['content'] + eos_token }}{% endfor %}"
    (tmp_path / "home/own.jinja").write_text(text, encoding="utf-8")
    assert load(llama, chat_template="~/own.jinja").template.text.endswith(text)
    for absent in ("absent.jinja", str(llama), "~nobody-at-all/x.jinja"):
        recipe = {
            "model": {"base": str(llama), "chat_template": absent},
            "data": {"sources": [{"documents": ["nothing"]}]},
        }
        with pytest.raises(ModelRefused) as caught:
            laras.run(recipe, run_folder=tmp_path / "run")
        assert caught.value.identifier == "model.template-unreadable"
