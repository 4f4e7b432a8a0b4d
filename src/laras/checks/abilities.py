"""General texts and questions of our own, and what a candidate makes of them.

The texts are plain prose about everyday things, news, facts and talk; the questions are sums,
common facts, small instructions and forms to keep to. All are written for Laras (``data/``), in
English and Indonesian, and say nothing about anybody's domain.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from laras.checks.inquiry import Inquiry
from laras.evaluation.rows import sampled
from laras.recipe.schema import EvaluationSection
from laras.records import Example, Message

LANGUAGES = ("en", "id")
WRITTEN_TOKENS = 24  # all right answers are shorter


@dataclass(frozen=True, slots=True)
class Item:
    """A question with its right answer and three wrong ones of like length, or with the form that a
    written answer has to have (``matches``, a regular expression of all of it)."""

    name: str
    language: str
    ability: str
    prompt: str
    choices: tuple[str, ...] = ()  # the right one first
    matches: str | None = None


@lru_cache(maxsize=1)
def general_lines() -> tuple[tuple[str, str, Example], ...]:
    """Language, kind and text of each line of general prose."""
    return tuple(_lines())


@lru_cache(maxsize=1)
def items() -> tuple[Item, ...]:
    """All questions."""
    return tuple(_items())


def text_rows(asking: Inquiry, section: EvaluationSection) -> list[dict[str, Any]]:
    """How likely general text is: nats and bytes of each line, a sample for each language."""
    rows = []
    for language in LANGUAGES:
        lines = {
            each.example_id: (kind, each) for of, kind, each in general_lines() if of == language
        }
        chosen = sampled([each for _k, each in lines.values()], section.check_rows, section.seed)
        for example, loss in zip(chosen, asking.losses(chosen), strict=True):
            if loss is not None:
                kind = lines[example.example_id][0]
                rows.append(
                    {
                        "id": example.example_id,
                        "language": language,
                        "kind": kind,
                        "nats": loss.nats,
                        "bytes": loss.bytes,
                    }
                )
    return rows


def choice_rows(asking: Inquiry, section: EvaluationSection) -> list[dict[str, Any]]:
    """Whether the right answer is the likeliest of each question's four."""
    chosen = _chosen([item for item in items() if item.choices], section)
    asked = [_asked(item, choice) for item in chosen for choice in item.choices]
    found = asking.losses(asked)
    rows = []
    for place, item in enumerate(chosen):
        size = len(item.choices)
        nats = [
            None if one is None else one.nats for one in found[place * size : (place + 1) * size]
        ]
        known = [value for value in nats if value is not None]
        if len(known) == size:
            # A tie is no knowledge.
            rows.append(_row(item, known[0] < min(known[1:])))
    return rows


def written_rows(asking: Inquiry, section: EvaluationSection) -> list[dict[str, Any]]:
    """Whether a written answer has the form that was asked for."""
    chosen = _chosen([item for item in items() if item.matches], section)
    limit = min(WRITTEN_TOKENS, section.max_new_tokens)
    found = asking.answers([_asked(item, "") for item in chosen], limit)
    rows = []
    for item, answer in zip(chosen, found, strict=True):
        if answer is not None and item.matches is not None:
            right = answer.finished and re.fullmatch(item.matches, answer.text) is not None
            rows.append(_row(item, right))
    return rows


def _chosen(given: list[Item], section: EvaluationSection) -> list[Item]:
    """At most ``check_rows`` of each language: a fixed sample."""
    kept: set[str] = set()
    for language in LANGUAGES:
        examples = [_asked(item, "") for item in given if item.language == language]
        kept |= {each.example_id for each in sampled(examples, section.check_rows, section.seed)}
    return [item for item in given if item.name in kept]


def _asked(item: Item, answer: str) -> Example:
    messages = (Message("user", item.prompt, False), Message("assistant", answer, True))
    return Example(item.name, "chat", messages, item.name)


def _row(item: Item, right: bool) -> dict[str, Any]:
    return {
        "id": item.name,
        "language": item.language,
        "ability": item.ability,
        "right": right,
    }


def _lines() -> Iterator[tuple[str, str, Example]]:
    for language in LANGUAGES:
        kind = ""
        for number, line in enumerate(_read(f"general_{language}.txt").splitlines(), start=1):
            if line.startswith("# "):
                kind = line[2:]
                continue
            name = f"{language}-{number:03}"
            yield language, kind, Example(name, "text", (Message("text", line, True),), name)


def _items() -> Iterator[Item]:
    for language in LANGUAGES:
        for line in _read(f"abilities_{language}.jsonl").splitlines():
            facts = json.loads(line)
            yield Item(
                name=facts["id"],
                language=language,
                ability=facts["ability"],
                prompt=facts["prompt"],
                choices=(facts["answer"], *facts["wrong"]) if "answer" in facts else (),
                matches=facts.get("matches"),
            )


def _read(name: str) -> str:
    return files("laras.checks").joinpath("data", name).read_text(encoding="utf-8")
