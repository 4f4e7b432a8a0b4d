"""The starter's probes: pairs of texts of which one is right, from the files in starter_probes/.

A side is what is given and what comes after it; only the latter is scored. The right one must be
likelier, so chance is one half. Both sides have the same words in another order, or the item has a
mirror image in which the other form is right: a liking for either form is right in half of them.

- ``ending``: the words of the ending in their order, against the same words shuffled
- ``neighbours``: the same with only two neighbouring words of it swapped
- ``beginning``: the ending behind its own beginning, against the same ending behind another's
- ``format``: three examples of a format, the fourth in it, against the fourth in another format
  that is right in the mirror image: as lines of a text (``lines``), and as a conversation's answers
  in the chat template, their end included (``answers``)
- ``subject-verb``: the verb agrees with its subject (``plain``), with a noun of the other number
  between both (``between``)
- ``pronoun``: a pronoun agrees with who is meant in gender and in number
- ``affix``: me- and di-; ber- and me-(-kan); -kan and -i; verb and noun (me- and pe-...-an)
- ``order``: two neighbouring words in their order and swapped
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from laras.records import Message

FOLDER = Path(__file__).parent / "starter_probes"
SEED = 0  # of the shuffled endings

Given: TypeAlias = str | tuple[Message, ...]


@dataclass(frozen=True)
class Side:
    """``ending`` behind ``given``: a text that goes on, or a conversation to be answered."""

    given: Given
    ending: str


@dataclass(frozen=True)
class Item:
    """One question of a probe."""

    probe: str
    part: str
    right: Side
    wrong: Side


def all_items() -> list[Item]:
    """Every item, the same each time."""
    english, indonesian, formats = (
        json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
        for name in ("english", "indonesian", "formats")
    )
    return [
        *_continuations("en"),
        *_continuations("id"),
        *_lines(formats["lines"]),
        *_answers(formats["answers"]),
        *_subject_verb(english["subject_verb"]),
        *_gender(english["gender"]),
        *_number(english["number"]),
        *_affixes(indonesian),
        *_orders(indonesian["order"]),
    ]


def _text(probe: str, part: str, right: str, wrong: str) -> Item:
    return Item(probe, part, Side("", right), Side("", wrong))


def _continuations(language: str) -> Iterator[Item]:
    rows = (FOLDER / f"continuations_{language}.tsv").read_text("utf-8").splitlines()
    pairs = [row.split("\t") for row in rows]
    generator = random.Random(SEED)
    for at, (given, ending) in enumerate(pairs):
        shuffled = _shuffled(ending, generator)
        right = Side(given, " " + ending)
        yield Item("ending", language, right, Side(given, " " + shuffled))
        yield Item("neighbours", language, right, Side(given, " " + _swapped(ending)))
        other, _own = pairs[(at + len(pairs) // 2) % len(pairs)]
        yield Item("beginning", language, right, Side(other, " " + ending))


def _shuffled(ending: str, generator: random.Random) -> str:
    """Its words in another order; the sign at its end stays."""
    words, sign = ending[:-1].split(), ending[-1]
    order = list(words)
    while order == words:
        generator.shuffle(order)
    return " ".join(order) + sign


def _swapped(ending: str) -> str:
    """With two words in its middle the other way round."""
    words = ending[:-1].split()
    at = (len(words) - 1) // 2
    words[at : at + 2] = words[at + 1], words[at]
    return " ".join(words) + ending[-1]


def _lines(lists: dict[str, Any]) -> Iterator[Item]:
    for words in lists["words"]:
        for pair in lists["formats"]:
            for own, other in (pair, pair[::-1]):
                given = "".join(_filled(own, word) + "\n" for word in words[:3])
                sides = (Side(given, _filled(form, words[3])) for form in (own, other))
                yield Item("format", "lines", *sides)


def _answers(lists: dict[str, Any]) -> Iterator[Item]:
    questions = lists["questions"]
    half = len(questions) // 2
    for at, (question, answer) in enumerate(questions):
        # Three others of the same language: the first half is English.
        first = at // half * half
        shown = [questions[first + (at + step) % half] for step in (1, 2, 3)]
        for pair in lists["formats"]:
            for own, other in (pair, pair[::-1]):
                turns = []
                for asked, said in shown:
                    turns += [_turn("user", asked), _turn("assistant", _filled(own, said))]
                given = (*turns, _turn("user", question))
                sides = (Side(given, _filled(form, answer)) for form in (own, other))
                yield Item("format", "answers", *sides)


def _turn(role: Any, content: str) -> Message:
    return Message(role, content, trained=False)


def _filled(form: str, word: str) -> str:
    return form.replace("{}", word)


def _subject_verb(lists: dict[str, Any]) -> Iterator[Item]:
    nouns = lists["nouns"]
    for at, (one, many, rest) in enumerate(lists["frames"]):
        for step in range(4):
            singular, plural = nouns[(at + 3 * step) % len(nouns)]
            for noun, right, wrong in ((singular, one, many), (plural, many, one)):
                sides = (f"The {noun} {verb} {rest}" for verb in (right, wrong))
                yield _text("subject-verb", "plain", *sides)
        for step in range(2):
            subject = nouns[(at + 5 * step + 1) % len(nouns)]
            second = nouns[(at + 5 * step + 4) % len(nouns)]
            link = lists["between"][(at + step) % len(lists["between"])]
            for number, right, wrong in ((0, one, many), (1, many, one)):
                noun = f"The {subject[number]} {link} {second[1 - number]}"
                sides = (f"{noun} {verb} {rest}" for verb in (right, wrong))
                yield _text("subject-verb", "between", *sides)


def _gender(lists: dict[str, Any]) -> Iterator[Item]:
    nouns = lists["nouns"]
    for at, (before, her, his, after) in enumerate(lists["frames"]):
        for step in range(6):
            female, male = nouns[(at + 2 * step) % len(nouns)]
            for noun, right, wrong in ((female, her, his), (male, his, her)):
                start = before.format(noun=noun)
                sides = (f"{start} {word} {after}" for word in (right, wrong))
                yield _text("pronoun", "gender", *sides)


def _number(lists: dict[str, Any]) -> Iterator[Item]:
    for before, after in lists["frames"]:
        for singular, plural, self in lists["nouns"]:
            for noun, right, wrong in (
                (singular, self, "themselves"),
                (plural, "themselves", self),
            ):
                start = before.format(noun=noun)
                sides = (f"{start} {word} {after}" for word in (right, wrong))
                yield _text("pronoun", "number", *sides)


def _affixes(lists: dict[str, Any]) -> Iterator[Item]:
    for part in ("active_passive", "intransitive_transitive", "kan_i", "verb_noun"):
        for one, other, frame, other_frame in lists[part]:
            for right, wrong, start in ((one, other, frame), (other, one, other_frame)):
                yield _text("affix", part, _filled(start, right), _filled(start, wrong))


def _orders(lists: dict[str, Any]) -> Iterator[Item]:
    for part, kind in lists.items():
        for first, second in kind["pairs"]:
            for frame in kind["frames"]:
                sides = (frame.format(*pair) for pair in ((first, second), (second, first)))
                yield _text("order", part, *sides)
