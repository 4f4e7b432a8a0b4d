"""The one tokenizer: tokenizer.json, read by the ``tokenizers`` library, for every purpose.

Training, evaluation, serving and saving all go through this class. The tokenizer classes of
transformers rebuild some of these files (Phi-3, Llama-2) and then give other ids; the file is
the truth here.

Two ways to read a text: :meth:`Tokenizer.encode` takes it as content, in which nothing can
become a control token; :meth:`Tokenizer.control_spans` finds the control tokens in text that a
chat template wrote.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from tokenizers import Tokenizer as TokenizersLibrary

from laras.errors import ModelRefused
from laras.models import plain
from laras.models.bulk import Bulk, Ids, choose_bulk, slow_bulk
from laras.models.tokenizer_files import (
    DECIDING_FILES,
    content_tokens,
    json_object,
    read_files,
    read_model_facts,
    readable,
    token_text,
    tokenizer_definition,
)
from laras.translation import _

Place = Literal["start", "section", "continuation"]


class ControlSpan(NamedTuple):
    """A control token found in characters ``start`` to ``end``, white space it takes included."""

    start: int
    end: int
    token_id: int


class Encoded(NamedTuple):
    """Ids, and for each the characters ``(start, end)`` it came from."""

    ids: list[int]
    offsets: list[tuple[int, int]]


class Tokenizer:
    """Text to ids and back.

    ``bos_id``, ``eos_id``, ``pad_id``: None where the model has none. ``eos_ids``: all ids that
    the model's files call an end. ``adds_bos``: whether a text begins with ``bos_id`` by default.
    ``control_ids``: ids that content never gets. ``digest``: hash of the files that decide.
    ``files``: contents by name, as they are saved.
    """

    def __init__(self, files: dict[str, bytes], model_facts: dict[str, Any], where: str) -> None:
        self.files = files
        self._model_facts = model_facts
        self._definition = tokenizer_definition(files["tokenizer.json"], where)
        self.where = where
        self._settings: dict[str, Any] = {}
        for name in ("special_tokens_map.json", "tokenizer_config.json"):
            for key, value in json_object(files.get(name, b"{}"), f"{where}/{name}").items():
                if value is not None:
                    self._settings[key] = value
        with readable(where):
            self._full = TokenizersLibrary.from_str(
                json.dumps({**self._definition, "truncation": None, "padding": None})
            )
            self._read_facts(model_facts)
        hashes = {name: hashlib.sha256(files.get(name, b"")).hexdigest() for name in DECIDING_FILES}
        facts = [hashes, self.bos_id, sorted(self.eos_ids), self.pad_id, self.adds_bos]
        self.digest: str = hashlib.sha256(json.dumps(facts).encode()).hexdigest()
        self._fast: Bulk | None = None
        self._encoders: dict[Place, TokenizersLibrary] = {}
        self._find = lru_cache(maxsize=4096)(self._find_control)

    def _read_facts(self, model_facts: dict[str, Any]) -> None:
        self.size: int = self._full.get_vocab_size(with_added_tokens=True)
        self.highest_id: int = max(self._full.get_vocab(with_added_tokens=True).values())
        self.bos_id = self._special_id("bos", model_facts)
        self.eos_id = self._special_id("eos", model_facts)
        self.pad_id = self._special_id("pad", model_facts)
        listed = model_facts.get("eos_token_id")
        ends = (self.eos_id, *(listed if isinstance(listed, list) else [listed]))
        self.eos_ids: frozenset[int] = frozenset(number for number in ends if self._known(number))
        self.adds_bos = self._adds_bos()
        self._control_texts = plain.control_tokens(self._definition, content_tokens(self._settings))
        listed_ids = (self.bos_id, self.eos_id, self.pad_id, *self.eos_ids)
        structural = {number for number in listed_ids if number is not None}
        unknown = self._unknown_id()
        for number in structural:
            self._control_texts.setdefault(str(self._full.id_to_token(number)), number)
        # A character outside the vocabulary is honestly unknown: that id is no control token,
        # unless the same id also begins, ends or pads.
        self.control_ids: frozenset[int] = frozenset(self._control_texts.values()) - (
            {unknown} - structural
        )
        self._unknown_is_structural = unknown in structural

    @classmethod
    def from_folder(cls, folder: Path) -> Tokenizer:
        """Read a model's folder. :class:`ModelRefused` where it has no tokenizer.json."""
        return cls(read_files(folder), read_model_facts(folder), str(folder))

    def with_files(self, files: dict[str, bytes]) -> Tokenizer:
        """The same model's tokenizer after a change to its ``files``."""
        return Tokenizer(files, self._model_facts, self.where)

    def number(self, token: str) -> int | None:
        """The id of a token, as the vocabulary writes it; None where it has none."""
        return self._full.token_to_id(token) if token else None

    def encode(self, text: str) -> list[int]:
        """Ids of a whole text as content, without beginning or end tokens."""
        return self.encode_with_offsets(text).ids

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        """:meth:`encode` for many texts at once."""
        return [ids.tolist() for ids in self.encode_bulk(texts, self.slow_bulk())]

    def encode_bulk(self, texts: Sequence[str], bulk: Bulk) -> list[Ids]:
        """The same as arrays, encoded by ``bulk`` (of :meth:`bulk`).

        Raises :class:`BulkDiffersError` where that turns out to be wrong after all.
        """
        found = bulk.encode(texts)
        if found:
            ids = np.concatenate(found)
            control = np.array([*self.control_ids], dtype=np.int32)
            self._checked(ids[np.isin(ids, control, kind="table")].tolist())  # sorts nothing
        return found

    def bulk(self, sample: Sequence[str]) -> Bulk:
        """The fastest way to encode many texts like those of ``sample`` with the right ids.

        What was chosen once serves again, if it was the fast way: it goes on being watched.
        """
        if self._fast is None:
            found = choose_bulk(self._plain_definition, self._start, [*self._control_texts], sample)
            if found.reason:
                return found
            self._fast = found
        return self._fast

    @property
    def has_fast_bulk(self) -> bool:
        """Whether a fast way was chosen already."""
        return self._fast is not None

    def slow_bulk(self, reason: str = "") -> Bulk:
        """The way that needs no proof; from now on the only one, if there is a ``reason``."""
        if reason:
            self._fast = None
        return slow_bulk(self._start, reason)

    def encode_with_offsets(self, text: str, place: Place = "start") -> Encoded:
        """Ids of content with their characters.

        ``place`` says where the text stands in a larger string, since many tokenizers put a
        space before it: at its ``start``, as a ``section`` after a control token, or as the
        ``continuation`` of text that was encoded before.
        """
        with readable(self.where):
            encoding = self._encoder(place).encode(text, add_special_tokens=False)
        return Encoded(self._checked(encoding.ids), encoding.offsets)

    def encode_many(self, texts: Sequence[str], place: Place) -> list[Encoded]:
        """:meth:`encode_with_offsets` for many texts at once."""
        encodings = self._encoder(place).encode_batch(list(texts), add_special_tokens=False)
        return [Encoded(self._checked(each.ids), each.offsets) for each in encodings]

    def decode(self, ids: Sequence[int]) -> str:
        """The text of ``ids``; control tokens have none."""
        kept = [number for number in ids if number not in self.control_ids]
        return str(self._full.decode(kept, skip_special_tokens=False))

    def control_spans(self, text: str) -> tuple[ControlSpan, ...]:
        """The control tokens that a trusted ``text`` spells, in order."""
        return self._find(text)

    def token(self, number: int | None) -> str | None:
        """How the vocabulary writes an id."""
        return None if number is None else self._full.id_to_token(number)

    @cached_property
    def special_tokens(self) -> dict[str, str]:
        """What templates may print: ``bos_token``, ``eos_token`` and so on."""
        named = {
            f"{name}_token": self.token(number)
            for name, number in (("bos", self.bos_id), ("eos", self.eos_id), ("pad", self.pad_id))
        }
        for name in ("unk_token", "sep_token", "cls_token", "mask_token"):
            named[name] = token_text(self._settings.get(name))
        return {name: text for name, text in named.items() if text is not None}

    @property
    def chat_template(self) -> Any:
        """What tokenizer_config.json says under ``chat_template`` (None, text, or named texts)."""
        return self._settings.get("chat_template")

    def save(self, folder: Path, chat_template: str | None = None) -> None:
        """Write the files it was read from, byte for byte, and the template as a file beside."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in self.files.items():
            (folder / name).write_bytes(content)
        if chat_template is not None:
            (folder / "chat_template.jinja").write_text(chat_template, encoding="utf-8")

    # How it comes about.

    @cached_property
    def _plain_definition(self) -> dict[str, Any]:
        with readable(self.where):
            return plain.without_control_tokens(
                self._definition,
                self._control_texts,
                unknown_is_structural=self._unknown_is_structural,
            )

    @cached_property
    def _start(self) -> TokenizersLibrary:
        with readable(self.where):
            return TokenizersLibrary.from_str(json.dumps(self._plain_definition))

    @cached_property
    def spells_bytes(self) -> bool:
        """Whether the ids of a text tell its bytes, wherever it stands: then ids that begin with
        those of a text's beginning end it where it ends."""
        one = self._start is self._encoder("section") is self._encoder("continuation")
        return one and plain.spells_bytes(self._plain_definition)

    def _encoder(self, place: Place) -> TokenizersLibrary:
        if place not in self._encoders:
            after = plain.for_later_section if place == "section" else plain.for_continuation
            with readable(self.where):
                edited = after(self._plain_definition)
                one = place == "start" or plain.same(edited, self._plain_definition)
                other = None if one else TokenizersLibrary.from_str(json.dumps(edited))
            self._encoders[place] = other or self._start
        return self._encoders[place]

    def _checked(self, ids: list[int]) -> list[int]:
        if not self.control_ids.isdisjoint(ids):
            bad = sorted(self.control_ids.intersection(ids))
            raise ModelRefused(
                "model.control-token-in-content",
                _("This tokenizer turns plain text into control tokens {ids}.").format(ids=bad),
                where=self.where,
            )
        return ids

    def _find_control(self, text: str) -> tuple[ControlSpan, ...]:
        with readable(self.where):
            encoding = self._full.encode(text, add_special_tokens=False)
        return tuple(
            ControlSpan(start, end, number)
            for number, (start, end) in zip(encoding.ids, encoding.offsets, strict=True)
            if number in self.control_ids
        )

    def _known(self, number: Any) -> bool:
        is_id = isinstance(number, int) and 0 <= number <= self.highest_id
        return is_id and self._full.id_to_token(number) is not None

    def _special_id(self, name: str, model_facts: dict[str, Any]) -> int | None:
        text = token_text(self._settings.get(f"{name}_token"))
        if text is not None:
            found = self.number(text)
            if found is not None:
                return found
        listed = model_facts.get(f"{name}_token_id")
        candidates: list[Any] = listed if isinstance(listed, list) else [listed]
        return next((number for number in candidates if self._known(number)), None)

    def _unknown_id(self) -> int | None:
        model = self._definition["model"]
        if model.get("unk_token") is not None:
            return self.number(model["unk_token"])
        unknown = model.get("unk_id")
        return int(unknown) if isinstance(unknown, int) else None

    def _adds_bos(self) -> bool:
        if self.bos_id is None:
            return False
        configured = self._settings.get("add_bos_token")
        if isinstance(configured, bool):
            return configured
        return bool(self._full.encode("").ids[:1] == [self.bos_id])
