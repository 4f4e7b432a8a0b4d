"""Instructions for the model, made from what the training data looks like."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from statistics import median

from laras.contenders.prompting.phrasings import AND_OTHERS, PHRASINGS, Language, Work
from laras.contenders.prompting.retrieval import asked_in
from laras.evaluation.words import UnicodeWords
from laras.records import Example, Task

# Readers of the archipelago's other languages read Indonesian; all others get English.
_INDONESIAN = ("id", "ms", "jv", "su", "min", "ace")
_LONG_CHARACTERS = 800  # of a question: above it, most of it is a text to be worked on
_TURNS = 3  # messages: from here on it is a conversation rather than a question
_LOOKED_AT = 500  # examples, for lengths


def language_of(languages: Mapping[str, int]) -> Language:
    """The language to instruct in, from how many examples are in each."""
    indonesian = sum(languages.get(code, 0) for code in _INDONESIAN)
    return "id" if indonesian > languages.get("en", 0) else "en"


def instructions(
    examples: Sequence[Example],
    task: Task,
    languages: Mapping[str, int],
    has_room: Callable[[str], bool],
) -> list[str]:
    """What the model may be told to do: the most usual first, then nothing at all, which is often
    best for small models beside examples, then others, in the data's language and English in turn.

    ``examples``: of the training data, of ``task``. ``has_room``: whether the model can take an
    instruction; labels that are too many for it are named by frequency.
    """
    own = language_of(languages)
    work = _work(examples, task)
    words = _usual_words(examples)
    spoken: list[Language] = list(dict.fromkeys((own, "en")))
    texts = []
    for phrasings in zip(*(PHRASINGS[work, language] for language in spoken), strict=True):
        for language, phrasing in zip(spoken, phrasings, strict=True):
            labels = _labels(examples, phrasing, language, has_room)
            text = phrasing.format(labels=labels, words=words)
            if labels is not None and has_room(text):
                texts.append(text)
    first, *others = dict.fromkeys(texts) or [""]
    return list(dict.fromkeys([first, "", *others]))


def _work(examples: Sequence[Example], task: Task) -> Work:
    if task == "classification":
        return "labels"
    some = examples[:_LOOKED_AT]
    turns = median(
        [sum(each.role != "system" for each in example.messages) for example in some] or [0]
    )
    if turns >= _TURNS:
        return "conversation"
    asked = median([len(asked_in(example)) for example in some] or [0])
    return "long text" if asked > _LONG_CHARACTERS else "question"


def _usual_words(examples: Sequence[Example]) -> int:
    """Words of a usual answer: as they are up to ten, then in steps of five."""
    tokenize = UnicodeWords().tokenize
    answers = [
        message.content
        for example in examples[:_LOOKED_AT]
        for message in example.messages
        if message.role == "assistant"
    ]
    words = round(median([len(tokenize(answer)) for answer in answers] or [0]))
    return max(1, words if words <= 10 else 5 * round(words / 5))


def _labels(
    examples: Sequence[Example],
    phrasing: str,
    language: Language,
    has_room: Callable[[str], bool],
) -> str | None:
    """All labels as a list, or the most frequent that have room; None where not one has."""
    if "{labels}" not in phrasing:
        return ""
    counts = Counter(example.label for example in examples if example.label is not None)
    everything = ", ".join(sorted(counts))
    if has_room(phrasing.format(labels=everything)):
        return everything or None
    ranked = sorted(counts, key=lambda label: (-counts[label], label))
    fitting, too_many = 0, len(ranked)
    while too_many - fitting > 1:
        middle = (fitting + too_many) // 2
        some = ", ".join([*ranked[:middle], AND_OTHERS[language]])
        if has_room(phrasing.format(labels=some)):
            fitting = middle
        else:
            too_many = middle
    return ", ".join([*ranked[:fitting], AND_OTHERS[language]]) if fitting else None
