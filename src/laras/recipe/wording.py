"""What a field of the recipe accepts, in words, read from its JSON Schema."""

from __future__ import annotations

from typing import Any

from laras.recipe.scalars import write_scalar
from laras.translation import _

_LONGEST_QUOTE = 60


def field_schema(schema: dict[str, Any], path: tuple[str | int, ...]) -> dict[str, Any]:
    """The part of the recipe's JSON Schema that describes ``path``; empty where nothing does."""
    options = _options(schema, schema)
    for part in path:
        found: list[dict[str, Any]] = []
        for option in options:
            inner = (
                # A mapping with keys of the user's own says what all of their values are.
                option.get("properties", {}).get(part, option.get("additionalProperties"))
                if isinstance(part, str)
                else option.get("items")
            )
            if isinstance(inner, dict):
                found.extend(_options(inner, schema))
        options = found
    return {"anyOf": options} if options else {}


def _options(node: dict[str, Any], root: dict[str, Any]) -> list[dict[str, Any]]:
    """``node`` with references followed and alternatives spread out."""
    if "$ref" in node:
        return _options(root["$defs"][node["$ref"].rsplit("/", 1)[-1]], root)
    if "anyOf" in node:
        return [option for inner in node["anyOf"] for option in _options(inner, root)]
    return [node]


def keys_of(schema: dict[str, Any]) -> list[str]:
    """Every key that a mapping of this schema may have."""
    keys = [key for option in schema.get("anyOf", []) for key in option.get("properties", {})]
    return list(dict.fromkeys(keys))


def choices_of(schema: dict[str, Any]) -> list[str]:
    """The words that a field of this schema may hold, where it is a choice."""
    return [
        choice
        for option in schema.get("anyOf", [])
        for choice in option.get("enum", [option["const"]] if "const" in option else [])
    ]


def accepts_truth(schema: dict[str, Any]) -> bool:
    """Whether a field of this schema may be true or false."""
    return any(option.get("type") == "boolean" for option in schema.get("anyOf", []))


def expected(schema: dict[str, Any]) -> str:
    """ "a number greater than 0", "one of base, lora", "a list or a mapping"."""
    choices = choices_of(schema)
    if choices:
        return _("one of: {choices}").format(choices=", ".join(choices))
    words: list[str] = []
    for option in schema.get("anyOf", []):
        word = _type_in_words(option)
        if word and word not in words:
            words.append(word)
    if not words:
        return _("something else")
    return _(" or ").join(words)


def _type_in_words(option: dict[str, Any]) -> str | None:
    match option.get("type"):
        case "string" if "pattern" in option:
            return _("a short name of lowercase letters, digits, - and _")
        case "string":
            return _("text")
        case "boolean":
            return _("true or false")
        case "integer":
            return _bounded(_("a whole number"), option)
        case "number":
            return _bounded(_("a number"), option)
        case "array" if option.get("minItems"):
            return _("a list with at least one entry")
        case "array":
            return _("a list")
        case "object":
            return _("a mapping of keys to values")
        case _:
            return None


def _bounded(noun: str, option: dict[str, Any]) -> str:
    phrases = {
        "exclusiveMinimum": _("greater than {limit}"),
        "minimum": _("of at least {limit}"),
        "exclusiveMaximum": _("less than {limit}"),
        "maximum": _("of at most {limit}"),
    }
    bounds = [
        phrase.format(limit=_short(option[key]))
        for key, phrase in phrases.items()
        if option.get(key) is not None
    ]
    said = _(" and ").join(bounds)
    return f"{noun} {said}" if bounds else noun


def _short(limit: float) -> str:
    return str(limit) if isinstance(limit, int) else f"{limit:g}"


def given(value: Any) -> str:
    """What stood there instead: the value itself if it is short, else what kind of thing."""
    if value is None:
        return _("nothing")
    if isinstance(value, dict):
        return _("a mapping of keys to values")
    if isinstance(value, list):
        return _("a list") if value else _("an empty list")
    if isinstance(value, str):
        return repr(value if len(value) <= _LONGEST_QUOTE else value[:_LONGEST_QUOTE] + "…")
    return write_scalar(value) if isinstance(value, bool | int | float) else type(value).__name__
