"""A tokenizer.json in which no text can spell a control token.

The rule: every added token (special or not) is a control token, except those that are nothing
but white space, which code models use for indentation. In the JSON made here each control token
is known under a name drawn at random, so no text can hit it, while all ids stay as they are.
Benign text gets the very ids that the original file gives.
"""

from __future__ import annotations

import copy
import json
import secrets
from collections.abc import Collection, Iterable
from typing import Any

from tokenizers.pre_tokenizers import ByteLevel


def control_tokens(definition: dict[str, Any], words: Collection[str] = ()) -> dict[str, int]:
    """Text and id of each added token that is more than white space (``▁`` counts as white), and
    not among ``words``, which were added to stand in texts; a special token is none."""
    return {
        token["content"]: token["id"]
        for token in definition.get("added_tokens") or []
        if token["special"]
        or (token["content"] not in words and token["content"].replace("▁", " ").strip())
    }


def without_control_tokens(
    definition: dict[str, Any], control: Iterable[str], *, unknown_is_structural: bool
) -> dict[str, Any]:
    """The same tokenizer with the ``control`` texts out of reach.

    ``unknown_is_structural``: the unknown token is also the beginning, end or padding; then a
    character outside the vocabulary gets no id instead of that one (BPE only; the byte-level
    tokenizers that declare such a token have no unknown character anyway).
    """
    plain = {**definition, "post_processor": None, "truncation": None, "padding": None}
    salt = secrets.token_hex(16)
    renamed = {text: f"\U0010fffd{salt}-{place}" for place, text in enumerate(control)}
    plain["added_tokens"] = [
        {**token, "content": renamed.get(token["content"], token["content"])}
        for token in definition.get("added_tokens") or []
    ]
    plain["model"] = _rename_in_model(definition["model"], renamed)
    if unknown_is_structural and plain["model"].get("type") == "BPE":
        plain["model"]["unk_token"] = None
    return plain


def _rename_in_model(model: dict[str, Any], renamed: dict[str, str]) -> dict[str, Any]:
    vocabulary: Any = model["vocab"]
    result = dict(model)
    if isinstance(vocabulary, list):  # Unigram: [piece, score] by id
        result["vocab"] = [[renamed.get(piece, piece), score] for piece, score in vocabulary]
        return result
    spelled = [text for text in renamed if text in vocabulary]
    if not spelled:
        return result
    result["vocab"] = {renamed.get(text, text): number for text, number in vocabulary.items()}
    if model.get("unk_token") in renamed:
        result["unk_token"] = renamed[model["unk_token"]]
    if "merges" in model:  # merges that make a control token, or start from one
        banned = set(spelled)
        result["merges"] = [merge for merge in model["merges"] if not _touches(merge, banned)]
    return result


def _touches(merge: str | list[str], banned: set[str]) -> bool:
    left, right = merge.split(" ", 1) if isinstance(merge, str) else merge
    return left in banned or right in banned or left + right in banned


def for_later_section(definition: dict[str, Any]) -> dict[str, Any]:
    """For text after a control token: ``prepend_scheme: first`` means the string's very start."""
    return _edited(definition, continuing=False)


def for_continuation(definition: dict[str, Any]) -> dict[str, Any]:
    """For text in the middle of a section: nothing at all is put before it."""
    return _edited(definition, continuing=True)


def _edited(definition: dict[str, Any], *, continuing: bool) -> dict[str, Any]:
    edited = {
        **definition,
        "normalizer": copy.deepcopy(definition.get("normalizer")),
        "pre_tokenizer": copy.deepcopy(definition.get("pre_tokenizer")),
    }
    for part in _parts(edited["normalizer"], "normalizers"):
        if continuing and part.get("type") == "Prepend":
            part["prepend"] = ""
    for part in _parts(edited["pre_tokenizer"], "pretokenizers"):
        if part.get("type") == "Metaspace" and (
            continuing or part.get("prepend_scheme") == "first"
        ):
            part["prepend_scheme"] = "never"
            part.pop("add_prefix_space", None)
        if continuing and part.get("type") == "ByteLevel":
            part["add_prefix_space"] = False
    edited["normalizer"] = _without_empty_prepend(edited["normalizer"])
    return edited


def _parts(step: dict[str, Any] | None, children: str) -> list[dict[str, Any]]:
    if step is None:
        return []
    if step.get("type") == "Sequence":
        return [part for child in step[children] for part in _parts(child, children)]
    return [step]


def _without_empty_prepend(step: dict[str, Any] | None) -> dict[str, Any] | None:
    if step is None or (step.get("type") == "Prepend" and not step["prepend"]):
        return None
    if step.get("type") == "Sequence":
        kept = [_without_empty_prepend(child) for child in step["normalizers"]]
        return {**step, "normalizers": [child for child in kept if child is not None]}
    return step


def spells_bytes(definition: dict[str, Any]) -> bool:
    """Whether each id stands for certain bytes, and a text (but for its composed characters) is
    the bytes of its ids: byte-level BPE that drops, adds and takes nothing."""
    model = definition["model"]
    steps = _parts(definition.get("pre_tokenizer"), "pretokenizers")
    return (
        model.get("type") == "BPE"
        and not any(
            model.get(name)
            for name in ("dropout", "continuing_subword_prefix", "end_of_word_suffix")
        )
        and all(letter in model["vocab"] for letter in ByteLevel.alphabet())
        and {part.get("type") for part in _parts(definition.get("normalizer"), "normalizers")}
        <= {"NFC"}
        and {part.get("type") for part in steps} <= {"Split", "Digits", "ByteLevel"}
        and any(part["type"] == "ByteLevel" for part in steps)
        and not any(part.get("add_prefix_space") for part in steps)
        and not any(part.get("behavior") == "Removed" for part in steps)
        and not any(
            token.get(name)
            for token in definition.get("added_tokens") or []
            for name in ("lstrip", "rstrip", "single_word")
        )
    )


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two definitions prepare text alike (their models are the same object)."""
    keys = ("normalizer", "pre_tokenizer")
    return all(json.dumps(one.get(key)) == json.dumps(other.get(key)) for key in keys)
