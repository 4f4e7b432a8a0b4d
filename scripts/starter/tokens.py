"""All examples in tokens, once each, and views of them in the order of training."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from laras.batches.cache import TokenCache, write_cache
from laras.batches.encode_many import encode_examples
from laras.batches.encoded import EncodedExample
from laras.models.template import ChatTemplate
from laras.models.tokenizer import Tokenizer
from laras.records import Example, Message
from starter.texts import transcript

_AT_ONCE = 1024


class Tokens:
    """The cache and, for each entry of the mix, the places of its windows in it."""

    def __init__(self, cache: Path) -> None:
        self.folder = cache.parent
        self.cache = TokenCache(cache)
        self.places: Mapping[str, list[int]] = json.loads(_index(cache).read_text("utf-8"))
        self.lengths = self.cache.lengths

    def tokens_of(self, name: str) -> int:
        """How many tokens an entry has."""
        return int(self.lengths[self.places[name]].sum())


def encode_all(
    by_entry: Mapping[str, Iterable[Example]], model_folder: Path, context: int, cache: Path
) -> Tokens:
    """Write the windows of all examples to ``cache``, entry by entry."""
    tokenizer = Tokenizer.from_folder(model_folder)
    template = ChatTemplate.from_folder(model_folder, tokenizer)
    bulk = tokenizer.slow_bulk()
    places: dict[str, list[int]] = {}

    def windows() -> Iterator[EncodedExample]:
        written = 0
        for name, examples in by_entry.items():
            places[name] = []
            for part in _portions(list(examples)):
                for found, _left in encode_examples(part, tokenizer, template, context, bulk):
                    for window in found:
                        places[name].append(written)
                        written += 1
                        yield window

    write_cache(cache, windows())
    _index(cache).write_text(json.dumps(places), "utf-8")
    return Tokens(cache)


def _index(cache: Path) -> Path:
    return cache.with_suffix(".places.json")


def _portions(examples: Sequence[Example]) -> Iterator[Sequence[Example]]:
    for start in range(0, len(examples), _AT_ONCE):
        yield examples[start : start + _AT_ONCE]


def shapes_of(example: Example) -> dict[str, Example]:
    """How an example is read: a text as it is; a dialogue as a transcript and, under " (chat)", in
    the chat template, where every turn is learnt."""
    if example.task == "text":
        return {"": example}
    turns = [(message.role, message.content) for message in example.messages]
    text = Message("text", transcript(turns), trained=True)
    # Who says nothing is a mark of the recording, not something to learn to say.
    spoken = [(role, content) for role, content in turns if content != "__SILENCE__"]
    messages = tuple(Message(role, content, trained=True) for role, content in spoken)
    return {
        "": replace(example, task="text", messages=(text,)),
        " (chat)": replace(example, task="chat", messages=messages),
    }


class InOrder:
    """The windows at ``places`` of a cache, as a sequence of their own."""

    def __init__(self, tokens: Tokens, places: Sequence[int]) -> None:
        self._cache = tokens.cache
        self._places = np.asarray(places, dtype=np.int64)
        self.lengths = tokens.lengths[self._places]

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, index: int) -> EncodedExample:
        return self._cache[int(self._places[index])]


class OneAfterTheOther:
    """All of ``first``, then all of ``second``."""

    def __init__(self, first: InOrder, second: InOrder) -> None:
        self._parts = (first, second)
        self.lengths = np.concatenate([first.lengths, second.lengths])

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, index: int) -> EncodedExample:
        first, second = self._parts
        return first[index] if index < len(first) else second[index - len(first)]
