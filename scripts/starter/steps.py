"""The steps before training, each under the hash of what decides it; done ones are not repeated."""

from __future__ import annotations

import json
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from laras.records import Example
from laras.runs.hashing import content_hash, file_sha256
from starter import mix, preparation, shaped, texts, vocabulary
from starter.shape import Shape
from starter.tokens import Tokens, encode_all, shapes_of
from starter.training import Material, Printed

_VERSION = 1  # of these steps; raise it when the same texts give other tokens
_FALLING_VERSION = 1  # the same for what only the falling stage reads
# Characters that the tokenizer sees: a share of the mix as it is read.
_VOCABULARY_CHARACTERS = 12_000_000


@dataclass(frozen=True)
class Places:
    """Where raw texts are, and the folder that everything is written to."""

    texts: Path
    novels: Path | None
    heldout: Path
    work: Path
    passes: Mapping[str, float] = field(default_factory=lambda: mix.PASSES)
    falling: Mapping[str, float] = field(default_factory=lambda: mix.FALLING)


def material_of(places: Places, shape: Shape, seed: int) -> Material:
    """Texts laid out, prepared, with their tokenizer and in tokens."""
    laid = _laid_out(places)
    prepared = preparation.prepare(laid, laid.with_name(f"prepared-{laid.name}"), Printed())
    passes = places.passes
    key = content_hash(_VERSION, prepared.key, shape.vocabulary, shape.context, seed, passes)
    folder = places.work / f"tokens-{shape.vocabulary}-{key[:8]}"
    cache, watched = folder / "train.arrow", folder / "validation.arrow"

    def make() -> dict[str, Any]:
        by_entry = _by_entry(preparation.examples_by_text(prepared.train), passes, seed)
        vocabulary.train_tokenizer(
            _sample(by_entry, passes, seed), shape.vocabulary, shape.context, folder / "model"
        )
        encode_all(by_entry, folder / "model", shape.context, cache)
        texts_of = preparation.examples_by_text(prepared.validation)
        encode_all({n: _as_read(e) for n, e in texts_of.items()}, folder / "model", shape.context,
                   watched)  # fmt: skip
        return preparation.account(prepared)

    _once(folder, make)
    return Material(Tokens(cache), Tokens(watched), folder / "model", key, passes)


def falling_of(steady: Material, places: Places, shape: Shape, seed: int) -> Material:
    """The same texts in the mix of the falling stage, in tokens of the same tokenizer."""
    laid = _laid_out(places)
    prepared = preparation.prepare(laid, laid.with_name(f"prepared-{laid.name}"), Printed())
    key = content_hash(_FALLING_VERSION, steady.digest, seed, places.falling)
    folder = places.work / f"falling-{shape.vocabulary}-{key[:8]}"
    cache = folder / "train.arrow"

    def make() -> dict[str, Any]:
        examples = preparation.examples_by_text(prepared.train)
        by_entry = _by_entry(examples, places.falling, seed)
        encode_all(by_entry, steady.model_folder, shape.context, cache)
        return {}

    _once(folder, make)
    return Material(Tokens(cache), steady.validation, steady.model_folder, key, places.falling)


def account_of(material: Material) -> dict[str, Any]:
    """What preparation did, from beside the tokens."""
    path = material.model_folder.parent / "done.json"
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def _laid_out(places: Places) -> Path:
    inputs = [places.texts, *([places.novels] if places.novels else []), places.heldout]
    files = [(str(p), file_sha256(p)) for folder in inputs for p in sorted(folder.rglob("*.txt"))]
    key = content_hash(_VERSION, files, sorted(places.passes))
    folder = places.work / f"texts-{key[:8]}"
    _once(folder, lambda: texts.lay_out(places.passes, places.texts, places.novels,
                                         places.heldout, folder))  # fmt: skip
    return folder


def _once(folder: Path, make: Callable[[], dict[str, Any]]) -> None:
    """``make`` fills ``folder``; what a killed one left is removed before."""
    done = folder / "done.json"
    if done.exists():
        return
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    made = json.dumps(make(), indent=1, ensure_ascii=False)
    done.write_text(made + "\n", "utf-8")


def _by_entry(
    by_text: dict[str, list[Example]], passes: Mapping[str, float], seed: int
) -> dict[str, list[Example]]:
    """The examples of each entry of the mix."""
    found: dict[str, list[Example]] = defaultdict(list)
    for name, examples in by_text.items():
        for example in examples:
            for suffix, read in shapes_of(example).items():
                if name + suffix in passes:
                    found[name + suffix].append(read)
    scale = min(1.0, sum(map(len, by_text.values())) / 10_000)
    of_rows = shaped.made(by_text, seed, scale)
    return {**found, **{name: made for name, made in of_rows.items() if name in passes}}


def _as_read(examples: list[Example]) -> list[Example]:
    return [shapes_of(example)[""] for example in examples]


def _sample(
    by_entry: dict[str, list[Example]], passes: Mapping[str, float], seed: int
) -> Iterator[str]:
    """Texts of whole rounds, until there are enough."""
    names = [(name, number) for name, members in by_entry.items() for number in range(len(members))]
    places = defaultdict(list)
    for place, (name, _number) in enumerate(names):
        places[name].append(place)
    size, number = 0, 0
    while size < _VOCABULARY_CHARACTERS and number < mix.ROUNDS_IN_COURSE:
        for place in mix.round_of(places, passes, number, seed, mix.ROUNDS_IN_COURSE):
            name, member = names[place]
            for message in by_entry[name][member].messages:
                size += len(message.content)
                yield message.content
        number += 1
