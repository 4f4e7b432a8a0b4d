"""What is fuzzed: each target takes a changed file and must end in what its contract allows.

A target raises only where the contract is broken: an error of no known kind, a damaged checkpoint
that is taken, a secret that is opened. How long it takes and how much it holds is watched by
whoever calls it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fuzz_seeds import ROOT, Seed, chat_templates, parsed, read_here, recipes
from laras.errors import LarasError


@dataclass(frozen=True)
class Target:
    """``seeds(folder)``: what is changed; ``attempt(seed, content, folder)``: one try, in a folder
    of its own that is emptied afterwards."""

    seeds: Callable[[Path], list[Seed]]
    attempt: Callable[[Seed, bytes, Path], None]


# Recipes.


def _try_recipe(_seed: Seed, content: bytes, folder: Path) -> None:
    from laras.recipe.load import load_recipe, resolved_yaml

    path = folder / "recipe.yaml"
    path.write_bytes(content)
    with contextlib.suppress(LarasError):
        loaded = load_recipe(path)
        path.write_text(resolved_yaml(loaded), encoding="utf-8")
        assert load_recipe(path).recipe == loaded.recipe, "what is written reads back another"


# Readers that run in this process.


def _try_reader(seed: Seed, content: bytes, folder: Path) -> None:
    from laras.recipe.schema import DataSection, Source
    from laras.records import Dialogue, Document, Rejection
    from laras.sources.read import read_source

    path = folder / seed.name
    path.write_bytes(content)
    source = Source.model_validate({seed.kind: [seed.name]})
    with contextlib.suppress(LarasError):
        for record in read_source(source, folder, DataSection(sources=[source])):
            assert isinstance(record, Document | Dialogue | Rejection)
            json.dumps(str(record)).encode()
            if isinstance(record, Document):
                record.text.encode()  # whole characters only


# Parsers, in the process of their own in which they always run.


def parser_target(limits: Any) -> tuple[Target, Callable[[], None]]:
    """The target whose tries share one process of parsers, and what ends that process."""
    from laras.sources.extraction import RefusedError
    from laras.sources.parsing import ParserProcess

    process = ParserProcess(limits)

    def attempt(seed: Seed, content: bytes, folder: Path) -> None:
        path = folder / seed.name
        path.write_bytes(content)
        with contextlib.suppress(RefusedError):
            for part in process.extract(seed.kind, path):
                assert isinstance(part.text, str)

    return Target(parsed, attempt), process.close


# Checkpoints.


def _checkpoint(folder: Path) -> list[Seed]:
    import torch

    from laras.models.tensors import write_tensors
    from laras.saving.checkpoint import Best, Checkpoints, Contents
    from laras.saving.random_states import random_states
    from laras.saving.state import TrainingState

    best = folder / "best.safetensors"
    folder.mkdir(parents=True, exist_ok=True)
    facts = write_tensors(best, {"a": torch.full((8,), 0.5)})
    contents = Contents(
        TrainingState(key="key", step=20, best_loss=1.5, validation_losses=[2.0, None, 1.5]),
        {"a": torch.full((8,), 20.0)},
        {"a//exp_avg": torch.ones(8)},
        random_states(),
    )
    Checkpoints(folder / "sound", keep=2).save(contents, Best(best, facts))
    files = sorted((folder / "sound" / "step-20").iterdir())
    for file in files:
        _SOUND[file.name] = file.read_bytes()
    return [
        Seed(name, content, kind)
        for name, content in _SOUND.items()
        for kind in ("changed", "changed and hashed again")
    ]


_SOUND: dict[str, bytes] = {}


def _try_checkpoint(seed: Seed, content: bytes, folder: Path) -> None:
    """Changed alone, it is never taken; with the manifest made to fit, it may be, or is refused."""
    from laras.runs.folder import Run
    from laras.runs.progress import Silent
    from laras.saving.continuation import Continuation

    run_folder = folder / "run"
    files = {**_SOUND, seed.name: content}
    hashed_again = seed.kind != "changed" and seed.name != "MANIFEST.json"
    if hashed_again:
        manifest = json.loads(files["MANIFEST.json"])
        manifest["files"][seed.name] = {
            "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()
        }  # fmt: skip
        files["MANIFEST.json"] = json.dumps(manifest).encode()
    with Run.open(run_folder) as run:
        step = run.contender("full") / "checkpoints" / "step-20"
        step.mkdir(parents=True)
        for name, each in files.items():
            (step / name).write_bytes(each)
        parts = _parts()
        with contextlib.suppress(LarasError):
            state = Continuation(run, "full", 2, Silent()).resume("key", parts)
            sound = content == _SOUND[seed.name] or seed.name == "MANIFEST.json" or hashed_again
            assert sound or state.step == 0, "a changed checkpoint was taken"


def _parts() -> Any:
    import torch

    from laras.optimizers.loss_scale import LossScale
    from laras.saving.continuation import Parts

    class Kept:
        def state(self) -> dict[str, Any]:
            return {}

        def load_state(self, tensors: dict[str, Any]) -> None:
            pass

    return Parts({"a": torch.zeros(8)}, Kept(), Kept(), LossScale(torch.float32), lambda: None)


# Models: everything that is read before and while one is loaded.


def _model(folder: Path) -> list[Seed]:
    from laras.models.tiny import tiny_model

    files: list[Seed] = []
    for family in ("llama", "qwen2", "gpt2"):
        model = tiny_model(family, folder / family)
        (model / "generation_config.json").touch()
        files += [
            Seed(path.name, path.read_bytes(), family)
            for path in sorted(model.iterdir())
            if path.name in ("config.json", "tokenizer.json", "tokenizer_config.json",
                             "generation_config.json", "model.safetensors")
        ]  # fmt: skip
    _MODELS.clear()
    for seed in files:
        _MODELS.setdefault(seed.kind, {})[seed.name] = seed.content
    return files


_MODELS: dict[str, dict[str, bytes]] = {}


def _try_model(seed: Seed, content: bytes, folder: Path) -> None:
    from laras.models.load import load_model
    from laras.recipe.schema import ModelSection
    from laras.records import Message

    for name, each in {**_MODELS[seed.kind], seed.name: content}.items():
        (folder / name).write_bytes(each)
    with contextlib.suppress(LarasError):
        loaded = load_model(ModelSection(base=str(folder)), folder.parent)
        loaded.template.encode([Message("user", "Halo?", False), Message("assistant", "Ya.", True)])


def _try_template(_seed: Seed, content: bytes, _folder: Path) -> None:
    from laras.models.template import DEFAULT_DATE
    from laras.models.template_errors import BrokenTemplate, TemplateObjection
    from laras.models.template_process import templates

    text = content.decode(errors="replace")
    messages = [{"role": "user", "content": "Halo"}, {"role": "assistant", "content": "Ya"}]
    variables = {"messages": messages, "bos_token": "<s>", "eos_token": "</s>",
                 "add_generation_prompt": False, "tools": None}  # fmt: skip
    with contextlib.suppress(BrokenTemplate, TemplateObjection):
        made = templates().render(text, DEFAULT_DATE, variables)
        assert len(made) < 4_000_000
    templates().frame(text, DEFAULT_DATE, ["user", "assistant"], {"bos_token": "<s>"})


# What a run left, as the report reads it.


def _run(folder: Path) -> list[Seed]:
    import importlib.util

    path = ROOT / "tests/unit/report/built_run.py"
    specification = importlib.util.spec_from_file_location("built_run", path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    built = module.build_run(folder / "built", test_rows=20)
    _BUILT.clear()
    for file in sorted(built.rglob("*")):
        if file.is_file():
            _BUILT[str(file.relative_to(built))] = file.read_bytes()
    return [Seed(name, content) for name, content in _BUILT.items()]


_BUILT: dict[str, bytes] = {}


def _try_run(seed: Seed, content: bytes, folder: Path) -> None:
    from laras.report.facts import read_facts
    from laras.report.markdown import verdict_text
    from laras.runs.folder import Run

    for name, each in {**_BUILT, seed.name: content}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(each)
    with contextlib.suppress(LarasError):
        Run.read(folder).events()
        facts = read_facts(folder)
        assert isinstance(facts.settings, dict)
        verdict_text(facts.verdict, 0.95)


TARGETS = {
    "recipe": Target(recipes, _try_recipe),
    "readers": Target(read_here, _try_reader),
    "checkpoints": Target(_checkpoint, _try_checkpoint),
    "models": Target(_model, _try_model),
    "templates": Target(chat_templates, _try_template),
    "runs": Target(_run, _try_run),
}
"""By name; the parsers beside them, which share a process (:func:`parser_target`)."""


@contextlib.contextmanager
def emptied(folder: Path) -> Iterator[Path]:
    """``folder``, made for one try and removed after it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
