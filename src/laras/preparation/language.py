"""The language of a text: ISO 639-1 where there is such a code, else ISO 639-3, or "unknown".

Words decide first, on a bounded sample: they are quick to count, and tell Indonesian from Malay.
Where they don't settle it, py3langid (after Lui and Baldwin 2012) judges by sequences of bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

import pyarrow as pa

from laras.preparation.language_words import MALAYIC, WORDS
from laras.preparation.steps import Step, batch_of
from laras.sources.code_fences import fenced_parts, holds_fence

UNKNOWN = "unknown"
LEAST_LETTERS = 12
# A few letters of these say more than a word in Latin ones.
_LEAST_OTHER_LETTERS = 4
_SAMPLE_CHARACTERS = 480
_BYTES_FOR_MODEL = 240

_CODE_OR_ADDRESS = re.compile(r"`[^`\n]*`|\b(?:https?|www)\S+|\S*@\S+")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")

_WRITES = pa.schema([("language", pa.string())])


def _languages_of_words() -> dict[str, tuple[str, ...]]:
    languages: dict[str, list[str]] = {word: ["malayic"] for word in MALAYIC.split()}
    for language, words in WORDS.items():
        for word in words.split():
            known = languages.setdefault(word, [])
            if language not in known:
                known.append(language)
    # What Indonesian and Malay share tells nothing between them.
    return {
        word: ("malayic",) if {"id", "ms"} <= set(known) else tuple(known)
        for word, known in languages.items()
    }


_LANGUAGES = _languages_of_words()
_REGIONAL = ("jv", "su", "min")
_MALAY_WORLD = frozenset({"id", "ms", "jv", "ace", "bcl", "tl", "min", "su"})


def language_of(text: str) -> str:
    """The code of the language of ``text``, or ``UNKNOWN`` where there is too little of it."""
    sample = _sample(text)
    words = _WORD.findall(sample.lower())
    letters = sum(map(len, words))
    if letters < LEAST_LETTERS and (sample.isascii() or letters < _LEAST_OTHER_LETTERS):
        return UNKNOWN
    counts = dict.fromkeys((*WORDS, "malayic"), 0)
    for word in words:
        for language in _LANGUAGES.get(word, ()):
            counts[language] += 1
    return _by_words(counts, len(words)) or _by_model(sample, counts)


def _sample(text: str) -> str:
    """Running text from the beginning and the middle, without code and addresses."""
    if len(text) <= _SAMPLE_CHARACTERS:
        sample = text
    else:
        half = _SAMPLE_CHARACTERS // 2
        middle = text.find(" ", len(text) // 2, len(text) // 2 + 64)
        start = max(half, middle if middle >= 0 else len(text) // 2)
        sample = f"{text[:half]}\n{text[start : start + half]}"
    if holds_fence(sample):
        sample = " ".join(part for is_code, part in fenced_parts(sample) if not is_code)
    if "`" in sample or "http" in sample or "@" in sample or "www" in sample:
        sample = _CODE_OR_ADDRESS.sub(" ", sample)
    return sample


def _by_words(counts: dict[str, int], words: int) -> str | None:
    """The language that the words leave no doubt about."""
    least = max(3, 0.15 * words)
    malayic = counts["malayic"] + counts["id"] + counts["ms"]
    regional = max(_REGIONAL, key=counts.__getitem__)
    if counts["en"] >= least and counts["en"] > 3 * (malayic + counts[regional]):
        return "en"
    if malayic >= least and malayic > 2 * counts[regional] and malayic > 2 * counts["en"]:
        return _indonesian_or_malay(counts)
    if counts[regional] >= least and counts[regional] > malayic + counts["en"]:
        return regional
    return None


def _indonesian_or_malay(counts: dict[str, int]) -> str | None:
    if counts["ms"] > counts["id"]:
        return "ms"
    return "id" if counts["id"] > counts["ms"] else None


def _by_model(sample: str, counts: dict[str, int]) -> str:
    code = str(_identifier().classify(sample.encode()[:_BYTES_FOR_MODEL])[0])
    if code == "zxx":  # no language: numbers, markup
        return UNKNOWN
    if code in _MALAY_WORLD:
        own = max(_REGIONAL, key=counts.__getitem__)
        malayic = counts["malayic"] + counts["id"] + counts["ms"]
        if counts[own] > max(1, malayic):
            return own
        if code == "ms" and counts["ms"] <= counts["id"]:
            return "id"
        if code in ("id", "ms"):
            return _indonesian_or_malay(counts) or code
    return code


@lru_cache(maxsize=1)
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE)


def _languages(texts: Iterable[str]) -> list[object]:
    return [language_of(text) for text in texts]


def _documents(batch: pa.RecordBatch) -> pa.RecordBatch:
    return batch_of(_WRITES, {"language": _languages(batch.column("text").to_pylist())})


def _dialogues(batch: pa.RecordBatch) -> pa.RecordBatch:
    texts = (_spoken(turns) for turns in batch.column("turns").to_pylist())
    return batch_of(_WRITES, {"language": _languages(texts)})


def _spoken(turns: list[dict[str, Any]]) -> str:
    """What people and assistants said; an instruction may be in another language."""
    said: Iterator[str] = (t["content"] for t in turns if t["role"] in ("user", "assistant"))
    return "\n".join(said) or "\n".join(turn["content"] for turn in turns)


LANGUAGE_DOCUMENTS = Step("language-documents", 3, ("text",), _WRITES, _documents)
LANGUAGE_DIALOGUES = Step("language-dialogues", 3, ("turns",), _WRITES, _dialogues)
