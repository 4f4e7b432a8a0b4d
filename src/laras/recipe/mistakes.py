"""What is wrong with a recipe, in words, with the place and a way out."""

from __future__ import annotations

import difflib
from typing import Any

from pydantic import ValidationError

from laras.errors import UsageError
from laras.recipe import unread
from laras.recipe.layers import Layer
from laras.recipe.schema import Recipe
from laras.recipe.wording import accepts_truth, choices_of, expected, field_schema, given, keys_of
from laras.translation import _, ngettext

_TRUTH_WORDS = frozenset({"yes", "no", "on", "off", "y", "n"})


class RecipeError(UsageError):
    """One or more mistakes in a recipe; ``problems`` has each of them."""

    def __init__(self, problems: list[UsageError]) -> None:
        self.problems = tuple(problems)
        first = problems[0]
        if len(problems) == 1:
            super().__init__(first.identifier, first.what, where=first.where, hint=first.hint)
            return
        title = ngettext(
            "{count} mistake in the recipe:", "{count} mistakes in the recipe:", len(problems)
        ).format(count=len(problems))
        lines = [str(problem).replace("\n", "\n    ") for problem in problems]
        super().__init__(first.identifier, "\n  ".join([title, *lines]))


def explain(error: ValidationError, layer: Layer) -> RecipeError:
    """Pydantic's findings as problems that a person can act on."""
    schema = Recipe.model_json_schema()
    findings = error.errors(include_url=False)
    findings.sort(key=lambda finding: layer.order(finding["loc"]))
    return RecipeError([_problem(finding, layer, schema) for finding in findings])


def _problem(finding: Any, layer: Layer, schema: dict[str, Any]) -> UsageError:
    path: tuple[str | int, ...] = finding["loc"]
    match finding["type"]:
        case "extra_forbidden":
            return _unknown_key(path, layer, schema)
        case "missing":
            return _missing(path, layer)
        case "value_error":
            reason = str(finding["ctx"]["error"])
            return _mistake(
                "recipe.wrong-value",
                _("{path}: {reason}").format(path=_dotted(path), reason=reason),
                path,
                layer,
            )
        case unread.ERROR_TYPE:
            return _without_effect(path, finding["ctx"], layer)
        case _:
            return _wrong_value(path, finding["input"], layer, schema)


def _wrong_value(
    path: tuple[str | int, ...], value: Any, layer: Layer, schema: dict[str, Any]
) -> UsageError:
    field = field_schema(schema, path)
    hint = _where_data_is() if path == ("data", "sources") else None
    if isinstance(value, str) and hint is None:
        close = difflib.get_close_matches(value, choices_of(field), n=1)
        if close:
            hint = _("Did you mean {name!r}?").format(name=close[0])
        elif value.lower() in _TRUTH_WORDS and accepts_truth(field):
            hint = _("Write true or false.")
    return _mistake(
        "recipe.wrong-value",
        _("{path} must be {expected}, got {given}").format(
            path=_dotted(path), expected=expected(field), given=given(value)
        ),
        path,
        layer,
        hint=hint,
    )


def _unknown_key(path: tuple[str | int, ...], layer: Layer, schema: dict[str, Any]) -> UsageError:
    key, known = str(path[-1]), keys_of(field_schema(schema, path[:-1]))
    close = difflib.get_close_matches(key, known, n=1)
    elsewhere = _sections_with(key, schema)
    if close:
        hint = _("Did you mean {name!r}?").format(name=close[0])
    elif elsewhere:
        hint = _("It belongs elsewhere: {places}").format(places=", ".join(elsewhere))
    else:
        hint = _("Known: {names}").format(names=", ".join(known))
    place = layer.place(path, of_key=True)
    return UsageError(
        "recipe.unknown-key",
        _("{path} is not known").format(path=_dotted(path)),
        where=place.where if place else None,
        hint=hint,
    )


def _without_effect(
    path: tuple[str | int, ...], context: dict[str, Any], layer: Layer
) -> UsageError:
    place = layer.place(path, of_key=True)
    return UsageError(
        "recipe.without-effect",
        _("{path} would have no effect: {reason}.").format(
            path=_dotted(path), reason=context["reason"]
        ),
        where=place.where if place else None,
        hint=context["hint"],
    )


def _sections_with(key: str, schema: dict[str, Any]) -> list[str]:
    """The sections that have a field called ``key``, for one that stands in the wrong place."""
    return [
        f"{section}.{key}"
        for section in schema["properties"]
        if key in keys_of(field_schema(schema, (section,)))
    ]


def _missing(path: tuple[str | int, ...], layer: Layer) -> UsageError:
    hint = _where_data_is() if path in (("data",), ("data", "sources")) else None
    return _mistake(
        "recipe.missing", _("{path} is missing").format(path=_dotted(path)), path, layer, hint=hint
    )


def _where_data_is() -> str:
    example = "data:\n  sources:\n    - documents: folder/"
    return _("Say where the data is:\n{example}").format(example=example)


def _mistake(
    identifier: str,
    what: str,
    path: tuple[str | int, ...],
    layer: Layer,
    *,
    hint: str | None = None,
) -> UsageError:
    place = layer.place(path)
    return UsageError(identifier, what, where=place.where if place else None, hint=hint)


def _dotted(path: tuple[str | int, ...]) -> str:
    return ".".join(str(part) for part in path) or _("the recipe")
