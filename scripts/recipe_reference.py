"""Write docs/recipe.md from the recipe's schema and presets, so that it can't be out of date.

Usage::

    python scripts/recipe_reference.py [--check]

``--check`` writes nothing and fails where the page differs from what it should be.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from laras.recipe.schema import Recipe

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "recipe.md"
PRESETS = ROOT / "src" / "laras" / "recipe" / "presets"
SECTIONS = ("model", "data", "preparation", "tuning", "evaluation", "comparison", "gates", "search")

HEAD = """\
# The recipe

<!-- Written by scripts/recipe_reference.py from the schema: change it there, then `make docs`. -->

A recipe is a YAML 1.2 file with eight sections that follow the work. Only `data.sources` must be
there; all else has a default. An unknown key, a key given twice or a value of the wrong type is
refused, with the line and, where one is close, the name that was meant; so is a setting that
nobody would read, such as a `rank` on a contender that is not LoRA.

Paths are relative to the recipe's folder; `~` is your home folder, spaces need no quotes, and `/`
works on every system. A Windows path with backslashes stands without quotes or in single ones: in
double quotes a backslash begins an escape.

```yaml
preset: questions
model:
  base: starter
data:
  sources:
    - examples: faq.csv
comparison:
  contenders: [base, lora, full]
```

Any value can be set for one run with `--set section.key=value`. What a run used is saved in
its folder as `recipe.yaml`, each line with where its value came from: your file and line, a preset,
`--set`, or the default. `laras schema` prints the JSON Schema that editors use to complete and
check recipes.
"""

CONTENDERS = """\
Contenders can be written in three ways:

```yaml
comparison:
  contenders:
    - base
    - lora: {rank: 32, learning_rate: 1e-4}
    - {name: wide, kind: lora, rank: 64}
```
"""

SPACE = """\
```yaml
search:
  trials: 20
  space:
    tuning.learning_rate: {low: 1e-4, high: 1e-2, log: true}
    comparison.contenders.lora.rank: [8, 16, 32]
```
"""

Schema = Mapping[str, Any]
_KINDS = {
    "Source": "source",
    "ColumnMap": "columns",
    "Contender": "contender",
    "Dimension": "range or values",
    "GenerationSection": "generation",
    "JudgeSection": "judge",
    "EndpointSection": "endpoint",
}


def page() -> str:
    """The whole page as Markdown."""
    schema = Recipe.model_json_schema()
    parts = [HEAD, *_top(schema)]
    for section in SECTIONS:
        parts.extend(_section(section, _resolved(schema["properties"][section], schema), schema))
    parts.extend(_presets())
    return "\n".join(parts).rstrip() + "\n"


def _top(schema: Schema) -> Iterator[str]:
    yield "## preset\n"
    preset = schema["properties"]["preset"]
    yield f"{_sentence(preset)} Type: {_type(preset, schema)}. See [Presets](#presets).\n"


def _section(name: str, section: Schema, schema: Schema) -> Iterator[str]:
    yield f"## {name}\n"
    yield f"{_sentence(section)}\n"
    yield from {"comparison": [CONTENDERS], "search": [SPACE]}.get(name, [])
    yield from _table(section, schema)
    nested = {
        "data": ("Source", "ColumnMap"),
        "preparation": ("GenerationSection",),
        "evaluation": ("JudgeSection",),
        "comparison": ("Contender", "EndpointSection"),
        "search": ("Dimension",),
    }
    for definition in nested.get(name, ()):
        titles = {
            "Source": "A source",
            "ColumnMap": "The columns of a source",
            "Contender": "A contender",
            "Dimension": "What a field is tried at",
            "GenerationSection": "A model that writes questions and answers",
            "JudgeSection": "A judge",
            "EndpointSection": "The endpoint of a contender",
        }
        yield f"### {titles[definition]}\n"
        yield f"{_sentence(schema['$defs'][definition])}\n"
        yield from _table(schema["$defs"][definition], schema)


def _table(section: Schema, schema: Schema) -> Iterator[str]:
    yield "| key | type | default | meaning |\n| --- | --- | --- | --- |"
    required = section.get("required", ())
    for key, field in section["properties"].items():
        default = "must be given" if key in required else _default(field)
        meaning = _sentence(field).replace("|", "\\|")
        yield f"| `{key}` | {_type(field, schema)} | {default} | {meaning} |"
    yield ""


def _resolved(field: Schema, schema: Schema) -> Schema:
    reference = field.get("$ref") or next((part["$ref"] for part in field.get("allOf", ())), None)
    if reference is None:
        return field
    definition: Schema = schema["$defs"][reference.rpartition("/")[2]]
    return definition


def _type(field: Schema, schema: Schema) -> str:
    if "anyOf" in field:
        options = sorted(field["anyOf"], key=lambda option: option.get("type") in ("array", "null"))
        return " or ".join(dict.fromkeys(_type(option, schema) for option in options))
    if "$ref" in field:
        name = str(field["$ref"]).rpartition("/")[2]
        return _KINDS.get(name, name)
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if "const" in field:
        return f"`{field['const']}`"
    if isinstance(field.get("additionalProperties"), dict):
        keys = "metrics" if "propertyNames" in field else "paths"
        return f"mapping of {keys} to {_type(field['additionalProperties'], schema)}"
    kind = str(field.get("type", "any"))
    if kind == "array":
        return f"list of {_type(field.get('items', {}), schema)}"
    names = {
        "string": "text",
        "integer": "whole number",
        "boolean": "yes or no",
        "null": "none",
        "object": "mapping",
    }
    return names.get(kind, kind) + _bounds(field)


def _bounds(field: Schema) -> str:
    signs = {
        "minimum": "≥",
        "exclusiveMinimum": ">",
        "maximum": "≤",
        "exclusiveMaximum": "<",
    }
    found = [f"{sign} {_number(field[key])}" for key, sign in signs.items() if key in field]
    return f" {', '.join(found)}" if found else ""


def _number(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:g}"


def _default(field: Schema) -> str:
    value = field.get("default")
    if value is None:
        return "–"
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "`[" + ", ".join(str(entry["name"]) for entry in value) + "]`"
    if value == {} or isinstance(value, dict):
        return "–"
    return f"`{json.dumps(value, ensure_ascii=False)}`"


def _sentence(field: Schema) -> str:
    text = " ".join(str(field.get("description", "")).replace("``", "`").split())
    return text if not text or text[-1] in ".:!?)" else f"{text}."


def _presets() -> Iterator[str]:
    yield "## Presets\n"
    yield (
        "A preset gives defaults for a kind of work; what the recipe itself says comes before "
        "them.\n"
    )
    for name in _preset_names():
        text = (PRESETS / f"{name}.yaml").read_text(encoding="utf-8").rstrip()
        yield f"### {name}\n\n```yaml\n{text}\n```\n"


def _preset_names() -> list[str]:
    options = Recipe.model_json_schema()["properties"]["preset"]["anyOf"]
    return [str(name) for option in options for name in option.get("enum", ())]


def main() -> int:
    """Write or check the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail where the page is out of date")
    wanted = page()
    if parser.parse_args().check:
        return 0 if PAGE.read_text(encoding="utf-8") == wanted else 1
    PAGE.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
