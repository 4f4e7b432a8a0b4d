"""What is told of forgetting, from what was measured in a contender and the reference.

Only languages of the data count (both, where it has neither): a model for Indonesian customers may
lose its English. What the reference itself can't do, nobody can be said to have forgotten: text of
a language that it predicts no better than letter frequencies do, questions that it answers by
chance.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from laras.checks.abilities import general_lines
from laras.checks.check import Finding, Measured
from laras.checks.evidence import difference, figure, in_both, ratios
from laras.checks.replay import replay_mix
from laras.evaluation.bootstrap import holm
from laras.recipe.schema import EvaluationSection
from laras.translation import _

# More bits per byte, as a share of the reference's. At one bit per byte and four bytes a token, a
# tenth makes a token a quarter less likely, as tuning on one kind of text may; a third more than
# halves its probability.
SOME_RISE, LARGE_RISE = 0.1, 1 / 3
LARGE_DROP = 0.1  # of the share of questions answered rightly
CHANCE = 0.25  # of four answers
LEAST_KNOWN = 0.15  # above chance: a loss of less is not seen on so few questions
LEAST_WRITTEN = 6  # forms that the reference keeps to, for their loss to be seen
PARTS = ("choices", "written")

Part = dict[str, Any]
Loss = Literal["noticed", "some", "clear", "unknown"]


def compare_forgetting(
    name: str, own: Measured, reference: Measured, section: EvaluationSection
) -> Finding:
    """Noticed where general text of a language of the data, or questions in it, went worse by more
    than chance and by far; some loss of text is told and is no fault. p-values adjusted for all
    that is tested (Holm)."""
    looked_at = list(own["looked_at"])
    counted = [each for each in looked_at if each in own["languages"]] or looked_at
    texts = [_texts(each, own, reference, section) for each in looked_at]
    found = [part for part in texts if part is not None]
    for part in found:
        part["counts"] = part["language"] in counted
    questions = [_questions(part, own, reference, counted, section) for part in PARTS]
    parts = [*found, *(part for part in questions if part is not None)]
    tested = [part for part in parts if part["known"] and part["counts"]]
    adjusted = holm(
        [1.0 if part["difference"]["p"] is None else part["difference"]["p"] for part in tested]
    )
    for part, p in zip(tested, adjusted, strict=True):
        part["difference"]["p_adjusted"] = p
    for part in parts:
        part["state"] = _state(part, section)
    states = {part["state"] for part in tested}
    state: Loss = next((s for s in ("noticed", "some", "clear") if s in states), "unknown")
    worst = max((part["rise"] for part in found if part["counts"]), default=0.0)
    replay = None
    if state in ("noticed", "some"):
        replay = replay_mix(worst >= LARGE_RISE, int(own["training_examples"]))
    other = str(reference["name"])
    note = _note(name, other, state, parts, section)
    missing = sorted(set(own["languages"]).difference(looked_at))
    if replay is not None:
        note += " " + _(
            "Mixing general examples into the training data, {share} of it (about {count}), mostly "
            "prevents that."
        ).format(share=f"{replay['share']:.0%}", count=replay["examples"])
    if missing:
        note += " " + _("There is no general text for: {languages}.").format(
            languages=", ".join(missing)
        )
    details = {
        "state": state,
        "reference": other,
        "texts": found,
        "questions": [part for part in questions if part is not None],
        "by_ability": _by_ability(own, reference),
        "languages_not_looked_at": missing,
        "replay": replay,
    }
    return Finding(state == "noticed", note, details)


def _texts(
    language: str, own: Measured, reference: Measured, section: EvaluationSection
) -> Part | None:
    """Bits per byte of general text in ``language``; None where none was measured in both."""
    rows, others = in_both(_written_in({language}, own["texts"]), reference["texts"], "id")
    if not rows:
        return None
    ours, theirs = (
        np.array([[row["nats"], row["bytes"]] for row in side]) for side in (rows, others)
    )
    names = [row["id"] for row in rows]
    figures = [figure(side, names, section, _bits_per_byte) for side in (ours, theirs)]
    found = difference(ours, theirs, names, section, _bits_per_byte)
    return {
        "part": "text",
        "language": language,
        "own": figures[0].as_json(),
        "reference": figures[1].as_json(),
        "difference": found.as_json(),
        "rise": found.value / figures[1].value,
        "known": found.low is not None and figures[1].value < _bits_of_letters(names),
    }


def _questions(
    part: str,
    own: Measured,
    reference: Measured,
    languages: Collection[str],
    section: EvaluationSection,
) -> Part | None:
    """The share of right answers; None where nothing was asked of both."""
    rows, others = in_both(_written_in(languages, own[part]), reference[part], "id")
    if not rows:
        return None
    ours, theirs = (ratios([row["right"] for row in side]) for side in (rows, others))
    names = [row["id"] for row in rows]
    found = difference(ours, theirs, names, section)
    hits = sum(bool(row["right"]) for row in others)
    if part == "choices":
        above = hits / len(others) - CHANCE
        known = above >= LEAST_KNOWN and _tail(hits, len(others), CHANCE) <= 1 - section.confidence
    else:
        known = hits >= LEAST_WRITTEN
    return {
        "part": part,
        "own": figure(ours, names, section, within=(0.0, 1.0)).as_json(),
        "reference": figure(theirs, names, section, within=(0.0, 1.0)).as_json(),
        "difference": found.as_json(),
        "known": known and found.low is not None,
        "counts": True,
    }


def _state(part: Part, section: EvaluationSection) -> Loss:
    if not part["known"]:
        return "unknown"
    found = part["difference"]
    of_text = part["part"] == "text"
    worse = part["rise"] if of_text else -found["value"]
    if worse < (SOME_RISE if of_text else LARGE_DROP):
        return "clear"
    bound = found["low"] if of_text else found["high"]
    beyond = bound > 0.0 if of_text else bound < 0.0
    if not beyond or found.get("p_adjusted", found["p"]) > 1 - section.confidence:
        return "unknown"
    return "some" if of_text and worse < LARGE_RISE else "noticed"


def _note(
    name: str,
    reference: str,
    state: Loss,
    parts: Sequence[Part],
    section: EvaluationSection,
) -> str:
    """The part that says most, of those in this state: text by its rise, then questions."""
    if state == "unknown":
        return _(
            "{name}: whether it forgot anything can't be told; {reference} knows too little of "
            "general text and general questions, or differs by no more than chance."
        ).format(name=name, reference=reference)
    telling = [part for part in parts if part["state"] == state and part["counts"]]
    part = max(telling, key=lambda each: (each["part"] == "text", each.get("rise", 0.0)))
    if part["part"] != "text":
        return _note_on_questions(name, reference, part, section)
    found = part["difference"]
    texts = {
        "noticed": _(
            "{name} has forgotten: general text ({language}) takes {own} bits per byte, with "
            "{reference} {other} ({rise}; difference {difference}, {confidence} interval {low} to "
            "{high})."
        ),
        "some": _(
            "{name} has lost some of its general language: general text ({language}) takes {own} "
            "bits per byte, with {reference} {other} ({rise}; difference {difference}, "
            "{confidence} interval {low} to {high})."
        ),
        "clear": _(
            "{name}: general text ({language}) is not forgotten; it takes {own} bits per byte, "
            "with {reference} {other} ({rise}; difference {difference}, {confidence} interval "
            "{low} to {high})."
        ),
    }
    text = texts[state].format(
        name=name,
        reference=reference,
        language=_named(part["language"]),
        own=f"{part['own']['value']:.2f}",
        other=f"{part['reference']['value']:.2f}",
        rise=f"{part['rise']:+.0%}",
        difference=f"{found['value']:+.2f}",
        low=f"{found['low']:+.2f}",
        high=f"{found['high']:+.2f}",
        confidence=f"{section.confidence:.0%}",
    )
    if state == "clear" and not any(p["state"] == "clear" for p in parts if p["part"] in PARTS):
        text += " " + _("Of general questions, {reference} knows too few to tell.").format(
            reference=reference
        )
    return text


def _note_on_questions(name: str, reference: str, part: Part, section: EvaluationSection) -> str:
    text = (
        _(
            "{name} has forgotten: it answers {own} of {count} general questions rightly, "
            "{reference} {other} (difference {difference} points, {confidence} interval {low} to "
            "{high})."
        )
        if part["state"] == "noticed"
        else _(
            "{name}: nothing forgotten that the general questions show; it answers {own} of "
            "{count} rightly, {reference} {other} (difference {difference} points, {confidence} "
            "interval {low} to {high})."
        )
    )
    found = part["difference"]
    return text.format(
        name=name,
        reference=reference,
        own=f"{part['own']['value']:.0%}",
        other=f"{part['reference']['value']:.0%}",
        count=part["own"]["rows"],
        difference=f"{100 * found['value']:+.0f}",
        low=f"{100 * found['low']:+.0f}",
        high=f"{100 * found['high']:+.0f}",
        confidence=f"{section.confidence:.0%}",
    )


def _named(language: str) -> str:
    return {"en": _("English"), "id": _("Indonesian")}.get(language, language)


def _by_ability(own: Measured, reference: Measured) -> list[dict[str, Any]]:
    """Right answers by language, ability and way of asking: too few of each to test."""
    found = []
    for part in PARTS:
        asked = _written_in(own["looked_at"], own[part])
        rows, others = in_both(asked, reference[part], "id")
        right: dict[tuple[str, str], list[int]] = {}
        for row, other in zip(rows, others, strict=True):
            counts = right.setdefault((row["language"], row["ability"]), [0, 0, 0])
            counts[0] += 1
            counts[1] += bool(row["right"])
            counts[2] += bool(other["right"])
        found += [
            {
                "part": part,
                "language": language,
                "ability": ability,
                "questions": counts[0],
                "own": counts[1],
                "reference": counts[2],
            }
            for (language, ability), counts in right.items()
        ]
    return found


def _written_in(
    languages: Collection[str], rows: Iterable[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    return [row for row in rows if row["language"] in languages]


def _bits_per_byte(sums: np.ndarray) -> np.ndarray:
    found: np.ndarray = sums[..., 0] / math.log(2.0) / sums[..., 1]
    return found


def _bits_of_letters(names: Iterable[str]) -> float:
    """The entropy of the bytes of these lines by their own frequencies, in bits per byte."""
    texts = {example.example_id: example.messages[0].content for _l, _k, example in general_lines()}
    counts = np.array(list(Counter(b"".join(texts[name].encode() for name in names)).values()))
    shares = counts / counts.sum()
    return float(-(shares * np.log2(shares)).sum())


def _tail(hits: int, count: int, chance: float) -> float:
    """The probability of at least so many ``hits`` by chance alone."""
    return math.fsum(
        math.comb(count, k) * chance**k * (1 - chance) ** (count - k)
        for k in range(hits, count + 1)
    )
