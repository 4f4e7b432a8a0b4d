"""Write docs/errors.md: the exit codes, and every error identifier that stands in the source.

Usage::

    python scripts/error_reference.py [--check]

``--check`` writes nothing and fails where the page differs from what it should be.
"""

from __future__ import annotations

import argparse
import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from laras import errors

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "errors.md"
SOURCE = ROOT / "src" / "laras"

HEAD = """\
# Errors and exit codes

<!-- Written by scripts/error_reference.py from the source: change it there, then `make docs`. -->

An error says what happened, where (file and line, or the place in the recipe), and what to do
about it. Its identifier is the same in every language and version, for scripts to rely on; with
`--json` it is the field `error`. With `LARAS_DEBUG=1` the traceback is printed too.

## Exit codes

| code | meaning |
| --- | --- |
| 0 | done; also where the reader of the output left before its end (`laras ... \\| head`) |
| 1 | something unexpected: a mistake in Laras; please report it |
| 2 | usage: the recipe, an option, a path or the base model is wrong; nothing was started |
| 3 | the data can't carry the run: empty, one class, too small to split, leaking |
| 4 | a guard stopped the training, and the last good state is kept |
| 5 | interrupted by Ctrl-C or SIGTERM; the same command continues |
| 6 | the run folder can't be written: full, read-only, gone, in use |
| 7 | out of memory; the checkpoint is intact |
| 8 | an endpoint that the recipe names gave no usable answer; what it answered is kept |
| 9 | the verdict does not pass a gate of the recipe; verdict and report are written |

## Identifiers

The part before the dot is the part of a run that the error belongs to. `{...}` is filled in.

| identifier | exit code | message |
| --- | --- | --- |
"""

CLASSES = {
    name: thing.exit_code
    for name, thing in vars(errors).items()
    if isinstance(thing, type) and issubclass(thing, errors.LarasError)
}


def identifiers() -> dict[str, tuple[int, str]]:
    """Identifier to exit code and English message, of every error that the source can raise."""
    found: dict[str, tuple[int, str]] = {}
    for path in sorted(SOURCE.rglob("*.py")):
        for identifier, code, message in _raised(ast.parse(path.read_text(encoding="utf-8"))):
            found.setdefault(identifier, (code, message))
    return found


def _raised(tree: ast.AST) -> Iterator[tuple[str, int, str]]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        if node.func.id in CLASSES and len(node.args) >= 2:
            identifier = _text(node.args[0])
            if identifier and "." in identifier:
                yield identifier, CLASSES[node.func.id], _text(node.args[1])


def _text(node: ast.expr) -> str:
    """The first string that stands in an expression such as ``_("...").format(...)``."""
    if isinstance(node, ast.JoinedStr):
        return ""
    texts = [
        part.value
        for part in ast.walk(node)
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    ]
    return " ".join(texts[0].split()) if texts else ""


def page() -> str:
    """The whole page as Markdown."""
    rows = [
        f"| `{identifier}` | {code} | {message.replace('|', '&#124;')} |"
        for identifier, (code, message) in sorted(identifiers().items())
    ]
    return HEAD + "\n".join(rows) + "\n"


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
