"""What each contender costs: to make once, and for every thousand answers.

An answer costs what the test rows took to be answered: generated answers, or for a contender with
a head the labels that it named. Prompts count: the longer the question, the dearer the answer. All
is as measured on this machine in batches; an endpoint's energy is not known here, its price is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from laras.contenders.pairs import Standing
from laras.contenders.wording import money, seconds
from laras.recipe.schema import Recipe
from laras.recipe.unread import TUNED_KINDS
from laras.translation import _

Facts = dict[str, Any]
ANSWERS = 1000
_MADE_BY = ("answers", "labels")  # stages of an evaluation that answer, the first that there is


def making_costs(events: Sequence[Mapping[str, Any]], names: Iterable[str]) -> dict[str, Facts]:
    """What it took to make those contenders ``names`` whose making the run's ``events`` tell of:
    ``seconds``, ``energy_wh``, ``peak_memory_bytes`` (None where not measured)."""
    wanted = set(names)
    return {
        str(event["contender"]): {
            key: event.get(key) for key in ("seconds", "energy_wh", "peak_memory_bytes")
        }
        for event in events
        if event.get("kind") == "contender_finished" and event.get("contender") in wanted
    }


def prices(recipe: Recipe) -> dict[str, tuple[float, float]]:
    """Of a million tokens sent and received, of the contenders behind an endpoint."""
    return {
        contender.name: (contender.endpoint.price_input, contender.endpoint.price_output)
        for contender in recipe.comparison.contenders
        if contender.endpoint is not None
    }


def costs(
    standings: Sequence[Standing],
    making: Mapping[str, Facts],
    prices: Mapping[str, tuple[float, float]],
) -> list[Facts]:
    """One entry a contender, in their order: ``tuning`` and ``per_1000_answers``, None where there
    was no such thing. ``making`` as of :func:`making_costs`, ``prices`` of a
    million tokens sent and received, of those behind an endpoint."""
    return [
        {
            "contender": standing.name,
            "tuning": making.get(standing.name),
            "per_1000_answers": _of_answers(standing, prices.get(standing.name)),
            "energy_source": (standing.cost or {}).get("energy_source"),
        }
        for standing in standings
    ]


def break_even(
    standings: Sequence[Standing], found: Sequence[Facts], metric: str, higher_is_better: bool
) -> Facts | None:
    """After how many answers a tuned contender has paid its tuning back, beside the best of those
    that are only asked: here, or behind an endpoint.

    With T the seconds that making took, and t those of one answer:

        answers = (T_tuned - T_prompt) / (t_prompt - t_tuned)

    ``answers`` is None where an answer of the tuned one takes no less time: it never pays.
    ``answers_by_energy`` is the same with watt-hours. None where there are not both, measured.
    """
    by_name = {facts["contender"]: facts for facts in found if facts["per_1000_answers"]}
    sign = 1 if higher_is_better else -1
    best = {}
    for role, kinds in (("prompt", ("prompt", "api")), ("tuned", TUNED_KINDS)):
        able = [s for s in standings if s.kind in kinds and s.name in by_name]
        if not able:
            return None
        best[role] = max(able, key=lambda standing: sign * standing.scores[metric].value).name
    prompt, tuned = by_name[best["prompt"]], by_name[best["tuned"]]
    answers = _paid_back(prompt, tuned, "seconds")
    return {
        **best,
        "answers": answers,
        "answers_by_energy": _paid_back(prompt, tuned, "energy_wh"),
        "note": _note(best, prompt, tuned, answers),
    }


def _of_answers(standing: Standing, prices: tuple[float, float] | None) -> Facts | None:
    stages = (standing.cost or {}).get("stages") or {}
    stage = next((stages[name] for name in _MADE_BY if stages.get(name, {}).get("rows")), None)
    if stage is None:
        return None
    times = ANSWERS / stage["rows"]
    facts: Facts = {name: stage[name] * times for name in ("seconds", "tokens_in", "tokens_out")}
    energy = stage.get("energy_wh")
    facts["energy_wh"] = None if energy is None or prices is not None else energy * times
    facts["money"] = None
    if prices is not None:
        facts["money"] = (
            facts["tokens_in"] * prices[0] + facts["tokens_out"] * prices[1]
        ) / 1_000_000
    return facts


def _paid_back(prompt: Facts, tuned: Facts, unit: str) -> int | None:
    once = [(facts["tuning"] or {}).get(unit) for facts in (prompt, tuned)]
    each = [facts["per_1000_answers"][unit] for facts in (prompt, tuned)]
    if once[1] is None or each[0] is None or each[1] is None or each[0] <= each[1]:
        return None
    answers: float = (once[1] - (once[0] or 0.0)) * ANSWERS / (each[0] - each[1])
    return max(0, math.ceil(answers))


def _note(best: Mapping[str, str], prompt: Facts, tuned: Facts, answers: int | None) -> str:
    if answers is None:
        text = _(
            "The tuning of {tuned} is never paid back: 1,000 of its answers take {tuned_s}, those "
            "of {prompt} {prompt_s}."
        )
    else:
        text = _(
            "The tuning of {tuned} is paid back after {answers:,} answers: 1,000 of them take "
            "{tuned_s}, with {prompt} {prompt_s}."
        )
    said = text.format(
        **best,
        answers=answers,
        tuned_s=seconds(tuned["per_1000_answers"]["seconds"]),
        prompt_s=seconds(prompt["per_1000_answers"]["seconds"]),
    )
    if paid := prompt["per_1000_answers"]["money"]:
        dear = _("1,000 answers of {prompt} cost {money} at its endpoint.")
        said += " " + dear.format(prompt=best["prompt"], money=money(paid))
    return said
