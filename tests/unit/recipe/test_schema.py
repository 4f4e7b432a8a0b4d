"""The schema itself: documented, published, strict."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from laras.recipe import schema
from laras.recipe.load import json_schema

SECTIONS = [
    thing
    for thing in vars(schema).values()
    if isinstance(thing, type) and issubclass(thing, schema.Section) and thing is not schema.Section
]


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.__name__)
def test_every_field_is_documented(section: type[BaseModel]) -> None:
    bare = [name for name, field in section.model_fields.items() if not field.description]
    assert bare == []


def test_the_json_schema_knows_the_short_forms_too() -> None:
    published = json_schema()
    definitions: dict[str, Any] = published["$defs"]
    assert published["$schema"].startswith("https://json-schema.org/")
    assert {"type": "string"} in definitions["Source"]["properties"]["documents"]["anyOf"]
    assert {"type": "string"} in definitions["DataSection"]["properties"]["test"]["anyOf"]
    contenders = definitions["ComparisonSection"]["properties"]["contenders"]["items"]["anyOf"]
    assert any("lora" in option.get("enum", []) for option in contenders)
    assert published["additionalProperties"] is False
