"""The same question in other words, by fixed rules in English and Indonesian.

Each rule changes one thing that is no part of the meaning: turns of phrase (``words``), what goes
before a question (``frame``), which clause or sentence comes first (``order``), capitals and the
final mark (``surface``, in any language that has them). A rule that finds nothing it is sure of
leaves the question alone. Instructions that many examples share stay as they are; an example has
them before its own text, and ``order`` may put them behind it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace

from laras.checks.rewording_phrases import (
    CONDITIONS,
    FRAMES,
    GREETING_WORDS,
    GREETINGS,
    POINTING,
    QUESTION_WORDS,
    SURE_QUESTION_WORDS,
    SWAPPED,
    WRITTEN_OUT,
)
from laras.evaluation.rows import last_answer
from laras.preparation.language import UNKNOWN, language_of
from laras.records import Example

KINDS = ("words", "frame", "order", "surface")
LANGUAGES = ("en", "id")
LONGEST_CHARACTERS = 600  # what is longer is a text to work on, and no question
_LEAST_SHARED = 3  # examples that begin alike, for it to be an instruction
# An instruction that says where the text stands can't change places with it.
_PLACED = re.compile(
    r"\b(below|above|following|follows|previous|next|berikut|bawah|atas|ini)\b|:\s*$", re.IGNORECASE
)
_GREETINGS = frozenset().union(*GREETING_WORDS.values())  # people mix them
_END = re.compile(r"[.?!。？！\s]+$")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
# The first of them ends in a word, not in an abbreviation such as "Dr.".
_TWO_SENTENCES = re.compile(r"([^.?!\n]{4,}[^\W\d_A-Z]{4,}[.?!]) ([^\W_][^.?!\n]{7,}[.?!]?)")


def instructions_of(examples: Iterable[Example]) -> frozenset[str]:
    """First paragraphs of questions that several of the examples share."""
    asked = (next((m for m in each.messages if m.role == "user"), None) for each in examples)
    heads = Counter(
        message.content.split("\n\n", 1)[0]
        for message in asked
        if message is not None and "\n\n" in message.content
    )
    return frozenset(head for head, count in heads.items() if count >= _LEAST_SHARED)


def main_language(languages: Mapping[str, int]) -> str:
    """The one that most of the data whose language is known is in; "" where the rules don't know
    it. Short texts often have none: it is for them that this is asked."""
    known = {name: count for name, count in languages.items() if name != UNKNOWN}
    found = max(known, key=lambda name: known[name], default="")
    return found if found in LANGUAGES else ""


def rewordings(
    example: Example, instructions: frozenset[str] = frozenset(), language: str = ""
) -> dict[str, Example]:
    """``example`` with its last question in other words, by kind; empty where no rule applies.

    ``language``: to be taken where the question is too short to tell.
    """
    place = _question(example)
    if place is None:
        return {}
    head, body = _parts(example.messages[place].content, instructions)
    if len(body) > LONGEST_CHARACTERS:
        return {}
    language = _language(body, language)
    found = {}
    for kind, text in _of_body(body, language, example.task == "chat").items():
        found[kind] = _asking(example, place, f"{head}\n\n{text}" if head else text)
    if head and not _PLACED.search(head) and "order" not in found:
        found["order"] = _asking(example, place, f"{body}\n\n{head}")
    return {kind: found[kind] for kind in KINDS if kind in found}


def paraphrase(
    example: Example, instructions: frozenset[str] = frozenset(), language: str = ""
) -> Example | None:
    """``example`` with its last question changed by all rules that apply, one after the other."""
    place = _question(example)
    if place is None:
        return None
    head, body = _parts(example.messages[place].content, instructions)
    if len(body) > LONGEST_CHARACTERS:
        return None
    language, text = _language(body, language), body
    for kind in ("order", "words", "frame"):
        text = _of_body(text, language, example.task == "chat").get(kind, text)
    if text == body:
        text = surface(body)
    if text == body:
        return None
    return _asking(example, place, f"{head}\n\n{text}" if head else text)


def swap_words(text: str, language: str) -> str:
    """Turns of phrase replaced by their counterparts."""
    table = _TABLES.get(language)
    if table is None:
        return text
    pattern, counterparts = table

    def counterpart(found: re.Match[str]) -> str:
        other = counterparts[found.group().lower().replace("’", "'")]
        if not found.group()[0].isupper():
            return other
        # "I'm" in the middle of a sentence is no beginning; all others keep their capital.
        return other[0].upper() + other[1:]

    return pattern.sub(counterpart, text)


def frame(text: str, language: str, greet: bool) -> str:
    """A question put as a wish to know; other messages greeted, where they don't greet."""
    if language not in FRAMES:
        return text
    words = _WORD.findall(text.lower())
    if not words or words[0] in _GREETINGS:
        return text
    if _is_question(text, words[0], language):
        return FRAMES[language] + text[0].lower() + text[1:]
    return GREETINGS[language] + text if greet else text


