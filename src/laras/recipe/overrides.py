"""``--set tuning.epochs=2``: single values from the command line, over the recipe's.

A path goes through mappings by key and through lists by number, or by the ``name`` of an entry:
``data.sources.0.columns.text=body``, ``comparison.contenders.lora.rank=32``.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from laras.errors import UsageError
from laras.recipe.comparison import expand_contender
from laras.recipe.document import Path, parse_document
from laras.translation import _

_CONTENDERS = ["comparison", "contenders"]
_SHELL_WORDS = ("*", "&", "!", "@", "%", "`")  # special in YAML; here a glob or a plain text


def apply_overrides(
    data: dict[str, Any], overrides: Sequence[str]
) -> tuple[dict[str, Any], dict[Path, str]]:
    """A copy of ``data`` with each ``path=value`` set, and the text of each by its path."""
    result = copy.deepcopy(data)
    places: dict[Path, str] = {}
    for text in overrides:
        path, value = _split(text)
        if path[:2] == _CONTENDERS and len(path) > 2:
            _write_contenders_out(result)
        places[_assign(result, path, value, text)] = f"--set {text}"
    return result, places


def _split(text: str) -> tuple[list[str], Any]:
    key, separator, value = text.partition("=")
    parts = key.strip().split(".")
    if not separator or not all(parts):
        raise UsageError(
            "recipe.bad-override",
            _("{text!r} is not of the form section.key=value.").format(text=text),
            where="--set",
            hint=_("For example: --set tuning.epochs=2"),
        )
    if value[:1] in _SHELL_WORDS:
        return parts, value
    return parts, parse_document(value, f"--set {text}").data


def _write_contenders_out(data: dict[str, Any]) -> None:
    """``lora`` becomes ``{kind: lora, name: lora}``, so that a path can lead into it."""
    comparison = data.setdefault("comparison", {})
    if isinstance(comparison, dict):
        contenders = comparison.setdefault("contenders", ["base", "lora"])
        if isinstance(contenders, list):
            comparison["contenders"] = [expand_contender(item) for item in contenders]


def _assign(data: dict[str, Any], parts: list[str], value: Any, text: str) -> Path:
    node: Any = data
    path: list[str | int] = []
    for position, part in enumerate(parts):
        last = position == len(parts) - 1
        if isinstance(node, list):
            index = _index(node, part, text)
            path.append(index)
            if last:
                node[index] = value
            else:
                node = node[index]
        elif isinstance(node, dict):
            path.append(part)
            if last:
                node[part] = value
            else:
                if node.get(part) is None:
                    node[part] = {}
                node = node[part]
        else:
            raise UsageError(
                "recipe.bad-override",
                _("{path} is a single value; nothing lies below it.").format(
                    path=".".join(map(str, path))
                ),
                where=f"--set {text}",
            )
    return tuple(path)


def _index(items: list[Any], part: str, text: str) -> int:
    if part.isdecimal() and int(part) < len(items):
        return int(part)
    names = [item.get("name") if isinstance(item, dict) else None for item in items]
    if part in names:
        return names.index(part)
    known = [str(number) for number in range(len(items))] + [name for name in names if name]
    raise UsageError(
        "recipe.bad-override",
        _("There is no entry {part!r} in this list.").format(part=part),
        where=f"--set {text}",
        hint=_("Known: {names}").format(names=", ".join(known)),
    )
