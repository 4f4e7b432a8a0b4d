"""A text in which the words for one group of people are exchanged for those of another.

Only where the exchange leaves the rest as it was: a text that names two groups of the same axis
(a bride and a groom, two religions) is about how they stand to each other, one that goes on about
a mosque after its Muslim became a Hindu makes no sense, and what is asked about a pregnancy can't
be asked about a man. Such texts are left alone: fewer pairs, but pairs that mean the same.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from typing import Any

from laras.evaluation.rows import last_answer
from laras.preparation.findings.balance import groups_in
from laras.preparation.findings.row import chance_of
from laras.preparation.findings.terms import TERMS
from laras.records import Example, Message

AXES = ("gender", "religion", "ethnicity", "region")
_VOWELS = frozenset("aeiouAEIOU")
# After these "her" stands for a person and not before a thing of hers.
_AFTER_OBJECT = frozenset(
    (
        *("a", "an", "and", "the", "to", "for", "with", "in", "on", "at", "by", "from", "as", "of"),
        *("or", "but", "that", "if", "when", "how", "why", "what", "where", "about", "again"),
        *("back", "now", "today", "tomorrow", "please", "it", "this", "one", "some", "any", "my"),
        *("your", "our", "their", "another", "more", "access"),
    )
)
_ENGLISH = {"male": {"him": "her", "his": "her"}, "female": {"her": "", "hers": "his"}}
_NEXT_WORD = re.compile(r"\s+([^\W\d_]+)")
_LETTERS = re.compile(r"[^\W\d_]+")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


@dataclass(frozen=True, slots=True)
class Exchange:
    """``example`` speaks of ``other`` where the one it was made from speaks of ``group``."""

    axis: str
    group: str
    other: str
    example: Example


@dataclass(frozen=True, slots=True)
class _Table:
    """Forms that are exchanged for each other; ``place``: from a form (folded, unless it is
    exact) to its group and place. ``telling``: words of which every form has one."""

    forms: Mapping[str, Sequence[str]]
    place: Mapping[str, tuple[str, int]]
    one_way: Mapping[str, tuple[str, str]]
    telling: frozenset[str]
    pattern: re.Pattern[str]


@lru_cache
def read(name: str) -> dict[str, Any]:
    """A file of this room's data."""
    text = files("laras.checks").joinpath("data", name).read_text(encoding="utf-8")
    content: dict[str, Any] = json.loads(text)
    return content


@lru_cache(maxsize=1)
def words() -> dict[str, Any]:
    """The lists of counterparts, with the first names that our sentences use."""
    content = deepcopy(read("bias_counterparts.json"))
    exact = content["gender"]["tables"][0]["exact"]
    for language in read("bias_sentences.json")["languages"].values():
        for group, names in language["gender_names"].items():
            exact[group] += names
    return content


def exchange(example: Example, axis: str) -> Exchange | None:
    """``example`` with one group's words exchanged along ``axis``; None where it names none, or
    where the exchange would change what it is about.

    All that is said before the last answer is exchanged, but for system messages. Which other
    group takes the place depends on the example's identifier only.
    """
    last = last_answer(example)
    if last is None:
        return None
    asked = [message.content for message in example.messages[:last] if message.role != "system"]
    text = "\n".join(asked)
    table = _table_of(text, axis)
    if table is None or _leave(axis).search(text):
        return None
    named = {_group_of(match, table) for match in table.pattern.finditer(text)}
    if len(named) != 1 or _judged_by_group(example, axis):
        return None
    (group,) = named
    others = [each for each in table.forms if each != group]
    other = others[int(chance_of(f"{axis} {example.example_id}") * len(others))]
    if not mentions(text, axis) <= {group}:
        return None
    messages = tuple(
        message
        if place >= last or message.role == "system"
        else replace(message, content=_exchanged(message.content, table, group, other))
        for place, message in enumerate(example.messages)
    )
    if group in mentions(_asked(messages[:last]), axis):
        return None
    return Exchange(axis, group, other, replace(example, messages=messages))


def mentions(text: str, axis: str) -> set[str]:
    """The groups of ``axis`` that the preparation's term lists find in ``text``."""
    found = groups_in(_generic(axis).sub(" ", text))
    return {group for dimension, group in found if dimension == axis}


def neutral_words(text: str, axis: str) -> list[str]:
    """The words of ``text``, folded, without those that name a group of ``axis``: an answer that
    calls somebody Sir where it called her Madam says the same."""
    return [word for word in _WORD.findall(text.casefold()) if word not in _naming(axis)]


def _asked(messages: Sequence[Message]) -> str:
    return "\n".join(message.content for message in messages if message.role != "system")


def _judged_by_group(example: Example, axis: str) -> bool:
    """Whether the group is what the example is judged by: then another group is another question.

    An answer may well say "she" of somebody; it names a religion or a people for a reason.
    """
    if example.label is not None:
        return bool(mentions(re.sub(r"[\W_]+", " ", example.label), axis))
    answer = last_answer(example)
    said = "" if answer is None else example.messages[answer].content
    return axis != "gender" and bool(mentions(said, axis))


def _table_of(text: str, axis: str) -> _Table | None:
    """The one table whose forms stand in ``text``; None where there is none, or more."""
    spoken = frozenset(_LETTERS.findall(text.casefold()))
    found = [
        table
        for table in _tables(axis)
        # Most texts name nobody, and words are looked up faster than a long pattern is.
        if not spoken.isdisjoint(table.telling) and table.pattern.search(text)
    ]
    return found[0] if len(found) == 1 else None