def reorder(text: str, language: str) -> str:
    """Two clauses, or two sentences that don't lean on each other, the other way round."""
    if language not in CONDITIONS:
        return text
    condition = _CONDITIONAL[language].fullmatch(text.strip())
    if condition:
        given, main, mark = condition.groups()
        return f"{main[0].upper()}{main[1:]} {given[0].lower()}{given[1:]}{mark}"
    sentences = _TWO_SENTENCES.fullmatch(text.strip())
    if sentences:
        first, second = sentences.groups()
        words = _WORD.findall(second.lower())
        leans = POINTING[language].intersection(words) or any(w.endswith("nya") for w in words)
        if not leans and not _GREETINGS.intersection(_WORD.findall(first.lower())[:1]):
            ended = second if second[-1] in ".?!" else f"{second}."
            return f"{ended} {first}"
    return text


def surface(text: str) -> str:
    """As it is typed on a phone, without capitals and final mark; or the other way round.

    Words all in capitals are abbreviations and stay.
    """
    typed = _END.sub("", text)
    typed = _WORD.sub(lambda w: w[0] if len(w[0]) > 1 and w[0].isupper() else w[0].lower(), typed)
    if typed != text:
        return typed
    first = (_WORD.findall(text.lower()) or [""])[0]
    asks = any(_is_question(text, first, language) for language in LANGUAGES)
    return f"{text[:1].upper()}{text[1:]}{'?' if asks else '.'}"


def _of_body(body: str, language: str, greet: bool) -> dict[str, str]:
    found = {
        "words": swap_words(body, language),
        "frame": frame(body, language, greet),
        "order": reorder(body, language),
        "surface": surface(body),
    }
    return {kind: text for kind, text in found.items() if text != body and text.strip()}


def _is_question(text: str, first_word: str, language: str) -> bool:
    marked = text.rstrip().endswith("?") and first_word in QUESTION_WORDS[language]
    return marked or first_word in SURE_QUESTION_WORDS[language]


def _question(example: Example) -> int | None:
    """The place of the last user message before the last answer."""
    last = last_answer(example)
    before = [
        at
        for at, message in enumerate(example.messages[: last or 0])
        if message.role == "user" and message.content.strip()
    ]
    return before[-1] if before else None


def _parts(content: str, instructions: frozenset[str]) -> tuple[str, str]:
    """The shared instruction, if there is one, and the question itself."""
    head, _gap, body = content.partition("\n\n")
    return (head, body) if body.strip() and head in instructions else ("", content)


def _language(text: str, otherwise: str) -> str:
    found = language_of(text)
    return found if found in LANGUAGES else otherwise


def _asking(example: Example, place: int, content: str) -> Example:
    messages = list(example.messages)
    messages[place] = replace(messages[place], content=content)
    return replace(example, messages=tuple(messages))


def _table(language: str) -> tuple[re.Pattern[str], dict[str, str]]:
    counterparts = {}
    for one, other in SWAPPED[language]:
        counterparts[one.lower()] = other
        counterparts[other.lower()] = one
    counterparts.update({short.lower(): full for short, full in WRITTEN_OUT[language]})
    # Longest first, so that a phrase is found before a word of it.
    phrases = sorted(counterparts, key=lambda phrase: (-len(phrase), phrase))
    alternatives = "|".join(re.escape(phrase).replace("'", "['’]") for phrase in phrases)
    return re.compile(rf"(?<![\w'’-])(?:{alternatives})(?![\w'’-])", re.IGNORECASE), counterparts


_TABLES = {language: _table(language) for language in LANGUAGES}
_CONDITIONAL = {
    language: re.compile(
        rf"((?:{'|'.join(words)}) [^,.?!\n]+), (?:then |maka )?([^,.?!\n]+)([.?!]?)", re.IGNORECASE
    )
    for language, words in CONDITIONS.items()
}
