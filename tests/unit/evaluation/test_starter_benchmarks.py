"""How the starter is judged, ``benchmarks/starter_*.py``: items that can't be guessed, likelihoods
that are the model's own, text that is counted once."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from laras.batches.cache import write_cache
from laras.batches.encode import encode_example
from laras.models.load import LoadedModel, load_model
from laras.recipe.schema import ModelSection

BENCHMARKS = Path(__file__).resolve().parents[3] / "benchmarks"


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return lambda name: pytest.importorskip(name)


@pytest.fixture(scope="module")
def loaded() -> LoadedModel:
    return load_model(ModelSection(), Path.cwd())


def test_every_probe_has_at_least_sixty_different_items(
    benchmark: Callable[[str], ModuleType],
) -> None:
    items = benchmark("probe_items").all_items()
    assert len(set(items)) == len(items)
    assert min(Counter(item.probe for item in items).values()) >= 60
    assert all(item.right != item.wrong for item in items)


def test_no_form_is_right_more_often_than_wrong(benchmark: Callable[[str], ModuleType]) -> None:
    right: dict[str, Counter[str]] = {}
    wrong: dict[str, Counter[str]] = {}
    for item in benchmark("probe_items").all_items():
        for found, side in ((right, item.right), (wrong, item.wrong)):
            if item.probe == "beginning":
                forms = [str(side.given)]
            elif item.probe == "format":
                forms = [side.ending]
            else:  # endings and orders have the same words on both sides
                forms = side.ending.rstrip(".?").split()
            found.setdefault(item.probe, Counter()).update(forms)
    assert len(right) == 8
    assert right == wrong


def test_a_side_is_scored_by_its_ending_alone(
    benchmark: Callable[[str], ModuleType], loaded: LoadedModel
) -> None:
    probes, items = benchmark("starter_probes"), benchmark("probe_items").all_items()
    chosen = [next(item for item in items if item.probe == probe) for probe in ("ending", "affix")]
    chosen.append(next(item for item in items if item.part == "answers"))
    found = probes.right_answers(loaded, chosen)
    for item, correct in zip(chosen, found, strict=True):
        sums = []
        for side in (item.right, item.wrong):
            example = probes.encoded(side, loaded)
            ids = torch.from_numpy(example.input_ids.astype(np.int64))[None]
            with torch.no_grad():
                logs = loaded.model(input_ids=ids).logits[0].log_softmax(-1)
            scored = np.flatnonzero(example.trained)
            said = loaded.tokenizer.decode(example.input_ids[scored].tolist())
            end = loaded.tokenizer.token(loaded.tokenizer.eos_id)
            assert said.removesuffix(str(end)) == side.ending
            sums.append(sum(float(logs[at - 1, ids[0, at]]) for at in scored))
        assert correct == (sums[0] > sums[1])


def test_documents_cut_into_windows_are_put_together_again(
    benchmark: Callable[[str], ModuleType], loaded: LoadedModel, tmp_path: Path
) -> None:
    heldout = benchmark("starter_heldout")
    documents = ["One two three. " * 30, "Satu dua tiga.", "Satu dua tiga."]
    windows = []
    for example in heldout.as_examples(documents):
        windows += encode_example(example, loaded.tokenizer, loaded.template, 32)[0]
    (tmp_path / "made").mkdir()
    write_cache(tmp_path / "made" / "train.arrow", windows)
    once = [at for at, window in enumerate(windows) if window.example_id != "2"]
    places = {"two": once, "one": [at for at in range(len(windows)) if at not in once]}
    (tmp_path / "made" / "train.places.json").write_text(json.dumps(places))
    passes = {"two": {"passes": 0.4}, "one": {"passes": 2.6}}
    record = {"tokens_folder": "made", "texts": passes}
    (tmp_path / "starter-run.json").write_text(json.dumps(record))
    models = dict(heldout.n_gram_models(tmp_path, loaded))
    lengths = [len(loaded.tokenizer.encode(text)) + 1 for text in documents]  # with their ends
    assert {way: model.documents for way, model in models.items()} == {"once": 3, "repeated": 5}
    assert models["repeated"].tokens == sum(lengths) + 2 * lengths[2]
    assert models["once"].tokens == sum(lengths)
    assert heldout.n_gram_bits(models["once"], loaded, documents[1:2]) < 2
    with pytest.raises(SystemExit, match="neither begins"):
        list(heldout.whole(windows[1:], loaded.tokenizer.bos_id))


def test_drawn_continuations_are_the_same_for_the_same_seed(
    benchmark: Callable[[str], ModuleType], loaded: LoadedModel
) -> None:
    samples = benchmark("starter_samples")
    prompts = ["Once upon a time", [["user", "halo!"]]]
    first, again = (samples.continuations(loaded, prompts) for _ in range(2))
    assert first == again
    assert first[0]["greedy"]["text"] != first[0]["sampled"]["text"]


def test_a_comparison_knows_which_way_is_better(benchmark: Callable[[str], ModuleType]) -> None:
    demo = benchmark("starter_demo")

    def verdict(accuracy: float, bits: float) -> dict[str, dict[str, dict[str, dict[str, float]]]]:
        metrics = {
            name: {"value": value, "low": value - 0.1, "high": value + 0.1, "n": 9}
            for name, value in (("bits_per_byte", bits), ("perplexity", bits),
                                ("accuracy", accuracy), ("length_ratio", bits))
        }  # fmt: skip
        return {"figures": {"prompt": metrics}}

    pairs = demo.compared(verdict(0.1, 2.0), verdict(0.5, 1.95), one_tokenizer=False)
    assert list(pairs["prompt"]) == ["bits_per_byte", "accuracy"]
    assert [(each["better"], each["apart"]) for each in pairs["prompt"].values()] == [
        (True, False),
        (True, True),
    ]
    told = demo.summary(pairs, chance=0.06)
    assert told["better_everywhere"]
    assert told["prompt_above_chance"] == {"first": False, "second": True}
    worse = demo.compared(verdict(0.5, 2.0), verdict(0.5, 2.1), one_tokenizer=True)
    told = demo.summary(worse, chance=0.06)
    assert (told["worse"], told["equal"]) == (
        ["prompt: perplexity", "prompt: bits_per_byte"],
        ["prompt: accuracy"],
    )
