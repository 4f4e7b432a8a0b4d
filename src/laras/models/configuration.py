"""What of ``config.json`` reaches the library: keys that it has a use for, and no others.

A configuration object takes any key and makes it an attribute, methods of its own not excepted. So
a key is passed on only if it is a field of the family's configuration, or if the family's code, or
the code that all families share, asks a configuration for it. What is dropped was read by nobody.
"""

from __future__ import annotations

import dataclasses
import re
import sys
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from transformers import configuration_utils, modeling_rope_utils
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

_SHARED = (configuration_utils, modeling_rope_utils)


def library_configuration(configuration: Mapping[str, Any]) -> Any:
    """The library's object for an inspected configuration (of :func:`read_configuration`) whose
    type it knows. Raises whatever the library makes of values that can't be."""
    kind = CONFIG_MAPPING[_library_type(configuration)]
    return kind.from_dict(allowed(kind, configuration))


def allowed(kind: Any, part: Mapping[str, Any]) -> dict[str, Any]:
    """Those keys of ``part`` that the configuration class ``kind`` has a use for, at any depth."""
    fields = {field.name for field in dataclasses.fields(kind)} | set(kind.attribute_map)
    kept: dict[str, Any] = {}
    for key, value in part.items():
        if key in kind.sub_configs and isinstance(value, dict):
            kept[key] = _allowed_below(kind.sub_configs[key], value)
        elif key in fields or _is_spoken_of(key, kind):
            kept[key] = value
    return kept


def _allowed_below(kind: Any, part: Mapping[str, Any]) -> dict[str, Any]:
    if not dataclasses.is_dataclass(kind):  # the type of this part is told by the part itself
        if part.get("model_type") not in CONFIG_MAPPING:
            return dict(part)  # the library refuses it
        kind = CONFIG_MAPPING[part["model_type"]]
    return allowed(kind, part)


def _library_type(configuration: Mapping[str, Any]) -> str:
    """As the library itself reads it: a mistral whose layers differ is a ministral."""
    found = str(configuration["model_type"])
    return "ministral" if found == "mistral" and "layer_types" in configuration else found


def _is_spoken_of(key: str, kind: Any) -> bool:
    if callable(getattr(kind, key, None)):
        return False
    folder = Path(str(sys.modules[kind.__module__].__file__)).parent
    asked = rf"(?:config\.|[\"']){re.escape(key)}\b"
    own = rf"self\.{re.escape(key)}\b"
    return bool(
        re.search(asked, _code_in(folder, "*.py"))
        or re.search(own, _code_in(folder, "configuration_*.py"))
    )


@lru_cache(maxsize=8)
def _code_in(folder: Path, names: str) -> str:
    """The code of a family of models in files of these ``names``, and what all families share."""
    files = [*folder.glob(names), *(Path(str(module.__file__)) for module in _SHARED)]
    return "\n".join(file.read_text(encoding="utf-8") for file in sorted(files))
