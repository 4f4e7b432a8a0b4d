"""Every way of tuning trains, saves, loads in plain peft and transformers, and merges."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, BitsAndBytesConfig, PreTrainedModel

from laras.adapters.methods import ADAPTERS, learning_rate_scale
from laras.adapters.prepare import first_weights, prepare_for, save_adapter, trainable
from laras.cli.main import main
from laras.contenders.obtain import load_candidate
from laras.delivery.merged import write_merged
from laras.errors import ModelRefused, UsageError
from laras.models.load import load_model
from laras.models.quantised import require_support
from laras.models.quiet import quiet
from laras.models.save import save_model
from laras.models.tiny import tiny_model
from laras.planning.hyperparameters import Hyperparameters, resolve
from laras.preparation.pipeline import Prepared
from laras.recipe import unread
from laras.recipe.schema import Contender, ModelSection, TuningSection
from laras.records import EXAMPLE_SCHEMA, Example, Message, to_table
from laras.runs.folder import Run
from laras.runs.progress import Silent
from laras.tuning.assignment import Assignment
from laras.tuning.tune import tune

Fresh = Callable[[str], PreTrainedModel]
needs_bitsandbytes = pytest.mark.skipif(
    find_spec("bitsandbytes") is None, reason="the extra `quantised` is not installed"
)
PLAIN = ["full", "freeze", *ADAPTERS]
QUANTISED = [
    ("lora", "nf4"),
    ("lora", "int8"),
    *((kind, "nf4") for kind in ("rslora", "dora", "loraplus", "vera", "oft", "ia3")),
]
IDS = torch.arange(5, 45)[None]


class Tuned:
    """A run in which one contender was tuned on a handful of rows."""

    def __init__(self, folder: Path, base: Path, contender: Contender, **model: object) -> None:
        self.base = base
        self.contender = contender
        self.section = ModelSection.model_validate(
            {"base": str(base), "precision": "float32", **model}
        )
        path = folder / "rows.parquet"
        pq.write_table(to_table([row(number) for number in range(6)], EXAMPLE_SCHEMA), path)
        prepared = Prepared(path, path, path, path, {}, "key")
        tuning = TuningSection(epochs=2, batch_tokens=128, schedule="constant")
        self.run_folder = folder / "run"
        with Run.open(self.run_folder) as run:
            run.write_json("origin.json", {"recipe_folder": str(folder)})
            recipe = {
                "model": self.section.model_dump(),
                "data": {"sources": [{"documents": "nothing"}]},
                "comparison": {"contenders": [contender.model_dump()]},
            }
            run.write_text("recipe.yaml", json.dumps(recipe))
            assignment = Assignment(contender, self.section, "digest", folder, tuning, prepared)
            self.model = tune(assignment, run, Silent())

    def candidate(self) -> PreTrainedModel:
        run = Run.read(self.run_folder)
        return load_candidate(self.contender, self.section, self.base.parent, run).loaded.model


def row(number: int) -> Example:
    messages = (
        Message("user", f"Which instrument leads, number {number}?", False),
        Message("assistant", "Bonang memimpin, gong menutup, again and again.", True),
    )
    return Example(f"e{number}", "chat", messages, f"g{number}")


@torch.no_grad()
def logits(model: torch.nn.Module) -> torch.Tensor:
    with quiet():
        found: torch.Tensor = model.eval()(input_ids=IDS).logits
    return found


def plain_base(folder: Path, quantised: str | None = None) -> PreTrainedModel:
    """The base as somebody without Laras loads it."""
    if quantised is None:
        return AutoModelForCausalLM.from_pretrained(folder)
    configuration = (
        BitsAndBytesConfig(
            load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True
        )
        if quantised == "nf4"
        else BitsAndBytesConfig(load_in_8bit=True)
    )
    with quiet():
        model = AutoModelForCausalLM.from_pretrained(
            folder, quantization_config=configuration, dtype=torch.float32, device_map="cpu"
        )
    for module in model.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):  # see models/quantised.py
            module.support_avx512bf16_for_cpu = False
    return model


def loaded_without_laras(tuned: Tuned) -> PreTrainedModel | PeftModel:
    if tuned.contender.kind not in ADAPTERS:
        return AutoModelForCausalLM.from_pretrained(tuned.model)
    base = plain_base(tuned.base, tuned.contender.quantised)
    with quiet():
        return PeftModel.from_pretrained(base, str(tuned.model))


@pytest.mark.parametrize("kind", PLAIN)
def test_each_method_trains_saves_loads_elsewhere_and_merges(
    kind: str, tiny: Callable[[str], Path], tmp_path: Path
) -> None:
    contender = Contender.model_validate({"kind": kind, "name": "tuned"})
    tuned = Tuned(tmp_path, tiny("llama"), contender)
    before = logits(plain_base(tuned.base))
    elsewhere = logits(loaded_without_laras(tuned))
    assert (elsewhere - before).abs().max() > 1e-3, "training must have an effect"
    torch.testing.assert_close(logits(tuned.candidate()), elsewhere, rtol=0, atol=1e-4)
    losses = [event["loss"] for event in events(tuned, "step_done")]
    assert losses[-1] < losses[0]
    if kind in ADAPTERS:
        difference = write_merged(tuned.run_folder, "tuned", tmp_path / "merged")
        assert difference.max_logit_difference < 1e-4
        assert abs(difference.mean_kl) < 1e-8
        merged = logits(AutoModelForCausalLM.from_pretrained(tmp_path / "merged"))
        torch.testing.assert_close(merged, elsewhere, rtol=0, atol=1e-4)


@needs_bitsandbytes
@pytest.mark.parametrize(("kind", "quantised"), QUANTISED)
def test_an_adapter_on_a_quantised_base_merges_into_what_that_stands_for(
    kind: str, quantised: str, tiny: Callable[[str], Path], tmp_path: Path
) -> None:  # trap 16
    contender = Contender.model_validate({"kind": kind, "name": "tuned", "quantised": quantised})
    tuned = Tuned(tmp_path, tiny("llama"), contender)
    elsewhere = logits(loaded_without_laras(tuned))
    effect = (elsewhere - logits(plain_base(tuned.base, quantised))).abs().max()
    assert effect > 1e-3
    difference = write_merged(tuned.run_folder, "tuned", tmp_path / "merged")
    merged = logits(AutoModelForCausalLM.from_pretrained(tmp_path / "merged"))
    assert merged.dtype == torch.float32
    # bitsandbytes multiplies rounded inputs by 8-bit matrices; 4-bit ones are multiplied exactly.
    bound = 1e-4 if quantised == "nf4" else 2e-2
    assert difference.max_logit_difference < bound
    assert abs(difference.mean_kl) < bound**2
    assert (merged - elsewhere).abs().max() < bound
    if quantised == "nf4":  # merged into the original weights instead, it would be another model
        with quiet():
            beside = PeftModel.from_pretrained(plain_base(tuned.base), str(tuned.model))
        assert (logits(beside) - elsewhere).abs().max() > 100 * (merged - elsewhere).abs().max()


def events(tuned: Tuned, kind: str) -> list[dict[str, float]]:
    return [event for event in Run.read(tuned.run_folder).events() if event["kind"] == kind]


@pytest.mark.parametrize("family", ["llama", "gpt2", "falcon", "gpt_neox"])
@pytest.mark.parametrize("kind", ["pissa", "olora"])
def test_an_adapter_that_moved_the_base_is_saved_for_the_untouched_base(
    kind: str, family: str, fresh: Fresh, tiny: Callable[[str], Path], tmp_path: Path
) -> None:
    if (kind, family) == ("olora", "gpt2"):
        with pytest.raises(UsageError, match="wrong way round"):
            prepare_for(fresh(family), chosen(kind))
        return
    settings = chosen(kind, rank=4, alpha=6.0)
    model = prepare_for(fresh(family), settings)
    assert isinstance(model, PeftModel)
    first = first_weights(model, settings)
    before = logits(fresh(family))
    torch.testing.assert_close(logits(model), before, rtol=0, atol=1e-5)
    torch.manual_seed(1)
    with torch.no_grad():
        for part in trainable(model).values():
            part.add_(torch.randn_like(part), alpha=0.05)
    expected = logits(model)
    assert (expected - before).abs().max() > 1e-2
    save_adapter(model, tmp_path / "adapter", "base", first)
    with quiet():
        loaded = PeftModel.from_pretrained(plain_base(tiny(family)), str(tmp_path / "adapter"))
    torch.testing.assert_close(logits(loaded), expected, rtol=0, atol=1e-5)
    torch.testing.assert_close(logits(loaded.merge_and_unload()), expected, rtol=0, atol=1e-5)


def chosen(kind: str, **settings: object) -> Hyperparameters:
    contender = Contender.model_validate({"kind": kind, "name": kind})
    return replace(resolve(TuningSection(), contender, 1_000_000)[0], **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize("family", ["llama", "qwen2", "mistral", "gpt2"])
@pytest.mark.parametrize("kind", ["lora", "full"])
def test_new_tokens_are_trained_saved_loaded_and_merged(
    kind: str, family: str, tmp_path: Path
) -> None:  # traps 17 and 18; llama and qwen2 tie their embeddings, mistral does not
    base = tiny_model(family, tmp_path / "base")
    words = ["bonang", "<gong>", "saron demung"]
    contender = Contender.model_validate({"kind": kind, "name": "tuned"})
    tuned = Tuned(tmp_path, base, contender, new_tokens=words)
    loaded = load_model(tuned.section, tmp_path)
    first = load_model(ModelSection(base=str(base)), tmp_path).tokenizer.highest_id + 1
    assert loaded.new_ids == (first, first + 1, first + 2)
    ids = loaded.tokenizer.encode("a bonang and a <gong>, saron demung.")
    assert {first, first + 1, first + 2} <= set(ids)
    assert loaded.tokenizer.decode(ids) == "a bonang and a <gong>, saron demung."
    start = loaded.model.get_input_embeddings().weight
    torch.testing.assert_close(start[first], start[:first].mean(0))

    candidate = tuned.candidate()
    probe = torch.tensor([ids])
    with torch.no_grad():
        expected = candidate(input_ids=probe).logits
    assert expected.shape[-1] >= first + 3
    if kind == "full":
        merged = AutoModelForCausalLM.from_pretrained(tuned.model)
        folder = tuned.model
    else:
        names = load_file(tuned.model / "adapter_model.safetensors")
        rows = [part for name, part in names.items() if "trainable_tokens" in name]
        assert [part.shape[0] for part in rows] == [3] * (2 if family == "mistral" else 1)
        original = plain_base(base)
        original.resize_token_embeddings(first + 3, mean_resizing=False)
        with quiet():
            beside = PeftModel.from_pretrained(original, str(tuned.model)).eval()
        with torch.no_grad():
            torch.testing.assert_close(beside(input_ids=probe).logits, expected, rtol=0, atol=1e-4)
        assert not torch.equal(rows[0], start[first : first + 3])  # they learnt
        folder = tmp_path / "merged"
        write_merged(tuned.run_folder, "tuned", folder)
        merged = AutoModelForCausalLM.from_pretrained(folder)
        old = merged.get_input_embeddings().weight[:first]
        assert torch.equal(old, start[:first])  # exactly the new rows were trained
    with torch.no_grad():
        torch.testing.assert_close(
            merged.eval()(input_ids=probe).logits, expected, rtol=0, atol=1e-4
        )
    tied = family != "mistral"
    assert merged.config.tie_word_embeddings is tied
    assert (merged.get_output_embeddings().weight is merged.get_input_embeddings().weight) is tied
    again = load_model(ModelSection(base=str(folder)), tmp_path)
    assert again.tokenizer.encode("a bonang and a <gong>, saron demung.") == ids


def test_an_untied_head_is_saved_as_its_own(tmp_path: Path) -> None:  # trap 17
    loaded = load_model(ModelSection(base=str(tiny_model("llama", tmp_path / "base"))), tmp_path)
    head = loaded.model.get_output_embeddings()
    head.weight = torch.nn.Parameter(head.weight.detach() * 1.5)
    expected = logits(loaded.model)
    save_model(loaded.model, loaded.tokenizer, loaded.template, tmp_path / "saved")
    assert json.loads((tmp_path / "saved/config.json").read_text())["tie_word_embeddings"] is False
    assert torch.equal(logits(AutoModelForCausalLM.from_pretrained(tmp_path / "saved")), expected)


def test_an_adapter_without_effect_is_not_judged(
    tiny: Callable[[str], Path], tmp_path: Path
) -> None:  # trap 19
    tuned = Tuned(tmp_path, tiny("llama"), Contender(kind="lora", name="tuned"))
    file = tuned.model / "adapter_model.safetensors"
    save_file(
        {
            name: torch.zeros_like(part) if "lora_B" in name else part
            for name, part in load_file(file).items()
        },
        file,
    )
    with Run.open(tuned.run_folder) as run:
        run.stage("tune-tuned", "other").finish({"model": tuned.model})
    with pytest.raises(ModelRefused) as raised:
        tuned.candidate()
    assert raised.value.identifier == "contender.adapter-without-effect"


def test_loraplus_gives_b_a_rate_of_its_own() -> None:
    settings = chosen("loraplus", rate_ratio=8.0)
    assert learning_rate_scale("layers.0.q_proj.lora_B.default.weight", settings) == 8.0
    assert learning_rate_scale("layers.0.q_proj.lora_A.default.weight", settings) == 1.0
    assert learning_rate_scale("layers.0.q_proj.lora_B.default.weight", chosen("lora")) == 1.0


def test_the_recipe_and_the_engine_know_the_same_adapters() -> None:
    assert tuple(ADAPTERS) == unread.ADAPTER_KINDS


def test_an_fp8_base_is_refused_where_there_is_no_hopper_gpu() -> None:
    with pytest.raises(UsageError, match="Hopper") as raised:
        require_support("fp8", torch.device("cpu"))
    assert "nf4" in str(raised.value.hint)


def test_a_missing_library_is_told_with_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("laras.models.quantised.find_spec", lambda name: None)
    with pytest.raises(UsageError, match="not installed") as raised:
        require_support("nf4", torch.device("cpu"))
    assert "laras[quantised]" in str(raised.value.hint)


@needs_bitsandbytes
def test_a_model_in_which_nothing_can_be_quantised_is_refused(
    tiny: Callable[[str], Path], tmp_path: Path
) -> None:
    section = ModelSection(base=str(tiny("falcon")))
    with pytest.raises(ModelRefused) as raised:
        load_model(section, tmp_path, quantised="nf4")
    assert raised.value.identifier == "model.nothing-quantised"


def test_only_an_adapter_is_merged_and_nothing_is_overwritten(
    tiny: Callable[[str], Path], tmp_path: Path
) -> None:
    tuned = Tuned(tmp_path, tiny("llama"), Contender(kind="freeze", name="tuned"))
    with pytest.raises(UsageError, match="no adapter") as raised:
        write_merged(tuned.run_folder, "tuned", tmp_path / "merged")
    assert str(tuned.model) in str(raised.value.hint)


def test_the_verb_writes_the_model_and_prints_what_merging_changed(
    tiny: Callable[[str], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tuned = Tuned(tmp_path, tiny("llama"), Contender(kind="lora", name="tuned"))
    capsys.readouterr()
    assert main(["merge", str(tuned.run_folder), str(tmp_path / "one"), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["contender"] == "tuned"
    assert 0 <= printed["max_logit_difference"] < 1e-4
    assert main(["merge", str(tuned.run_folder), str(tmp_path / "two"), "--lang", "en"]) == 0
    assert "logits differ by at most" in capsys.readouterr().out
    assert (tmp_path / "one/model.safetensors").is_file()
    assert main(["merge", str(tuned.run_folder), str(tmp_path / "two")]) == 2  # nothing overwritten