@lru_cache(maxsize=len(AXES))
def _tables(axis: str) -> tuple[_Table, ...]:
    return tuple(_table(entry, axis) for entry in words()[axis]["tables"])


def _table(entry: Mapping[str, Any], axis: str) -> _Table:
    forms: dict[str, list[str]] = {}
    for group, bare in entry.get("forms", {}).items():
        forms.setdefault(group, []).extend(bare)
    for group, names in entry.get("names", {}).items():
        prefixed = [f"{before} {name}" for before in entry.get("prefixes", ()) for name in names]
        suffixed = [f"{name} {behind}" for behind in entry.get("suffixes", ()) for name in names]
        forms.setdefault(group, []).extend([*prefixed, *suffixed])
    folded = {form for listed in forms.values() for form in listed}
    exact: set[str] = set()
    for group, listed in entry.get("exact", {}).items():
        forms[group].extend(listed)
        exact.update(listed)
    place: dict[str, tuple[str, int]] = {}
    for group, listed in forms.items():
        for at, form in enumerate(listed):
            place.setdefault(form if form in exact else form.casefold(), (group, at))
    one_way = {
        form: (group, other)
        for group, pairs in entry.get("one_way", {}).items()
        for form, other in pairs.items()
    }
    if axis == "gender":
        one_way |= {
            form: (group, other)
            for group, pairs in _ENGLISH.items()
            for form, other in pairs.items()
        }
    pattern = re.compile(
        rf"(?<!\w)(?:(?i:{_any_of([*folded, *one_way])})|{_any_of(exact)})(?!\w)"
        if exact
        else rf"(?<!\w)(?i:{_any_of([*folded, *one_way])})(?!\w)"
    )
    names = [each for listed in entry.get("names", {}).values() for each in listed]
    bare = [each for listed in entry.get("forms", {}).values() for each in listed]
    telling = frozenset(
        _LETTERS.findall(form.casefold())[0] for form in (*names, *bare, *exact, *one_way)
    )
    return _Table(forms, place, one_way, telling, pattern)


def _any_of(forms: Sequence[str] | set[str]) -> str:
    """An expression for any of ``forms``, the longest first, whatever white space is in them."""
    ordered = sorted(forms, key=lambda form: (-len(form), form))
    return "|".join(re.escape(form).replace(r"\ ", r"\s+") for form in ordered)


def _form(match: re.Match[str], table: _Table) -> str:
    found = " ".join(match[0].split())
    return found if found in table.place or found in table.one_way else found.casefold()


def _group_of(match: re.Match[str], table: _Table) -> str:
    form = _form(match, table)
    return table.one_way[form][0] if form in table.one_way else table.place[form][0]


def _exchanged(text: str, table: _Table, group: str, other: str) -> str:
    """``text`` with every form of ``group`` replaced, in the case it was written in."""
    parts: list[str] = []
    position = 0
    for match in table.pattern.finditer(text):
        form = _form(match, table)
        if form == "her":
            following = _NEXT_WORD.match(text, match.end())
            owned = following is not None and following[1].casefold() not in _AFTER_OBJECT
            new = "his" if owned else "him"
        elif form == "his" and _NEXT_WORD.match(text, match.end()) is None:
            new = "hers"
        elif form in table.one_way:
            new = table.one_way[form][1]
        else:
            new = table.forms[other][table.place[form][1]]
        new = _in_case_of(match[0], new)
        parts += [_with_article(text[position : match.start()], new), new]
        position = match.end()
    return "".join([*parts, text[position:]])


def _in_case_of(old: str, new: str) -> str:
    if old.islower():
        return new.lower()
    if old.isupper() and len(old) > 1:
        return new.upper()
    return new[:1].upper() + new[1:] if old[:1].isupper() else new


def _with_article(before: str, new: str) -> str:
    """``before`` with the English article at its end that ``new`` takes."""
    article = re.search(r"(?<!\w)(an?)(\s+)$", before, re.IGNORECASE)
    if article is None or not new.isascii():
        return before
    written = article[1][:1] + ("n" if new[:1] in _VOWELS else "")
    return before[: article.start(1)] + written + article[2]


@lru_cache(maxsize=len(AXES))
def _leave(axis: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?i:{_any_of(words()[axis]['leave'])})(?!\w)")


@lru_cache(maxsize=len(AXES))
def _generic(axis: str) -> re.Pattern[str]:
    generic = words()[axis]["generic"]
    return re.compile(rf"(?<!\w)(?i:{_any_of(generic)})(?!\w)" if generic else r"(?!)")


@lru_cache(maxsize=len(AXES))
def _naming(axis: str) -> frozenset[str]:
    """Every word, folded, by which some group of ``axis`` is named."""
    listed = {word for terms in TERMS[axis].values() for term in terms for word in term.split()}
    for table in _tables(axis):
        for form in (*table.place, *table.one_way):
            listed.update(form.casefold().split())
    # Words that stand around names of groups, and elsewhere.
    around = {
        word
        for entry in words()[axis]["tables"]
        for part in ("prefixes", "suffixes")
        for each in entry.get(part, ())
        for word in each.casefold().split()
    }
    return frozenset(listed - around)
