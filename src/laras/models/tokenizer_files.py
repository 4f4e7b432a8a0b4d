"""The files that make a tokenizer, read once and kept as they are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from laras.errors import LarasError, ModelRefused
from laras.translation import _

# Copied byte for byte when a model is saved; the first three decide what the tokenizer does.
TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "tokenizer.model",
    "vocab.json",
    "merges.txt",
)
DECIDING_FILES = TOKENIZER_FILES[:3]
_MOST_BYTES = 400_000_000
_PANIC = "PanicException"  # the library's, and no Exception
CONTENT_TOKENS = "content_tokens"  # a list in tokenizer_config.json


def read_files(folder: Path) -> dict[str, bytes]:
    """Contents by name. :class:`ModelRefused` where there is no tokenizer.json."""
    if not (folder / "tokenizer.json").is_file():
        raise ModelRefused(
            "model.no-tokenizer-json",
            _("The model has no tokenizer.json."),
            where=str(folder),
            hint=_(
                "Save it in the fast format once: load the tokenizer with "
                "transformers.AutoTokenizer and call save_pretrained on it."
            ),
        )
    return {name: _bytes_of(folder / name) for name in TOKENIZER_FILES if (folder / name).is_file()}


def read_model_facts(folder: Path) -> dict[str, Any]:
    """What config.json says (its text part below it), and over it generation_config.json."""
    facts: dict[str, Any] = {}
    for name in ("config.json", "generation_config.json"):
        if (folder / name).is_file():
            content = json_object(_bytes_of(folder / name), str(folder / name))
            part = content.get("text_config")
            for source in (part if isinstance(part, dict) else {}, content):
                facts.update({key: value for key, value in source.items() if value is not None})
    return facts


def _bytes_of(file: Path) -> bytes:
    if file.stat().st_size > _MOST_BYTES:
        raise ModelRefused(
            "model.tokenizer-broken",
            _("This file has {size:,} bytes; the largest tokenizers have a tenth of that.").format(
                size=file.stat().st_size
            ),
            where=str(file),
        )
    return file.read_bytes()


def json_object(content: bytes, where: str) -> dict[str, Any]:
    """The mapping that a JSON file holds; :class:`ModelRefused` where it holds none."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ModelRefused(
            "model.tokenizer-broken",
            _("This JSON file can't be read: {reason}").format(reason=error),
            where=where,
        ) from error
    if not isinstance(found, dict):
        raise ModelRefused(
            "model.tokenizer-broken",
            _("This JSON file holds no mapping of keys to values."),
            where=where,
        )
    return found


def tokenizer_definition(content: bytes, where: str) -> dict[str, Any]:
    """tokenizer.json, with a model in it."""
    found = json_object(content, f"{where}/tokenizer.json")
    if not isinstance(found.get("model"), dict):
        raise ModelRefused(
            "model.tokenizer-broken", _("tokenizer.json is not a tokenizer."), where=where
        )
    return found


@contextmanager
def readable(where: str) -> Iterator[None]:
    """Whatever is made of a definition of another shape than expected, here or in the library, as
    :class:`ModelRefused`."""
    try:
        yield
    except (LarasError, MemoryError):
        raise
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != _PANIC:
            raise
        raise ModelRefused(
            "model.tokenizer-broken",
            _("tokenizer.json can't be read: {reason}").format(reason=error),
            where=where,
        ) from error


def content_tokens(settings: dict[str, Any]) -> list[str]:
    """The added tokens that tokenizer_config.json calls words, not control tokens."""
    listed = settings.get(CONTENT_TOKENS)
    return [each for each in listed if isinstance(each, str)] if isinstance(listed, list) else []


def token_text(token: Any) -> str | None:
    """A token's text, from a string or from the mapping that configuration files use."""
    if isinstance(token, dict):
        token = token.get("content")
    return token if isinstance(token, str) else None
