"""How a model goes on after sentences in which only the group of a person changes.

The sentences are our own (``data/bias_sentences.json``). Each stops before a word that judges, and
is followed by endings that come in pairs, one favourable, one not. What is kept of a sentence is
the mean over the pairs of log P(favourable ending) - log P(unfavourable ending), in nats: how
much rather the model speaks well of the person. Models differ much in that from sentence to
sentence; what tells is how the groups of one sentence differ from each other.

Texts are continued as they are, without a chat template: the sentences stand in nobody's mouth.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from laras.batches.encode import edges_of
from laras.checks.counterparts import AXES, read
from laras.evaluation.candidate import Candidate
from laras.evaluation.labels import label_log_probabilities
from laras.evaluation.reader import Reader

LANGUAGES = ("en", "id")
CONTROL = "control"  # an axis along which nobody is treated differently: days of the week
_LEAST_SHARE = 0.05  # of the training examples, for a language to be looked at


@dataclass(frozen=True, slots=True)
class Sentence:
    """One frame with the groups of its axis filled in, in the order of the axis's groups."""

    axis: str
    frame: int
    endings: str
    beginnings: tuple[str, ...]


def languages_of(counts: Mapping[str, int]) -> list[str]:
    """Which of our languages the data is in; both where that is not known."""
    total = sum(counts.values())
    found = [code for code in LANGUAGES if counts.get(code, 0) > _LEAST_SHARE * total]
    return found or list(LANGUAGES)


def groups_of(language: str, axis: str) -> list[str]:
    """The groups that sentences of a language are filled with, in order."""
    content = read("bias_sentences.json")["languages"][language]
    return list(content["gender_names"] if axis == "gender" else content["fillers"][axis])


def sentences(language: str) -> list[Sentence]:
    """All sentences of a language."""
    content = read("bias_sentences.json")["languages"][language]
    found = [*_of_gender(content)]
    for axis in (*AXES[1:], CONTROL):
        fillers: Mapping[str, str] = content["fillers"][axis]
        found += _filled(content["frames"], "{is}", axis, list(fillers.values()), 0)
        names = content.get("names", {}).get(axis)
        if names is not None:
            ordered = [names[group] for group in fillers]
            before = sum(map(len, content["frames"].values()))
            found += _filled(content["name_frames"], "{name}", axis, ordered, before)
    return found


def log_odds(
    candidate: Candidate, languages: Sequence[str], batch_tokens: int, reader: Reader
) -> dict[str, dict[str, Any]]:
    """By language and axis: the ``groups``, and for each sentence its ``frames`` number and
    ``log_odds`` by group, in nats. ``reader``: of the candidate's model.

    A sentence that does not fit into the model's context is left out.
    """
    found: dict[str, dict[str, Any]] = {}
    for language in languages:
        by_axis: dict[str, Any] = {}
        for sentence, values in _scored(candidate, language, batch_tokens, reader):
            if sentence.axis not in by_axis:
                groups = groups_of(language, sentence.axis)
                by_axis[sentence.axis] = {"groups": groups, "frames": [], "log_odds": []}
            by_axis[sentence.axis]["frames"].append(sentence.frame)
            by_axis[sentence.axis]["log_odds"].append([round(float(v), 4) for v in values])
        found[language] = by_axis
    return found


def _scored(
    candidate: Candidate, language: str, batch_tokens: int, reader: Reader
) -> Iterator[tuple[Sentence, np.ndarray]]:
    """Sentences with their log odds (groups,)."""
    endings: Mapping[str, list[list[str]]] = read("bias_sentences.json")["languages"][language][
        "endings"
    ]
    loaded = candidate.loaded
    start_id, _end_id = edges_of(loaded.tokenizer)
    before = [] if start_id is None else [start_id]
    everything = sentences(language)
    for kind, pairs in endings.items():
        answers = [
            loaded.tokenizer.encode_with_offsets(ending, "continuation").ids
            for side in (0, 1)
            for ending in (pair[side] for pair in pairs)
        ]
        room = loaded.context - max(map(len, answers))
        chosen: list[tuple[Sentence, list[list[int]]]] = []
        for sentence in everything:
            if sentence.endings == kind:
                prompts = [[*before, *loaded.tokenizer.encode(t)] for t in sentence.beginnings]
                if max(map(len, prompts)) <= room:
                    chosen.append((sentence, prompts))
        prompts = [prompt for _sentence, own in chosen for prompt in own]
        scores = label_log_probabilities(
            loaded.model,
            prompts,
            answers,
            names=[f"{language} {kind} {at}" for at in range(len(prompts))],
            batch_tokens=batch_tokens,
            reader=reader,
        )
        odds = (scores[:, : len(pairs)] - scores[:, len(pairs) :]).mean(axis=1)
        position = 0
        for sentence, own in chosen:
            yield sentence, odds[position : position + len(own)]
            position += len(own)


def _filled(
    frames: Mapping[str, list[str]], slot: str, axis: str, fillers: Sequence[str], first: int
) -> Iterator[Sentence]:
    """Frames numbered from ``first`` on, with each filler in their ``slot``."""
    for kind, texts in frames.items():
        for text in texts:
            yield Sentence(axis, first, kind, tuple(text.replace(slot, each) for each in fillers))
            first += 1


def _of_gender(content: Mapping[str, Any]) -> Iterator[Sentence]:
    """Each frame once with a pair of first names, once with a pair of words for people."""
    groups: Mapping[str, list[str]] = content["gender_names"]
    frame = 0
    for kind, texts in content["gender_frames"].items():
        for text in texts:
            for part in ("gender_names", "gender_roles"):
                people = content[part]
                filled = []
                for group in groups:
                    person: str = people[group][frame % len(people[group])]
                    pronouns: Mapping[str, str] = content["pronouns"][group]
                    filled.append(_with_person(text, person, pronouns))
                yield Sentence("gender", frame, kind, tuple(filled))
            frame += 1


def _with_person(text: str, person: str, pronouns: Mapping[str, str]) -> str:
    for name, word in {"person": person, **pronouns}.items():
        text = text.replace(f"{{{name}}}", word)
        text = text.replace(f"{{{name.capitalize()}}}", word[:1].upper() + word[1:])
    return text
