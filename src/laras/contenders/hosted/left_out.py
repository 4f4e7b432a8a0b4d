"""What a verdict says of contenders whose endpoint did not answer all: they are left out of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from laras.errors import EndpointFailed
from laras.recipe.schema import Recipe
from laras.runs.folder import Run
from laras.translation import LANGUAGES, _, language, using


def path_of(name: str) -> str:
    """The file that says so, in the run, of the contender ``name``."""
    return f"contenders/{name}/unfinished.json"


def unfinished(recipe: Recipe, run: Run, judged: Sequence[str]) -> list[dict[str, Any]]:
    """What ``verdict.json`` says of the contenders that are not among those ``judged``."""
    found = []
    for contender in recipe.comparison.contenders:
        facts = run.read_json(path_of(contender.name)) if contender.name not in judged else None
        if isinstance(facts, dict):
            found.append({name: value for name, value in facts.items() if name != "key"})
    return found


def told_in_sentences(found: dict[str, Any], entries: Sequence[dict[str, Any]]) -> None:
    """Add to the sentences of the verdict ``found`` who is left out of it."""
    for code in LANGUAGES:
        with using(code):
            said = [found["sentences"][code], *map(_sentence, entries)]
            found["sentences"][code] = " ".join(said)
    found["sentence"] = found["sentences"][language()]


def _sentence(entry: dict[str, Any]) -> str:
    if entry["reason"] == "budget":
        text = _("{name} is not compared: its budget was reached before all questions were asked.")
    else:
        text = _("{name} is not compared: its endpoint did not answer all questions.")
    return text.format(name=entry["contender"])


def nobody_judged(entries: Sequence[dict[str, Any]]) -> EndpointFailed:
    """The error of a run in which no contender is left."""
    return EndpointFailed(
        "comparison.nobody-judged",
        _("No contender could be judged: {reason}").format(
            reason=" ".join(str(entry["what"]) for entry in entries)
        ),
        where="comparison.contenders",
        hint=_("What was answered is kept; the same command goes on from there."),
    )
