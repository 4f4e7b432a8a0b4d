"""Every code that the ledger can hold is explained in words."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import laras
from laras.preparation.ledger_reasons import meaning
from laras.preparation.ledger_view import line_to_copy
from laras.records import Rejection

SOURCE = Path(laras.__file__).parent
# Where rows leave in preparation; other strings in these files are names of steps and the like.
MODULES = (
    *("describe.py", "distinct.py", "deduplicate.py", "leak.py", "hold_out.py", "semantic.py"),
    *("examples.py", "pairs/steps.py", "generation/generate.py"),
)
CODE = re.compile(r"[a-z]+(?:-[a-z]+)+")
GIVES_A_REASON = re.compile(
    r"\b(?:rejection|note|left_out|cut_short|RefusedError)\(\s*"
    r"(?:place(?:s\[row\])?, STAGE, )?\"([a-z-]+)\""
)


def constants(path: Path) -> Iterator[str]:
    """Strings that look like codes, without names of steps."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    steps = {
        id(call.args[0])
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == "Step"
        and call.args
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in steps:
            yield from [node.value] if CODE.fullmatch(node.value) else []


def test_every_reason_of_preparation_has_its_words() -> None:
    found = {code for name in MODULES for code in constants(SOURCE / "preparation" / name)}
    assert len(found) > 15
    assert [code for code in sorted(found) if not meaning(code)] == []
    assert meaning("language")
    assert meaning("quality")


def test_what_crosses_into_the_validation_set_has_its_words_too() -> None:
    for code in ("stands-in-test", "group-stands-in-test", "near-duplicate-of-test"):
        assert meaning(code.replace("test", "validation"))


def test_every_reason_of_reading_has_its_words() -> None:
    found = {
        code
        for path in (SOURCE / "sources").rglob("*.py")
        for code in GIVES_A_REASON.findall(path.read_text(encoding="utf-8"))
    }
    assert len(found) > 30
    assert [code for code in sorted(found) if not meaning(code)] == []


def test_the_line_that_confirms_a_guess_stands_apart_from_its_clue() -> None:
    line = 'assistant: ["CS Telaga", "Ani (kasir)"]'
    guess = Rejection("read", "guessed-assistant", "a.txt", detail=f"{line} (the export is theirs)")
    assert line_to_copy(guess) == (line, "(the export is theirs)")
    assert line_to_copy(Rejection("read", "guessed-assistant", "a.txt", detail=line)) == (line, "")
