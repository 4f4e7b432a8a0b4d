"""The recipe in the report is a recipe still."""

from __future__ import annotations

from laras.recipe.document import parse_document
from laras.report.sections.provenance import _set

RESOLVED = """\
comparison:
  contenders:  # recipe
    - objective: null  # default
      epochs: null  # default
      kind: base  # recipe
      name: base  # recipe
    - kind: lora  # recipe
      rank: null  # default
      name: lora  # recipe
data:
  sources:
    - documents: null  # default
      examples:  # recipe
        - faq.csv  # recipe
"""


def test_what_was_left_open_takes_no_dash_with_it() -> None:
    kept = "\n".join(_set(RESOLVED))
    assert "null" not in kept
    assert parse_document(kept, "recipe.yaml").data == {
        "comparison": {
            "contenders": [{"kind": "base", "name": "base"}, {"kind": "lora", "name": "lora"}]
        },
        "data": {"sources": [{"examples": ["faq.csv"]}]},
    }
