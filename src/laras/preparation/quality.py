"""Rules about repetition, symbols and word lengths, with limits by language.

A rule that a text breaks is named in its flags; whether that drops it is for the recipe to say.
The rules are those of Gopher, C4 and FineWeb; the way to count is ours: all texts of a batch at
once, as arrays of numbers. Tables and code are left out of the count, and texts of a few words are
judged by what they say alone.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from laras.preparation.quality_limits import LIMITS, NEUTRAL, Limits
from laras.preparation.quality_measures import Measures, measure
from laras.preparation.steps import Step
from laras.sources.code_fences import fenced_parts, holds_fence

LEAST_WORDS = 50
"""Shares in shorter texts say little."""

_WRITES = pa.schema([("flags", pa.list_(pa.string()))])

# Phrases that no author wrote, as RE2 takes them. The first two rules are after C4 (Raffel et al.
# 2020, arXiv 1910.10683).
_PHRASES = {
    "lorem-ipsum": r"lorem ipsum dolor",
    "javascript-notice": (
        r"(?:please|harap|mohon|silakan) (?:enable|turn on|aktifkan|nyalakan) java ?script"
        r"|(?:you need to enable|this (?:site|page|app) requires|situs ini memerlukan) java ?script"
    ),
    "template-leak": (
        r"as an? (?:ai|artificial intelligence)(?:[ -]powered)? (?:language )?(?:assistant|model)\b"
        r"|as a large language model|i(?: a|')m (?:just )?an? (?:ai|large) language model"
        r"|my knowledge cutoff|i (?:cannot|can't) fulfill (?:that|this|your) request"
        r"|sebagai (?:sebuah )?(?:model bahasa|asisten ai|model ai|kecerdasan buatan,|ai,)"
        r"|saya (?:adalah|hanyalah|hanya) (?:sebuah )?(?:model bahasa|asisten ai)"
        r"|maaf, (?:tetapi |tapi )?saya tidak (?:dapat|bisa) memenuhi permintaan"
        r"|<\|(?:im_start|im_end|endoftext|eot_id|start_header_id)\|>|\[/?inst\]|<</?sys>>"
        r"|\{\{ ?(?:first|nama|name|user|customer|pelanggan)[a-z_. ]{0,20}\}\}"
    ),
}
_LONG_LINE = 100  # characters; a shorter last line can be an entry or a signature
_TABLE_ROW = re.compile(r"^[ \t]*\|[^\n]*", re.MULTILINE)
_TARGET = re.compile(r"\]\([^()\s]{0,500}\)")


def _flag(batch: pa.RecordBatch) -> pa.RecordBatch:
    texts = batch.column("text")
    flags: list[list[str]] = [[] for _row in range(batch.num_rows)]
    for rule, phrase in _PHRASES.items():
        _add(flags, rule, pc.match_substring_regex(texts, phrase, ignore_case=True))
    strings = texts.to_pylist()
    _add(flags, "truncated-end", [_is_cut(text) for text in strings])
    prose = [_prose(text) for text in strings]
    measures = measure(pa.array(prose, pa.large_string()))
    languages = np.array(batch.column("language").to_pylist(), dtype=object)
    judged = measures.words >= LEAST_WORDS
    for language in {*languages.tolist()}:
        limits = LIMITS.get(language, NEUTRAL)
        rows = judged & (languages == language)
        for rule, broken in _broken(measures, limits, rows).items():
            _add(flags, rule, broken & rows)
    column = pa.array([sorted(row) for row in flags], _WRITES.field("flags").type)
    return pa.RecordBatch.from_arrays([column], schema=_WRITES)


def _prose(text: str) -> str:
    """``text`` without code, tables and the targets of links."""
    if holds_fence(text):
        text = "".join(part for is_code, part in fenced_parts(text) if not is_code)
    if "|" in text:
        text = _TABLE_ROW.sub("", text)
    return _TARGET.sub("]", text) if "](" in text else text


def _is_cut(text: str) -> bool:
    """Whether the last line goes on for a while and stops within a sentence."""
    text = text.rstrip()
    last = text[text.rfind("\n", 0, len(text)) + 1 :]
    return (
        len(last) > _LONG_LINE
        and (last[-1].islower() or last[-1] in ",;")
        and last[0] not in "|#*`-"
    )


def _add(flags: list[list[str]], rule: str, broken: object) -> None:
    for row in np.flatnonzero(np.asarray(broken)):
        flags[row].append(rule)


def _broken(measures: Measures, limits: Limits, rows: NDArray[Any]) -> dict[str, Any]:
    """For each rule whether each text breaks it. Only ``rows`` matter."""
    top, repeated = measures.top_ngram, measures.duplicate_ngrams
    broken = {
        "many-symbols": measures.symbols_per_word > limits.most_symbols_per_word,
        "bullet-lines": measures.bullet_lines > limits.most_bullet_lines,
        "ellipsis-lines": measures.ellipsis_lines > limits.most_ellipsis_lines,
        "duplicate-lines": (measures.duplicate_lines > limits.most_duplicate_lines)
        | (measures.duplicate_line_characters > limits.most_duplicate_line_characters),
        "duplicate-paragraphs": (measures.duplicate_paragraphs > limits.most_duplicate_paragraphs)
        | (measures.duplicate_paragraph_characters > limits.most_duplicate_paragraph_characters),
        "frequent-phrase": (top > np.array(limits.most_top_ngram)[:, None]).any(axis=0),
        "repeated-phrases": (repeated > np.array(limits.most_duplicate_ngrams)[:, None]).any(
            axis=0
        ),
    }
    if limits.least_word_length is not None:
        broken["short-words"] = measures.word_length < limits.least_word_length
    if limits.most_word_length is not None:
        broken["long-words"] = measures.word_length > limits.most_word_length
    if limits.least_words_with_letters is not None:
        broken["few-letters"] = measures.words_with_letters < limits.least_words_with_letters
    if limits.most_lines_per_word is not None:
        broken["short-lines"] = measures.lines_per_word > limits.most_lines_per_word
    if limits.least_closed_paragraphs is not None:
        broken["open-ends"] = measures.closed_paragraphs < limits.least_closed_paragraphs
    if limits.stop_words is not None and rows.any():
        found = measures.stop_words(limits.stop_words)
        broken["few-function-words"] = found < limits.least_stop_words
    return broken


QUALITY_DOCUMENTS = Step("quality-documents", 3, ("text", "language"), _WRITES, _flag)
